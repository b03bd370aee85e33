"""The change feed: what happened to Standing, in commit order. The same adapters answer it as the store port."""

from typing import NamedTuple, Protocol

from portico.kernel.errors import PorticoError
from portico.ports.store import Document


class Gap(PorticoError):
    """The feed cannot tell what happened since that number: read the whole of `standing` again.

    Either the number is older than what the feed still remembers, or it is newer than the feed's head, because the
    database was restored from a backup.
    """


class Change(NamedTuple):
    """Standing record (`kind`, `key`) had `value` as of `seq`; None where it was taken away."""

    seq: int
    kind: str
    key: str
    value: Document | None


class Changes(Protocol):
    def identity(self) -> str:
        """Which database this is: an identifier made with it. Sequence numbers mean something only together with it."""
        ...

    def head(self) -> int:
        """The sequence number of the newest committed Change, 0 where there is none."""
        ...

    def since(self, seq: int) -> list[Change]:
        """Every Change after `seq`, oldest first. A record that changed twice may be told only with its newest value.

        The last one carries the head's number. Raises Gap.
        """
        ...

    def standing(self) -> tuple[int, list[Change]]:
        """The whole of Standing and the sequence number it is true at."""
        ...

    def snapshot(self, digest: str) -> bytes | None:
        """A Snapshot's canonical JSON."""
        ...
