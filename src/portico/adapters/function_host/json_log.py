"""An instance's log in the format JSON: Lambda's own lines are objects, what is below its level is left out.

    {"time":"2025-01-31T12:00:00.123Z","type":"platform.start","record":{"requestId":"79b4f56e-…","version":"$LATEST"}}
    {"timestamp":"2025-01-31T12:00:00.124Z","level":"INFO","requestId":"79b4f56e-…","message":"what was logged"}
    {"time":"2025-01-31T12:00:00.125Z","type":"platform.report","record":{"requestId":"79b4f56e-…","metrics":{…},…}}

The shapes are those of "Lambda Telemetry API Event schema reference"; their members' order is that of lines which
Lambda wrote in 2024 and 2026. Spans, tracing, `producedBytes` and the runtime's version may be absent, and are.
"""

import math
import time
from typing import Any, Final, NamedTuple

import msgspec

from portico.adapters.function_host.instance_log import InstanceLog, Report, stamp
from portico.adapters.function_host.verdicts import Verdict
from portico.model.function import FunctionVersion, JsonLogging
from portico.ports.access_log import Sink

_LEVELS: Final = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "ERROR": 4, "FATAL": 5}
_NAMES: Final = {**_LEVELS, "WARNING": 3, "CRITICAL": 5}
"""As functions call them: Python's logging has two names of its own."""
_DEBUG, _INFO, _WARN = 1, 2, 3

_encode: Final = msgspec.json.Encoder().encode


class Told(NamedTuple):
    """Which instance it is the log of."""

    function: str
    version: str
    phase: str
    """In which it is started: `init`, or `invoke` where that is tried again within an invocation."""
    logging: JsonLogging


def open_log(
    name: str, version: FunctionVersion, phase: str, take: Sink[Any], stream: str, descriptor: int
) -> InstanceLog:
    """In the format that the version asks for."""
    if version.json_logging is None:
        return InstanceLog(take, stream, descriptor)
    return JsonLog(take, stream, descriptor, Told(name, version.version, phase, version.json_logging))


class JsonLog(InstanceLog):
    __slots__ = ("_application", "_system")

    def __init__(self, take: Sink[Any], stream: str, descriptor: int, told: Told) -> None:
        super().__init__(take, stream, descriptor)
        self._application = _LEVELS[told.logging.application_level]
        self._system = _LEVELS[told.logging.system_level]
        # DEBUG, because no runtimeVersion is told (guide, "System log level event mapping").
        function = {"functionName": told.function, "functionVersion": told.version}
        self._tell(_DEBUG, "initStart", {**_on_demand(told.phase), **function})

    def initialised(self, milliseconds: float, phase: str) -> None:
        self.drain()
        self._end_init(_DEBUG, phase, None, milliseconds)

    def init_failed(self, milliseconds: float, phase: str, verdict: Verdict) -> None:
        self.drain()
        self._end_init(_WARN, phase, verdict, milliseconds)

    def start(self, request_id: str, version: str, tail: bool) -> None:
        if tail:
            self._tail = bytearray()
        self._tell(_INFO, "start", {"requestId": request_id, "version": version})

    def finish(self, report: Report) -> bytes:
        self.drain()
        verdict = report.verdict
        if verdict is not None:
            self._explain(report.request_id, verdict)
        named, outcome = {"requestId": report.request_id}, _outcome(verdict)
        done = {**named, **outcome, "metrics": {"durationMs": round(report.duration, 3)}}
        self._tell(_DEBUG if verdict is None else _WARN, "runtimeDone", done)
        level = _INFO if verdict is None else _WARN
        self._tell(level, "report", {**named, "metrics": _metrics(report), **outcome})
        return self._cut_tail()

    def _printed(self, lines: bytes) -> None:
        """What the function wrote, without what is below its level."""
        if self._application:
            kept = [line for line in lines.split(b"\n") if _level_of(line) >= self._application]
            if not kept:
                return
            lines = b"\n".join(kept)
        self.write(lines)

    def _explain(self, request_id: str, verdict: Verdict) -> None:
        """How Lambda says this here is not known; in text it is a line."""
        if verdict.body is None:
            moment = stamp(time.time())
            told = {"timestamp": moment, "level": "ERROR", "requestId": request_id, "message": verdict.message}
            self.write(_encode(told))

    def _end_init(self, level: int, phase: str, verdict: Verdict | None, milliseconds: float) -> None:
        record = {**_on_demand(phase), **_outcome(verdict)}
        self._tell(level, "initRuntimeDone", record)
        self._tell(level, "initReport", {**record, "metrics": {"durationMs": round(milliseconds, 3)}})

    def _tell(self, level: int, kind: str, record: dict[str, Any]) -> None:
        if level >= self._system:
            moment = stamp(time.time())
            self.write(_encode({"time": moment, "type": f"platform.{kind}", "record": record}))


def _on_demand(phase: str) -> dict[str, str]:
    return {"initializationType": "on-demand", "phase": phase}


def _outcome(verdict: Verdict | None) -> dict[str, str]:
    """Of a time that ran out no errorType is told (seen in a line of Lambda's)."""
    if verdict is None:
        return {"status": "success"}
    if verdict.status == "timeout":
        return {"status": "timeout"}
    return {"status": "error", "errorType": verdict.type}


def _metrics(report: Report) -> dict[str, float]:
    metrics = {
        "durationMs": round(report.duration, 3),
        "billedDurationMs": math.ceil(report.duration),
        "memorySizeMB": report.memory_size,
        "maxMemoryUsedMB": report.memory_used,
    }
    return metrics if report.init is None else {**metrics, "initDurationMs": round(report.init, 3)}


class _Logged(msgspec.Struct, gc=False):
    level: object = None


_LOGGED: Final = msgspec.json.Decoder(_Logged)


def _level_of(line: bytes) -> int:
    """An object without a level that is one counts as INFO (guide, "Log-level filtering"). A line that is no object is
    never left out: it may be the last word of a process that died."""
    if not line.startswith(b"{"):
        return _LEVELS["FATAL"]
    try:
        level = _LOGGED.decode(line).level
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _LEVELS["FATAL"]
    return _NAMES.get(level.upper(), _INFO) if isinstance(level, str) else _INFO
