"""The Lambda Runtime API played by the test, for one runtime in another process: it is told the events one by one.

with RuntimeApiScene() as api:
    run(api.address)
    told = api.invoke({"a": 1})         the runtime's POST, whole
    assert told.value == {"b": 2}
"""

import json
import select
import socket
from dataclasses import dataclass, field
from time import time
from typing import Any

PATIENCE = 60.0
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:pets"
PREFIX = "/2018-06-01/runtime/"


@dataclass
class Told:
    """A request of the runtime."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes
    pieces: list[bytes] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """`response`, `error`, `next` …"""
        return self.path.rsplit("/", 1)[1]


class RuntimeGone(Exception):
    """The runtime's process closed its connection."""


class RuntimeApiScene:
    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: dict[socket.socket, bytes] = {}
        self._asking: socket.socket | None = None
        self.status = "202 Accepted"
        """What a POST is answered with."""

    def __enter__(self) -> "RuntimeApiScene":
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._connections):
            one.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        return len(self._connections)

    def connection(self) -> socket.socket:
        """The end for a runtime to be born with; the caller closes its own copy."""
        ours, its = socket.socketpair()
        self._connections[ours] = b""
        return its

    def invoke(self, event: Any, seconds: float = 30.0, **headers: str) -> Told:
        """Answer `next` with the event; what the runtime posts then, accepted. `event` as bytes is sent as it is."""
        self.wait_for_next()
        asking, self._asking = self._asking, None
        assert asking is not None
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        told = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
            "Lambda-Runtime-Deadline-Ms": str(int((time() + seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        asking.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body)
        return self.told()

    def wait_for_next(self) -> None:
        if self._asking is None:
            assert self.told().kind == "next"

    def told(self) -> Told:
        """The next request of the runtime; a POST is answered."""
        while True:
            for connection in list(self._connections):
                request = self._read(connection)
                if request is None:
                    continue
                if request.kind == "next":
                    self._asking = connection
                else:
                    head = f"HTTP/1.1 {self.status}\r\nContent-Length: 16\r\n\r\n"
                    connection.sendall(head.encode() + b'{"status":"OK"}\n')
                return request
            self._receive()

    def _receive(self) -> None:
        ready, _, _ = select.select([self._listener, *self._connections], [], [], PATIENCE)
        assert ready, "the runtime says nothing"
        for one in ready:
            if one is self._listener:
                connection, _ = self._listener.accept()
                self._connections[connection] = b""
                continue
            data = one.recv(1 << 16)
            if not data:
                del self._connections[one]
                one.close()
                raise RuntimeGone
            self._connections[one] += data

    def _read(self, connection: socket.socket) -> Told | None:
        head, found, rest = self._connections[connection].partition(b"\r\n\r\n")
        if not found:
            return None
        line, *lines = head.decode("latin-1").split("\r\n")
        verb, path, _ = line.split(" ")
        request = Told(verb, path, _fields(lines), b"")
        if request.headers.get("transfer-encoding") == "chunked":
            rest = _dechunk(request, rest)
        else:
            size = int(request.headers.get("content-length", 0))
            request.body, rest = rest[:size], rest[size:] if len(rest) >= size else None
        if rest is None:
            return None
        self._connections[connection] = rest
        return request


def _fields(lines: list[str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _dechunk(request: Told, data: bytes) -> bytes | None:
    """What is behind the body, which goes into the request; None while it is not whole."""
    while True:
        size, found, data = data.partition(b"\r\n")
        if not found:
            return None
        length = int(size, 16)
        if length == 0:
            break
        if len(data) < length + 2:
            return None
        request.pieces.append(data[:length])
        data = data[length + 2 :]
    request.body = b"".join(request.pieces)
    if data.startswith(b"\r\n"):
        return data[2:]
    trailers, found, rest = data.partition(b"\r\n\r\n")
    request.trailers = _fields(trailers.decode("latin-1").split("\r\n"))
    return rest if found else None
