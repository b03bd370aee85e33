"""An instance's log in the format JSON: Lambda's own lines as objects, and what the levels leave of it."""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portico.adapters.function_host import verdicts
from portico.adapters.function_host.instance_log import InstanceLog, Report
from portico.adapters.function_host.json_log import JsonLog, open_log
from portico.model.function import FunctionVersion, JsonLogging

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ON_DEMAND = {"initializationType": "on-demand", "phase": "init"}


class Scene:
    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        os.set_blocking(reading, False)
        self._reading = reading
        self._taken: list[tuple[Callable[[Any], bytes], Any]] = []
        self.log: InstanceLog | None = None

    def opened(self, application: str = "INFO", system: str = "INFO") -> InstanceLog:
        logging = JsonLogging(application_level=application, system_level=system)
        version = FunctionVersion(version="3", code="00", runtime="python3.12", json_logging=logging)
        self.log = open_log("pets", version, "init", self._take, "3f2a9c1d", self._reading)
        return self.log

    def _take(self, line: Callable[[Any], bytes], told: Any) -> None:
        self._taken.append((line, told))

    def prints(self, text: bytes) -> None:
        os.write(self.writing, text)

    @property
    def lines(self) -> list[str]:
        whole = "\n".join(line(told).decode() for line, told in self._taken)
        return [line[34:] for line in whole.splitlines()]

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Lambda's own lines: types and records."""
        told = [json.loads(line) for line in self.lines]
        assert all(list(one) == ["time", "type", "record"] and TIME.fullmatch(one["time"]) for one in told), told
        return [(one["type"].removeprefix("platform."), one["record"]) for one in told]


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    os.close(made.writing)
    if made.log is not None:
        made.log.close()


def report(verdict: verdicts.Verdict | None = None, init: float | None = None) -> Report:
    return Report("id-1", 12.34449, 128, 31, init, verdict)


METRICS = {"durationMs": 12.344, "billedDurationMs": 13, "memorySizeMB": 128, "maxMemoryUsedMB": 31}


def test_the_whole_life_of_an_instance_at_debug(scene: Scene) -> None:
    log = scene.opened(system="DEBUG")
    log.initialised(45.67891, "init")
    log.start("id-1", "3", tail=False)
    assert log.finish(report(init=45.67891)) == b""
    assert scene.events == [
        ("initStart", {**ON_DEMAND, "functionName": "pets", "functionVersion": "3"}),
        ("initRuntimeDone", {**ON_DEMAND, "status": "success"}),
        ("initReport", {**ON_DEMAND, "status": "success", "metrics": {"durationMs": 45.679}}),
        ("start", {"requestId": "id-1", "version": "3"}),
        ("runtimeDone", {"requestId": "id-1", "status": "success", "metrics": {"durationMs": 12.344}}),
        ("report", {"requestId": "id-1", "metrics": {**METRICS, "initDurationMs": 45.679}, "status": "success"}),
    ]


@pytest.mark.parametrize(
    ("level", "of_success", "of_failure"),
    [
        ("INFO", ["start", "report"], ["initRuntimeDone", "initReport", "start", "runtimeDone", "report"]),
        ("WARN", [], ["initRuntimeDone", "initReport", "runtimeDone", "report"]),
    ],
)
def test_what_a_system_level_leaves(scene: Scene, level: str, of_success: list[str], of_failure: list[str]) -> None:
    log = scene.opened(system=level)
    log.initialised(45.0, "init")
    log.start("id-1", "3", tail=False)
    log.finish(report())
    assert [kind for kind, _ in scene.events] == of_success
    scene._taken.clear()
    told = verdicts.reported(b'{"errorType": "KeyError", "errorMessage": "name"}', "")
    log.init_failed(45.0, "init", told)
    log.start("id-1", "3", tail=False)
    log.finish(report(told))
    assert [kind for kind, _ in scene.events] == of_failure


