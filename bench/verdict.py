"""What one row found: a line of the table."""

from dataclasses import dataclass
from enum import StrEnum


class BenchError(Exception):
    """A row cannot be measured here. The text says why."""


class NotRun(BenchError):
    """Something that the row needs is not on this machine. Not a failure, and never a pass."""


class Verdict(StrEnum):
    MET = "met"
    NOT_MET = "**not met**"
    NOT_RUN = "NOT RUN"
    FAILED = "**failed**"


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    bound: str
    measured: str
    verdict: Verdict
    peer: str = ""
    """What a peer did in the same run, where the bound is relative to one."""
    note: str = ""


def judge(*held: bool) -> Verdict:
    """Met where every part of the bound holds."""
    return Verdict.MET if all(held) else Verdict.NOT_MET
