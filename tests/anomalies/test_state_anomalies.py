"""Damage, crashes and full disks under the state directory: never a wrong answer, and the next call mends it."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.adapters.memory import MemoryStore
from portico.adapters.state_dir import Reset, StateCorrupt, StateError, StateReader, StateWriter
from portico.adapters.state_dir import writer as writer_module
from portico.ports.store import StoreUnavailable
from state_scene import Worker, deploy, remove, seen, snapshot_of, truth


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    path.write_bytes(data)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def writer(directory: Path) -> StateWriter:
    return StateWriter(directory)


@pytest.fixture(scope="class")
def impatient() -> Iterator[None]:
    """Nobody waits for the disk: for tests of many rounds that are about what is written, not when."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.mark.usefixtures("impatient")
class TestDamage:
    def prepared(self, folder: str) -> tuple[Path, MemoryStore, list[str]]:
        directory = Path(folder) / "state"
        store = MemoryStore()
        writer = StateWriter(directory)
        digests = [deploy(store, f"{name}/prod", name) for name in ("one", "two", "three")]
        writer.catch_up(store)
        remove(store, "two/prod")
        writer.catch_up(store)
        return directory, store, digests

    @settings(max_examples=150, deadline=None)
    @given(data=st.data())
    def test_no_damage_ever_makes_a_wrong_answer_and_control_mends_it(self, data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as folder:
            directory, store, digests = self.prepared(folder)
            path = data.draw(st.sampled_from(sorted(path for path in directory.rglob("*") if path.is_file())))
            data.draw(damages(path.stat().st_size))(path)
            reader = StateReader(directory)
            try:
                told = reader.poll()
            except StateError:
                pass
            else:
                assert isinstance(told, Reset)
                assert {(c.kind, c.key): c.value for c in told.changes} == truth(store)
            damaged: list[str] = []
            for name, digest in zip(("one", "two", "three"), digests, strict=True):
                try:
                    assert reader.snapshot(digest) == snapshot_of(name)[1]
                except StateCorrupt:
                    damaged.append(digest)
            assert damaged in ([], [path.stem])

            StateWriter(directory).catch_up(store)
            assert seen(directory) == truth(store)
            assert StateReader(directory).snapshot(digests[0]) == snapshot_of("one")[1]

    def test_a_worker_that_met_damage_stays_where_it_was_and_goes_on_when_it_is_mended(
        self, directory: Path, store: MemoryStore, writer: StateWriter
    ) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        deploy(store, "b/prod", "two")
        writer.catch_up(store)
        flip(directory / "standing-1.log", 8 * ((directory / "standing-1.log").stat().st_size - 3))
        for _ in range(2):
            with pytest.raises(StateCorrupt, match="are not those that were written"):
                worker.poll()
        assert worker.reader.seq == 1
        StateWriter(directory).catch_up(store)
        worker.poll()
        assert worker.standing == truth(store)

    @pytest.mark.parametrize("name", ["head", "standing-1.log", ""])
    def test_a_running_control_notices_what_was_taken_away(
        self, directory: Path, store: MemoryStore, writer: StateWriter, name: str
    ) -> None:
        digest = deploy(store, "a/prod", "one")
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        subprocess.run(["rm", "-r", directory / name], check=True)
        deploy(store, "b/prod", "one")
        writer.catch_up(store)
        worker.poll()
        assert worker.standing == seen(directory) == truth(store)
        assert worker.reader.snapshot(digest)

    @pytest.mark.parametrize("digest", ["", "x" * 64, "../../../etc/passwd", "A" * 64, "0" * 63])
    def test_a_digest_that_is_none_is_not_looked_for(self, directory: Path, digest: str) -> None:
        with pytest.raises(StateCorrupt, match="is not the digest of a Snapshot"):
            StateReader(directory).snapshot(digest)

    def test_a_snapshot_that_the_database_lacks_fails_alone(
        self, directory: Path, store: MemoryStore, writer: StateWriter
    ) -> None:
        lost, _ = snapshot_of("lost")
        with store.write() as unit:
            unit.stand("stage", "a/prod", {"snapshot": lost})
            unit.put_snapshot("f" * 64, b"not what it is called")
            unit.stand("stage", "b/prod", {"snapshot": "f" * 64})
        good = deploy(store, "c/prod", "one")
        writer.catch_up(store)
        assert seen(directory) == truth(store)
        reader = StateReader(directory)
        assert reader.snapshot(good)
        for digest in (lost, "f" * 64):
            with pytest.raises(StateCorrupt, match="is missing"):
                reader.snapshot(digest)


def damages(size: int) -> st.SearchStrategy[Callable[[Path], Any]]:
    flips = st.lists(st.integers(0, 8 * size - 1), min_size=1, max_size=4, unique=True)
    return st.one_of(
        flips.map(lambda bits: lambda path: [flip(path, bit) for bit in bits]),
        st.integers(0, size - 1).map(lambda length: lambda path: os.truncate(path, length)),
        st.binary(min_size=1, max_size=80).map(lambda more: lambda path: path.write_bytes(path.read_bytes() + more)),
        st.just(lambda path: path.unlink()),
    )


class Crash(BaseException):
    """The process is gone."""


class TestCrashes:
    def crashing(self, monkeypatch: pytest.MonkeyPatch, after: int) -> list[str]:
        """The `after`-th step that touches the disk does not happen, nor does anything after it."""
        steps: list[str] = []

        def guarded(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
            def run(*args: Any) -> Any:
                if len(steps) >= after:
                    raise Crash
                steps.append(name)
                return step(*args)

            return run

        for name in ("fsync", "replace", "open"):
            monkeypatch.setattr(os, name, guarded(name, getattr(os, name)))
        return steps

    @pytest.mark.parametrize("compact", [False, True])
    def test_wherever_control_dies_a_worker_sees_before_or_after(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compact: bool
    ) -> None:
        outcomes = []
        for after in range(100):
            directory, store = tmp_path / str(after), MemoryStore()
            deploy(store, "a/prod", "one")
            writer = StateWriter(directory)
            writer.catch_up(store)
            before = truth(store)
            running = Worker(directory)
            running.poll()
            digest = deploy(store, "a/prod", "two")
            with monkeypatch.context() as patch:
                if compact:
                    patch.setattr(writer_module, "COMPACT_BYTES", 1)
                    patch.setattr(writer_module, "COMPACT_FACTOR", 1)
                steps = self.crashing(patch, after)
                try:
                    writer.catch_up(store)
                except Crash:
                    pass
                else:
                    break
            running.poll()
            assert running.standing == seen(directory)
            assert running.standing in (before, truth(store))
            if running.standing == truth(store):
                assert running.reader.snapshot(digest) == snapshot_of("two")[1]
            outcomes.append(running.standing == before)
            StateWriter(directory).catch_up(store)
            running.poll()
            assert running.standing == seen(directory) == truth(store)
        assert len(steps) > 5
        assert outcomes == sorted(outcomes, reverse=True)
        assert set(outcomes) == {True, False}

    def test_a_failing_disk_is_told_and_the_next_call_makes_it_good(
        self, directory: Path, store: MemoryStore, writer: StateWriter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        before = seen(directory)
        deploy(store, "a/prod", "two")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", _no_space)
            for _ in range(2):
                with pytest.raises(StateError, match="No space left on device"):
                    writer.catch_up(store)
                assert seen(directory) == before
        assert writer.catch_up(store) == 2
        assert seen(directory) == truth(store)

    def test_a_database_that_is_away_leaves_the_state_as_it_is(
        self, directory: Path, store: MemoryStore, writer: StateWriter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        before = truth(store)
        deploy(store, "b/prod", "two")
        with monkeypatch.context() as patch:
            patch.setattr(store, "since", _away)
            patch.setattr(store, "standing", _away)
            for control in (writer, StateWriter(directory)):
                with pytest.raises(StoreUnavailable):
                    control.catch_up(store)
        assert seen(directory) == before
        assert writer.catch_up(store) == 2
        assert seen(directory) == truth(store)

    def test_a_database_that_goes_away_before_a_snapshot_was_fetched_is_asked_again(
        self, directory: Path, store: MemoryStore, writer: StateWriter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer.catch_up(store)
        digest = deploy(store, "a/prod", "one")
        with monkeypatch.context() as patch:
            patch.setattr(store, "snapshot", _away)
            with pytest.raises(StoreUnavailable):
                writer.catch_up(store)
        assert seen(directory) == {}
        writer.catch_up(store)
        assert seen(directory) == truth(store)
        assert StateReader(directory).snapshot(digest)


def _no_space(*_: object) -> NoReturn:
    raise OSError(28, "No space left on device")


def _away(*_: object) -> NoReturn:
    raise StoreUnavailable("the database is away")
