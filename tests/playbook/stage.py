"""The stage of the plays: one gateway between a client and a backend, all of them fakes without a clock or a socket.

    play = Play(api({"/pets": {"GET": http_proxy("http://backend/animals")}}))
    client = play.says("GET /dev/pets HTTP/1.1\\nHost: api1.execute-api.localhost\\n\\n")
    assert play.backend.heard.startswith("GET /animals HTTP/1.1\\n")
    play.backend.answers("HTTP/1.1 200 OK\\nContent-Type: text/plain\\n\\nmiau")
    assert client.hears.body == "miau"

Texts of messages have plain line ends; what is on the wire has CRLF. A client's Content-Length is added where the text
has a body and does not say how long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import msgspec

from portico.dataplane.exchange import Exchange
from portico.dataplane.front import Gateway
from portico.dataplane.headers import backend_table, client_table
from portico.dataplane.ports import Ports
from portico.kernel.errors import PorticoError
from portico.kernel.ids import RequestIds
from portico.kernel.observe import FaultRaised, NotServed, Observation, UnexpectedError
from portico.lang.aws_services import Service
from portico.model.rest import Snapshot
from portico.model.standing import StageStanding
from portico.ports.access_log import Sink
from portico.ports.changes import Change
from portico.ports.functions import FailureKind as FunctionFailureKind
from portico.ports.functions import FunctionAnswer, FunctionFailure, Invocable, InvocationType
from portico.ports.services import NotCallable, ServiceEndpoint
from portico.ports.upstream import FailureKind, NeverLent, Origin, UpstreamFailure, UpstreamRequest
from portico.wire.forwarded import TrustedProxies
from portico.wire.http1 import Memory, parse_request, parse_response
from portico.wire.sigv4 import Credentials

NOON = 1_700_000_000.0
"""What the clock says when a play begins: Tue, 14 Nov 2023 22:13:20 GMT."""
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
REQUEST_ID, EXTENDED_ID = RequestIds(bytes).pair()
"""Of a play's first request."""
HOST = "api1.execute-api.localhost"


class Clock:
    def __init__(self) -> None:
        self.seconds = NOON

    def passes(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


class Dice:
    """Decides which requests are a canary's: what it shows is a percentage, and smaller shares do not reach it."""

    shows = 0.0

    def __call__(self) -> float:
        return self.shows / 100


class Turns:
    """What waits for its turn. After a client has spoken all of it has one, until a test wants to see each."""

    def __init__(self) -> None:
        self.patient = False
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, go_on: Callable[[], None], /) -> None:
        self.waiting.append(go_on)

    def take(self, most: int = 1_000) -> int:
        """So many turns, as long as somebody waits; how many there were."""
        taken = 0
        while self.waiting and taken < most:
            self.waiting.pop(0)()
            taken += 1
        return taken


class Message:
    """A message from the wire, easy to ask about. Header names are found whatever their case."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        head, _, self.content = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.first = lines[0]
        self.headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines[1:])]
        self.names = [name for name, _ in self.headers]

    @property
    def status(self) -> int:
        return int(self.first.split(" ")[1])

    @property
    def body(self) -> str:
        return self.content.decode()

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.content)

    @property
    def target(self) -> str:
        return self.first.split(" ")[1]

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]

    def __getitem__(self, name: str) -> str | None:
        """The one value of a header; None where it is absent. Two are a failure of the test."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    def __str__(self) -> str:
        return self.raw.decode("latin-1").replace("\r\n", "\n")


class Client:
    """The connection that a request came on, and what came back on it."""

    def __init__(self, *, source_ip: str = "192.0.2.7", secure: bool = False, port: int = 8080) -> None:
        self.source_ip = source_ip
        self.scheme = b"https" if secure else b"http"
        self.forwarded = b""
        self.port = port
        self.closing = False
        self.slow = False
        self.data = b""
        self.over = False
        self.aborted = False
        self.exchange: Exchange | None = None

    def close_after_answer(self) -> None:
        self.closing = True

    def answer(self, data: bytes) -> None:
        assert not self.over and not self.data, "a request is answered once"
        self.data, self.over = data, True

    def begin(self, data: bytes) -> None:
        assert not self.over and not self.data, "a request is answered once"
        self.data = data

    def send(self, data: bytes) -> bool:
        assert self.data and not self.over, "a body comes between its head and its end"
        self.data += data
        return not self.slow

    def end(self, data: bytes = b"") -> None:
        assert self.data and not self.over
        self.data += data
        self.over = True

    def abort(self) -> None:
        assert not self.over
        self.over = self.aborted = True

    @property
    def hears(self) -> Message:
        return Message(self.data)


