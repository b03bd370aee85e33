"""The log: one line an Observation, in both forms."""

import json
import os

import pytest

from portico.adapters.json_log import observer
from portico.kernel.observe import FaultRaised, FunctionFailed, Observation, ServerReady, UnexpectedError

FAULT = FaultRaised("r-1", "api", "prod", "GET", "/pets", "INTEGRATION_FAILURE", 502, 'it said "no"')


def written(form: str, observation: Observation) -> str:
    lines: list[bytes] = []
    observer(form, lines.append, lambda: 1738324800.5)(observation)
    assert len(lines) == 1
    return lines[0].decode()


def test_a_json_line_has_the_time_the_level_the_event_and_its_fields() -> None:
    assert json.loads(written("json", FAULT)) == {
        "time": "2025-01-31T12:00:00.500Z",
        "level": "warning",
        "event": "FaultRaised",
        "pid": os.getpid(),
        "request_id": "r-1",
        "api_id": "api",
        "stage": "prod",
        "method": "GET",
        "path": "/pets",
        "kind": "INTEGRATION_FAILURE",
        "status": 502,
        "cause": 'it said "no"',
    }


def test_a_traceback_is_one_json_line() -> None:
    line = written("json", UnexpectedError("r-1", "here", "Traceback\n  line\n"))
    assert line.count("\n") == 1


def test_the_text_form_is_for_people() -> None:
    line = written("text", FAULT)
    assert "warning FaultRaised" in line
    assert "status=502" in line
    assert 'cause="it said \\"no\\""' in line


@pytest.mark.parametrize("told", ["\x1b]0;mine\x07", "several \x1b[2J words", "two\nlines\x9b2J", "\u202egnp"])
def test_what_a_stranger_wrote_is_obeyed_by_no_terminal(told: str) -> None:
    line = written("text", FunctionFailed("pets", "$LATEST", "id-1", "Error", told))
    assert not set("\x1b\x07\x9b\u202e") & set(line)


def test_a_terminal_is_told_the_addresses_and_how_to_stop() -> None:
    ready = ServerReady(("http://127.0.0.1:4566",), ("http://127.0.0.1:8080",), "/data/credentials", 0.9)
    text = written("text", ready)
    for told in ("http://127.0.0.1:4566", "http://127.0.0.1:8080", "/data/credentials", "Ctrl-C"):
        assert told in text
