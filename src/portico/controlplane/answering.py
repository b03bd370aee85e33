"""What becomes of a request on the control listener: an answer now, or a function or a trial that it waits for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from portico.controlplane.operation import Deferred, DeferredTrial, Stream
from portico.kernel.ids import RequestIds
from portico.ports.functions import FunctionAnswer, FunctionFailure
from portico.ports.store import Document
from portico.ports.tryout import Tried
from portico.wire.aws.faults import AwsError
from portico.wire.aws.rest_json import response
from portico.wire.http1 import Request, Response


class Asking:
    """A request under way: what its answer says of it."""

    __slots__ = ("_extended_id", "received", "request_id", "service")

    def __init__(self, received: Request) -> None:
        self.received = received
        self.service = ""
        """The model's name, once it is known."""
        self.request_id, self._extended_id = RequestIds().pair()  # its own, because threads may not share a count

    @property
    def identity(self) -> response.Headers:
        """The headers that name the request. Lambda has no `x-amz-apigw-id`."""
        extended = () if self.service == "lambda" else (("x-amz-apigw-id", self._extended_id),)
        return (("x-amzn-RequestId", self.request_id), *extended)

    def fail(self, error: AwsError) -> Response:
        return response.fail(error, self.identity)


class Handled(NamedTuple):
    """An answer, and the sequence number of the last Change it committed (0 where none): what the barrier waits for."""

    response: Response
    seq: int


@dataclass(frozen=True, slots=True)
class Invoking:
    """An operation that waits for a function, which the shell calls. No method raises."""

    deferred: Deferred
    succeed: Callable[[Callable[[], Document]], Response]
    """From what makes a document to the answer with it, or with the error that it raised."""
    refuse: Callable[[AwsError], Response]

    def answer(self, answer: FunctionAnswer) -> Response:
        return self.succeed(lambda: self.deferred.answer(answer))

    def fail(self, failure: FunctionFailure) -> Response:
        return self.refuse(self.deferred.fail(failure))

    def head(self, stream: Stream) -> Response:
        """Of an answer that comes piece by piece."""
        return self.succeed(lambda: stream.head)


@dataclass(frozen=True, slots=True)
class Trying:
    """An operation that waits for a method to be tried out, which the shell begins. No method raises."""

    deferred: DeferredTrial
    succeed: Callable[[Callable[[], Document]], Response]
    refuse: Callable[[AwsError], Response]

    def answer(self, tried: Tried) -> Response:
        return self.succeed(lambda: self.deferred.answer(tried))
