"""A runtime that does what its events say, over the Lambda Runtime API; a process of its own, standard library alone.

An event is a list of words to do one after another, or anything else, which is answered as it came:
["print X"] ["sleep S"] ["wait FILE"] ["raise"] ["exit N"] ["kill"] ["big N"] ["memory MB"] ["stream a b"] ["who"] …
"""

import http.client
import json
import os
import signal
import sys
import time

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = "/2018-06-01/runtime"
STREAMING = {"Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked"}
kept: list[bytearray] = []


class Raised(Exception):
    pass


class Runtime:
    def __init__(self) -> None:
        self.wire = http.client.HTTPConnection(API)
        self.request_id = ""
        self.answers: list[list[object]] = []

    def ask(self, verb: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
        self.wire.request(verb, ROOT + path, body, headers or {})
        answer = self.wire.getresponse()
        told = answer.read()
        self.headers = answer.headers
        if verb == "POST":
            self.answers.append([path.rpartition("/")[2], answer.status, told.decode()])
        return told

    def serve(self) -> None:
        while True:
            event = self.ask("GET", "/invocation/next")
            self.request_id = self.headers["Lambda-Runtime-Aws-Request-Id"]
            try:
                value = self.carry_out(event)
            except Raised:
                told = {"errorMessage": "so it is", "errorType": "Raised", "requestId": "", "stackTrace": []}
                self.post("error", json.dumps(told).encode(), {"Lambda-Runtime-Function-Error-Type": "Raised"})
                continue
            if value is not None:
                self.post("response", value)

    def post(self, what: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
        return self.ask("POST", f"/invocation/{self.request_id}/{what}", body, headers)

    def carry_out(self, event: bytes) -> bytes | None:
        value: bytes | None = event
        for line in json.loads(event) if event.startswith(b"[") else ():
            word, _, rest = line.partition(" ")
            value = getattr(self, "do_" + word)(rest)
        return value

    def do_print(self, rest: str) -> bytes:
        print(rest, flush=True)
        return b"null"

    def do_chatter(self, rest: str) -> bytes:
        """So many lines of 100 bytes."""
        for number in range(int(rest) // 1000):
            sys.stdout.write("".join(f"{number * 1000 + each:099}\n" for each in range(1000)))
        sys.stdout.flush()
        return b"null"

    def do_mutter(self, rest: str) -> bytes:
        print(rest, end="", file=sys.stderr, flush=True)
        return b"null"

    def do_sleep(self, rest: str) -> bytes:
        time.sleep(float(rest))
        return b"null"

    def do_wait(self, rest: str) -> bytes:
        """Until there is such a file."""
        while not os.path.exists(rest):
            time.sleep(0.005)
        return b"null"

    def do_raise(self, _rest: str) -> bytes:
        raise Raised

    def do_raise_big(self, rest: str) -> None:
        self.post("error", b'{"errorMessage": "' + b"x" * int(rest) + b'"}')

    def do_exit(self, rest: str) -> bytes:
        os._exit(int(rest))

    def do_kill(self, rest: str) -> bytes:
        os.kill(os.getpid(), int(rest or signal.SIGKILL))
        return b""

    def do_big(self, rest: str) -> bytes:
        return b'"' + b"x" * (int(rest) - 2) + b'"'

    def do_memory(self, rest: str) -> bytes:
        block = bytearray(int(rest) << 20)
        block[::4096] = b"x" * len(block[::4096])
        kept.append(block)
        time.sleep(5)
        return b"null"

    def do_headers(self, _rest: str) -> bytes:
        return json.dumps(dict(self.headers.items())).encode()

    def do_environment(self, _rest: str) -> bytes:
        return json.dumps(dict(os.environ)).encode()

    def do_who(self, _rest: str) -> bytes:
        return str(os.getpid()).encode()

    def do_answers(self, _rest: str) -> bytes:
        return json.dumps(self.answers).encode()

    def do_child(self, rest: str) -> bytes:
        child = os.fork()
        if not child:
            time.sleep(60)
            os._exit(0)
        with open(rest, "w") as file:
            file.write(str(child))
        return b"null"

    def do_exit_after(self, rest: str) -> None:
        """Answer, and be gone before the answer is answered."""
        self.wire.request("POST", f"{ROOT}/invocation/{self.request_id}/response", b'"last words"')
        os._exit(int(rest))

    def do_linger(self, rest: str) -> None:
        self.post("response", b'"done"')
        time.sleep(float(rest))

    def do_wrong(self, rest: str) -> bytes:
        """Ask for what may not be asked now: the statuses and bodies of the answers."""
        right = self.request_id
        told = [
            (rest_path, self._status("POST", rest_path))
            for rest_path in ("/invocation/no-such-id/response", "/invocation/no-such-id/error", "/init/error", "/what")
        ]
        told.append(("next", self._status("GET", "/invocation/next")))
        self.request_id = right
        return json.dumps(told).encode()

    def _status(self, verb: str, path: str) -> tuple[int, object]:
        wire = http.client.HTTPConnection(API)
        wire.request(verb, ROOT + path, b"{}" if verb == "POST" else b"")
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())["errorType"]

    # Streams

    def do_stream(self, rest: str) -> None:
        self._stream([piece.encode() for piece in rest.split()])

    def do_chunked(self, rest: str) -> None:
        """As aws-lambda-go answers: in chunks, without a word of the mode."""
        self._stream([piece.encode() for piece in rest.split()], mode={"Transfer-Encoding": "chunked"})

    def do_flood(self, rest: str) -> None:
        self._stream([b"x" * 65536] * int(rest))

    def do_break(self, _rest: str) -> None:
        """An error in the middle of the stream, told by its trailers."""
        body = "eyJlcnJvclR5cGUiOiAiQnJva2UiLCAiZXJyb3JNZXNzYWdlIjogIm1pZHdheSJ9"
        self._stream(
            [b"some"], f"Lambda-Runtime-Function-Error-Type: Broke\r\nLambda-Runtime-Function-Error-Body: {body}\r\n"
        )

    def do_die_midway(self, _rest: str) -> None:
        self._begin_stream()
        self.wire.send(b"4\r\nsome\r\n")
        os._exit(9)

    def do_hang_up_midway(self, _rest: str) -> None:
        self._begin_stream()
        self.wire.send(b"4\r\nsome\r\n")
        self.wire.close()
        time.sleep(60)

    def do_stall_midway(self, _rest: str) -> None:
        self._begin_stream()
        self.wire.send(b"4\r\nsome\r\n")
        time.sleep(60)

    def _begin_stream(self, mode: dict[str, str] = STREAMING) -> None:
        self.wire.putrequest("POST", f"{ROOT}/invocation/{self.request_id}/response")
        for name, value in mode.items():
            self.wire.putheader(name, value)
        self.wire.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
        self.wire.endheaders()

    def _stream(self, pieces: list[bytes], trailers: str = "", mode: dict[str, str] = STREAMING) -> None:
        self._begin_stream(mode)
        for piece in pieces:
            self.wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wire.send(b"0\r\n" + trailers.encode() + b"\r\n")
        self.wire.getresponse().read()


def main() -> None:
    runtime = Runtime()
    for word in os.environ.get("INIT", "").split(","):
        if word.startswith("sleep "):
            time.sleep(float(word[6:]))
        elif word.startswith("exit "):
            os._exit(int(word[5:]))
        elif word == "error":
            told = {
                "errorMessage": "No module named 'pets'",
                "errorType": "Runtime.ImportModuleError",
                "stackTrace": [],
            }
            runtime.ask("POST", "/init/error", json.dumps(told).encode())
            os._exit(1)
        elif word == "slow once" and not os.path.exists(os.environ["MARK"]):
            open(os.environ["MARK"], "w").close()
            time.sleep(60)
    runtime.serve()


if __name__ == "__main__":
    main()
