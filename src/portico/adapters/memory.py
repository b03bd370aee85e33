"""A store in memory: for tests of operations, and the reference that the adapter suite holds the others to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex

from portico.adapters import documents
from portico.adapters.readonly import ReadOnlyUnit
from portico.ports.changes import Change, Gap
from portico.ports.store import Document, StoreConflict


@dataclass(frozen=True)
class _State:
    """All that is stored. A committed one is never changed again, so that a reader simply keeps the one it began with.

    Documents are kept as text: what is read is the caller's own, exactly as from a database.
    """

    rows: dict[tuple[str, str, str], str] = field(default_factory=dict)
    standing: dict[tuple[str, str], str] = field(default_factory=dict)
    snapshots: dict[str, bytes] = field(default_factory=dict)
    changes: list[tuple[str, str, str | None]] = field(default_factory=list)
    """The Change with sequence number n is the n-1st."""

    def copy(self) -> "_State":
        return _State(dict(self.rows), dict(self.standing), dict(self.snapshots), list(self.changes))


class _Unit:
    def __init__(self, state: _State) -> None:
        self._draft: _State | None = state
        self._began_at = len(state.changes)
        self.seq = 0

    @property
    def _state(self) -> _State:
        if self._draft is None:
            raise TypeError("this transaction is over")
        return self._draft

    def finish(self) -> _State:
        """What is to be committed. The unit lets go of it."""
        state, self._draft = self._state, None
        if len(state.changes) > self._began_at:
            self.seq = len(state.changes)
        return state

    def get(self, kind: str, scope: str, key: str) -> Document | None:
        text = self._state.rows.get((kind, scope, key))
        return None if text is None else documents.decode(text)

    def find(self, kind: str, scope: str) -> list[tuple[str, Document]]:
        return [(k[2], documents.decode(text)) for k, text in self._state.rows.items() if k[:2] == (kind, scope)]

    def put(self, kind: str, scope: str, key: str, document: Document) -> None:
        self._state.rows[kind, scope, key] = documents.encode(document)

    def delete(self, kind: str, scope: str, key: str) -> bool:
        return self._state.rows.pop((kind, scope, key), None) is not None

    def delete_scope(self, scope: str) -> None:
        for key in [k for k in self._state.rows if k[1] == scope]:
            del self._state.rows[key]

    def put_snapshot(self, digest: str, body: bytes) -> None:
        self._state.snapshots.setdefault(digest, body)

    def get_snapshot(self, digest: str) -> bytes | None:
        return self._state.snapshots.get(digest)

    def stand(self, kind: str, key: str, value: Document | None) -> None:
        text = None if value is None else documents.encode(value)
        if text is None:
            self._state.standing.pop((kind, key), None)
        else:
            self._state.standing[kind, key] = text
        self._state.changes.append((kind, key, text))


class MemoryStore:
    """Both the store and the change feed. Any number of threads may read while one writes."""

    def __init__(self, *, patience: float = 5.0) -> None:
        """A writer waits at most `patience` seconds for the one before it; then it is a StoreConflict."""
        self._state = _State()
        self._writing = threading.Lock()
        self._patience = patience
        self._identity = token_hex(16)

    @contextmanager
    def read(self) -> Iterator[ReadOnlyUnit]:
        yield ReadOnlyUnit(_Unit(self._state))

    @contextmanager
    def write(self) -> Iterator[_Unit]:
        if not self._writing.acquire(timeout=self._patience):
            raise StoreConflict("another writer holds the store")
        try:
            unit = _Unit(self._state.copy())
            yield unit
            self._state = unit.finish()
        finally:
            self._writing.release()

    def close(self) -> None:
        """Nothing is held open."""

    def identity(self) -> str:
        return self._identity

    def head(self) -> int:
        return len(self._state.changes)

    def since(self, seq: int) -> list[Change]:
        changes = self._state.changes
        if seq > len(changes):
            raise Gap(f"change {seq} is not known, the newest is {len(changes)}")
        return [_change(at, *changes[at - 1]) for at in range(seq + 1, len(changes) + 1)]

    def standing(self) -> tuple[int, list[Change]]:
        state = self._state
        head = len(state.changes)
        return head, [_change(head, kind, key, text) for (kind, key), text in state.standing.items()]

    def snapshot(self, digest: str) -> bytes | None:
        return self._state.snapshots.get(digest)


def _change(seq: int, kind: str, key: str, text: str | None) -> Change:
    return Change(seq, kind, key, None if text is None else documents.decode(text))
