"""TestInvokeMethod's side of the data plane: one request to a method as it is defined now, and what is told of it.

The method goes through the same compiler and the same integrations as a deployed one, under the stage that AWS calls
`test-invoke-stage`, logged whole. Its door stands open, as AWS's does there: authorizers, API keys, throttles, caches
and the API's resource policy have no part in it; validators, mappings and everything behind them do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from portico.dataplane.compile.rest import Compiler
from portico.dataplane.exchange import Exchange
from portico.dataplane.headers import client_table
from portico.dataplane.program import Program, Route
from portico.dataplane.target import segments
from portico.kernel.clock import Clock
from portico.model.rest import EndpointConfiguration, Method, Snapshot
from portico.model.standing import MethodSetting, StageStanding
from portico.ports.access_log import Sink
from portico.ports.tryout import InvalidTrial, Trial, Tried
from portico.wire.http1 import Head, ProtocolError

if TYPE_CHECKING:
    from portico.dataplane.execution_log.record import Record
    from portico.dataplane.ports import Ports

STAGE: Final = "test-invoke-stage"
SOURCE_IP: Final = "test-invoke-source-ip"
_HOST: Final = b"testPrefix.testDomainName"
"""What templates, events and permissions of functions see in the place of a stage, a client and a domain."""
_FORWARDED: Final = b"X-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\n"
"""There is no client whose address a backend could be told: AWS sends none."""
_EVERYTHING: Final = {"*/*": MethodSetting(logging_level="INFO", data_trace_enabled=True)}
_LONGEST: Final = 10 * 1024 * 1024
"""Bytes that are kept of an answer: AWS's payload quota, which a stream may exceed."""
_GATEWAY_ONLY: Final = frozenset(
    {"date", "content-length", "connection", "x-amzn-requestid", "x-amz-apigw-id", "transfer-encoding"}
)
"""Headers of every answer, which the operation's own answer does not tell."""


class Trials:
    """The TryOut port over the ports of a data plane. For one thread, like those."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._table = client_table()

    def begin(self, trial: Trial, told: Callable[[Tried], None], /) -> Callable[[], None]:
        head = self._head(trial)
        run = _Run(trial, self._ports.clock, told)
        ports = replace(self._ports, access_log=run)
        compiler = Compiler(ports)
        program = compiler.program(_standing(trial), _opened(trial.snapshot))
        if program.refusal is not None:
            raise InvalidTrial(program.refusal.cause)
        path, _, query = head.target.partition(b"?")
        route, captures = _route(compiler, program, head.method, path)
        exchange = Exchange(ports, run, head, program, route, captures, path)
        exchange.query = query
        exchange.body, exchange.index = trial.body, 0
        exchange.proceed()
        return lambda: run.give_up(exchange)

    def _head(self, trial: Trial) -> Head:
        """Raises InvalidTrial for what no client could send."""
        try:
            lines = [f"{name}: {value}".encode("latin-1") for name, value in trial.headers]
            section = self._table.section(lines, 0, {})
        except (ProtocolError, UnicodeEncodeError) as error:
            raise InvalidTrial(f"Invalid request header: {error}") from None
        section.host = _HOST
        return Head(b"", trial.http_method.encode(), trial.target.encode(), section)


class _Run:
    """One trial under way: the Client that its answer goes to, and the AccessLog that its execution log goes to."""

    source_ip = SOURCE_IP
    scheme = b"https"
    port = 443
    closing = False

    def __init__(self, trial: Trial, clock: Clock, told: Callable[[Tried], None]) -> None:
        self.forwarded = _FORWARDED
        self.signer = trial.signer
        self._clock = clock
        self._began = clock.monotonic()
        self._told: Callable[[Tried], None] | None = told
        self._head = b""
        self._body = bytearray()

    def give_up(self, exchange: Exchange) -> None:
        self._told = None
        if not exchange.over:
            exchange.gone()

    # Client

    def close_after_answer(self) -> None:
        """There is no connection."""

    def answer(self, data: bytes) -> None:
        self.begin(data)

    def begin(self, data: bytes) -> None:
        self._head, _, body = data.partition(b"\r\n\r\n")
        self._body += body

    def send(self, data: bytes) -> bool:
        self._body += data[: _LONGEST - len(self._body)]
        return True

    def lend_socket(self) -> None:
        return None

    def stalled(self, waiting: bool) -> None:
        """Nobody is slow."""

    def cut(self) -> None:
        """Nobody goes away."""

    def end(self, data: bytes = b"") -> None:
        self.send(data)

    def abort(self) -> None:
        """What came of the answer is what there is; the log says why."""

    # AccessLog

    def sink(self, destination_arn: str | None, /) -> Sink[Any]:
        return _unheard if destination_arn is None else self._take

    def _take(self, _line: object, record: Record) -> None:
        """The log is written when all else is done."""
        told, self._told = self._told, None
        if told is None:
            return
        first, *lines = self._head.decode("latin-1").split("\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        latency = self._clock.monotonic() - self._began
        status = int(first.split(" ")[1])
        own = tuple(header for header in headers if header[0].lower() not in _hidden(record))
        told(Tried(status, own, bytes(self._body), record.answer_text(), latency))


def _unheard(_line: object, _told: object) -> None:
    """A trial is in no access log."""


def _hidden(record: Record) -> frozenset[str]:
    """Headers that are not the method's own. A gateway response tells its error type and no Content-Type (fact 148)."""
    return _GATEWAY_ONLY | {"content-type"} if record.failed else _GATEWAY_ONLY


def _standing(trial: Trial) -> StageStanding:
    return StageStanding(
        api_id=trial.snapshot.api_id,
        stage_name=STAGE,
        deployment_id="",
        snapshot="",
        variables=dict(trial.variables),
        method_settings=_EVERYTHING,
        client_certificate_id=trial.client_certificate_id,
        vpc_links=dict(trial.vpc_links),
    )


def _opened(snapshot: Snapshot) -> Snapshot:
    """The Snapshot without what decides who may call it, and from where, and what is told as text: uncompressed."""
    endpoint = snapshot.endpoint_configuration
    return structs.replace(
        snapshot,
        resources=tuple(
            structs.replace(
                resource, resource_methods={verb: _open(method) for verb, method in resource.resource_methods.items()}
            )
            for resource in snapshot.resources
        ),
        policy=None,
        security_policy=None,
        endpoint_access_mode=None,
        endpoint_configuration=EndpointConfiguration() if "PRIVATE" in endpoint.types else endpoint,
        minimum_compression_size=None,
    )


def _open(method: Method) -> Method:
    return structs.replace(
        method, authorization_type="NONE", authorizer_id=None, authorization_scopes=(), api_key_required=False
    )


def _route(compiler: Compiler, program: Program, verb: bytes, path: bytes) -> tuple[Route, tuple[bytes, ...]]:
    """The method, and its parameters' values. A path that is not the resource's gives it none (fact 149)."""
    found = program.match(verb, segments(path))
    if found is not None:
        return found
    (resource,) = program.snapshot.resources
    (method,) = resource.resource_methods.values()
    route = compiler.route(program.snapshot, program.standing, structs.replace(resource, path="/"), method)
    return replace(route, resource_path=resource.path), ()
