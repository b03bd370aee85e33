"""Which adapter answers for a database's address. The PostgreSQL driver is loaded only where one is named."""

from collections.abc import Callable

from portico.adapters.late_store import LateStore, StoreAndChanges
from portico.adapters.sqlite import SqliteStore
from portico.settings.database_url import is_postgresql, sqlite_path


def open_store(url: str) -> StoreAndChanges:
    """A store that may be used at once: what keeps it from working is told by each use, as StoreUnavailable."""
    if is_postgresql(url):
        from portico.adapters.postgres import PostgresStore

        return PostgresStore(url)
    return LateStore(lambda: SqliteStore(sqlite_path(url)))


def listen(url: str, ring: Callable[[], None]) -> Callable[[], None]:
    """Have `ring` called, from any thread, when another node has changed something; what ends that.

    A file is this node's alone: there it never rings.
    """
    if not is_postgresql(url):
        return lambda: None
    from portico.adapters.postgres_bell import PostgresBell

    return PostgresBell(url, ring).close
