"""The store: where the control plane keeps definitions. Adapters: adapters/memory.py, adapters/sqlite.py,
adapters/postgres.py.

The port is synchronous: an operation is a short function inside one transaction, and the shell runs it on a thread.
A document is what AWS would answer for the thing, under AWS's member names. `kind` names the family ("restapi",
"resource", "stage" …), `scope` the owner (an API id, or "" for what belongs to the account), `key` the thing inside it.
"""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from portico.kernel.errors import PorticoError

Document = dict[str, Any]


class StoreConflict(PorticoError):
    """Another writer changed the same things first; nothing was written."""


class StoreUnavailable(PorticoError):
    """The database does not answer; nothing was written."""


class StoreInDoubt(StoreUnavailable):
    """The database stopped answering while it was committing: it may have written all, or nothing."""


class Unit(Protocol):
    """One transaction. Reads see its own writes; all of it is committed or none.

    What `get` and `find` return is the caller's own copy: changing it changes nothing until it is `put`.
    """

    def get(self, kind: str, scope: str, key: str) -> Document | None: ...

    def find(self, kind: str, scope: str) -> list[tuple[str, Document]]:
        """All of `kind` in `scope` as (key, document), in the order in which they were first put."""
        ...

    def put(self, kind: str, scope: str, key: str, document: Document) -> None:
        """Insert or replace."""
        ...

    def delete(self, kind: str, scope: str, key: str) -> bool:
        """False where there was nothing."""
        ...

    def delete_scope(self, scope: str) -> None:
        """Everything of every kind that `scope` owns."""
        ...

    def put_snapshot(self, digest: str, body: bytes) -> None:
        """A Snapshot's canonical JSON under its SHA-256 in hex. Putting one again does nothing."""
        ...

    def get_snapshot(self, digest: str) -> bytes | None: ...

    def stand(self, kind: str, key: str, value: Document | None) -> None:
        """Set (or with None take away) a Standing record and append its Change: the data plane acts on it at once."""
        ...


class Committed(Protocol):
    """What a finished write leaves behind."""

    @property
    def seq(self) -> int:
        """The sequence number of the last Change that this transaction appended; 0 where it appended none."""
        ...


class WritingUnit(Unit, Committed, Protocol):
    """A Unit that may write. `seq` is known once its block has been left."""


class Store(Protocol):
    def read(self) -> AbstractContextManager[Unit]:
        """A consistent view. Writing through it is an error. Raises StoreUnavailable."""
        ...

    def write(self) -> AbstractContextManager[WritingUnit]:
        """Commits when the block is left without an exception. Raises StoreConflict, StoreUnavailable."""
        ...

    def close(self) -> None: ...