class Call:
    """One call of the gateway to its backend."""

    def __init__(self, origin: Origin, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any) -> None:
        self.origin = origin
        self.method = method
        self.request = request
        self.plan = plan
        self.paused = False
        self.cancelled = False
        self.unsent = 0
        self._context: Any = context

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def cancel(self) -> None:
        self.cancelled = True

    def hand_over(self, client: Client, prefix: bytes) -> bool:
        """There are no sockets on this stage."""
        return False

    def taken(self) -> Any:
        """The context, for the last time: what an adapter still held would keep the Exchange alive."""
        context, self._context = self._context, None
        assert context is not None and not self.cancelled, "nobody listens to this call any more"
        return context


@dataclass
class Destination:
    backend: Backend
    origin: Origin

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any) -> Call:
        return self.backend.call(self.origin, method, request, plan, context)


class Backend:
    """The Upstream port: it remembers what it heard, and answers when the test says so."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.table = backend_table()

    def call(self, origin: Origin, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any) -> Call:
        call = Call(origin, method, request, plan, context)
        self.calls.append(call)
        return call

    def to(self, origin: Origin) -> Destination:
        return Destination(self, origin)

    @property
    def last(self) -> Call:
        return self.calls[-1]

    @property
    def hears(self) -> Message:
        return Message(self.last.request)

    @property
    def heard(self) -> str:
        return str(self.hears)

    def answers(self, text: str = "HTTP/1.1 200 OK\n\n", content: bytes = b"") -> None:
        """The whole answer at once; `content` goes behind what the text has of a body."""
        head, body = _cut(text)
        call, exchange = self.last, self.last.taken()
        call.plan.receiver.on_response(exchange, parse_response(head, self.table), body + content)

    def begins(self, text: str, length: int | None = None) -> None:
        """The head of an answer that will be relayed as it comes."""
        head, _ = _cut(text)
        self.last.plan.receiver.on_begin(self.last._context, parse_response(head, self.table), length)

    def sends(self, data: bytes) -> None:
        assert not self.last.cancelled, "nobody listens to this call any more"
        self.last.plan.receiver.on_data(self.last._context, data)

    def ends(self) -> None:
        self.last.plan.receiver.on_end(self.last.taken())

    def fails(self, kind: FailureKind, cause: str = "in the play") -> None:
        self.last.plan.receiver.on_failure(self.last.taken(), UpstreamFailure(kind, cause))


class Invocation(NeverLent):
    """One call of the gateway to a function."""

    def __init__(self, function: Function, payload: bytes, context: Any, kind: InvocationType, trace_id: str) -> None:
        self.function = function
        self.payload = payload
        self.kind = kind
        self.trace_id = trace_id
        self.paused = False
        self.cancelled = False
        self._context: Any = context

    @property
    def event(self) -> Any:
        return msgspec.json.decode(self.payload)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def cancel(self) -> None:
        self.cancelled = True

    def context(self) -> Any:
        assert self._context is not None and not self.cancelled, "nobody listens to this call any more"
        return self._context

    def taken(self) -> Any:
        """The context, for the last time."""
        context, self._context = self.context(), None
        return context


@dataclass
class Function:
    """A FunctionDestination: one Invocable with its Receiver."""

    functions: Functions
    invocable: Invocable
    receiver: Any
    timeout: float

    def invoke(
        self,
        payload: bytes,
        context: Any,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> Invocation:
        call = Invocation(self, payload, context, kind, trace_id)
        self.functions.calls.append(call)
        if self.functions.refusal is not None:
            self.receiver.on_failure(call.taken(), self.functions.refusal)
        return call


class Functions:
    """The Functions port: it remembers the events it was sent, and answers when the test says so."""

    def __init__(self) -> None:
        self.calls: list[Invocation] = []
        self.refusal: FunctionFailure | None = None
        """What every call is told at once."""

    def to(self, invocable: Invocable, receiver: Any, timeout: float, /) -> Function:
        return Function(self, invocable, receiver, timeout)

    @property
    def last(self) -> Invocation:
        return self.calls[-1]

    @property
    def event(self) -> Any:
        """What the last function was called with."""
        return self.last.event

    def answers(self, value: Any = None, **settings: Any) -> None:
        """The handler's value, or with bytes the payload itself; `settings` are the FunctionAnswer's."""
        payload = value if isinstance(value, bytes) else msgspec.json.encode(value)
        self.last.function.receiver.on_answer(self.last.taken(), FunctionAnswer(payload, **settings))

    def raises(self, message: str, kind: str = "Error", **settings: Any) -> None:
        self.answers({"errorMessage": message, "errorType": kind}, error="Unhandled", **settings)

    def begins(self, request_id: str = "") -> None:
        self.last.function.receiver.on_begin(self.last.context(), request_id)

    def sends(self, data: bytes) -> None:
        self.last.function.receiver.on_data(self.last.context(), data)

    def ends(self, error: str | None = None) -> None:
        self.last.function.receiver.on_end(self.last.taken(), error)

    def fails(self, kind: FunctionFailureKind, cause: str = "in the play") -> None:
        self.last.function.receiver.on_failure(self.last.taken(), FunctionFailure(kind, cause))


class Keys:
    """The credentials of one principal: at hand, or on the way until the test says that they came."""

    def __init__(self, credentials: Credentials, *, lasting: bool) -> None:
        self.lasting = lasting
        self.credentials = credentials if lasting else None
        self.fetches: list[Fetch] = []
        self._coming = credentials

    def at_hand(self) -> Credentials | None:
        return self.credentials

    def fetch(self, waiter: Any, context: Any, /) -> Fetch:
        self.fetches.append(Fetch(waiter, context))
        return self.fetches[-1]

    def come(self) -> None:
        self.credentials = self._coming
        for fetch in self.fetches:
            fetch.waiter.on_credentials(fetch.taken())

    def fail(self, cause: str) -> None:
        for fetch in self.fetches:
            fetch.waiter.on_no_credentials(fetch.taken(), cause)


class Fetch:
    def __init__(self, waiter: Any, context: Any) -> None:
        self.waiter = waiter
        self.cancelled = False
        self._context: Any = context

    def cancel(self) -> None:
        self.cancelled = True

    def taken(self) -> Any:
        context, self._context = self._context, None
        assert context is not None and not self.cancelled, "nobody waits any more"
        return context


SIGNED_AS = Credentials("AKIDPLAY", "secret of the play", "token-of-the-play")


class Services:
    """The Services port: AWS's own endpoints, all of them `backend`, and those of `elsewhere`; roles that have keys."""

    def __init__(self, backend: Backend) -> None:
        self.elsewhere: dict[str, str] = {}
        """`{"S3": "http://minio:9000/s3"}`: by the end of the variable."""
        self.refusal: str | None = None
        self.late = False
        """Whether credentials have to be fetched."""
        self.known: dict[str, Keys] = {}
        self._backend = backend

    def endpoint(self, service: Service, region: str, subdomain: str, /) -> ServiceEndpoint:
        url = self.elsewhere.get(service.variable)
        if url is None:
            host = service.host(region, subdomain)
            return ServiceEndpoint(self._backend.to(Origin(True, host, 443)), host, "", True)
        parts = urlsplit(url)
        origin = Origin(parts.scheme == "https", parts.hostname or "", parts.port or 80)
        return ServiceEndpoint(self._backend.to(origin), parts.netloc, parts.path, False)

    def keys(self, principal: str, at: ServiceEndpoint, /) -> Keys:
        if self.refusal is not None:
            raise NotCallable(self.refusal)
        return self.known.setdefault(principal, Keys(SIGNED_AS, lasting=not self.late))


