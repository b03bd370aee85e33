"""The Snapshots on the disk: those that Standing refers to, counted."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from portico.adapters import durable
from portico.adapters.state_dir.format import StateError, is_digest, matches, read_snapshot, snapshot_path
from portico.adapters.state_dir.garbage import Garbage
from portico.ports.store import Document

Fetch = Callable[[str], bytes | None]


def references(value: Document | None) -> tuple[str, ...]:
    """The digests of what a Standing record refers to: a stage's Snapshot and its canary's (StageStanding), the code of
    a function's versions (FunctionStanding)."""
    if value is None:
        return ()
    canary = value.get("canarySettings")
    named = [value.get("snapshot"), canary.get("snapshot") if isinstance(canary, dict) else None]
    versions = value.get("versions")
    if isinstance(versions, dict):
        named += [version.get("code") for version in versions.values() if isinstance(version, dict)]
    return tuple(digest for digest in named if digest is not None and is_digest(digest))


def look(path: Path) -> tuple[int, ...]:
    """What is another one as soon as somebody writes to the file or puts another in its place. Raises OSError."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


class Shelf:
    def __init__(self, directory: Path, garbage: Garbage) -> None:
        self._directory = directory
        self._garbage = garbage
        self._held: Counter[str] = Counter()
        self._sound: dict[str, tuple[int, ...]] = {}
        """What the file of each Snapshot looked like when it was found whole."""
        self._unsynced: set[Path] = set()

    def recount(self) -> None:
        """Begin anew: nothing is held, everything found on the disk is garbage until it is. Raises OSError."""
        self._held.clear()
        self._sound.clear()
        self._unsynced.clear()
        durable.make_directory(self._directory / "snapshots")
        for path in (self._directory / "snapshots").glob("*/*"):
            self._garbage.retire(path)

    def hold(self, digest: str) -> None:
        self._held[digest] += 1
        self._garbage.rescue(snapshot_path(self._directory, digest))

    def release(self, digest: str) -> None:
        self._held[digest] -= 1
        if not self._held[digest]:
            del self._held[digest]
            self._sound.pop(digest, None)
            self._garbage.retire(snapshot_path(self._directory, digest))

    def ensure(self, digest: str, fetch: Fetch) -> None:
        """See that the disk has it whole, else fetch and write it. `sync` makes that last. Raises OSError.

        Where `fetch` does not have it either, the one stage that needs it fails when a worker asks for it.
        """
        if digest in self._sound:
            return
        if not self._is_sound(digest):
            body = fetch(digest)
            if body is None or not matches(body, digest):
                return
            self._write(snapshot_path(self._directory, digest), body)
        self._sound[digest] = look(snapshot_path(self._directory, digest))

    def in_place(self) -> bool:
        """Whether the Snapshots look as they did when they were found whole: 1 µs each. Raises OSError."""
        return all(look(snapshot_path(self._directory, digest)) == seen for digest, seen in self._sound.items())

    def sync(self) -> None:
        for folder in self._unsynced:
            durable.sync_directory(folder)
        self._unsynced.clear()

    def _is_sound(self, digest: str) -> bool:
        try:
            read_snapshot(self._directory, digest)
        except StateError:
            return False
        return True

    def _write(self, path: Path, body: bytes) -> None:
        durable.make_directory(path.parent)
        durable.replace(path, body)
        self._unsynced.add(path.parent)
