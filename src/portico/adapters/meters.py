"""Meters in memory-mapped files: what was counted survives the process.

Each worker writes a pair of files of its own under `<data-dir>/metrics/`: `N.cells`, rows of 32 cells of 8 bytes, and
`N.rows`, a line of JSON labels for each row but the first, which is the overflow. A worker takes the first pair that
no living process has locked: a successor takes up what its predecessor counted, two that overlap in a rolling restart
write to different pairs, and no cell ever has two writers. Control adds up all pairs. Workers never wait for it.

A request is counted in a list of its Meter's own, which takes a third of the time that four cells of a mapping take;
`fold`, called with each sweep, brings what is new into the file. A worker that is killed takes with it what it counted
in its last quarter of a second.

A row, in cells: 4xx, 5xx, sum of latencies and sum of integration latencies (seconds, as doubles), 14 buckets of
latency, 14 buckets of integration latency. The number of requests is the sum of the latency buckets.
"""

import fcntl
import json
import mmap
import os
from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import compress
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from portico.wire import prometheus as text_format

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets in seconds; one more bucket takes what is slower."""
_FASTEST: Final = BOUNDS[0]
ROWS: Final = 16_384
"""With the overflow row: 4 MB a pair, allocated at once, because a sparse file on a full disk is a SIGBUS."""
BUCKETS: Final = len(BOUNDS) + 1
ROW_CELLS: Final = 4 + 2 * BUCKETS
_SUM, _INTEGRATION_SUM, _LATENCY, _INTEGRATION = 2, 3, 4, 4 + BUCKETS
_SUMS: Final = frozenset({_SUM, _INTEGRATION_SUM})
_NOTHING: Final[list[Any]] = [0.0 if cell in _SUMS else 0 for cell in range(ROW_CELLS)]
_NUMBERS: Final = range(ROW_CELLS)
_CELLS: Final = (
    *range(_LATENCY),
    *(cell for bucket in range(BUCKETS) for cell in (_LATENCY + bucket, _INTEGRATION + bucket)),
)
"""Where in a row is what a Meter's list has: in the list a bucket of latency is beside that of integration latency, so
that what most requests count is in one line of the processor's cache."""
_FOLDED: Final = 1_000
"""Meters in one go: a millisecond."""
_SIZE: Final = ROWS * ROW_CELLS * 8
_FULL: Final = ROWS * 3 // 4
"""A pair with more rows than this is begun anew by its next writer: what was deleted long ago is forgotten then."""

Labels = tuple[str, str, str, str]
"""API id, stage, method, resource path."""
OVERFLOW: Final[Labels] = ("_overflow", "", "", "")


class RowMeter:
    """One row, and what was counted for it since the last fold."""

    __slots__ = ("_counted", "_touched", "row")

    def __init__(self, row: int, touched: list["RowMeter"]) -> None:
        self.row = row
        self._touched = touched
        self._counted: list[Any] = []

    def record(self, status: int, latency: float, integration_latency: float | None, /) -> None:
        counted = self._counted
        if not counted:
            counted = self._counted = _NOTHING.copy()
            self._touched.append(self)
        if status >= 400:
            counted[0 if status < 500 else 1] += 1
        # Most answers are in the first bucket, which need not be searched for.
        counted[_LATENCY if latency <= _FASTEST else _LATENCY + 2 * bisect_left(BOUNDS, latency)] += 1
        counted[_SUM] += latency
        if integration_latency is not None:
            bucket = 0 if integration_latency <= _FASTEST else 2 * bisect_left(BOUNDS, integration_latency)
            counted[_LATENCY + 1 + bucket] += 1
            counted[_INTEGRATION_SUM] += integration_latency

    def fold(self, cells: "memoryview[int]", sums: "memoryview[float]") -> None:
        at = self.row * ROW_CELLS
        counted, self._counted = self._counted, []
        for number in compress(_NUMBERS, counted):
            cell = _CELLS[number]
            (sums if cell in _SUMS else cells)[at + cell] += counted[number]


class MeterFiles:
    """The Meters of one worker. Raises OSError where the files cannot be made."""

    def __init__(self, directory: Path) -> None:
        self._lock, stem = _take(directory)
        os.ftruncate(self._lock, _SIZE)
        os.posix_fallocate(self._lock, 0, _SIZE)
        self._map = mmap.mmap(self._lock, _SIZE)
        whole = memoryview(self._map)
        self._cells: memoryview[int] = whole.cast("Q")
        self._sums: memoryview[float] = whole.cast("d")
        self._labels = open(_labels_path(stem), "a+b", buffering=0)  # noqa: SIM115  held for the life of the worker
        self._rows = self._resume()
        self._touched: list[RowMeter] = []

    def _resume(self) -> dict[Labels, int]:
        """The rows that were there. A last line that was torn by a kill is cut off: its row was never used."""
        self._labels.seek(0)
        data = self._labels.read()
        whole = data[: data.rfind(b"\n") + 1]
        rows = {labels: row for row, labels in enumerate(_parse_labels(whole), 1)}
        if len(rows) > _FULL:
            whole, rows = b"", {}
            self._map[:] = bytes(_SIZE)
        self._labels.truncate(len(whole))
        return rows

    def meter(self, api_id: str, stage: str, method: str, resource_path: str, /) -> RowMeter:
        labels = (api_id, stage, method, resource_path)
        row = self._rows.get(labels)
        if row is None:
            row = self._add(labels)
        return RowMeter(row, self._touched)

    def _add(self, labels: Labels) -> int:
        row = len(self._rows) + 1
        if row >= ROWS:
            return 0
        try:
            self._labels.write(json.dumps(labels).encode() + b"\n")
        except OSError:
            return 0  # a full disk: counted without a name
        self._rows[labels] = row
        return row

    def fold(self, most: int = _FOLDED) -> None:
        """Bring into the file what was counted since the last time; of more than `most` meters the rest waits."""
        touched = self._touched
        for meter in touched[:most]:
            meter.fold(self._cells, self._sums)
        del touched[:most]

    def close(self) -> None:
        """Nothing may be recorded after this: the files are the next worker's."""
        self.fold(len(self._touched))
        self._labels.close()
        fcntl.flock(self._lock, fcntl.LOCK_UN)  # the mapping holds a duplicate of the descriptor, and the lock with it
        os.close(self._lock)