def test_failures_have_a_status_and_their_type(scene: Scene) -> None:
    log = scene.opened(system="WARN")
    failed = {"status": "error", "errorType": "KeyError"}
    told = verdicts.reported(b'{"errorType": "KeyError", "errorMessage": "name"}', "")
    log.finish(report(told))
    log.init_failed(9.0, "invoke", told)
    again = {"initializationType": "on-demand", "phase": "invoke"}
    assert scene.events == [
        ("runtimeDone", {"requestId": "id-1", **failed, "metrics": {"durationMs": 12.344}}),
        ("report", {"requestId": "id-1", "metrics": METRICS, **failed}),
        ("initRuntimeDone", {**again, **failed}),
        ("initReport", {**again, **failed, "metrics": {"durationMs": 9.0}}),
    ]


@pytest.mark.parametrize(
    ("verdict", "message", "outcome"),
    [
        (verdicts.timed_out(3), "Task timed out after 3.00 seconds", {"status": "timeout"}),
        (
            verdicts.exited(1),
            "Runtime exited with error: exit status 1",
            {"status": "error", "errorType": "Runtime.ExitError"},
        ),
    ],
)
def test_an_end_that_the_runtime_could_not_tell_is_explained(
    scene: Scene, verdict: verdicts.Verdict, message: str, outcome: dict[str, str]
) -> None:
    scene.opened(application="FATAL", system="WARN").finish(report(verdict))
    explained, done, last = (json.loads(line) for line in scene.lines)
    assert TIME.fullmatch(explained.pop("timestamp"))
    assert explained == {"level": "ERROR", "requestId": "id-1", "message": message}
    assert done["record"] == {"requestId": "id-1", **outcome, "metrics": {"durationMs": 12.344}}
    assert last["record"] == {"requestId": "id-1", "metrics": METRICS, **outcome}


LINES = [
    '{"level": "trace", "msg": 1}',
    '{"level": "DEBUG", "msg": 2}',
    '{"level": "notice", "msg": "no level of these counts as INFO"}',
    '{"level": 5}',
    '{"msg": "without a level"}',
    '{"level": "Warning"}',
    '{"level": "ERROR"}',
    '{"level": "CRITICAL"}',
    "no object",
    "",
    '{"level": "DEBUG", "msg": "broken off',
]
TEXT = LINES[8:]
"""What is no object is never left out."""


@pytest.mark.parametrize(
    ("level", "left"),
    [
        ("TRACE", LINES),
        ("DEBUG", LINES[1:]),
        ("INFO", LINES[2:]),
        ("WARN", LINES[5:]),
        ("ERROR", LINES[6:]),
        ("FATAL", [LINES[7], *TEXT]),
    ],
)
def test_what_an_application_level_leaves(scene: Scene, level: str, left: list[str]) -> None:
    log = scene.opened(application=level, system="WARN")
    scene.prints("\n".join(LINES).encode())
    log.finish(report())
    assert scene.lines == left


def test_nothing_is_written_where_nothing_is_left(scene: Scene) -> None:
    log = scene.opened(application="ERROR", system="WARN")
    scene.prints(b'{"level": "INFO"}\n')
    assert log.read()
    assert not scene._taken


def test_the_tail_has_what_the_log_has(scene: Scene) -> None:
    log = scene.opened()
    log.start("id-1", "3", tail=True)
    scene.prints(b'{"level": "DEBUG"}\n{"level": "INFO"}\n')
    assert log.finish(report()).decode().splitlines() == scene.lines
    log.start("id-2", "3", tail=False)
    assert log.finish(report()) == b""


def test_text_is_what_it_was(scene: Scene) -> None:
    version = FunctionVersion(version="3", code="00", runtime="python3.12")
    scene.log = open_log("pets", version, "init", scene._take, "3f2a9c1d", scene._reading)
    assert not isinstance(scene.log, JsonLog)
    scene.log.initialised(45.0, "init")
    assert scene.lines == []