class AccessLog:
    def __init__(self) -> None:
        self.lines: dict[str | None, list[str]] = {}

    def sink(self, destination_arn: str | None, /) -> Sink[Any]:
        lines = self.lines.setdefault(destination_arn, [])

        def write(line: Callable[[Any], bytes], told: object) -> None:
            lines.append(line(told).decode())

        return write


@dataclass
class Meter:
    labels: tuple[str, str, str, str]
    records: list[tuple[int, float, float | None]] = field(default_factory=list)

    def record(self, status: int, latency: float, integration_latency: float | None, /) -> None:
        self.records.append((status, latency, integration_latency))


class Meters:
    def __init__(self) -> None:
        self.known: dict[tuple[str, str, str, str], Meter] = {}

    def meter(self, api_id: str, stage: str, method: str, resource_path: str, /) -> Meter:
        labels = (api_id, stage, method, resource_path)
        return self.known.setdefault(labels, Meter(labels))

    @property
    def records(self) -> list[tuple[tuple[str, str, str, str], int]]:
        return [(meter.labels, status) for meter in self.known.values() for status, _, _ in meter.records]


class Play:
    """One gateway. `api` is deployed to stage "dev"; more can be with `deploy`."""

    def __init__(
        self,
        api: dict[str, Any] | None = None,
        *,
        trusted: Iterable[Any] = (),
        domains: tuple[str, ...] = ("localhost", "gateway.example", "amazonaws.com"),
        link_targets: Mapping[str, Sequence[tuple[str, int | None]]] | None = None,
        **standing: Any,
    ) -> None:
        self.clock = Clock()
        self.backend = Backend()
        self.functions = Functions()
        self.services = Services(self.backend)
        self.log = AccessLog()
        self.meters = Meters()
        self.observed: list[Observation] = []
        self.snapshots: dict[str, bytes] = {}
        self.stages: dict[tuple[str, str], StageStanding] = {}
        self.table = client_table()
        self.memory = Memory()
        self.turns = Turns()
        self.ports = Ports(
            clock=self.clock,
            turns=self.turns,
            ids=RequestIds(bytes),
            observer=self.observed.append,
            upstream=self.backend,
            functions=self.functions,
            services=self.services,
            access_log=self.log,
            meters=self.meters,
            account_id="000000000000",
            region="us-east-1",
            domains=domains,
            trusted_proxies=TrustedProxies(trusted),
            link_targets=link_targets or {},
        )
        self.dice = Dice()
        self.gateway = Gateway(self.ports, self.load, self.dice)
        if api is not None:
            self.deploy(api, **standing)

    def load(self, digest: str) -> bytes:
        try:
            return self.snapshots[digest]
        except KeyError:
            raise PorticoError("no such snapshot") from None

    def deploy(self, api: dict[str, Any], stage: str = "dev", **standing: Any) -> None:
        self.stand(self.standing(api, stage, **standing))

    def stand(self, standing: StageStanding) -> None:
        """Let a stage stand so from now on."""
        self.stages[standing.api_id, standing.stage_name] = standing
        key = f"{standing.api_id}/{standing.stage_name}"
        self.gateway.apply([Change(1, "stage", key, msgspec.to_builtins(standing))])

    def update(self, **standing: Any) -> None:
        """Change members of the Standing of api1's stage "dev"."""
        before = msgspec.to_builtins(self.stages["api1", "dev"])
        self.stand(msgspec.convert({**before, **standing}, StageStanding))

    def standing(self, api: dict[str, Any], stage: str = "dev", **standing: Any) -> StageStanding:
        """The Standing of a stage, with the Snapshot where `load` finds it."""
        digest = self.freeze(api)
        record = {"apiId": api["apiId"], "stageName": stage, "deploymentId": "dep1", "snapshot": digest, **standing}
        return msgspec.convert(record, StageStanding)

    def freeze(self, api: dict[str, Any]) -> str:
        """The digest of a definition's Snapshot, which `load` finds."""
        body = msgspec.json.encode(msgspec.convert(api, Snapshot), order="sorted")
        digest = sha256(body).hexdigest()
        self.snapshots[digest] = body
        return digest

    def says(self, text: str, body: bytes = b"", client: Client | None = None, *, whole: bool = True) -> Client:
        """A client sends a request. `whole=False`: its body is still on the way, the test delivers it."""
        head, content = _cut(text)
        content += body
        if content and b"\r\nContent-Length:" not in head:
            head += b"\r\nContent-Length: %d" % len(content)
        client = client or Client()
        parsed = parse_request(head, self.table, self.memory)
        client.closing = not parsed.keep_alive
        exchange = client.exchange = self.gateway.begin(client, parsed)
        if whole and not exchange.over and parsed.content_length:
            if len(content) > exchange.body_limit:
                exchange.on_body_too_large()
            else:
                exchange.on_body(content)
        if not self.turns.patient:
            self.turns.take()
        return client

    def asks(
        self, method_and_path: str, *headers: str, body: bytes = b"", host: str = HOST, client: Client | None = None
    ) -> Client:
        """`asks("GET /pets", "Accept: text/plain")`: a request to stage "dev" of api1."""
        method, _, path = method_and_path.partition(" ")
        text = "\n".join([f"{method} /dev{path} HTTP/1.1", f"Host: {host}", *headers])
        return self.says(text + "\n\n", body, client)

    @property
    def causes(self) -> list[str]:
        """What the operator was told of failed requests. A bug of ours fails the test that looks."""
        bugs = [each.traceback for each in self.observed if isinstance(each, UnexpectedError)]
        assert not bugs, bugs[0]
        return [each.cause for each in self.observed if isinstance(each, FaultRaised)]

    @property
    def not_served(self) -> list[str]:
        return [each.reason for each in self.observed if isinstance(each, NotServed)]

    @property
    def log_lines(self) -> list[str]:
        return [line for lines in self.log.lines.values() for line in lines]


