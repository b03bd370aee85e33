"""Credentials of a role, by sts:AssumeRole: fetched when a request first needs them, renewed while others still hold.

The laws:
- Nothing waits for a renewal: it begins when a quarter of the credentials' life is left.
- One call at a time, however many wait. After a failure there is a growing pause in which nobody asks again; who needs
  credentials in it is told what failed.
- Credentials that have less than a minute to live are not used: the request has to reach its service.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, TypeVar

from portico.kernel.observe import Observer, RoleNotAssumed
from portico.ports.services import KeyWaiter, ServiceEndpoint
from portico.ports.upstream import Buffering, UpstreamFailure, UpstreamRequest
from portico.wire.http1 import ResponseHead
from portico.wire.sigv4 import Credentials, Place, Signer
from portico.wire.sts import NotUnderstood, Session, assume_role, read_error, read_session

T = TypeVar("T")

_SECONDS: Final = 10.0
"""For an answer of STS."""
_MARGIN: Final = 60.0
_RENEWED_WITH: Final = 0.25
"""The part of their life that credentials have left when new ones are asked for."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


class AssumedRole(Buffering):
    """The Keys of one role. It is its own Receiver: it is kept for as long as its process lives."""

    lasting = False

    def __init__(
        self,
        arn: str,
        sts: ServiceEndpoint,
        region: str,
        own: Credentials,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        """`own` credentials sign the calls; `clock` gives the epoch."""
        self._arn = arn
        self._sts = sts
        self._own = own
        self._signer = Signer(Place(region, "sts"))
        self._clock = clock
        self._observer = observer
        self._plan: UpstreamRequest[None] = UpstreamRequest(self, _SECONDS)
        self._session: Session | None = None
        self._renew_at = 0.0
        self._asking = False
        self._waiting: list[_Waiting] = []
        self._pause = 0.0
        self._not_before = 0.0
        self._cause = ""

    # Keys

    def at_hand(self) -> Credentials | None:
        session, now = self._session, self._clock()
        if session is None or now > session.expires - _MARGIN:
            return None
        if now >= self._renew_at and not self._asking and now >= self._not_before:
            self._ask(now)
        return session.credentials

    def fetch(self, waiter: KeyWaiter[T], context: T, /) -> _Waiting:
        waiting = _Waiting(waiter, context)
        now = self._clock()
        if not self._asking and now < self._not_before:
            waiting.fail(self._cause)
            return waiting
        self._waiting.append(waiting)
        if not self._asking:
            self._ask(now)
        return waiting

    def _ask(self, now: float) -> None:
        self._asking = True
        sts, body = self._sts, assume_role(self._arn)
        headers = {"host": sts.host, "content-type": _FORM}
        lines = self._signer.lines("POST", f"{sts.path}/", headers, sha256(body).hexdigest(), self._own, now)
        front = f"POST {sts.path}/ HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        sts.destination.call(b"POST", front.encode("latin-1") + body, self._plan, None)

    # Receiver

    def on_response(self, context: None, head: ResponseHead, body: bytes) -> None:
        try:
            if head.status != 200:
                raise NotUnderstood(read_error(head.status, body))
            session = read_session(body)
            if session.expires - _MARGIN <= self._clock():
                raise NotUnderstood("its credentials have expired already")
        except NotUnderstood as error:
            self._failed(str(error))
        else:
            self._succeeded(session)

    def on_failure(self, context: None, failure: UpstreamFailure) -> None:
        self._failed(f"{failure.kind.value}: {failure.cause}")

    def _succeeded(self, session: Session) -> None:
        now = self._clock()
        self._session = session
        self._renew_at = session.expires - (session.expires - now) * _RENEWED_WITH
        self._asking = False
        self._pause = self._not_before = 0.0
        for waiting in self._taken():
            waiting.succeed()

    def _failed(self, reason: str) -> None:
        self._cause = f"{self._arn} by {self._sts.host}: {reason}"
        self._asking = False
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._not_before = self._clock() + self._pause
        self._observer(RoleNotAssumed(self._arn, self._sts.host, reason))
        for waiting in self._taken():
            waiting.fail(self._cause)

    def _taken(self) -> list[_Waiting]:
        waiting, self._waiting = self._waiting, []
        return waiting


class _Waiting:
    """A KeyFetch: one request that waits."""

    __slots__ = ("_context", "_waiter")

    def __init__(self, waiter: KeyWaiter[Any], context: Any) -> None:
        self._waiter: KeyWaiter[Any] | None = waiter
        self._context = context

    def cancel(self) -> None:
        self._waiter = self._context = None

    def succeed(self) -> None:
        waiter, context = self._waiter, self._context
        self.cancel()
        if waiter is not None:
            waiter.on_credentials(context)

    def fail(self, cause: str) -> None:
        waiter, context = self._waiter, self._context
        self.cancel()
        if waiter is not None:
            waiter.on_no_credentials(context, cause)
