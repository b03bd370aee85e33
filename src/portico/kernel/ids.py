"""Identifiers: the ones AWS hands out for resources, and the ones every request gets.

Per-request identifiers are cut from a pool of random hex: `uuid4` costs 2.4 µs a call, a slice of a pool 0.5.
"""

import base64
import os
import secrets
from collections.abc import Callable

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_POOL_BYTES = 8192


def resource_id(length: int = 10) -> str:
    """A lower-case alphanumeric id as API Gateway makes them: 10 characters for an API, 6 for what is inside one."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


class RequestIds:
    """Random identifiers of requests, from pools refilled by one system call each.

    `entropy` returns that many random bytes; tests hand in a deterministic one.
    """

    __slots__ = ("_entropy", "_hex", "_hex_at", "_text", "_text_at")

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._entropy = entropy
        self._hex = ""
        self._hex_at = 0
        self._text = ""
        self._text_at = 0

    def hex(self, length: int) -> str:
        """`length` random lower-case hexadecimal digits, at most 64."""
        at = self._hex_at
        end = at + length
        if end > len(self._hex):
            self._hex = self._entropy(_POOL_BYTES).hex()
            at, end = 0, length
        self._hex_at = end
        return self._hex[at:end]

    def request_id(self) -> str:
        """A version 4 UUID: `$context.requestId` and the `x-amzn-RequestId` header."""
        digits = self.hex(30)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"

    def extended_id(self) -> str:
        """15 base64 characters and `=`: `$context.extendedRequestId` and `x-amz-apigw-id`."""
        at = self._text_at
        end = at + 15
        if end > len(self._text):
            self._text = base64.urlsafe_b64encode(self._entropy(_POOL_BYTES)).decode().rstrip("=")
            at, end = 0, 15
        self._text_at = end
        return self._text[at:end] + "="
