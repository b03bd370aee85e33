"""One request and its answer while being served, and the loop that takes it through its Steps.

The loop is an index over the Route's tuple. A Step that waits for a port answers PENDING; when the port has answered
it calls `proceed`, which goes on behind that Step. There is no task, no timer and no await per request.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final

from portico.dataplane.answer import compose, compose_head
from portico.dataplane.fault import INTERNAL, REQUEST_TOO_LARGE, Fault
from portico.dataplane.step import PENDING
from portico.kernel.observe import FaultRaised, UnexpectedError
from portico.wire.chunked import LAST_CHUNK, chunk

if TYPE_CHECKING:
    from portico.dataplane.compression import Compressor
    from portico.dataplane.environment import RequestView
    from portico.dataplane.execution_log.record import Record
    from portico.dataplane.function_head import FunctionHead
    from portico.dataplane.log_format import Place
    from portico.dataplane.ports import Ports
    from portico.dataplane.program import Program, Route
    from portico.ports.client import Client
    from portico.ports.upstream import UpstreamCall
    from portico.wire.http1 import Head, ResponseHead

BODY_LIMIT: Final = 10_485_760
"""Bytes of a request's body: semantics section 23, fixed by AWS."""


class Exchange:
    """Typed, with slots, and without a reference that leads back to it: the collector never has to look at one.

    To the shell it is a `Served`. `status`, `lines` and `content` are the answer; a line is a header with its end.
    """

    __slots__ = (
        "backend",
        "body",
        "call",
        "called_at",
        "captures",
        "chunked",
        "client",
        "compressor",
        "content",
        "epoch",
        "extended_id",
        "fault",
        "head",
        "index",
        "integration_latency",
        "latency",
        "length",
        "lines",
        "log",
        "method",
        "over",
        "path",
        "payload",
        "place",
        "ports",
        "program",
        "query",
        "request_id",
        "route",
        "scheme",
        "source_ip",
        "started",
        "status",
        "streaming",
        "trace_id",
        "view",
        "wants_body",
    )

    log: Record
    """Not there but for requests whose execution is logged: nobody else pays for it (`execution_log/`)."""
    compressor: Compressor
    """Not there but for answers that are compressed as they come."""

    def __init__(
        self,
        ports: Ports,
        client: Client,
        head: Head,
        program: Program,
        route: Route | None = None,
        captures: tuple[bytes, ...] = (),
        path: bytes = b"/",
        place: Place | None = None,
    ) -> None:
        self.ports = ports
        self.client = client
        self.head = head
        self.program = program
        self.route = route
        self.method = head.method
        self.path = path
        """Below the stage, as the client sent it."""
        self.place = place
        self.query = b""
        self.captures = captures
        """The values of the path's parameters, in the path's order, still percent-encoded."""
        self.source_ip = client.source_ip
        self.scheme = client.scheme
        if head.section.content_length:
            self.wants_body = True
            self.body: bytes | None = None
            self.index = 0
        else:
            self.wants_body = False
            self.body = b""
            self.index = 0 if route is None else route.behind_body
        self.request_id, self.extended_id = ports.ids.pair()
        self.trace_id = ""
        self.epoch = ports.clock.now()
        self.started = ports.clock.monotonic()
        self.status = 200
        self.lines: list[bytes] = []
        self.content = b""
        self.length = 0
        """Bytes of the answer's body that were sent."""
        self.latency = 0.0
        """Seconds from the whole head of the request to its answer, once it is answered."""
        self.fault: Fault | None = None
        self.call: UpstreamCall | None = None
        self.called_at = self.started
        self.integration_latency: float | None = None
        self.backend: ResponseHead | FunctionHead | None = None
        self.payload = b""
        """The backend's body, where it was collected."""
        self.streaming = False
        """The answer's head has left; what goes wrong now can only cut the connection."""
        self.chunked = False
        self.over = False
        self.view: RequestView | None = None

    # The loop

    def proceed(self) -> None:
        """Run Steps from `index` on until the answer is ready or a port has to answer first."""
        route = self.route
        if route is None:
            return
        steps, index = route.steps, self.index
        try:
            while True:
                outcome = steps[index](self)
                index += 1
                if outcome is not None:
                    break
        except Fault as fault:
            self.fail(fault)
        except Exception:
            self.break_down()
        else:
            if outcome is PENDING:
                self.index = index
            else:
                self.finish()

    def fail(self, fault: Fault) -> None:
        """Answer with the stage's gateway response for `fault`."""
        # A traceback holds frames, and a frame holds the Exchange that holds the Fault: without it there is no cycle.
        self.fault = fault.with_traceback(None)
        fault.__context__ = None
        self._forget_call()
        if fault.cause:
            self.ports.observer(self._told(fault))
        if self.streaming:
            self.over = True
            self.view = None
            self.client.abort()
            self.program.served(self)
            return
        try:
            self.program.responses.answer(self, fault)
        except Exception:
            self.break_down()
        else:
            self.finish()

    def _told(self, fault: Fault) -> FaultRaised:
        stage = self.program.stage
        path = self.route.resource_path if self.route is not None else self.path.decode("latin-1")
        method = self.method.decode("latin-1")
        kind = fault.kind
        return FaultRaised(self.request_id, stage.api_id, stage.name, method, path, kind.name, kind.status, fault.cause)

    def break_down(self) -> None:
        """A bug of ours: the operator gets the traceback, the client a 500 that says nothing."""
        observation = UnexpectedError(self.request_id, "dataplane", traceback.format_exc())
        self.ports.observer(observation)
        self.fault = Fault(INTERNAL, cause="unexpected error")
        self.status, self.content = 500, b'{"message": "Internal server error"}'
        self.lines = [b"Content-Type: application/json\r\n", b"x-amzn-ErrorType: InternalServerErrorException\r\n"]
        self.finish()

    def finish(self) -> None:
        """Send the answer and tell what was served."""
        self.over = True
        self.call = self.view = None
        self.length = 0 if self.head.method == b"HEAD" else len(self.content)
        self.client.answer(compose(self))
        self.program.served(self)

    def begin_stream(self, length: int | None, *, lend: bool = True) -> None:
        """Send the head of an answer whose body follows: of that length, or in chunks, or (HTTP/1.0) until we close.

        Without `lend` every piece of it comes by `send_stream`, also where it could be handed over as a whole.

        A HEAD request that was made a GET toward the backend gets the head alone; the backend's call is over then.
        """
        if self.head.method == b"HEAD":
            self._answer_head(length)
            return
        self.streaming = True
        if length is not None:
            framing = b"Content-Length: %d\r\n" % length
        elif self.head.minor:
            self.chunked = True
            framing = b"Transfer-Encoding: chunked\r\n"
        else:
            self.client.close_after_answer()
            framing = b""
        head = compose_head(self, framing)
        if lend and length is not None and self.call is not None and self.call.hand_over(self.client, head):
            self.length = length
        else:
            self.client.begin(head)

    def _answer_head(self, length: int | None) -> None:
        if self.call is not None:
            self.call.cancel()
        self.over = True
        self.call = self.view = None
        self.client.answer(compose_head(self, b"" if length is None else b"Content-Length: %d\r\n" % length))
        self.program.served(self)

    def send_stream(self, data: bytes) -> None:
        """More of that body. Where the client is slow the backend is paused."""
        if not data:  # nothing to send, and as a chunk it would be the last one
            return
        self.length += len(data)
        if not self.client.send(chunk(data) if self.chunked else data) and self.call is not None:
            self.call.pause()

    def end_stream(self) -> None:
        self.over = True
        self.call = self.view = None
        self.client.end(LAST_CHUNK if self.chunked else b"")
        self.program.served(self)

    # Served: what the shell tells us

    @property
    def body_limit(self) -> int:
        return BODY_LIMIT

    def on_body(self, body: bytes) -> None:
        self.body = body
        self.proceed()

    def on_body_too_large(self) -> None:
        self.fail(Fault(REQUEST_TOO_LARGE))

    def gone(self) -> None:
        """The client went away. What was under way is cancelled; the request is still told, with status 499."""
        if self.call is not None:
            self.call.cancel()
            self._forget_call()
        if not self.over:
            self.over = True
            self.view = None
            self.status = 499
            self.program.served(self)

    def _forget_call(self) -> None:
        """It is over before its time: of what was handed over not all was sent."""
        if self.call is not None:
            self.length = max(0, self.length - self.call.unsent)
            self.call = None

    def pause(self) -> None:
        if self.call is not None:
            self.call.pause()

    def resume(self) -> None:
        if self.call is not None:
            self.call.resume()
