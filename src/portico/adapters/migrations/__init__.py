"""How a database gets from any older schema to the one that this code knows.

Each dialect has a folder of files `NNNN_what_it_does.sql`, numbered from 0001 without holes. A published file is never
edited: a change is a new file. A statement ends with a semicolon at the end of a line. An adapter runs the pending
ones and writes the new number into `schema_version` in one transaction, so that a database is never half way.
"""

from importlib import resources
from typing import NamedTuple

from portico.ports.store import StoreUnavailable


class SchemaTooNew(StoreUnavailable):
    """A newer Portico has been here: this one would not understand what it reads."""


class Migration(NamedTuple):
    version: int
    name: str
    statements: tuple[str, ...]


def migrations(dialect: str) -> tuple[Migration, ...]:
    """All migrations of `dialect` ("sqlite"), oldest first."""
    folder = resources.files(__name__) / dialect
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(_migration(file.name, file.read_text("utf-8")) for file in files)


def pending(known: tuple[Migration, ...], version: int, database: str) -> tuple[Migration, ...]:
    """Those that a database at schema `version` lacks; 0 is one without any schema. Raises SchemaTooNew.

    `database` is what the error calls it, a path or a URL without its password.
    """
    newest = known[-1].version
    if version > newest:
        raise SchemaTooNew(
            f"{database}: has schema {version} and this Portico knows schemas up to {newest}: "
            "a newer Portico has used it. Start that one, or restore a backup from before it was upgraded"
        )
    return tuple(migration for migration in known if migration.version > version)


def _migration(file_name: str, script: str) -> Migration:
    number, _, name = file_name.removesuffix(".sql").partition("_")
    statements = tuple(part for part in (piece.strip() for piece in script.split(";\n")) if part)
    return Migration(int(number), name, statements)
