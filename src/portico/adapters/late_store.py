"""A store that is opened when it is first needed, and again until it opens: a server starts without its database.

Until then every use raises StoreUnavailable, which callers of the control plane are answered as such; the data plane
serves from the state directory meanwhile.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

from portico.ports.changes import Change, Changes
from portico.ports.store import Store, Unit, WritingUnit


class StoreAndChanges(Store, Changes, Protocol):
    """What every store adapter is."""


_Store = TypeVar("_Store", bound=StoreAndChanges)


class LateStore(Generic[_Store]):
    """Store and Changes over what `open_store` makes. For any thread."""

    def __init__(self, open_store: Callable[[], _Store]) -> None:
        """`open_store` raises StoreUnavailable as long as it cannot."""
        self._open = open_store
        self._lock = threading.Lock()
        self._store: _Store | None = None

    def opened(self) -> _Store:
        """The store itself. Raises StoreUnavailable."""
        with self._lock:
            if self._store is None:
                self._store = self._open()
            return self._store

    def read(self) -> AbstractContextManager[Unit]:
        return self.opened().read()

    def write(self) -> AbstractContextManager[WritingUnit]:
        return self.opened().write()

    def close(self) -> None:
        with self._lock:
            if self._store is not None:
                self._store.close()

    def identity(self) -> str:
        return self.opened().identity()

    def head(self) -> int:
        return self.opened().head()

    def since(self, seq: int) -> list[Change]:
        return self.opened().since(seq)

    def standing(self) -> tuple[int, list[Change]]:
        return self.opened().standing()

    def snapshot(self, digest: str) -> bytes | None:
        return self.opened().snapshot(digest)
