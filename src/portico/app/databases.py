"""Which adapter answers for a database's address. The PostgreSQL driver is loaded only where one is named."""

from collections.abc import Callable
from typing import NamedTuple

from portico.adapters.collection import collect
from portico.adapters.late_store import LateStore, StoreAndChanges
from portico.adapters.sqlite import SqliteStore
from portico.settings.database_url import is_postgresql, sqlite_path


class Database(NamedTuple):
    """It may be used at once: what keeps it from working is told by each use, as StoreUnavailable."""

    store: StoreAndChanges
    collect: Callable[[float], int]
    """See portico.adapters.collection."""


def open_database(url: str) -> Database:
    if is_postgresql(url):
        from portico.adapters.postgres import PostgresStore

        store = PostgresStore(url)
        return Database(store, lambda now: collect(store, now))
    late = LateStore(lambda: SqliteStore(sqlite_path(url)))
    return Database(late, lambda now: collect(late.opened(), now))


def listen(url: str, ring: Callable[[], None]) -> Callable[[], None]:
    """Have `ring` called, from any thread, when another node has changed something; what ends that.

    A file is this node's alone: there it never rings.
    """
    if not is_postgresql(url):
        return lambda: None
    from portico.adapters.postgres_bell import PostgresBell

    return PostgresBell(url, ring).close
