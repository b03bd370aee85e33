"""Control's side of the state directory: brings the disk from where it is to where the database is.

The order on the disk is what makes it safe: Snapshots, then the log, then the head that vouches for the log. Whatever
breaks off in between leaves bytes that no head vouches for; the next call writes over them.

The first call compares the whole of the disk with the whole of the database, because the database may have been
restored from a backup meanwhile. Later calls cost O(change).
"""

import os
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from portico.adapters import durable
from portico.adapters.state_dir import format as fmt
from portico.adapters.state_dir.format import Head, StateError
from portico.adapters.state_dir.garbage import Garbage
from portico.adapters.state_dir.shelf import Fetch, Shelf, look, references
from portico.kernel.clock import Clock, SystemClock
from portico.ports.changes import Change, Changes, Gap

COMPACT_BYTES = 1 << 20
"""A log shorter than this is never rewritten: reading it takes a worker a few milliseconds."""
COMPACT_FACTOR = 4
"""A log is rewritten when it is this many times as long as what stands."""

_Record = tuple[str, str]


class _News(NamedTuple):
    """What the database says: `changes` since the disk's head, or where `whole` is true all of Standing."""

    database: str
    seq: int
    changes: list[Change]
    whole: bool


class StateWriter:
    """The one writer of a state directory, for one thread at a time.

    `grace` is for how many seconds a Snapshot or a log that nothing refers to any more stays for slow workers.
    """

    def __init__(self, directory: Path, *, clock: Clock | None = None, grace: float = 600.0) -> None:
        self._directory = directory
        self._garbage = Garbage(clock or SystemClock(), grace)
        self._shelf = Shelf(directory, self._garbage)
        self._head: Head | None = None
        self._live: dict[_Record, bytes] = {}
        """The log's line of every record that stands."""
        self._live_bytes = 0
        self._mark: tuple[int, ...] = ()
        """What the head's file looked like when we wrote it."""
        self._log_mark: tuple[int, ...] = ()
        """The same of the log."""
        self._trusted = False
        """Whether the disk is known to be what `_head` and `_live` say."""

    @property
    def seq(self) -> int:
        """The Change that the disk is at, as far as this writer knows."""
        return self._head.seq if self._head else 0

    def catch_up(self, changes: Changes) -> int:
        """Bring the disk to the database's newest Change and return its number. When this returns, readers see it.

        Raises StateError where the disk fails, StoreUnavailable where the database does: readers then have what they
        had, and the next call makes it good.
        """
        if self._trusted and not self._in_place():
            self._trusted = False
        news = self._ask(changes)
        try:
            if not self._trusted:
                self._recover()
            self._write(news, changes.snapshot)
            self._garbage.sweep()
        except OSError as error:
            self._trusted = False
            raise StateError(f"{error.filename or self._directory}: {error.strerror or error}") from error
        except BaseException:
            self._trusted = False
            raise
        self._trusted = True
        return news.seq

    def _ask(self, changes: Changes) -> _News:
        database = changes.identity()
        if self._trusted and self._head and self._head.database == database:
            try:
                since = changes.since(self._head.seq)
                return _News(database, since[-1].seq if since else self._head.seq, since, whole=False)
            except Gap:
                pass
        seq, standing = changes.standing()
        return _News(database, seq, standing, whole=True)

    def _in_place(self) -> bool:
        """Whether nobody has put something else in the place of our files."""
        try:
            return (
                self._head is not None
                and self._mark == look(fmt.head_path(self._directory))
                and self._log_mark == look(self._directory / self._head.log)
                and self._shelf.in_place()
            )
        except OSError:
            return False

    def _recover(self) -> None:
        """Learn what the disk has. What cannot be read is as good as nothing."""
        durable.make_directory(self._directory)
        self._shelf.recount()
        self._live.clear()
        self._live_bytes = 0
        try:
            self._head = fmt.read_head(self._directory)
            found = fmt.read_log(self._directory, self._head)
            self._mark = look(fmt.head_path(self._directory))
            self._log_mark = look(self._directory / self._head.log)
        except StateError:
            self._head = None
            found = []
        for change in found:
            self._remember(change)
        for path in self._directory.glob("standing-*.log"):
            if not self._head or path.name != self._head.log:
                self._garbage.retire(path)

    def _write(self, news: _News, fetch: Fetch) -> None:
        head = self._head
        changes = self._differences(news) if news.whole else news.changes
        for change in news.changes:
            for digest in references(change.value):
                self._shelf.ensure(digest, fetch)
        self._shelf.sync()
        lines = b"".join([self._remember(change) for change in changes])
        limit = max(COMPACT_BYTES, COMPACT_FACTOR * self._live_bytes)
        if head is None or head.database != news.database or head.length + len(lines) > limit:
            self._publish(self._start_log(news))
        elif lines or news.seq != head.seq:
            self._publish(self._append(head, lines, news.seq))

    def _differences(self, news: _News) -> list[Change]:
        """The Changes that lead from what the disk says to the whole of Standing."""
        wanted = {(change.kind, change.key) for change in news.changes}
        gone = [Change(news.seq, kind, key, None) for kind, key in self._live if (kind, key) not in wanted]
        return gone + [change for change in news.changes if change.value != self._value(change.kind, change.key)]

    def _value(self, kind: str, key: str) -> object:
        line = self._live.get((kind, key))
        return fmt.decode_change(line[:-1]).value if line else None

    def _remember(self, change: Change) -> bytes:
        """Take a Change into what stands, and return its line."""
        line = fmt.encode_change(change)
        for digest in references(change.value):
            self._shelf.hold(digest)
        before = self._live.pop((change.kind, change.key), None)
        if before is not None:
            self._live_bytes -= len(before)
            for digest in references(fmt.decode_change(before[:-1]).value):
                self._shelf.release(digest)
        if change.value is not None:
            self._live[change.kind, change.key] = line
            self._live_bytes += len(line)
        return line

    def _append(self, head: Head, lines: bytes, seq: int) -> Head:
        """Write after the bytes that the head vouches for; what is there already no reader sees."""
        if lines:
            with open(self._directory / head.log, "r+b") as file:
                file.seek(head.length)
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        return Head(head.log, head.length + len(lines), crc32(lines, head.crc), seq, head.database)

    def _start_log(self, news: _News) -> Head:
        """Write all that stands into a new log. Readers of the old one have the grace to move on."""
        numbers = [fmt.log_number(path.name) or 0 for path in self._directory.glob("standing-*.log")]
        name = fmt.log_name(max(numbers, default=0) + 1)
        lines = b"".join(self._live.values())
        durable.write(self._directory / name, lines)
        durable.sync_directory(self._directory)
        if self._head:
            self._garbage.retire(self._directory / self._head.log)
        return Head(name, len(lines), crc32(lines), news.seq, news.database)

    def _publish(self, head: Head) -> None:
        path = fmt.head_path(self._directory)
        durable.replace(path, fmt.encode_head(head))
        durable.sync_directory(self._directory)
        self._head = head
        self._mark = look(path)
        self._log_mark = look(self._directory / head.log)
