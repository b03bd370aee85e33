"""The Functions port over another Lambda's HTTP API: AWS's own, or one that speaks like it. Every call is signed.

The laws:
- That endpoint decides: who may call, what is too large, which functions there are. Nothing is checked here before.
- A call is sent once, whatever becomes of its connection: an invocation is no idempotent request.
- What the endpoint refuses because of us (a signature, an expired token) is a failure of ours, not of the caller.
"""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from portico.adapters.egress import Anywhere
from portico.adapters.http_client import HttpClient
from portico.adapters.lambda_answer import WholeAnswers
from portico.adapters.lambda_stream import LambdaStream, StreamedAnswers
from portico.ports.functions import FunctionCall, FunctionReceiver, Invocable, InvocationType
from portico.ports.upstream import Origin, UpstreamRequest
from portico.wire.http1 import HeaderTable, Request
from portico.wire.sigv4 import Credentials, Place, sign

T = TypeVar("T")

_INVOKE: Final = "/2015-03-31/functions/{}/invocations"
_STREAM: Final = "/2021-11-15/functions/{}/response-streaming-invocations"


class LambdaEndpoint:
    """The Functions port over the API at `url`. One per process; call `sweep` every quarter of a second."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.time,
        client: HttpClient | None = None,
    ) -> None:
        """`clock` gives the epoch, which signatures are made with."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self.url = url
        self.credentials = credentials
        self.clock = clock
        self.host = parts.netloc
        self.path = parts.path.rstrip("/")
        self._client = client or HttpClient(HeaderTable(), Anywhere())
        port = parts.port or (443 if secure else 80)
        self.destination = self._client.to(Origin(secure, parts.hostname or "", port))
        self.sweep = self._client.sweep
        self.close = self._client.close

    def to(self, invocable: Invocable, receiver: FunctionReceiver[T], timeout: float, /) -> "_Destination":
        return _Destination(self, invocable, receiver, timeout)


class _Destination:
    """One Invocable with one Receiver."""

    def __init__(
        self, endpoint: LambdaEndpoint, invocable: Invocable, receiver: FunctionReceiver[Any], timeout: float
    ) -> None:
        self._endpoint = endpoint
        self._target = endpoint.path + _target(_INVOKE, invocable.arn)
        self._stream_target = endpoint.path + _target(_STREAM, invocable.arn)
        self._place = Place(invocable.arn.split(":")[3], "lambda")
        tail = (("X-Amz-Log-Type", "Tail"),) if invocable.tail else ()
        self._headers = (("Host", endpoint.host), ("Content-Type", "application/json"), *tail)
        self._receiver = receiver
        self._whole = UpstreamRequest(WholeAnswers(endpoint.url, receiver), timeout)
        self._streamed = UpstreamRequest(StreamedAnswers(endpoint.url), timeout, streams=True)
        self._streams = invocable.streams

    def invoke(
        self,
        payload: bytes,
        context: Any,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> FunctionCall:
        destination = self._endpoint.destination
        if not self._streams or kind is not InvocationType.REQUEST_RESPONSE:
            request = self._request(self._target, payload, kind, trace_id)
            return destination.call(b"POST", request, self._whole, context)
        stream = LambdaStream(self._receiver, context)
        request = self._request(self._stream_target, payload, kind, trace_id)
        stream.call = destination.call(b"POST", request, self._streamed, stream)
        return stream

    def _request(self, target: str, payload: bytes, kind: InvocationType, trace_id: str) -> bytes:
        """Ready for the wire. What proxies on the way may change is not signed."""
        endpoint = self._endpoint
        headers = (*self._headers, ("X-Amz-Invocation-Type", kind.value))
        request = Request("POST", target, headers, payload)
        signed = sign(request, endpoint.credentials, self._place, endpoint.clock())
        unsigned = [("Content-Length", str(len(payload)))]
        if trace_id and trace_id.isascii() and trace_id.isprintable():
            unsigned.append(("X-Amzn-Trace-Id", trace_id))
        lines = "".join([f"{name}: {value}\r\n" for name, value in (*signed.headers, *unsigned)])
        return f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + payload


def _target(form: str, arn: str) -> str:
    """Path and query. The qualifier is told apart from the ARN, as SDKs send it: not every endpoint looks inside."""
    parts = arn.split(":")
    target = form.format(quote(":".join(parts[:7]), safe=""))
    return target + (f"?Qualifier={quote(parts[7], safe='')}" if len(parts) > 7 else "")
