"""`python -m bench`: every row, or those that are named.

python -m bench --write docs/performance.md     all of it, as `make bench` does
python -m bench proxy mock                      two rows, only shown
python -m bench --quick                         whether every row works, in two minutes
"""

import argparse
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bench import machine
from bench.context import temporary
from bench.processes import load_core
from bench.report import Report, write
from bench.rows import ROWS, Row
from bench.verdict import BenchError, Finding, NotRun, Verdict

_COLORS: Final = {Verdict.MET: "green", Verdict.NOT_MET: "red", Verdict.NOT_RUN: "yellow", Verdict.FAILED: "red"}


def main() -> int:
    """0 where every row could be measured or is NOT RUN by name, met or not: timings gate nothing."""
    options = _options()
    if sys.platform != "linux":
        print("bench: CPU time and memory are read from /proc: Linux only", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    console = Console(stderr=True, highlight=False)
    began, started = datetime.now(UTC), time.monotonic()
    about, quiet = machine.describe(), machine.is_quiet()
    if not quiet:
        console.print(f"[yellow]The machine is not quiet (load {about['Load average before']}).")
    _stay_off_the_servers_core()
    findings = _run(options.rows or list(ROWS), options.quick, console)
    if options.write is not None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        report = Report(command, began, time.monotonic() - started, about, quiet, options.quick, findings)
        write(report, options.write)
        console.print(f"written to {options.write}")
    return 1 if any(one.verdict is Verdict.FAILED for one in findings) else 0


def _options() -> argparse.Namespace:
    rows = "\n".join(f"  {name:14} {row.what} ({row.bound})" for name, row in ROWS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"Measure Portico next to its peers.\n\nrows:\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="all where none is named")
    parser.add_argument("--quick", action="store_true", help="short runs: whether it works, not how fast")
    parser.add_argument("--write", type=Path, metavar="PATH", help="write the table there, as Markdown")
    options = parser.parse_args()
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"no such row: {', '.join(unknown)}")
    return options


def _stay_off_the_servers_core() -> None:
    try:
        os.sched_setaffinity(0, {load_core()})
    except NotRun:
        return  # every row that needs two cores says so


def _run(names: Sequence[str], quick: bool, console: Console) -> list[Finding]:
    """The findings of these rows, and one for each other row that says it was not asked for."""
    found: list[Finding] = []
    with Progress(*_columns(), console=console, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name, row in ROWS.items():
            if name not in names:
                found.append(_unmeasured(row, Verdict.NOT_RUN, "it was not asked for"))
                continue
            findings = _measure(name, quick, progress, task)
            for one in findings:
                _show(one, console)
            found += findings
            progress.advance(task)
    return found


def _measure(name: str, quick: bool, progress: Progress, task: TaskID) -> list[Finding]:
    """One row. What stops it becomes its finding."""
    row = ROWS[name]

    def say(text: str) -> None:
        progress.update(task, description=f"{name}: {text}")

    say("starting")
    try:
        with temporary(quick, say) as bench:
            return row.run(bench)
    except NotRun as error:
        return [_unmeasured(row, Verdict.NOT_RUN, str(error))]
    except BenchError as error:
        return [_unmeasured(row, Verdict.FAILED, str(error))]
    except Exception as error:
        progress.console.print(traceback.format_exc())
        return [_unmeasured(row, Verdict.FAILED, f"{type(error).__name__}: {error}")]


def _unmeasured(row: Row, verdict: Verdict, why: str) -> Finding:
    return Finding(row.what, row.bound, "", verdict, note=why)


def _columns() -> tuple[ProgressColumn, ...]:
    text = TextColumn("{task.description}")
    return SpinnerColumn(), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), text


def _show(one: Finding, console: Console) -> None:
    color, verdict = _COLORS[one.verdict], one.verdict.strip("*")
    peer = f" ({one.peer})" if one.peer else ""
    console.print(f"[{color}]{verdict:8}[/] {one.what}: [bold]{one.measured}[/]{peer}; {one.bound}")
    if one.note:
        console.print(f"         [dim]{one.note}[/]")


if __name__ == "__main__":
    sys.exit(main())
