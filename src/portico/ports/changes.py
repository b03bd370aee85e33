"""The change feed: what happened to Standing, in commit order. The same adapters answer it as the store port."""

from typing import NamedTuple, Protocol

from portico.ports.store import Document


class Change(NamedTuple):
    """Standing record (`kind`, `key`) had `value` as of `seq`; None where it was taken away."""

    seq: int
    kind: str
    key: str
    value: Document | None


class Changes(Protocol):
    def head(self) -> int:
        """The sequence number of the newest committed Change, 0 where there is none."""
        ...

    def since(self, seq: int) -> list[Change]:
        """Every Change after `seq`, oldest first. A record that changed twice may be told only with its newest value."""
        ...

    def standing(self) -> tuple[int, list[Change]]:
        """The whole of Standing and the sequence number it is true at."""
        ...

    def snapshot(self, digest: str) -> bytes | None:
        """A Snapshot's canonical JSON."""
        ...
