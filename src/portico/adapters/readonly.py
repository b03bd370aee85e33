"""The Unit that a store's `read` hands out: it reads through another Unit and refuses to write."""

from typing import NoReturn

from portico.ports.store import Document, Unit


class ReadOnlyUnit:
    """A view of `unit`. Every writing method raises TypeError: the caller asked for the wrong kind of transaction."""

    __slots__ = ("_unit",)

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def get(self, kind: str, scope: str, key: str) -> Document | None:
        return self._unit.get(kind, scope, key)

    def find(self, kind: str, scope: str) -> list[tuple[str, Document]]:
        return self._unit.find(kind, scope)

    def get_snapshot(self, digest: str) -> bytes | None:
        return self._unit.get_snapshot(digest)

    def put(self, kind: str, scope: str, key: str, document: Document) -> None:
        self._refuse()

    def delete(self, kind: str, scope: str, key: str) -> bool:
        self._refuse()

    def delete_scope(self, scope: str) -> None:
        self._refuse()

    def put_snapshot(self, digest: str, body: bytes) -> None:
        self._refuse()

    def stand(self, kind: str, key: str, value: Document | None) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError("this unit only reads: open one with write()")
