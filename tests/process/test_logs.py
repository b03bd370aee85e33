"""`portico logs` as somebody types it."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

PORTICO = (sys.executable, "-m", "portico", "logs")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "logs" / "functions").mkdir(parents=True)
    return tmp_path


def write(data_dir: Path, name: str, *texts: str, minutes_ago: int = 0) -> None:
    time = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with (data_dir / "logs" / "functions" / f"{name}.log").open("a") as file:
        file.writelines(f"{time} 3f2a9c1d {text}\n" for text in texts)


def logs(data_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PORTICO_DATA_DIR": str(data_dir)}
    return subprocess.run([*PORTICO, *words], env=environment, capture_output=True, text=True, timeout=240)


def said(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """Without times and instances."""
    assert ran.returncode == 0, ran.stderr
    return [line.split(" 3f2a9c1d ")[1] for line in ran.stdout.splitlines()]


def test_one_function_s_log_as_it_is(data_dir: Path) -> None:
    write(data_dir, "pets", "START", "low on food", "END")
    ran = logs(data_dir, "pets")
    assert ran.stdout == (data_dir / "logs/functions/pets.log").read_text()


def test_whoever_is_no_terminal_gets_every_byte(data_dir: Path) -> None:
    line = b"2025-01-31T12:00:00.123Z 3f2a9c1d \x1b[31mred\x1b[0m\x07 \xff\xfe caf\xc3\xa9\ttab\rback\n"
    (data_dir / "logs" / "functions" / "pets.log").write_bytes(line)
    environment = {**os.environ, "PORTICO_DATA_DIR": str(data_dir)}
    assert subprocess.run([*PORTICO, "pets"], env=environment, capture_output=True, timeout=240).stdout == line


def test_what_was_rotated_is_read_too(data_dir: Path) -> None:
    folder = data_dir / "logs" / "functions"
    for name in ("pets.log.2", "pets.log.1", "pets.log"):
        write(data_dir, "pets", f"one of {name}", f"two of {name}")
        (folder / "pets.log").rename(folder / name)
    assert said(logs(data_dir, "-n", "5", "pets")) == [
        "two of pets.log.2",
        "one of pets.log.1",
        "two of pets.log.1",
        "one of pets.log",
        "two of pets.log",
    ]
    (folder / "pets.log").unlink()
    assert said(logs(data_dir, "-n", "1", "pets")) == ["two of pets.log.1"]


def test_its_last_lines(data_dir: Path) -> None:
    write(data_dir, "pets", *(str(number) for number in range(200)))
    assert said(logs(data_dir, "pets")) == [str(number) for number in range(100, 200)]
    assert said(logs(data_dir, "-n", "2", "pets")) == ["198", "199"]


@pytest.mark.parametrize("since", ["30m", "1800s"])
def test_lines_of_the_last_minutes(data_dir: Path, since: str) -> None:
    write(data_dir, "pets", "long ago", minutes_ago=90)
    write(data_dir, "pets", "just now", minutes_ago=5)
    assert said(logs(data_dir, "--since", since, "pets")) == ["just now"]


def test_lines_since_a_moment(data_dir: Path) -> None:
    write(data_dir, "pets", "long ago", minutes_ago=90)
    write(data_dir, "pets", "just now")
    moment = datetime.now(UTC).astimezone() - timedelta(hours=1)
    assert said(logs(data_dir, "--since", moment.isoformat(), "pets")) == ["just now"]


def test_all_functions_in_the_order_of_time_with_their_names(data_dir: Path) -> None:
    write(data_dir, "pets", "first", minutes_ago=3)
    write(data_dir, "orders", "second", minutes_ago=2)
    write(data_dir, "pets", "third", minutes_ago=1)
    lines = logs(data_dir).stdout.splitlines()
    assert [(line[:8], line.split()[-1]) for line in lines] == [
        ("pets   |", "first"),
        ("orders |", "second"),
        ("pets   |", "third"),
    ]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("cats",), 1, "there is no log of cats; there are logs of pets"),
        (("--since", "yesterday", "pets"), 2, "--since yesterday: neither a time such as 2025-01-31T12:00 nor an age"),
        (("-n", "-1", "pets"), 2, "Invalid value for '--lines' / '-n'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    data_dir: Path, words: tuple[str, ...], status: int, message: str
) -> None:
    write(data_dir, "pets", "x")
    ran = logs(data_dir, *words)
    assert (ran.returncode, ran.stdout) == (status, "")
    assert message in ran.stderr
    assert ran.stderr.startswith("portico: ")
    assert len(ran.stderr.splitlines()) == 1


def test_before_anything_was_written(tmp_path: Path) -> None:
    ran = logs(tmp_path)
    assert ran.returncode == 1
    assert ran.stderr == f"portico: no function has written a log in {tmp_path}/logs/functions yet\n"


def test_a_reader_that_has_enough_is_no_error(data_dir: Path) -> None:
    write(data_dir, "pets", *("x" * 1000 for _ in range(1000)))
    environment = {**os.environ, "PORTICO_DATA_DIR": str(data_dir)}
    command = [*PORTICO, "-n", "1000", "pets"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(60) == 0
        assert running.stderr.read() == b""


class Following:
    def __init__(self, running: subprocess.Popen[bytes], out: IO[bytes]) -> None:
        self.running = running
        self.out = out

    def line(self) -> str:
        return self.out.readline().decode().rstrip("\r\n")


@pytest.fixture
def following(data_dir: Path) -> Iterator[Following]:
    """`portico logs -f` of all functions on a terminal."""
    mine, its = pty.openpty()
    environment = {**os.environ, "PORTICO_DATA_DIR": str(data_dir)}
    with (
        open(mine, "rb") as out,
        subprocess.Popen([*PORTICO, "-f"], env=environment, stdout=its, stderr=subprocess.PIPE) as running,
    ):
        os.close(its)
        yield Following(running, out)
        running.terminate()
        running.wait(60)


def test_following_shows_functions_that_write_later_in_colours(data_dir: Path, following: Following) -> None:
    assert following.running.stderr is not None
    assert b"waiting for the first line" in following.running.stderr.readline()
    write(data_dir, "pets", "hello")
    first = following.line()
    assert first.startswith("\x1b[36mpets |\x1b[0m 20")
    assert first.endswith("3f2a9c1d hello")
    write(data_dir, "orders", "there")
    assert following.line().startswith("\x1b[33morders |\x1b[0m 20")


def test_a_terminal_is_not_sent_what_it_would_obey(data_dir: Path, following: Following) -> None:
    write(data_dir, "pets", "\x1b]0;mine\x07 \x9b2J")
    assert following.line().endswith(" \\x1b]0;mine\\x07 \\x9b2J")


def test_a_terminal_gets_tabs_and_letters_of_all_alphabets_as_they_are(data_dir: Path, following: Following) -> None:
    write(data_dir, "pets", "caf\u00e9\t\u732b \u202egnp.exe")
    assert following.line().endswith(" caf\u00e9\t\u732b \\u202egnp.exe")


def test_following_goes_on_behind_a_rotation(data_dir: Path, following: Following) -> None:
    log = data_dir / "logs" / "functions" / "pets.log"
    write(data_dir, "pets", "first")
    assert following.line().endswith(" first")
    write(data_dir, "pets", "second")
    for age in (2, 1):
        log.rename(f"{log}.{age}")
        write(data_dir, "pets", f"behind {age}")
    assert [following.line().split()[-1] for _ in range(3)] == ["second", "2", "1"]


def executed(data_dir: Path, stage: str, *texts: str) -> None:
    """A stage's execution log has these lines."""
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    name = f"API-Gateway-Execution-Logs_{stage.replace('/', '%2F')}.log"
    with (data_dir / "logs" / name).open("a") as file:
        file.writelines(f"{time} (3f2a9c1d) {text}\n" for text in texts)


