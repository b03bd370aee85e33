"""A worker's side of the state directory. Imports no database and keeps no file open."""

from pathlib import Path
from typing import NamedTuple

from portico.adapters.state_dir.format import Head, StateCorrupt, read_head, read_log, read_snapshot
from portico.ports.changes import Change


class Reset(NamedTuple):
    """The whole of Standing, each record once: what it does not name does not stand any more."""

    seq: int
    changes: list[Change]


class StateReader:
    """Follows the state directory. One that raised has not moved: what it told before still stands, and it may be asked
    again. Asking costs the reading of one small file as long as nothing happened, and O(change) when something did.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._head: Head | None = None

    @property
    def seq(self) -> int:
        """The Change up to which `poll` has told everything; 0 before it told anything.

        It goes back where the database was restored from a backup: what `poll` tells then leads there all the same.
        """
        return self._head.seq if self._head else 0

    def poll(self) -> list[Change] | Reset:
        """What happened since the last poll, in order; the first time and whenever the log is another one, all of it.

        Raises StateAbsent before anything was written, StateCorrupt, StateError.
        """
        head = read_head(self._directory)
        while True:
            try:
                return self._follow(head)
            except StateCorrupt:
                # The writer may have moved to a new log, and taken the old one away, since we read the head.
                newer = read_head(self._directory)
                if newer == head:
                    raise
                head = newer

    def snapshot(self, digest: str) -> bytes:
        """A Snapshot's canonical JSON. Raises StateCorrupt where it is missing or not what it is called; StateError."""
        return read_snapshot(self._directory, digest)

    def _follow(self, head: Head) -> list[Change] | Reset:
        if head == self._head:
            return []
        if self._head and _continues(self._head, head):
            try:
                changes = read_log(self._directory, head, after=self._head)
            except StateCorrupt:
                pass  # The directory was made anew and its log has the old one's name; or the log is damaged.
            else:
                self._head = head
                return changes
        return self._reset(head)

    def _reset(self, head: Head) -> Reset:
        newest = {(change.kind, change.key): change for change in read_log(self._directory, head)}
        self._head = head
        return Reset(head.seq, [change for change in newest.values() if change.value is not None])


def _continues(old: Head, new: Head) -> bool:
    return (new.log, new.database) == (old.log, old.database) and new.length >= old.length
