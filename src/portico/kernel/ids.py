"""Identifiers: the ones AWS hands out for resources, and the ones every request gets."""

import base64
import os
import secrets
from collections.abc import Callable

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def resource_id(length: int = 10) -> str:
    """A lower-case alphanumeric id as API Gateway makes them: 10 characters for an API, 6 for what is inside one."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


_SUFFIXES = [f"{count:03x}" for count in range(4096)]
secrets.SystemRandom().shuffle(_SUFFIXES)  # so that ids do not tell a stranger how many requests there were


class RequestIds:
    """Random identifiers of requests: a random prefix, renewed every 4 096 requests, and a count behind it.

    They are unique, not secret: the prefix has 110 random bits, and nobody is let in for knowing one. Joining two
    strings takes 0.05 µs, where `uuid4` takes 2.4. `entropy` returns that many random bytes; tests own it.
    """

    __slots__ = ("_count", "_entropy", "_extended", "_parent", "_root", "_second", "_to_parent", "_to_root", "_uuid")

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._entropy = entropy
        self._renew()

    def _renew(self) -> None:
        digits = self._entropy(32).hex()
        self._uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:27]}"
        self._root = digits[27:43]
        self._parent = digits[43:51]
        self._second = -1
        self._extended = base64.urlsafe_b64encode(self._entropy(9)).decode()
        self._count = -1

    def pair(self) -> tuple[str, str]:
        """A request id, a version 4 UUID, and an extended one: 15 base64 characters and `=`.

        They are `$context.requestId` and `$context.extendedRequestId`, `x-amzn-RequestId` and `x-amz-apigw-id`.
        """
        count = self._count = self._count + 1
        if count > 4095:
            self._renew()
            count = self._count = 0
        suffix = _SUFFIXES[count]
        return self._uuid + suffix, self._extended + suffix + "="

    def trace_id(self, second: int, tail: str) -> str:
        """A trace of our own, `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0`, of the request whose id ends so.

        `tail` is the last 8 digits of the request id: they make it unique without anything being formatted again.
        """
        if second != self._second:
            self._second = second
            self._to_root, self._to_parent = f"Root=1-{second:08x}-{self._root}", f";Parent={self._parent}"
        return f"{self._to_root}{tail}{self._to_parent}{tail};Sampled=0"

    def span_id(self, tail: str) -> str:
        """16 hexadecimal digits: the Parent of a trace that a client began."""
        return self._parent + tail
