"""How Observations are shown: one JSON line each on stderr, or plain words on a terminal.

    {"time": "2025-01-31T12:00:00.123Z", "level": "error", "event": "FaultRaised", "pid": 41, "status": 502, …}

A line is one write, so that lines of several processes do not mix. What clients and functions wrote is obeyed by no
terminal. Only the standard library is imported: the supervisor writes its lines here too.
"""

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from portico.kernel import observe
from portico.kernel.observe import Observation, Observer
from portico.kernel.terminal import harmless

_LEVELS: Final[dict[type[Observation], str]] = {
    observe.UnexpectedError: "error",
    observe.ProcessDied: "error",
    observe.ProcessKilled: "error",
    observe.RestartAbandoned: "error",
    observe.ChangesNotApplied: "error",
    observe.EventsNotKept: "error",
    observe.FaultRaised: "warning",
    observe.NotServed: "warning",
    observe.DefinitionWarning: "warning",
    observe.BadClient: "warning",
    observe.SettingsKept: "warning",
    observe.FewDescriptors: "warning",
    observe.NotMetered: "warning",
    observe.LogLinesDropped: "warning",
    observe.OverloadBegan: "warning",
    observe.RequestsRefused: "warning",
    observe.LinesWithheld: "warning",
    observe.FunctionsLessConfined: "warning",
    observe.RuntimeSubstituted: "warning",
    observe.FunctionFailed: "warning",
    observe.InstanceFailed: "warning",
    observe.EventDiscarded: "warning",
    observe.RoleNotAssumed: "warning",
}
"""What is not listed is "info"."""

Write = Callable[[bytes], object]


def stderr(data: bytes) -> None:
    """Write to the process's standard error; nobody left to read it is no reason to fail."""
    try:
        os.write(2, data)
    except OSError:
        return


def observer(form: str | None = None, write: Write = stderr, clock: Callable[[], float] = time.time) -> Observer:
    """The Observer for `form`, "json" or "text"; None chooses by whether stderr is a terminal."""
    chosen = form or ("text" if sys.stderr.isatty() else "json")
    line = _text if chosen == "text" else _json

    def observed(observation: Observation) -> None:
        write((line(observation, clock()) + "\n").encode("utf-8", "backslashreplace"))

    return observed


def _level(observation: Observation) -> str:
    return _LEVELS.get(type(observation), "info")


def _fields(observation: Observation) -> dict[str, Any]:
    return {field.name: getattr(observation, field.name) for field in dataclasses.fields(observation)}


def _json(observation: Observation, now: float) -> str:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
    head = {"time": stamp, "level": _level(observation), "event": type(observation).__name__, "pid": os.getpid()}
    return json.dumps(head | _fields(observation))


def _text(observation: Observation, now: float) -> str:
    if isinstance(observation, observe.ServerReady):
        return _welcome(observation)
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    told = " ".join(f"{name}={_short(value)}" for name, value in _fields(observation).items())
    return f"{clock} {_level(observation):7} {type(observation).__name__} {told}".rstrip()


def _short(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return json.dumps(text) if " " in text and "\n" not in text else harmless(text)


def _welcome(ready: observe.ServerReady) -> str:
    rows = (
        ("AWS API", "  ".join(ready.control)),
        ("your APIs", "  ".join(ready.gateway)),
        ("credentials", ready.credentials),
        ("stop", "Ctrl-C, or SIGTERM; SIGHUP restarts without losing a request"),
    )
    return f"Portico is ready ({ready.seconds:.1f} s).\n" + "\n".join(f"  {name:12} {value}" for name, value in rows)
