"""A store in memory: for tests of operations, and the reference that the adapter suite holds the others to."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from portico.ports.changes import Change
from portico.ports.store import Document

_Rows = dict[tuple[str, str, str], Document]


class _Unit:
    def __init__(self, rows: _Rows, standing: dict[tuple[str, str], Document], snapshots: dict[str, bytes]) -> None:
        self.rows = rows
        self.standing = standing
        self.snapshots = snapshots
        self.stood: list[tuple[str, str, Document | None]] = []
        self.seq = 0

    def get(self, kind: str, scope: str, key: str) -> Document | None:
        return copy.deepcopy(self.rows.get((kind, scope, key)))

    def find(self, kind: str, scope: str) -> list[tuple[str, Document]]:
        return [(k[2], copy.deepcopy(row)) for k, row in self.rows.items() if k[0] == kind and k[1] == scope]

    def put(self, kind: str, scope: str, key: str, document: Document) -> None:
        self.rows[kind, scope, key] = copy.deepcopy(document)

    def delete(self, kind: str, scope: str, key: str) -> bool:
        return self.rows.pop((kind, scope, key), None) is not None

    def delete_scope(self, scope: str) -> None:
        for key in [k for k in self.rows if k[1] == scope]:
            del self.rows[key]

    def put_snapshot(self, digest: str, body: bytes) -> None:
        self.snapshots[digest] = body

    def get_snapshot(self, digest: str) -> bytes | None:
        return self.snapshots.get(digest)

    def stand(self, kind: str, key: str, value: Document | None) -> None:
        if value is None:
            self.standing.pop((kind, key), None)
        else:
            self.standing[kind, key] = copy.deepcopy(value)
        self.stood.append((kind, key, copy.deepcopy(value)))


class MemoryStore:
    """Both the store and the change feed, for one thread at a time."""

    def __init__(self) -> None:
        self._rows: _Rows = {}
        self._standing: dict[tuple[str, str], Document] = {}
        self._snapshots: dict[str, bytes] = {}
        self._changes: list[Change] = []

    @contextmanager
    def read(self) -> Iterator[_Unit]:
        yield _Unit(self._rows, self._standing, self._snapshots)

    @contextmanager
    def write(self) -> Iterator[_Unit]:
        unit = _Unit(dict(self._rows), dict(self._standing), dict(self._snapshots))
        yield unit
        self._rows, self._standing, self._snapshots = unit.rows, unit.standing, unit.snapshots
        for kind, key, value in unit.stood:
            unit.seq = len(self._changes) + 1
            self._changes.append(Change(unit.seq, kind, key, value))

    def close(self) -> None:
        pass

    def head(self) -> int:
        return len(self._changes)

    def since(self, seq: int) -> list[Change]:
        return self._changes[seq:]

    def standing(self) -> tuple[int, list[Change]]:
        head = len(self._changes)
        return head, [Change(head, kind, key, value) for (kind, key), value in self._standing.items()]

    def snapshot(self, digest: str) -> bytes | None:
        return self._snapshots.get(digest)
