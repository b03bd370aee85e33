"""Portico's tables in a PostgreSQL database: made under a lock, so that several nodes may start at once."""

from typing import Any, Final

import psycopg

from portico.adapters.migrations import Migration, migrations, pending
from portico.adapters.postgres_session import Server, Session
from portico.ports.store import StoreUnavailable

WRITE_LOCK: Final = 0x706F727469636F
"""The advisory lock of the database that whoever writes or migrates holds: "portico" in ASCII."""
_MIGRATION_SECONDS: Final = 60.0
"""How long one statement of a migration, or another node's migration, may take."""
_OLDEST_SERVER: Final = 140_000

_FACTS = """
    SELECT current_schema(), current_setting('server_version_num')::int, current_setting('server_version'),
        current_setting('server_encoding')
"""
# Of the schema that tables would be made in. What an extension brought along is nobody's data.
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""
_OURS: Final = frozenset({"schema_version", "database", "document", "snapshot", "standing", "change"})


class Schema:
    """`make`: whether a database without Portico's tables gets them, or is an error."""

    def __init__(self, server: Server, *, make: bool = True) -> None:
        self._server = server
        self._make = make
        self._migrations = migrations("postgresql")

    def open(self) -> Session:
        """A new connection to a database whose schema is this code's. Raises StoreUnavailable, SchemaTooNew."""
        session = self._server.connect()
        try:
            self._check_server(session)
            if self._missing(session):
                self._migrate(session)
        except psycopg.Error as error:
            session.close()
            raise self._server.explain(error) from error
        except BaseException:
            session.close()
            raise
        return session

    def _check_server(self, session: Session) -> None:
        ((schema, number, version, encoding),) = _rows(session, _FACTS)
        if number < _OLDEST_SERVER:
            raise self._unfit(f"is PostgreSQL {version}, and Portico needs 14 or newer")
        if encoding != "UTF8":
            raise self._unfit(f"its encoding is {encoding}, and Portico needs UTF8")
        if schema is None:
            raise self._unfit("none of the schemas in its search_path is there")

    def _missing(self, session: Session) -> tuple[Migration, ...]:
        tables = {name for (name,) in _rows(session, _TABLES)}
        if not tables:
            if not self._make:
                raise self._unfit("there is nothing of Portico's in it")
            return self._migrations
        if not tables >= _OURS:
            raise self._unfit(
                "has tables, but not Portico's: give Portico a database of its own, or a schema by"
                " ?options=-csearch_path%3DNAME"
            )
        ((version,),) = _rows(session, "SELECT version FROM schema_version")
        return pending(self._migrations, version, self._server.label)

    def _migrate(self, session: Session) -> None:
        """In one transaction, with nobody writing; another node may have done it while this one waited."""
        ordinary, session.patience = session.patience, _MIGRATION_SECONDS
        session.ask(f"BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({WRITE_LOCK})")
        for migration in self._missing(session):
            for statement in migration.statements:
                session.ask(statement)
            session.ask("UPDATE schema_version SET version = %s", (migration.version,))
        session.ask("COMMIT")
        session.patience = ordinary

    def _unfit(self, what: str) -> StoreUnavailable:
        return StoreUnavailable(f"{self._server.label}: {what}")


def _rows(session: Session, statement: str) -> list[tuple[Any, ...]]:
    return session.ask(statement).fetchall()
