"""Every store adapter, opened the same way: what the suites that hold them to one behaviour run over."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from portico.adapters.memory import MemoryStore
from portico.adapters.postgres import PostgresStore
from portico.adapters.sqlite import SqliteStore
from portico.ports.changes import Changes
from portico.ports.store import Store
from postgres_scene import PostgresServer


class FullStore(Store, Changes, Protocol):
    """Both ports, as every adapter answers them."""


Opener = Callable[..., FullStore]
"""Opens the store of a folder, again where it was opened before, with the options that every adapter has."""


def memory(_request: pytest.FixtureRequest) -> Opener:
    return lambda folder, **options: MemoryStore(**options)


def sqlite(_request: pytest.FixtureRequest) -> Opener:
    return lambda folder, **options: SqliteStore(folder / "portico.db", **options)


def postgresql(request: pytest.FixtureRequest) -> Opener:
    server: PostgresServer = request.getfixturevalue("postgres")

    def opened(folder: Path, **options: Any) -> PostgresStore:
        # Known by the folder's name, so that a child process finds the same.
        return PostgresStore(server.database(f"suite_{hashlib.md5(bytes(folder)).hexdigest()}"), **options)

    return opened


ADAPTERS: dict[str, Callable[[pytest.FixtureRequest], Opener]] = {
    "memory": memory,
    "sqlite": sqlite,
    "postgresql": postgresql,
}
ON_DISK = ["sqlite", "postgresql"]
