"""A streamed answer of another Lambda: an event stream of PayloadChunks, and InvokeComplete at its end."""

from typing import Any, Final

import msgspec

from portico.adapters.lambda_answer import executed_version, failed, log_of, refused, request_id, unreached
from portico.ports.functions import FailureKind, FunctionAnswer, FunctionFailure, FunctionReceiver
from portico.ports.upstream import NeverLent, UpstreamCall, UpstreamFailure
from portico.wire.aws.eventstream_reader import EventStreamError, Message, MessageReader
from portico.wire.http1 import ResponseHead

_LONGEST_REFUSAL: Final = 64 * 1024
"""Bytes of an error's body that are kept."""


class LambdaStream(NeverLent):
    """One invocation whose answer comes in pieces: the FunctionCall, and the context of its HTTP call."""

    __slots__ = ("begun", "call", "context", "head", "messages", "receiver", "refusal")

    def __init__(self, receiver: FunctionReceiver[Any], context: Any) -> None:
        self.receiver: FunctionReceiver[Any] | None = receiver
        """None when it has heard everything."""
        self.context = context
        self.call: UpstreamCall | None = None
        self.head: ResponseHead | None = None
        self.messages = MessageReader()
        self.begun = False
        self.refusal = b""

    # FunctionCall

    def pause(self) -> None:
        if self.call is not None:
            self.call.pause()

    def resume(self) -> None:
        if self.call is not None:
            self.call.resume()

    def cancel(self) -> None:
        call = self.call
        self.end()
        if call is not None:
            call.cancel()

    # StreamedAnswers

    def end(self) -> tuple[FunctionReceiver[Any] | None, Any]:
        """Who is told the last, with which context; nothing more is told after it."""
        told = self.receiver, self.context
        self.receiver = self.context = self.call = None
        return told

    def fail(self, failure: FunctionFailure) -> None:
        receiver, context = self.end()
        if receiver is not None:
            receiver.on_failure(context, failure)

    def take(self, message: Message, url: str) -> None:
        kind = message.headers.get(":message-type")
        event = message.headers.get(":event-type")
        if kind in ("exception", "error"):
            code = message.headers.get(":exception-type") or message.headers.get(":error-code", "")
            told = message.headers.get(":error-message") or message.payload.decode(errors="replace")
            self.fail(failed(url, f"its stream: {code}", told, code))
        elif event == "PayloadChunk":
            self._chunk(message.payload)
        elif event == "InvokeComplete":
            self._complete(message.payload)

    def _chunk(self, payload: bytes) -> None:
        self._begin()
        if payload and self.receiver is not None:
            self.receiver.on_data(self.context, payload)

    def _begin(self) -> None:
        if not self.begun and self.receiver is not None:
            self.begun = True
            self.receiver.on_begin(self.context, "" if self.head is None else request_id(self.head))

    def _complete(self, payload: bytes) -> None:
        """Raises EventStreamError."""
        try:
            told = msgspec.json.decode(payload or b"{}", type=_Complete)
        except (msgspec.MsgspecError, UnicodeDecodeError) as cause:
            raise EventStreamError(f"InvokeComplete cannot be read: {cause}") from None
        error, log = told.error(), log_of(told.log or "")
        if error is None:
            self._begin()
        begun, head = self.begun, self.head
        receiver, context = self.end()
        if receiver is None or head is None:
            return
        if error is None or begun:
            receiver.on_end(context, error, log)
        else:
            told_by = (executed_version(head), log, 200, request_id(head))
            receiver.on_answer(context, FunctionAnswer(error.encode(), "Unhandled", *told_by))


class _Complete(msgspec.Struct, frozen=True, gc=False):
    """The end of a stream. Members that say nothing are null or not there."""

    code: str | None = msgspec.field(default=None, name="ErrorCode")
    details: str | None = msgspec.field(default=None, name="ErrorDetails")
    log: str | None = msgspec.field(default=None, name="LogResult")

    def error(self) -> str | None:
        """JSON of what broke the stream: the details, where they are an object already."""
        if not self.code and not self.details:
            return None
        try:
            msgspec.json.decode(self.details or "", type=dict[str, Any])
        except msgspec.MsgspecError:
            return msgspec.json.encode({"errorType": self.code or "", "errorMessage": self.details or ""}).decode()
        return self.details


class StreamedAnswers:
    """The Receiver of the HTTP calls of LambdaStreams."""

    buffers = False

    def __init__(self, url: str) -> None:
        self._url = url

    def on_response(self, context: LambdaStream, head: ResponseHead, body: bytes) -> None:
        self.on_begin(context, head, len(body))
        if body:
            self.on_data(context, body)
        self.on_end(context)

    def on_begin(self, context: LambdaStream, head: ResponseHead, length: int | None) -> None:
        context.head = head

    def on_data(self, context: LambdaStream, data: bytes) -> None:
        if context.head is None or not 200 <= context.head.status < 300:
            context.refusal = (context.refusal + data)[:_LONGEST_REFUSAL]
            return
        try:
            for message in context.messages.feed(data):
                context.take(message, self._url)
        except EventStreamError as error:
            call = context.call
            context.fail(FunctionFailure(FailureKind.UNAVAILABLE, f"{self._url}: {error}"))
            if call is not None:
                call.cancel()

    def on_end(self, context: LambdaStream) -> None:
        head = context.head
        if head is not None and not 200 <= head.status < 300:
            context.fail(refused(self._url, head, context.refusal))
        else:
            cause = f"{self._url}: the stream ended before InvokeComplete"
            context.fail(FunctionFailure(FailureKind.UNAVAILABLE, cause))

    def on_failure(self, context: LambdaStream, failure: UpstreamFailure) -> None:
        context.fail(unreached(self._url, failure))
