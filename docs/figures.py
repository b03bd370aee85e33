"""Draws the figures of README.md. Standard library only; run it after `make bench` has written docs/performance.md.

    python docs/figures.py            write docs/cpu-per-request.svg and docs/request-walk.svg
    python docs/figures.py --check    exit status 1 where a checked-in figure is not what would be drawn

The bars come from the table rows of docs/performance.md whose first cell ends in "71-byte JSON: CPU per request": the
measured cell holds Portico's microseconds, the peer's cell its name and microseconds. What is not there is not drawn.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

DOCS: Final = Path(__file__).resolve().parent
PERFORMANCE: Final = DOCS / "performance.md"

INK, QUIET, LINE, PAPER = "#1c2733", "#5b6875", "#c3ccd5", "#ffffff"
OURS, THEIRS, PATCHED, FAULTY = "#0b7a75", "#b6c2cd", "#7a4fa3", "#b3541e"
SANS: Final = "font-family=\"'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif\""
MONO: Final = "font-family=\"'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace\""


class Bar(NamedTuple):
    name: str
    micros: float


class Group(NamedTuple):
    """What was measured, and what each server needed for it."""

    what: str
    bars: tuple[Bar, ...]


class Box(NamedTuple):
    x: int
    y: int
    title: str
    text: str
    file: str
    colour: str


# Reading the numbers

_ENDING: Final = ", 71-byte JSON: CPU per request"
_PORTICO: Final = re.compile(r"\(([0-9.]+) µs\)|^([0-9.]+) µs")
_PEER: Final = re.compile(r"([A-Za-z][A-Za-z0-9 ]*?) ([0-9.]+) µs")


def read_groups(text: str) -> list[Group]:
    """The groups of bars in a page, in its order. A peer that was not there has no bar."""
    found: dict[str, dict[str, float]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) < 3 or not cells[0].endswith(_ENDING):
            continue
        bars = found.setdefault(cells[0].removesuffix(_ENDING), {})
        for cell in cells[1:]:
            bars.update(_bars(cell))
    return [Group(what, tuple(Bar(*one) for one in bars.items())) for what, bars in found.items() if bars]


def _bars(cell: str) -> Iterator[tuple[str, float]]:
    if (ours := _PORTICO.search(cell)) is not None:
        yield "Portico", float(ours[1] or ours[2])
    elif (peer := _PEER.fullmatch(cell)) is not None:
        yield peer[1], float(peer[2])


# Drawing

WIDTH: Final = 920
_LEFT, _RIGHT, _BAR = 150, 110, 24


def text(x: float, y: float, words: str, size: int, colour: str = INK, *, bold: bool = False, anchor: str = "") -> str:
    more = (' font-weight="600"' if bold else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" {SANS}{more}>{escape(words)}</text>'


def page(height: int, name: str, parts: Iterable[str]) -> str:
    """A card of its own colour, so that it reads the same on a light and on a dark page."""
    size = f' width="{WIDTH}" height="{height}" role="img"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"{size}>',
            f"<title>{escape(name)}</title>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10" fill="{PAPER}" stroke="{LINE}"/>',
            *parts,
            "</svg>\n",
        )
    )


def draw_cost(groups: list[Group]) -> str:
    """Bars of CPU time per request; shorter is better."""
    parts = [text(28, 40, "CPU time per request, in microseconds", 18, bold=True)]
    if not groups:
        parts.append(
            text(28, 68, "Not measured yet: `make bench` writes the numbers to docs/performance.md.", 14, QUIET)
        )
        return page(94, "CPU time per request: not measured yet", parts)
    parts.append(
        text(
            28,
            62,
            "A 71-byte JSON answer, keep-alive, one core, access log on, same run. Shorter is better.",
            13,
            QUIET,
        )
    )
    scale = (WIDTH - _LEFT - _RIGHT) / max(bar.micros for group in groups for bar in group.bars)
    y = 96
    for group in groups:
        parts.append(text(28, y, group.what, 14, bold=True))
        y += 14
        for bar in group.bars:
            parts += _draw_bar(bar, y, scale)
            y += _BAR + 6
        y += 24
    return page(y, "CPU time per request", parts)


def _draw_bar(bar: Bar, y: int, scale: float) -> Iterator[str]:
    ours = bar.name == "Portico"
    width = max(2.0, bar.micros * scale)
    yield text(_LEFT - 12, y + 17, bar.name, 14, INK if ours else QUIET, bold=ours, anchor="end")
    yield f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="3" fill="{OURS if ours else THEIRS}"/>'
    yield text(_LEFT + width + 8, y + 17, f"{bar.micros:.1f} µs", 13, INK if ours else QUIET, bold=ours)


_BOX_WIDTH, _BOX_HEIGHT, _STEP = 196, 74, 222
_COLUMNS: Final = tuple(28 + number * _STEP for number in range(4))
_ROWS: Final = (86, 200, 314, 490)

BOXES: Final = (
    Box(_COLUMNS[0], _ROWS[0], "Connection", "bytes, deadlines, caps", "server/protocol.py", OURS),
    Box(_COLUMNS[1], _ROWS[0], "Head", "strict HTTP/1.1, read once", "wire/http1.py", OURS),
    Box(_COLUMNS[2], _ROWS[0], "API and stage", "host or path, one spelling", "dataplane/front.py", OURS),
    Box(_COLUMNS[3], _ROWS[0], "Route", "path and method together", "dataplane/routes.py", OURS),
    Box(_COLUMNS[3], _ROWS[1], "Steps", "what the method asks for", "dataplane/compile/rest.py", OURS),
    Box(_COLUMNS[2], _ROWS[1], "Integration", "MOCK, HTTP, HTTP_PROXY", "dataplane/integrations/", OURS),
    Box(_COLUMNS[1], _ROWS[1], "Answer", "headers by AWS's tables", "dataplane/answer.py", OURS),
    Box(_COLUMNS[0], _ROWS[1], "Told", "access log line, metrics", "dataplane/program.py", OURS),
    Box(
        _COLUMNS[1],
        _ROWS[2],
        "Gateway response",
        "AWS's error, or the API's own",
        "dataplane/gateway_responses.py",
        FAULTY,
    ),
    Box(_COLUMNS[2], _ROWS[2], "Backend", "pooled, judged, sent once", "adapters/http_client.py", OURS),
    Box(_COLUMNS[0], _ROWS[3], "Signature", "SigV4, before anything else", "controlplane/authentication.py", PATCHED),
    Box(_COLUMNS[1], _ROWS[3], "Operation", "load, check, change, save", "controlplane/rest/", PATCHED),
    Box(_COLUMNS[2], _ROWS[3], "Commit", "definition and Change in one", "adapters/sqlite.py", PATCHED),
    Box(_COLUMNS[3], _ROWS[3], "State on disk", "what workers start from", "adapters/state_dir/", PATCHED),
)

_FAR: Final = _BOX_WIDTH
_MID: Final = _BOX_HEIGHT // 2
ARROWS: Final = (
    *((f"M{_COLUMNS[n] + _FAR} {_ROWS[0] + _MID}H{_COLUMNS[n + 1] - 3}", OURS) for n in range(3)),
    (f"M{_COLUMNS[3] + _FAR // 2} {_ROWS[0] + _BOX_HEIGHT}V{_ROWS[1] - 3}", OURS),
    *((f"M{_COLUMNS[n]} {_ROWS[1] + _MID}H{_COLUMNS[n - 1] + _FAR + 3}", OURS) for n in (3, 2, 1)),
    (f"M{_COLUMNS[2] + 90} {_ROWS[1] + _BOX_HEIGHT}V{_ROWS[2] - 3}", OURS),
    (f"M{_COLUMNS[2] + 108} {_ROWS[2]}V{_ROWS[1] + _BOX_HEIGHT + 3}", OURS),
    (f"M{_COLUMNS[3] + 60} {_ROWS[1] + _BOX_HEIGHT}V{_ROWS[2] + 98}H{_COLUMNS[1] + 98}V{_ROWS[2] + 77}", FAULTY),
    (f"M{_COLUMNS[1] + 98} {_ROWS[2]}V{_ROWS[1] + _BOX_HEIGHT + 3}", FAULTY),
    *((f"M{_COLUMNS[n] + _FAR} {_ROWS[3] + _MID}H{_COLUMNS[n + 1] - 3}", PATCHED) for n in range(3)),
    (f"M{_COLUMNS[3] + 150} {_ROWS[3]}V{_ROWS[1] + _BOX_HEIGHT + 3}", PATCHED),
)


def draw_walk() -> str:
    """Where a request goes, and where a change of a definition goes, with the files that do it."""
    parts = [
        *(_head(colour) for colour in (OURS, FAULTY, PATCHED)),
        text(28, 36, "A request", 18, OURS, bold=True),
        text(28, 60, "from the gateway listener to its answer, in a worker", 13, QUIET),
        text(_COLUMNS[3] + 70, _ROWS[2] + 42, "a Fault", 12, FAULTY),
        text(28, _ROWS[3] - 16, "a PATCH or a deployment, from boto3 or the AWS CLI", 13, QUIET),
        text(28, _ROWS[3] - 38, "A change", 18, PATCHED, bold=True),
        text(_COLUMNS[3] + 140, _ROWS[3] - 32, "the bell: workers swap", 12, PATCHED, anchor="end"),
        text(_COLUMNS[3] + 140, _ROWS[3] - 16, "the stage's Program", 12, PATCHED, anchor="end"),
        *(_arrow(path, colour) for path, colour in ARROWS),
        *(part for box in BOXES for part in _draw_box(box)),
    ]
    return page(_ROWS[3] + _BOX_HEIGHT + 28, "The walk of a request and of a change through Portico", parts)


def _head(colour: str) -> str:
    return (
        f'<marker id="to{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
    )


def _arrow(path: str, colour: str) -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6" marker-end="url(#to{colour[1:]})"/>'


def _draw_box(box: Box) -> Iterator[str]:
    x, y, title, words, file, colour = box
    yield (
        f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="7" fill="{PAPER}" '
        f'stroke="{colour}" stroke-width="1.6"/>'
    )
    yield text(x + 12, y + 24, title, 15, INK, bold=True)
    yield text(x + 12, y + 43, words, 12, QUIET)
    yield f'<text x="{x + 12}" y="{y + 62}" font-size="10" fill="{colour}" {MONO}>{escape(file)}</text>'


def figures() -> dict[Path, str]:
    """Every figure by its file."""
    numbers = PERFORMANCE.read_text("utf-8") if PERFORMANCE.exists() else ""
    return {
        DOCS / "cpu-per-request.svg": draw_cost(read_groups(numbers)),
        DOCS / "request-walk.svg": draw_walk(),
    }


def stale() -> list[Path]:
    """The checked-in figures that are not what would be drawn now."""
    drawn = figures().items()
    return [path for path, svg in drawn if not path.exists() or path.read_text("utf-8") != svg]


def main() -> int:
    if "--check" in sys.argv[1:]:
        return 1 if stale() else 0
    for path, svg in figures().items():
        path.write_text(svg, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
