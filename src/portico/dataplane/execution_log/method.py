"""What is compiled into a method that is logged: a Step in front, one behind the body, and ports that listen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from portico.dataplane.backend import view_of
from portico.dataplane.canary import APART
from portico.dataplane.execution_log.listening import ListeningFunctions, ListeningServices, ListeningUpstream
from portico.dataplane.execution_log.record import Record
from portico.dataplane.headers import HIDDEN
from portico.dataplane.program import Program
from portico.dataplane.steps.body import inflate
from portico.model.standing import MethodSetting, StageStanding

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.ports import Ports
    from portico.dataplane.step import Steps
    from portico.ports.access_log import Sink

_LEVELS: Final = frozenset({"ERROR", "INFO"})
_VERBS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class Wanted(NamedTuple):
    """What a setting asks for."""

    info: bool
    """Level INFO; else ERROR."""
    data: bool
    declared: str
    """The method's own verb, ANY perhaps."""
    deployed: bool
    """On a stage. False: for TestInvokeMethod, whose log has fewer lines."""


class MethodLog:
    """The logging of one method under one stage's settings."""

    def __init__(self, wanted: dict[bytes, Wanted], sink: Sink[Record]) -> None:
        self._wanted = wanted
        """By the verb of the request: an ANY method may have a setting for each."""
        self._sink = sink

    def ports(self, ports: Ports) -> Ports:
        """The same, for the method to be compiled with: they tell what is sent and received, where that is wanted."""
        if not any(wanted.data for wanted in self._wanted.values()):
            return ports
        return replace(
            ports,
            upstream=ListeningUpstream(ports.upstream, ports.clock),
            functions=ListeningFunctions(ports.functions, ports.clock),
            services=ListeningServices(ports.services, ports.clock),
        )

    def around(self, steps: Steps) -> Steps:
        """A method's Steps with those of its log. One that is refused never reads a body that could be told."""
        if inflate not in steps:
            return (self.begin, *steps)
        behind_body = steps.index(inflate) + 1
        return (self.begin, *steps[:behind_body], tell_body, *steps[behind_body:])

    def begin(self, exchange: Exchange) -> None:
        """The first Step of all: what the head of the request says."""
        wanted = self._wanted.get(exchange.method)
        if wanted is None:
            return
        record = exchange.log = Record(exchange, wanted, self._sink)
        if wanted.deployed:
            record.prelude(exchange)
        view = view_of(exchange)
        record.asked(exchange.method.decode("latin-1"), exchange.path.decode("latin-1"), dict(view.path_parameters))
        if wanted.data:
            query = [(name, value) for name, values in view.query.items() for value in values]
            record.sent(query, _seen(exchange))


def tell_body(exchange: Exchange) -> None:
    """The Step behind the body, as it is before anything changes it but a Content-Encoding."""
    record = getattr(exchange, "log", None)
    if record is not None:
        record.sent_body(exchange.body or b"")


def _seen(exchange: Exchange) -> list[tuple[str, str]]:
    """The client's headers but for those that end at the gateway (fact 121)."""
    return [
        (header.raw.decode("latin-1"), header.value.decode("latin-1"))
        for header in exchange.head.headers
        if header.name not in HIDDEN
    ]


class LoggedProgram(Program):
    """A Program with methods that are logged."""

    __slots__ = ()

    def served(self, exchange: Exchange) -> None:
        record = getattr(exchange, "log", None)
        if record is not None:
            record.end(exchange)
        super().served(exchange)
        if record is not None:
            record.write()


def is_logged(stage: StageStanding) -> bool:
    """Whether any method of the stage may be."""
    return any(setting.logging_level in _LEVELS for setting in stage.method_settings.values())


def method_log(ports: Ports, stage: StageStanding, path: str, declared: str) -> MethodLog | None:
    """The log of the method with the verb `declared` of the resource at `path`; None where it has none."""
    if not is_logged(stage):
        return None
    verbs = _VERBS if declared == "ANY" else (declared,)
    wanted = {verb.encode(): _wanted(stage, path, verb, declared) for verb in verbs}
    asked = {verb: one for verb, one in wanted.items() if one is not None}
    return MethodLog(asked, _sink(ports, stage)) if asked else None


def group_name(api_id: str, stage_name: str) -> str:
    """The log group that AWS makes for a stage (guide, "Execution logging for REST APIs")."""
    return f"API-Gateway-Execution-Logs_{api_id}/{stage_name}"


def _sink(ports: Ports, stage: StageStanding) -> Sink[Record]:
    """Of the stage's log group. A canary's requests are told there, and again in a group of their own."""
    arn = f"arn:aws:logs:{ports.region}:{ports.account_id}:log-group:{group_name(stage.api_id, stage.stage_name)}"
    sink: Sink[Record] = ports.access_log.sink(arn)
    if not stage.canary:
        return sink
    apart: Sink[Record] = ports.access_log.sink(arn + APART)

    def both(line: Callable[[Record], bytes], record: Record) -> None:
        sink(line, record)
        apart(line, record)

    return both


def _wanted(stage: StageStanding, path: str, verb: str, declared: str) -> Wanted | None:
    level = _setting(stage, path, verb, declared, "logging_level")
    if level not in _LEVELS:
        return None
    data = bool(_setting(stage, path, verb, declared, "data_trace_enabled"))
    return Wanted(level == "INFO", data, declared, bool(stage.deployment_id))


def _setting(stage: StageStanding, path: str, verb: str, declared: str, member: str) -> object:
    """A setting's member: of the verb's own entry, else of the declared method's, else of `*/*`."""
    found = (getattr(setting, member) for setting in _settings(stage, path, verb, declared))
    return next((value for value in found if value is not None), None)


def _settings(stage: StageStanding, path: str, verb: str, declared: str) -> Iterator[MethodSetting]:
    for key in (f"{path[1:]}/{verb}", f"{path[1:]}/{declared}", "*/*"):
        if key in stage.method_settings:
            yield stage.method_settings[key]