def _take(directory: Path) -> tuple[int, Path]:
    """The first pair that nobody has locked, locked: its descriptor and its path without suffix."""
    number = 0
    while True:
        stem = directory / str(number)
        descriptor = os.open(stem.with_suffix(".cells"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            number += 1
        else:
            return descriptor, stem


def _labels_path(stem: Path) -> Path:
    return stem.with_suffix(".rows")


def _parse_labels(data: bytes) -> list[Labels]:
    return [cast(Labels, tuple(json.loads(line))) for line in data.splitlines()]


class Total(NamedTuple):
    """What all workers together counted for one method."""

    errors_4xx: int
    errors_5xx: int
    latency_sum: float
    """Seconds."""
    integration_sum: float
    latency: tuple[int, ...]
    """Requests by bucket, not cumulated: `BOUNDS`, then the rest."""
    integration: tuple[int, ...]

    @property
    def requests(self) -> int:
        return sum(self.latency)


def _plus(one: Total, other: Total) -> Total:
    return Total(
        one.errors_4xx + other.errors_4xx,
        one.errors_5xx + other.errors_5xx,
        one.latency_sum + other.latency_sum,
        one.integration_sum + other.integration_sum,
        tuple(map(int.__add__, one.latency, other.latency)),
        tuple(map(int.__add__, one.integration, other.integration)),
    )


def read(directory: Path) -> dict[Labels, Total]:
    """Every method's Total over all pairs of files. What cannot be read is passed over: a scrape is not the place."""
    totals: dict[Labels, Total] = {}
    for cells in sorted(directory.glob("*.cells")):
        try:
            pair = _read_pair(cells)
        except (OSError, ValueError):
            continue
        for labels, total in pair:
            totals[labels] = _plus(totals[labels], total) if labels in totals else total
    return totals


def _read_pair(path: Path) -> list[tuple[Labels, Total]]:
    text = _labels_path(path.with_suffix("")).read_bytes()
    named = [OVERFLOW, *_parse_labels(text[: text.rfind(b"\n") + 1])]
    with path.open("rb") as file:
        data = file.read(len(named) * ROW_CELLS * 8)
    cells = memoryview(data).cast("Q")
    sums = memoryview(data).cast("d")
    rows = ((labels, _total(cells, sums, row * ROW_CELLS)) for row, labels in enumerate(named))
    return [(labels, total) for labels, total in rows if total.requests]


def _total(cells: "memoryview[int]", sums: "memoryview[float]", at: int) -> Total:
    latency, integration = at + _LATENCY, at + _INTEGRATION
    return Total(
        cells[at],
        cells[at + 1],
        sums[at + _SUM],
        sums[at + _INTEGRATION_SUM],
        tuple(cells[latency:integration]),
        tuple(cells[integration : integration + BUCKETS]),
    )


def prometheus(totals: Mapping[Labels, Total]) -> list[str]:
    """The lines that Prometheus scrapes, for every method that answered anything."""
    named = [(tuple(zip(_NAMES, labels, strict=True)), total) for labels, total in sorted(totals.items())]
    lines: list[str] = []
    for name, text, value in _COUNTERS:
        lines += text_format.head(name, "counter", text)
        lines += [text_format.sample(name, labels, value(total)) for labels, total in named]
    for name, text, parts in _HISTOGRAMS:
        lines += text_format.head(name, "histogram", text)
        for labels, total in named:
            buckets, seconds = parts(total)
            lines += text_format.histogram(name, labels, BOUNDS, buckets, seconds)
    return lines


_NAMES: Final = ("api_id", "stage", "method", "resource")
_COUNTERS: Final[tuple[tuple[str, str, Callable[[Total], int]], ...]] = (
    ("portico_requests_total", "Requests answered: AWS's Count.", lambda total: total.requests),
    ("portico_4xx_total", "Answers with a status from 400 to 499: AWS's 4XXError.", lambda total: total.errors_4xx),
    ("portico_5xx_total", "Answers with a status from 500: AWS's 5XXError.", lambda total: total.errors_5xx),
)
_HISTOGRAMS: Final[tuple[tuple[str, str, Callable[[Total], tuple[tuple[int, ...], float]]], ...]] = (
    ("portico_latency_seconds", "From the request's head to its answer.", lambda t: (t.latency, t.latency_sum)),
    (
        "portico_integration_latency_seconds",
        "From calling the backend to its answer.",
        lambda t: (t.integration, t.integration_sum),
    ),
)
