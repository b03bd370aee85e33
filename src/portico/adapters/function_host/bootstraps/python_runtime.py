"""Runs a Python function: the runtime client of `python3.x`, started inside the confined process.

    python -S python_runtime.py [folder for the end of sys.path] ...

It speaks the Lambda Runtime API (2018-06-01) and behaves as AWS's own client does: what a handler gets, how results
become JSON, the errors and their names, the log lines. It differs where nobody can see it: an answer and the request
for the next event leave in one write, which halves the system calls of an invocation; and where it was born with a
connection (_RUNTIME_API_DESCRIPTOR is its number) it does not connect to AWS_LAMBDA_RUNTIME_API. Neither the variable
nor the connection is handed on to programs that the function runs.

Only the standard library is imported, and little of it: this file is most of a cold start. It runs on any Python 3.8 or
newer, which need not be the one that Portico runs on, and knows nothing of Portico.
"""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import sys
import time
import traceback
from _socket import IPPROTO_TCP, TCP_NODELAY, socket

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is not imported at every cold start
    from collections.abc import Callable
    from typing import Any

    Handler = Callable[[Any, "LambdaContext"], Any]

_VERSION = "2018-06-01"
_AGENT = "portico-python/" + ".".join(str(part) for part in sys.version_info[:3])
_UNICODE_SINCE = (3, 12)
"""From python3.12 on Lambda's JSON has characters as they are, before that as \\u escapes."""
_LOG_LINE = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_READ = 65536
_TOO_LARGE = 413
"""What the invocation's caller was told already. The next event may be here: it is served, not taken down."""