def _cut(text: str) -> tuple[bytes, bytes]:
    head, _, body = text.partition("\n\n")
    return head.replace("\n", "\r\n").encode("latin-1"), body.encode()


# Definitions, as AWS's documents shape them


def api(paths: dict[str, dict[str, Any]], api_id: str = "api1", **settings: Any) -> dict[str, Any]:
    """A Snapshot's document: {path: {verb: method}} and the API's own settings under AWS's names."""
    resources = [
        {"id": f"res{number}", "path": path, "resourceMethods": {v: {"httpMethod": v, **m} for v, m in verbs.items()}}
        for number, (path, verbs) in enumerate(paths.items(), 1)
    ]
    regional = {"endpointConfiguration": {"types": ["REGIONAL"]}}
    return {"apiId": api_id, "name": "play", "resources": resources, **regional, **settings}


def method(integration: dict[str, Any], statuses: Iterable[str] = ("200",), **settings: Any) -> dict[str, Any]:
    responses = {status: {"statusCode": status} for status in statuses}
    return {"methodIntegration": integration, "methodResponses": responses, **settings}


def responds(status: str = "200", pattern: str | None = None, **settings: Any) -> dict[str, Any]:
    """One integration response."""
    return {"statusCode": status, **({} if pattern is None else {"selectionPattern": pattern}), **settings}


