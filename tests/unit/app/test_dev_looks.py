"""How `portico dev` notices what is saved and what is logged, and what it shows of it."""

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from dev_scene import write
from portico.app.dev import watch
from portico.app.dev.problems import Problem
from portico.app.dev.screen import Screen
from portico.app.dev.tail import FunctionLogs, Tail
from portico.app.dev.watch import Watch, below


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(watch, "_SHARE", 0)
    write(tmp_path / "functions" / "pets" / "app.py", "one")
    made = Watch(tmp_path)
    made.look()
    return made


def test_nothing_new_is_nothing(looking: Watch) -> None:
    assert looking.changed() is None


def test_what_is_written_made_replaced_or_removed_is_noticed_once(looking: Watch, tmp_path: Path) -> None:
    file = tmp_path / "functions" / "pets" / "app.py"

    def replace() -> None:
        write(tmp_path / "draft", "two")
        os.replace(tmp_path / "draft", file)

    for change in (lambda: file.write_text("more"), lambda: write(tmp_path / "new" / "x", ""), replace, file.unlink):
        change()
        assert looking.changed() is not None
        assert looking.changed() is None


def test_what_editors_leave_is_not_looked_at(looking: Watch, tmp_path: Path) -> None:
    for name in (".portico/portico.db", "functions/pets/.app.py.swp", "functions/pets/__pycache__/x.pyc", "4913"):
        write(tmp_path / name, "x")
    assert looking.changed() is None


def test_a_folder_has_what_is_in_it(looking: Watch, tmp_path: Path) -> None:
    write(tmp_path / "functions" / "pets2" / "app.py", "")
    look = looking.look()
    assert list(below(look, tmp_path / "functions" / "pets")) == [str(tmp_path / "functions" / "pets" / "app.py")]


# Logs


def test_a_log_is_followed_from_its_end_or_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("before\n")
    from_now, all_of_it = Tail(log, from_its_end=True), Tail(log)
    with log.open("a") as file:
        file.write("one\ntw")
    assert (list(from_now.lines()), list(all_of_it.lines())) == (["one"], ["before", "one"])
    with log.open("a") as file:
        file.write("o\n")
    assert list(from_now.lines()) == ["two"]
    log.rename(tmp_path / "access.log.1")
    assert list(from_now.lines()) == []
    log.write_text("three\n")
    assert list(from_now.lines()) == ["three"]
    log.write_text("4\n")
    assert list(from_now.lines()) == ["4"]


def test_functions_are_told_apart_and_lambda_s_own_lines_left_out(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text("2025-01-31T12:00:00.124Z 3f2a9c1d before\n")
    logs = FunctionLogs(tmp_path)
    (tmp_path / "pets.log").write_text(
        "2025-01-31T12:00:00.123Z 3f2a9c1d START RequestId: 1 Version: $LATEST\n"
        "2025-01-31T12:00:00.124Z 3f2a9c1d   what was printed\n"
        "2025-01-31T12:00:00.125Z 3f2a9c1d REPORT RequestId: 1\tDuration: 1.72 ms\n"
    )
    assert list(logs.lines()) == [("pets", "  what was printed")]
    assert list(logs.lines()) == []


def test_of_logs_in_json_there_is_shown_what_one_reads(tmp_path: Path) -> None:
    logs = FunctionLogs(tmp_path)
    said = [
        {"time": "2025-01-31T12:00:00.123Z", "type": "platform.start", "record": {"requestId": "1"}},
        {"timestamp": "T", "level": "INFO", "message": "fed", "logger": "root", "requestId": "1"},
        {"timestamp": "T", "level": "WARN", "requestId": "1", "message": {"a": [1]}},
        {"timestamp": "T", "level": "INFO", "message": "two\nlines", "logger": "pets", "requestId": "1", "pet": 1},
        {
            "timestamp": "T",
            "level": "ERROR",
            "message": "no name",
            "logger": "pets",
            "stackTrace": ["  File a\n    b\n"],
            "errorType": "KeyError",
            "errorMessage": "'name'",
            "requestId": "1",
            "location": "a:b:1",
        },
        {"timestamp": "T", "level": "ERROR", "errorType": "KeyError", "errorMessage": "", "stackTrace": []},
        {
            "timestamp": "T",
            "level": "ERROR",
            "message": {"errorType": "Error", "errorMessage": "x", "stackTrace": ["Error: x", "    at a"], "code": 7},
        },
        {"of": "its own"},
    ]
    lines = [json.dumps(one, separators=(",", ":")) for one in said]
    (tmp_path / "pets.log").write_text("".join(f"2025-01-31T12:00:00.123Z 3f2a9c1d {one}\n" for one in lines))
    assert [line for _, line in logs.lines()] == [
        "INFO fed",
        'WARN {"a":[1]}',
        "INFO pets: two",
        'lines {"pet":1}',
        "ERROR pets: no name KeyError: 'name'",
        "  File a",
        "    b",
        "ERROR KeyError: ",
        'ERROR Error: x {"code":7}',
        "Error: x",
        "    at a",
        '{"of":"its own"}',
    ]


# The screen


def shown(**how: bool) -> str:
    written = io.StringIO()
    screen = Screen(Console(file=written, highlight=False, soft_wrap=True, width=40, **how))  # type: ignore[arg-type]
    screen.call({"httpMethod": "GET", "path": "/dev/" + "pets" * 20, "status": "200", "responseLatency": "3"})
    screen.function_line("pets", "[bold]as it is[/bold]")
    screen.problem(Problem(Path("app.py").absolute(), 3, "SyntaxError: invalid"))
    screen.event({"level": "warning", "event": "FaultRaised", "method": "GET", "cause": "so", "request_id": "x"})
    screen.event({"level": "info", "event": "ProcessReady", "role": "worker"})
    return written.getvalue()


def test_lines_are_whole_and_plain_where_there_is_no_terminal() -> None:
    lines = [line[9:] for line in shown().splitlines()]
    assert lines == [
        f"GET     /dev/{'pets' * 20} 200 3 ms",
        "pets | [bold]as it is[/bold]",
        "app.py:3: SyntaxError: invalid",
        "FaultRaised GET so",
    ]


def test_a_terminal_has_colours_unless_it_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m200" in shown(force_terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(force_terminal=True)