def test_the_execution_log_of_a_stage(data_dir: Path) -> None:
    executed(data_dir, "api1/dev", "Starting execution", "Method completed with status: 200")
    executed(data_dir, "api1/prod", "another stage")
    write(data_dir, "pets", "a function")
    ran = logs(data_dir, "--api", "api1/dev", "-n", "1")
    assert ran.returncode == 0, ran.stderr
    assert [line.split(" ", 1)[1] for line in ran.stdout.splitlines()] == [
        "(3f2a9c1d) Method completed with status: 200"
    ]


def test_the_execution_logs_of_all_stages_and_their_canaries(data_dir: Path) -> None:
    executed(data_dir, "api1/dev", "one")
    executed(data_dir, "api1/dev/Canary", "two")
    (data_dir / "logs" / "access.log").write_text("no execution log\n")
    ran = logs(data_dir, "--api", "all")
    assert {(line.split(" |")[0].strip(), line[-3:]) for line in ran.stdout.splitlines()} == {
        ("api1/dev", "one"),
        ("api1/dev/Canary", "two"),
    }


def test_a_stage_that_has_no_execution_log_is_told_so_with_those_that_have_one(data_dir: Path) -> None:
    ran = logs(data_dir, "--api", "api1/dev")
    assert ran.returncode == 1
    assert "there is no log of api1/dev; no stage with a loggingLevel has written a log" in ran.stderr
    executed(data_dir, "api1/prod", "one")
    assert "there are logs of api1/prod" in logs(data_dir, "--api", "api1/dev").stderr


def test_functions_and_stages_are_not_asked_for_together(data_dir: Path) -> None:
    ran = logs(data_dir, "--api", "api1/dev", "pets")
    assert ran.returncode == 2
    assert "ask for one of the two" in ran.stderr