def mock(*responses: dict[str, Any], template: str | None = '{"statusCode": 200}', **settings: Any) -> dict[str, Any]:
    """A MOCK method; without responses it answers 200 with nothing."""
    templates = {} if template is None else {"requestTemplates": {"application/json": template}}
    return _mapped("MOCK", responses, {**templates, **settings})


def http(uri: str, *responses: dict[str, Any], verb: str = "ANY", **settings: Any) -> dict[str, Any]:
    return _mapped("HTTP", responses, {"uri": uri, "httpMethod": verb, **settings})


def _mapped(kind: str, responses: tuple[dict[str, Any], ...], settings: dict[str, Any]) -> dict[str, Any]:
    rows = responses or (responds(),)
    integration = {"type": kind, "integrationResponses": {str(at): row for at, row in enumerate(rows)}, **settings}
    return method(integration, {row["statusCode"] for row in rows})


def http_proxy(uri: str, *, verb: str = "ANY", **settings: Any) -> dict[str, Any]:
    return method({"type": "HTTP_PROXY", "uri": uri, "httpMethod": verb, **settings})


FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:pets"


def invocation(function: str = FUNCTION, action: str = "invocations") -> str:
    """The URI of an integration that invokes a function."""
    date = "2015-03-31" if action == "invocations" else "2021-11-15"
    return f"arn:aws:apigateway:us-east-1:lambda:path/{date}/functions/{function}/{action}"


def lambda_proxy(uri: str = invocation(), *, verb: str = "POST", **settings: Any) -> dict[str, Any]:
    return method({"type": "AWS_PROXY", "uri": uri, "httpMethod": verb, **settings})


def lambda_custom(
    *responses: dict[str, Any], uri: str = invocation(), verb: str = "POST", **settings: Any
) -> dict[str, Any]:
    return _mapped("AWS", responses, {"uri": uri, "httpMethod": verb, **settings})


ROLE = "arn:aws:iam::000000000000:role/gateway"


def aws_service(
    service_api: str, *responses: dict[str, Any], verb: str = "POST", region: str = "us-east-1", **settings: Any
) -> dict[str, Any]:
    """`aws_service("sqs:action/SendMessage")`, called in ROLE's name."""
    uri = f"arn:aws:apigateway:{region}:{service_api}"
    return _mapped("AWS", responses, {"uri": uri, "httpMethod": verb, "credentials": ROLE, **settings})


def on_path(*names: str) -> dict[str, Any]:
    """`requestParameters` that hand path parameters on under their own names."""
    return {"requestParameters": {f"integration.request.path.{name}": f"method.request.path.{name}" for name in names}}
