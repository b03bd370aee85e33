"""How large a body may be: decided by the request line, and larger only for a function's code."""

import pytest

from portico.controlplane.bodies import MAX_BODY, MAX_UPLOAD, body_limit

SAID = "Request must be smaller than {} bytes for the {} operation"


@pytest.mark.parametrize(
    ("method", "target", "size", "said"),
    [
        ("POST", "/2015-03-31/functions", MAX_UPLOAD, SAID.format(70167211, "CreateFunction")),
        ("POST", "/2015-03-31/functions/?x=y", MAX_UPLOAD, SAID.format(70167211, "CreateFunction")),
        ("PUT", "/2015-03-31/functions/f/code", MAX_UPLOAD, SAID.format(70167211, "UpdateFunctionCode")),
        ("PUT", "/2015-03-31/functions/a%3Ab%3Ac/code", MAX_UPLOAD, SAID.format(70167211, "UpdateFunctionCode")),
        ("POST", "/2015-03-31/functions/f/invocations", MAX_BODY, SAID.format(6291456, "InvokeFunction")),
        ("PUT", "/2015-03-31/functions/f/configuration", MAX_BODY, "Request must be smaller than 6291456 bytes"),
        ("GET", "/2015-03-31/functions", MAX_BODY, "Request must be smaller than 6291456 bytes"),
        ("PUT", "/2015-03-31/functions/f/code/more", MAX_BODY, "Request must be smaller than 6291456 bytes"),
        ("POST", "/restapis?mode=import", MAX_BODY, "Request must be smaller than 6291456 bytes"),
        ("POST", "/restapis//2015-03-31/functions", MAX_BODY, "Request must be smaller than 6291456 bytes"),
    ],
)
def test_the_line_decides(method: str, target: str, size: int, said: str) -> None:
    limit = body_limit(method, target)
    assert limit.bytes == size
    assert limit.large == (size > MAX_BODY)
    error = limit.error()
    assert (error.status, error.code, error.message) == (413, "RequestEntityTooLargeException", said)
