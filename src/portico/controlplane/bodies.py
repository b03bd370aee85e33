"""How large the body of a request on the control listener may be. Its head decides, before anything is read.

Only the two operations that carry a function's code get more than others. AWS refuses longer ones in these words.
"""

import re
from typing import Final, NamedTuple

from portico.ports.functions import PAYLOAD_LIMIT
from portico.wire.aws.faults import AwsError

MAX_BODY: Final = 6 * 1024 * 1024
"""Bytes of a request's body, of any operation but those below."""
MAX_UPLOAD: Final = 70_167_211
"""Bytes of a request with a function's code: 50 MB in base64, and 256 KB for the rest ("Request must be smaller than
70167211 bytes for the CreateFunction operation", as AWS says to those who send more)."""


class RequestEntityTooLargeException(AwsError):
    code = "RequestEntityTooLargeException"
    status = 413


class BodyLimit(NamedTuple):
    bytes: int
    operation: str | None = None
    """Named where AWS names it."""

    @property
    def large(self) -> bool:
        """Such bodies are taken a few at a time."""
        return self.bytes > MAX_BODY

    def error(self) -> RequestEntityTooLargeException:
        of = f" for the {self.operation} operation" if self.operation else ""
        return RequestEntityTooLargeException(f"Request must be smaller than {self.bytes} bytes{of}")


_FUNCTIONS: Final = r"/\d{4}-\d\d-\d\d/functions"
_LIMITS: Final = (
    (re.compile(rf"POST {_FUNCTIONS}/?"), BodyLimit(MAX_UPLOAD, "CreateFunction")),
    (re.compile(rf"PUT {_FUNCTIONS}/[^/]+/code"), BodyLimit(MAX_UPLOAD, "UpdateFunctionCode")),
    (
        re.compile(rf"POST {_FUNCTIONS}/[^/]+/invocations"),
        BodyLimit(PAYLOAD_LIMIT, "InvokeFunction"),
    ),
)
_USUAL: Final = BodyLimit(MAX_BODY)


def body_limit(method: str, target: str) -> BodyLimit:
    """Of a request with this line, its target still percent-encoded."""
    line = f"{method} {target.partition('?')[0]}"
    return next((limit for shape, limit in _LIMITS if shape.fullmatch(line)), _USUAL)
