"""Code that cannot be read is a problem of its file, never one of portico dev."""

import sys
from pathlib import Path

import pytest

from portico.adapters.function_host.runtimes import Runtimes
from portico.app.dev.syntax import check

HERE = f"python3.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        ("x = 1\ndef handler(event) return 1\n", 2, "SyntaxError: expected ':'"),
        ("x = '\0'\n", None, ": source code string cannot contain null bytes"),
        ("x = " + "-" * 100_000 + "1", None, "Error: "),
        ("x = " + "a" + ".a" * 100_000, None, "Error: "),
    ],
    ids=["a slip", "a NUL", "too many signs", "too many dots"],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, source: str, line: int | None, told: str) -> None:
    file = tmp_path / "app.py"
    file.write_text(source)
    (problem,) = check(Runtimes(), HERE, [file])
    assert (problem.path, problem.line) == (file, line)
    assert told in problem.text