class Failure(Exception):
    """An error that the runtime itself names, not the function's code."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


# The Runtime API


class RuntimeApi:
    """One kept connection to the Runtime API, requests pipelined."""

    def __init__(self, address: str, descriptor: str | None) -> None:
        self._address = address
        self._tail = (f"HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {_AGENT}\r\n").encode()
        self._next = b"GET /%s/runtime/invocation/next %s\r\n" % (_VERSION.encode(), self._tail)
        self._received = b""
        self._asked = False
        self._socket = _connected(address) if descriptor is None else _inherited(int(descriptor))

    def next(self) -> tuple[dict[str, str], bytes]:
        """(headers by lower name, body) of the next event; waits for it."""
        if not self._asked:
            self._socket.sendall(self._next)
        self._asked = False
        status, headers, body = self._read()
        if status != 200:
            raise RuntimeError(f"Failed to get next: HTTP status {status}")
        return headers, body

    def answer(self, request_id: str, payload: bytes, content_type: str) -> None:
        path = f"invocation/{request_id}/response"
        self._post(path, payload, f"Content-Type: {content_type}\r\n", then=self._next)
        self._expect("response")

    def error(self, request_id: str, error: dict[str, Any]) -> None:
        path = f"invocation/{request_id}/error"
        self._post(path, to_json(error), _error_type(error), then=self._next)
        self._expect("error")

    def init_error(self, error: dict[str, Any]) -> None:
        self._post("init/error", to_json(error), _error_type(error))
        self._read()

    def _post(self, path: str, payload: bytes, headers: str, then: bytes = b"") -> None:
        head = f"POST /{_VERSION}/runtime/{path} "
        length = f"{headers}Content-Length: {len(payload)}\r\n\r\n"
        self._socket.sendall(b"".join((head.encode(), self._tail, length.encode(), payload, then)))
        self._asked = bool(then)

    def _expect(self, what: str) -> None:
        status, _, _ = self._read()
        if status not in (202, _TOO_LARGE):
            raise RuntimeError(f"Failed to post invocation {what}: HTTP status {status}")

    def _read(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one answer."""
        received = self._received
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        lines = received[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        whole = end + 4 + int(headers.get("content-length", 0))
        if len(received) < whole:
            received = self._fill(received, whole)
        self._received = received[whole:]
        return int(lines[0][9:12]), headers, received[end + 4 : whole]

    def _fill(self, received: bytes, size: int) -> bytes:
        pieces = [received]
        missing = size - len(received)
        while missing > 0:
            pieces.append(self._more())
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _more(self) -> bytes:
        data = self._socket.recv(_READ)
        if not data:
            os._exit(0)  # whoever started this process has gone
        return data


def _connected(address: str) -> socket:
    host, _, port = address.rpartition(":")
    connection = socket()
    connection.connect((host, int(port)))
    connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    return connection


def _inherited(descriptor: int) -> socket:
    os.set_inheritable(descriptor, False)
    return socket(fileno=descriptor)


def _error_type(error: dict[str, Any]) -> str:
    return "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: {}\r\n".format(error["errorType"])


# JSON


class _Decimals:
    """Decimals become numbers with all their digits, which the json module cannot write: it writes marks instead, and
    the marks are replaced in the finished text."""

    def __init__(self, decimal: Any) -> None:
        self._decimal = decimal
        self._mark = os.urandom(12).hex()
        self._found: list[str] = []

    def default(self, value: Any) -> str:
        if not isinstance(value, self._decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        self._found.append("NaN" if value.is_nan() else str(value))
        return f"{self._mark}:{len(self._found) - 1}"

    def put(self, text: str) -> str:
        pieces = text.split(f'"{self._mark}:')
        return pieces[0] + "".join(
            self._found[int(number)] + rest for number, _, rest in (piece.partition('"') for piece in pieces[1:])
        )


def _ascii_only() -> bool:
    version = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("_python")[2]
    try:
        return tuple(int(part) for part in version.split(".")) < _UNICODE_SINCE
    except ValueError:
        return sys.version_info[:2] < _UNICODE_SINCE


_ASCII = _ascii_only()
_encode = json.JSONEncoder(ensure_ascii=_ASCII).encode


def to_json(value: Any) -> bytes:
    """The JSON that Lambda makes of a handler's value, in UTF-8."""
    value = _without_named_tuples(value)
    try:
        text = _encode(value)
    except TypeError:
        if "decimal" not in sys.modules:
            raise
        decimals = _Decimals(sys.modules["decimal"].Decimal)
        text = decimals.put(json.JSONEncoder(ensure_ascii=_ASCII, default=decimals.default).encode(value))
    return text.encode()


def _without_named_tuples(value: Any, depth: int = 0) -> Any:
    """Lambda writes a named tuple as an object. Returns the very same value where there is none in it."""
    kind = type(value)
    if kind is str or kind is int or depth > 200:  # deeper ones, circles among them, are the encoder's to refuse
        return value
    if isinstance(value, dict):
        changed = {}
        for key, item in value.items():
            plain = _without_named_tuples(item, depth + 1)
            if plain is not item:
                changed[key] = plain
        return {**value, **changed} if changed else value
    if not isinstance(value, (list, tuple)):
        return value
    if kind is not list and kind is not tuple and hasattr(value, "_asdict"):
        return _without_named_tuples(value._asdict(), depth + 1)
    plain = [_without_named_tuples(item, depth + 1) for item in value]
    differs = any(new is not old for new, old in zip(plain, value))  # noqa: B905  Python 3.9 has no `strict`
    return plain if differs else value


# What a handler gets


class CognitoIdentity:
    def __init__(self, given: dict[str, Any]) -> None:
        self.cognito_identity_id = given.get("cognitoIdentityId")
        self.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")


class Client:
    def __init__(self, given: dict[str, Any]) -> None:
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, given.get(name))


class ClientContext:
    def __init__(self, given: dict[str, Any]) -> None:
        client = given.get("client")
        self.custom = given.get("custom")
        self.env = given.get("env")
        self.client = None if client is None else Client(client)


class LambdaContext:
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
    memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
    tenant_id = None

    def __init__(self, headers: dict[str, str]) -> None:
        context = _from_header(headers, "lambda-runtime-client-context", "Client Context")
        identity = _from_header(headers, "lambda-runtime-cognito-identity", "Cognito Identity")
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.client_context = None if context is None else ClientContext(context)
        self.identity = CognitoIdentity(identity or {})
        self._deadline = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        names = (
            "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version "
            "invoked_function_arn client_context identity tenant_id"
        )
        return "LambdaContext([{}])".format(",".join(f"{name}={getattr(self, name)}" for name in names.split()))


def _from_header(headers: dict[str, str], name: str, called: str) -> Any:
    text = headers.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure("Runtime.LambdaContextUnmarshalError", f"Unable to parse {called} JSON: {error}") from None


# Errors


def described(error: Exception, request_id: str) -> dict[str, Any]:
    """The error as Lambda tells it: of a handler's exception the trace begins in the function's own code."""
    if isinstance(error, Failure):
        return _error(str(error), error.kind, error.trace, request_id)
    frames = [_plain_frame(one) for one in traceback.extract_tb(error.__traceback__)]
    while frames and frames[0].filename == __file__:
        del frames[0]
    return _error(str(error), type(error).__name__, traceback.format_list(frames), request_id)


def _plain_frame(frame: traceback.FrameSummary) -> traceback.FrameSummary:
    """Without the columns that newer Pythons underline: Lambda has none."""
    return traceback.FrameSummary(frame.filename, frame.lineno, frame.name, line=frame.line)


def _error(message: str, kind: str, trace: list[str], request_id: str) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def report(error: dict[str, Any]) -> None:
    """The error's lines in the log."""
    sys.stdout.write(_error_lines(error) if _json_log is None else _json_log.error_line(error))


def _error_lines(error: dict[str, Any]) -> str:
    kind, message = error["errorType"], error["errorMessage"]
    lines = [
        "[ERROR] {}".format(": ".join(part for part in (kind, message) if part)),
        "Traceback (most recent call last):",
    ]
    lines += [line for entry in error["stackTrace"] for line in entry.splitlines()]
    return "\n".join(lines) + "\n"


# The log


_json_log: Any = None
"""The module that writes JSON, where that is asked for."""


class _LogHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record))


