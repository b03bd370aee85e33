"""The execution log of one request, while it is served and when it is written."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from portico.dataplane.execution_log.failures import sentence
from portico.dataplane.execution_log.text import LONGEST, SECRETS, as_map, as_text, as_uri, cut, masked, on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portico.dataplane.exchange import Exchange
    from portico.dataplane.execution_log.method import Wanted
    from portico.ports.access_log import Sink
    from portico.wire.http1 import Header

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORTH_HIDING: Final = 8
"""Characters of a secret that is also looked for in bodies: a shorter one may be part of any word."""


class Detail(Enum):
    """Which lines a setting asks for."""

    ERROR = "of requests that fail, at every level"
    INFO = "of every request, at level INFO"
    DATA = "parameters and bodies, where dataTraceEnabled says so"


class Line(NamedTuple):
    at: float
    """Epoch seconds."""
    detail: Detail
    text: str


class Record:
    """What is told of one request. `wanted` decides what is kept of it."""

    __slots__ = ("_answer", "_body", "_clock", "_secrets", "_sink", "lines", "request_id", "wanted")

    def __init__(self, exchange: Exchange, wanted: Wanted, sink: Sink[Record]) -> None:
        self.wanted = wanted
        self._sink = sink
        self.request_id = exchange.request_id
        self.lines: list[Line] = []
        self._clock = exchange.ports.clock
        self._secrets: list[str] = []
        self._body: bytes | None = None
        """The beginning of a body that comes piece by piece."""
        self._answer: bytes | None = None
        """The beginning of an answer that was compressed."""

    def say(self, detail: Detail, text: str) -> None:
        if detail is not Detail.DATA or self.wanted.data:
            self.lines.append(Line(self._clock.now(), detail, cut(text)))

    # What the client asked

    def prelude(self, exchange: Exchange) -> None:
        """What a deployed stage tells before the execution: corrections.md 14. Methods with API keys are not served
        yet, so that the words for those without are always true."""
        stage, route = exchange.program.stage, exchange.route
        place = f"{stage.api_id}/{stage.name}"
        method = f"{self.wanted.declared} {'' if route is None else route.resource_path}"
        unlimited = "Request will not contribute to throttle or quota limits"
        for text in (
            f"Extended Request Id: {exchange.extended_id}",
            f"Verifying Usage Plan for request: {self.request_id}. API Key:  API Stage: {place}",
            f"API Key  authorized because method '{method}' does not require API Key. {unlimited}",
            f"Usage Plan check succeeded for API Key  and API Stage {place}",
        ):
            self.say(Detail.INFO, text)

    def asked(self, method: str, path: str, parameters: dict[str, str]) -> None:
        self.say(Detail.INFO, f"Starting execution for request: {self.request_id}")
        self.say(Detail.INFO, f"HTTP Method: {method}, Resource Path: {path}")
        self.say(Detail.DATA, f"Method request path: {as_map(parameters.items())}")

    def sent(self, query: list[tuple[str, str]], headers: list[tuple[str, str]]) -> None:
        secret = [value for name, value in (*query, *headers) if name.lower() in SECRETS]
        self._secrets = [value for value in secret if len(value) >= _WORTH_HIDING]
        self.say(Detail.DATA, f"Method request query string: {as_map(query)}")
        self.say(Detail.DATA, f"Method request headers: {as_map(headers)}")

    def sent_body(self, body: bytes) -> None:
        self.say(Detail.DATA, f"Method request body before transformations: {self._hidden(as_text(body))}")

    # What a backend was asked and answered

    def asks(self, uri: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        uri = self._hidden(as_uri(uri))
        self.say(Detail.DATA, f"Endpoint request URI: {uri}")
        self.say(Detail.DATA, f"Endpoint request headers: {as_map(headers)}")
        self.say(Detail.DATA, f"Endpoint request body after transformations: {self._hidden(as_text(body))}")
        self.say(Detail.DATA, f"Sending request to {uri}")

    def hears(self, status: int, seconds: float, headers: Iterable[tuple[str, str]]) -> None:
        latency = int(seconds * 1000)
        self.say(Detail.DATA, f"Received response. Status: {status}, Integration latency: {latency} ms")
        self.say(Detail.DATA, f"Endpoint response headers: {as_map(headers)}")

    def hears_body(self, body: bytes) -> None:
        self.say(Detail.DATA, f"Endpoint response body before transformations: {self._hidden(as_text(body))}")

    def hears_piece(self, data: bytes) -> None:
        """Of a body that is not collected: only its beginning will be told."""
        gathered = self._body or b""
        self._body = gathered + data[: max(0, LONGEST * 4 + 5 - len(gathered))]

    def heard_all(self) -> None:
        """The last piece was there, or the last that will be."""
        if self._body is not None:
            self.hears_body(self._body)

    # What the client was answered

    def answers(self, body: bytes) -> None:
        """An answer before it is compressed."""
        self._answer = body[: LONGEST * 4 + 5]

    def end(self, exchange: Exchange) -> None:
        """The request was answered, or is lost."""
        fault = exchange.fault
        if fault is None:
            whole = exchange.content if self._answer is None else self._answer
            body = whole if not exchange.streaming else self._body or b""
            self.say(Detail.DATA, f"Method response body after transformations: {self._hidden(as_text(body))}")
            self.say(Detail.DATA, f"Method response headers: {as_map(_answered(exchange.lines))}")
            self.say(Detail.INFO, "Successfully completed execution")
            self.say(Detail.INFO, f"Method completed with status: {exchange.status}")
        else:
            self.say(Detail.ERROR, sentence(exchange, fault))
            self.say(Detail.ERROR, f"Method completed with status: {exchange.status}")
        if self.wanted.deployed:
            self._postscript(exchange)

    def _postscript(self, exchange: Exchange) -> None:
        """What leads on to the logs of the backend, as far as there are any."""
        backend = exchange.backend
        own = backend.value(b"x-amzn-requestid") if backend is not None else None
        if own is not None:
            self.say(Detail.INFO, f"AWS Integration Endpoint RequestId : {own.decode('latin-1')}")
        if exchange.program.standing.tracing_enabled and exchange.trace_id:
            root = dict(part.partition("=")[::2] for part in exchange.trace_id.split(";")).get("Root", "")
            self.say(Detail.INFO, f"X-ray Tracing ID : {root}")

    def _hidden(self, text: str) -> str:
        """A text with the client's own secrets masked in it: in the event of a function, say."""
        for secret in self._secrets:
            text = text.replace(secret, masked(secret))
        return text

    # What is written of it

    @property
    def failed(self) -> bool:
        """Whether the request ended in a gateway response."""
        return any(line.detail is Detail.ERROR for line in self.lines)

    def write(self) -> None:
        if self.kept:
            self._sink(Record.file_lines, self)

    @property
    def kept(self) -> list[Line]:
        """The lines that the level asks for. ERROR: of requests that failed, with data tracing all of them."""
        if self.wanted.info:
            return self.lines
        errors = [line for line in self.lines if line.detail is Detail.ERROR]
        return self.lines if errors and self.wanted.data else errors

    def file_lines(self) -> bytes:
        """As a log file has them: `2025-01-31T12:00:00.123Z (request id) text`, the last without a line break."""
        lines = [f"{_iso(at)} ({self.request_id}) {on_one_line(text)}" for at, _, text in self.kept]
        return "\n".join(lines).encode("utf-8", "replace")

    def answer_text(self) -> str:
        """As TestInvokeMethod answers them (fact 146)."""
        lines = [f"{_date(at)} : {text}\n" for at, _, text in self.lines]
        return f"Execution log for request {self.request_id}\n{''.join(lines)}"


def header_pairs(headers: Iterable[Header]) -> list[tuple[str, str]]:
    return [(header.raw.decode("latin-1"), header.value.decode("latin-1")) for header in headers]


def _answered(lines: Iterable[bytes]) -> list[tuple[str, str]]:
    """The headers of an answer: Content-Type is the last of them (recorded: behind X-Amzn-Trace-Id)."""
    text = b"".join(lines).decode("latin-1")
    pairs = [(name, value) for name, _, value in (line.partition(": ") for line in text.split("\r\n") if line)]
    return sorted(pairs, key=lambda pair: pair[0].lower() == "content-type")


def _iso(epoch: float) -> str:
    milliseconds = int(epoch * 1000)
    at = time.gmtime(milliseconds // 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', at)}.{milliseconds % 1000:03d}Z"


def _date(epoch: float) -> str:
    """`Mon Jan 01 00:00:00 UTC 2024`."""
    at = time.gmtime(epoch)
    return f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {time.strftime('%d %H:%M:%S UTC %Y', at)}"
