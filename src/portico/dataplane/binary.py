"""Text and binary payloads: the two tables of semantics section 14, as functions.

What is binary is told by the API's `binaryMediaTypes`, never by looking at the bytes. Text that is not UTF-8 gets
U+FFFD in its place (recorded fact 140); base64 that cannot be decoded is a 500.
"""

import base64
import binascii

from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault

TO_BINARY = "CONVERT_TO_BINARY"
TO_TEXT = "CONVERT_TO_TEXT"


def request_payload(body: bytes, *, binary: bool, handling: str | None) -> bytes:
    """A request's body on its way to a template or backend; `binary`: its Content-Type is a binary media type."""
    if binary:
        return base64.b64encode(body) if handling == TO_TEXT else body
    return decoded(body) if handling == TO_BINARY else _text(body)


def response_payload(body: bytes, *, binary: bool, wanted: bool, handling: str | None) -> bytes:
    """A backend's body on its way to a client. `wanted`: the client's Accept is a binary media type (fact 141)."""
    if handling is None:
        handling = TO_BINARY if wanted else TO_TEXT
    if handling == TO_TEXT:
        return base64.b64encode(body) if binary else _text(body)
    return body if binary else decoded(body)


def readable_payload(body: bytes, *, binary: bool, wanted: bool, handling: str | None) -> bytes:
    """A backend's body on its way to a template: base64 where it is binary and the client gets text, as a request's is.
    Otherwise as it came: what a template makes of it is not recorded.
    """
    as_text = not wanted if handling is None else handling == TO_TEXT
    return base64.b64encode(body) if binary and as_text else body


def _text(body: bytes) -> bytes:
    return body if body.isascii() else body.decode("utf-8", "replace").encode()


def decoded(body: bytes) -> bytes:
    """Base64, decoded. Raises the 500 of what is not base64."""
    try:  # a function that returns base64 returns a JSON string of it: the guide's own example does
        return base64.b64decode(body.strip(b'"'), validate=True)
    except binascii.Error as error:
        raise Fault(API_CONFIGURATION_ERROR, cause=f"the payload is not base64: {error}") from None
