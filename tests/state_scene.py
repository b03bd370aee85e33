"""The scene that tests of the state directory play on: a database, the disk, workers who follow it."""

import hashlib
from pathlib import Path

from portico.adapters.memory import MemoryStore
from portico.adapters.state_dir import Reset, StateReader
from portico.ports.changes import Change
from portico.ports.store import Document

Standing = dict[tuple[str, str], Document]


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class Worker:
    """What a worker makes of what its reader tells."""

    def __init__(self, directory: Path) -> None:
        self.reader = StateReader(directory)
        self.standing: Standing = {}

    def poll(self) -> list[Change] | Reset:
        told = self.reader.poll()
        if isinstance(told, Reset):
            self.standing = {}
        for change in told.changes if isinstance(told, Reset) else told:
            if change.value is None:
                self.standing.pop((change.kind, change.key), None)
            else:
                self.standing[change.kind, change.key] = change.value
        return told


def truth(store: MemoryStore) -> Standing:
    return {(change.kind, change.key): change.value for change in store.standing()[1] if change.value is not None}


def seen(directory: Path) -> Standing:
    """What a worker that starts now knows."""
    worker = Worker(directory)
    worker.poll()
    return worker.standing


def snapshot_of(name: str) -> tuple[str, bytes]:
    body = f'{{"apiId":"{name}"}}'.encode()
    return hashlib.sha256(body).hexdigest(), body


def deploy(store: MemoryStore, key: str, name: str) -> str:
    """Stage `key` gets a deployment of the API called `name`; the digest of its Snapshot."""
    digest, body = snapshot_of(name)
    with store.write() as unit:
        unit.put_snapshot(digest, body)
        unit.stand("stage", key, {"snapshot": digest, "variables": {"name": name}})
    return digest


def remove(store: MemoryStore, key: str) -> None:
    with store.write() as unit:
        unit.stand("stage", key, None)
