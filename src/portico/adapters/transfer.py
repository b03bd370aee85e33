"""A whole store carried into another database, whichever two they are: `portico migrate`.

What is carried: documents in their order, Snapshots and code, Standing, and what the feed remembers under its numbers,
so that whoever follows it goes on. What is not: the database's identity, because two databases may go different ways.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from portico.adapters.sql import SqlStore, SqlUnit
from portico.kernel.errors import PorticoError

Progress = Callable[[str, int, int], None]
"""Told of (what, how many of them are done, how many there are)."""


class TransferError(PorticoError):
    """The stores are not such that one could be carried into the other; nothing was written."""


class _Table(NamedTuple):
    name: str
    columns: tuple[str, ...]
    order: str
    plural: str


_TABLES: Final = (
    _Table("document", ("kind", "scope", "key", "body"), "id", "documents"),
    _Table("snapshot", ("digest", "body"), "digest", "snapshots"),
    _Table("standing", ("kind", "key", "value"), "kind, key", "standing records"),
    _Table("change", ("seq", "kind", "key"), "seq", "changes"),
)
_BATCH_ROWS: Final = 500
_BATCH_SIZE: Final = 4 << 20
"""Characters or bytes of one batch, of which the last row may be larger: a function's code is one row."""


def carry(source: SqlStore, target: SqlStore, progress: Progress) -> dict[str, int]:
    """How many of what were carried. In one transaction of the target: all of it is there, or nothing.

    Raises TransferError, StoreUnavailable, StoreConflict.
    """
    with source.view() as there, target.write() as here:
        for table in _TABLES:
            if _count(here, table):
                raise TransferError(f"the target is not empty: it has {table.plural}. Name a database without any")
        carried = {table.plural: _carry_table(there, here, table, progress) for table in _TABLES}
        for table in _TABLES:
            if _count(here, table) != carried[table.plural]:
                raise TransferError(f"the target does not have as many {table.plural} as were carried into it")
    return carried


def _carry_table(there: SqlUnit, here: SqlUnit, table: _Table, progress: Progress) -> int:
    places = ", ".join("?" for _ in table.columns)
    insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"  # noqa: S608  names of ours
    total = _count(there, table)
    done = 0
    for batch in _batches(_rows(there, table)):
        here.run_many(insert, batch)
        done += len(batch)
        progress(table.plural, done, total)
    return total


def _rows(unit: SqlUnit, table: _Table) -> Iterator[tuple[Any, ...]]:
    columns = ", ".join(table.columns)
    if table.name != "snapshot":
        yield from unit.stream(f"SELECT {columns} FROM {table.name} ORDER BY {table.order}")  # noqa: S608
        return
    for (digest,) in unit.run("SELECT digest FROM snapshot ORDER BY digest"):
        yield digest, unit.get_snapshot(digest)  # one at a time: a page of functions' code may not fit into memory


def _batches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _count(unit: SqlUnit, table: _Table) -> int:
    ((count,),) = unit.run(f"SELECT count(*) FROM {table.name}")  # noqa: S608
    return int(count)