class _RequestId(logging.Filter):
    current = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = _RequestId.current
        return True


def set_up_logging() -> None:
    """One handler at the root logger, as Lambda has it, so that a function needs none of its own."""
    global _json_log
    logging.Formatter.converter = time.gmtime
    handler = _LogHandler()
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        _json_log = _beside("python_json_log")
        handler.setFormatter(_json_log.JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(_LOG_LINE, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(_RequestId())
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    number = logging.getLevelName("DEBUG" if level == "TRACE" else level)
    if isinstance(number, int):  # else it is the name of no level
        logging.getLogger().setLevel(number)


def _beside(name: str) -> Any:
    """A module that lies where this file does."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    try:
        return importlib.import_module(name)
    finally:
        del sys.path[0]


# The function


def load_handler(name: str) -> Handler:
    """The callable that `module.handler` or `folder/module.handler` names."""
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Failure("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Failure("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Failure("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from None
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        raise Failure("Runtime.UserCodeSyntaxError", message, trace) from None
    try:
        handler: Handler = getattr(module, attribute)
    except AttributeError:
        raise Failure("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{module_name}'") from None
    return handler


def initialise(api: RuntimeApi) -> Handler:
    try:
        return load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        told = described(error, "")
        report(told)
        sys.stdout.flush()
        api.init_error(told)
        sys.exit(1)


def invoke(handler: Handler, headers: dict[str, str], body: bytes) -> tuple[bytes, str]:
    """(JSON or bytes, content type). Raises whatever the handler does, or Failure."""
    context = LambdaContext(headers)
    event: Any = body
    if headers.get("content-type", "application/json") == "application/json":
        try:
            event = json.loads(body)
        except ValueError as error:
            raise Failure("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
    value = handler(event, context)
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        return to_json(value), "application/json"
    except Exception as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def serve(api: RuntimeApi, handler: Handler) -> None:
    while True:
        headers, body = api.next()
        request_id = _RequestId.current = headers["lambda-runtime-aws-request-id"]
        _set_trace_id(headers.get("lambda-runtime-trace-id"))
        try:
            payload, content_type = invoke(handler, headers, body)
        except Exception as error:
            told = described(error, request_id)
            report(told)
            _flush()
            api.error(request_id, told)
        else:
            _flush()
            api.answer(request_id, payload, content_type)


def _set_trace_id(trace_id: str | None) -> None:
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)


def _flush() -> None:
    """What was printed is in the log before the answer is known."""
    sys.stdout.flush()
    sys.stderr.flush()


def set_up_paths(last: list[str]) -> None:
    """The function's code first, as on Lambda, then layers, then the standard library, then what is installed."""
    version = "python" + ".".join(str(part) for part in sys.version_info[:2])
    given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    own = os.path.dirname(os.path.abspath(__file__))
    rest = [path for path in sys.path if path not in given and path and os.path.abspath(path) != own]
    layers = [path for path in (f"/opt/python/lib/{version}/site-packages", "/opt/python") if os.path.isdir(path)]
    sys.path[:] = [os.environ.get("LAMBDA_TASK_ROOT", os.getcwd()), *layers, *given, *rest, *last]


def set_up_builtins() -> None:
    """`exit` and its like, which -S leaves out together with the slow part of a start."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()


def main() -> None:
    set_up_paths(sys.argv[1:])
    del sys.argv[1:]
    set_up_builtins()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"], os.environ.pop("_RUNTIME_API_DESCRIPTOR", None))
    set_up_logging()
    serve(api, initialise(api))


if __name__ == "__main__":
    main()
