"""Exchanges that wait for the credentials with which a service is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.ports.upstream import NeverLent

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.ports.services import KeyFetch

NOT_ASSUMED: Final = "API Gateway does not have permission to assume the provided role"
"""AWS's words, in its logs of executions."""


class KeyCollector:
    """The KeyWaiter of its Exchanges. It does not know who waits: no Route is part of a cycle."""

    def on_credentials(self, context: Exchange, /) -> None:
        context.call = None
        context.proceed()

    def on_no_credentials(self, context: Exchange, cause: str, /) -> None:
        context.fail(Fault(API_CONFIGURATION_ERROR, cause=f"{NOT_ASSUMED}: {cause}"))


class HeldFetch(NeverLent):
    """A KeyFetch in the place of an UpstreamCall: nothing flows yet."""

    __slots__ = ("_fetch",)

    def __init__(self, fetch: KeyFetch) -> None:
        self._fetch = fetch

    def pause(self) -> None:
        """Nothing comes."""

    def resume(self) -> None:
        """Nothing comes."""

    def cancel(self) -> None:
        self._fetch.cancel()
