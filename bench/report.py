"""The table as Markdown: docs/performance.md. What is not met is said as plainly as what is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from bench.verdict import Finding, Verdict

_HOW: Final = """\
How it is measured: the server's processes run on one core; the load generator, the backend and the clients on another.
A server's cost is the user and system time of **all** its processes (Portico's supervisor, control and worker; a peer's
master and worker), divided by the requests that it answered. Servers that are compared are measured in turns within one
run, each several times, and the medians count. Portico is `portico serve --workers 1` with everything on: access log
and metrics. wrk keeps 64 connections open. Rows about starts, restarts and kills leave the
server's processes on all cores. A rate is kept however slowly it is answered: a request that must wait for a connection
waits from when it was due. A request is lost if its connection was refused, reset, or closed before its answer was
whole, or if the answer was not a 200. The peers' configurations are in `bench/peers`.
"""


_MEASURED: Final = (Verdict.MET, Verdict.NOT_MET)


@dataclass(frozen=True, slots=True)
class Report:
    command: str
    began: datetime
    seconds: float
    machine: Mapping[str, str]
    quiet: bool
    quick: bool
    findings: Sequence[Finding]

    def markdown(self) -> str:
        parts = [self._head(), *self._warnings(), _table(self.findings), _HOW, *_notes(self.findings), *self._unmet()]
        return "\n".join(parts)

    def _head(self) -> str:
        counts = {verdict: sum(1 for one in self.findings if one.verdict is verdict) for verdict in Verdict}
        told = ", ".join(f"{count} {verdict.strip('*')}" for verdict, count in counts.items() if count)
        facts = "\n".join(f"- {name}: {value}" for name, value in self.machine.items())
        return (
            f"# Performance\n\nWritten by `{self.command}` on {self.began:%Y-%m-%d %H:%M} UTC, "
            f"in {self.seconds / 60:.0f} minutes: {told}. Do not edit: run it again.\n\n{facts}\n"
        )

    def _warnings(self) -> list[str]:
        warnings = []
        if self.quick:
            warnings.append("**A quick run: it shows that the rows work. Its numbers mean nothing.**\n")
        if not self.quiet:
            warnings.append("**The machine was not quiet when this began. Its numbers are not to be relied upon.**\n")
        return warnings

    def _unmet(self) -> list[str]:
        unmet = [one for one in self.findings if one.verdict is not Verdict.MET]
        if not unmet:
            return []
        return ["## What is not met\n", *(f"- {_sentence(one)}" for one in unmet), ""]


def _table(findings: Sequence[Finding]) -> str:
    lines = ["| What | Bound | Measured | Peer in the same run | Verdict |", "|---|---|---|---|---|"]
    lines += [
        "| " + " | ".join(map(_cell, (one.what, one.bound, one.measured, one.peer, one.verdict))) + " |"
        for one in findings
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _notes(findings: Sequence[Finding]) -> list[str]:
    lines = [f"- {one.what}, {one.bound}: {one.note}." for one in findings if one.note and one.verdict in _MEASURED]
    return ["## Beside the numbers\n", *lines, ""] if lines else []


def _sentence(one: Finding) -> str:
    if one.verdict is Verdict.NOT_RUN:
        return f"{one.what}: NOT RUN, because {one.note}. Nothing is claimed."
    if one.verdict is Verdict.FAILED:
        return f"{one.what}: could not be measured, because {one.note}. Nothing is claimed."
    beside = f", next to {one.peer}" if one.peer else ""
    return f"{one.what}: promised is {one.bound}, measured was {one.measured}{beside}."


def write(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.markdown())
