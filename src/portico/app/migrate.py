"""`portico migrate`: everything that one database has, carried into another one that is empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from portico.adapters.sql import SqlStore
from portico.adapters.sqlite import SqliteStore
from portico.adapters.transfer import Progress, TransferError, carry
from portico.settings.database_url import database, is_postgresql, label, sqlite_path
from portico.settings.values import SettingError

_ANSWER_SECONDS: Final = 30.0
"""Nobody waits for an answer of ours meanwhile, and the target may be slow to take what is carried."""


def migrate(source: str, target: str, progress: Progress) -> dict[str, int]:
    """How many of what were carried. `source` and `target` are addresses as `--database` takes them.

    Raises SettingError for addresses that cannot be understood; TransferError, StoreUnavailable, StoreConflict.
    """
    _check("--from", source)
    _check("--to", target)
    if not is_postgresql(source) and not sqlite_path(source).exists():
        raise TransferError(f"{label(source)}: there is no database to carry from")
    with _opened(source, make=False) as there:
        there.head()  # whether it can be read at all, before a target is made
        with _opened(target, make=True) as here:
            return carry(there, here, progress)


def _check(option: str, url: str) -> None:
    try:
        database(url)
    except SettingError as error:
        raise SettingError(f"{option}: {error}") from None


@contextmanager
def _opened(url: str, *, make: bool) -> Iterator[SqlStore]:
    store = _open(url, make)
    try:
        yield store
    finally:
        store.close()


def _open(url: str, make: bool) -> SqlStore:
    if not is_postgresql(url):
        return SqliteStore(sqlite_path(url))
    from portico.adapters.postgres import PostgresStore

    return PostgresStore(url, answer_seconds=_ANSWER_SECONDS, make=make)
