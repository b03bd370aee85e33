"""Sheets as people and programs read them: a table on a terminal, aligned text in pipes, JSON."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from portico.app.routes.rows import Row, Sheet

_HEADS: Final = ("METHOD", "PATH", "CHECKS", "INTEGRATION", "BODY", "ANSWERS")
_NOT_SERVED: Final = "not served: "
_COLOURS: Final = {"GET": "green", "HEAD": "green", "OPTIONS": "dim", "DELETE": "red", "ANY": "magenta"}
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
"""Who makes an API may not write what a terminal obeys."""

Write = Callable[[str], object]


def as_json(sheets: Iterable[Sheet]) -> str:
    """One document, a list of sheets under the names of their fields."""
    documents = [{**sheet._asdict(), "rows": [row._asdict() for row in sheet.rows]} for sheet in sheets]
    return json.dumps(documents, indent=2) + "\n"


def print_plainly(sheets: Sequence[Sheet], write: Write) -> None:
    """Lines for other programs: what a method lacks stands below it."""
    for number, sheet in enumerate(sheets):
        write(f"{chr(10) if number else ''}{safe(sheet.title)}\n")
        for problem in sheet.problems:
            write(f"  {_NOT_SERVED}{safe(problem)}\n")
        _print_rows(sheet.rows, write)


def _print_rows(rows: Sequence[Row], write: Write) -> None:
    table = [_HEADS, *(tuple(_cells(row, "; ")) for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEADS))]
    below = [(), *(row.problems for row in rows)]
    for cells, problems in zip(table, below, strict=True):
        write("  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip() + "\n")
        for problem in problems:
            write(f"  {_NOT_SERVED}{safe(problem)}\n")


def print_to_terminal(sheets: Sequence[Sheet], console: Console | None = None) -> None:
    """A table that fits; what the methods lack stands below it."""
    screen = console or Console(highlight=False)
    for sheet in sheets:
        screen.print(f"[bold]{escape(safe(sheet.title))}[/bold]")
        screen.print(_table(sheet))
        for problem in sheet.problems:
            screen.print(f"[red]nothing of it is served:[/red] {escape(safe(problem))}")
        for row in sheet.rows:
            for problem in row.problems:
                screen.print(f"[red]{row.method} {escape(safe(row.path))} is not served:[/red] {escape(safe(problem))}")
        served = 0 if sheet.problems else sum(not row.problems for row in sheet.rows)
        screen.print(f"[dim]{served} of {len(sheet.rows)} methods are served[/dim]\n")


def _table(sheet: Sheet) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in _HEADS:
        table.add_column(head, overflow="fold", no_wrap=head == "METHOD")
    for row in sheet.rows:
        verb, path, *others = (escape(cell) for cell in _cells(row, "\n"))
        colour = _COLOURS.get(row.method, "yellow")
        mark = "red" if row.problems or sheet.problems else "bold"
        table.add_row(f"[{colour}]{verb}[/{colour}]", f"[{mark}]{path}[/{mark}]", *others)
    return table


def _cells(row: Row, between: str) -> Iterator[str]:
    called = f"{row.type} {row.target}".strip()
    for texts in ((row.method,), (row.path,), row.checks, (called,), (row.body,), row.answers):
        yield between.join(safe(text) for text in texts) or "-"


def safe(text: str) -> str:
    """What a terminal cannot obey."""
    return text.translate(_CONTROLS)
