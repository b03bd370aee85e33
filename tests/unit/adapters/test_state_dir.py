"""The state directory: what control writes is what workers read."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from portico.adapters.memory import MemoryStore
from portico.adapters.sqlite import SqliteStore
from portico.adapters.state_dir import Reset, StateAbsent, StateCorrupt, StateReader, StateWriter
from portico.adapters.state_dir import writer as writer_module
from portico.ports.changes import Change
from state_scene import StillClock, Worker, deploy, remove, seen, snapshot_of, truth


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def writer(directory: Path, clock: StillClock) -> StateWriter:
    return StateWriter(directory, clock=clock, grace=60)


class TestFollowing:
    def test_before_anything_was_written_there_is_no_state(self, directory: Path) -> None:
        with pytest.raises(StateAbsent, match="no state has been written yet"):
            StateReader(directory).poll()

    def test_the_first_poll_tells_everything(self, directory: Path, store: MemoryStore, writer: StateWriter) -> None:
        deploy(store, "a/prod", "one")
        deploy(store, "b/prod", "two")
        deploy(store, "a/prod", "three")
        assert writer.catch_up(store) == 3
        told = StateReader(directory).poll()
        assert isinstance(told, Reset)
        assert told.seq == 3
        assert {(c.key, c.value["variables"]["name"]) for c in told.changes if c.value} == {
            ("a/prod", "three"),
            ("b/prod", "two"),
        }

    def test_an_empty_standing_is_an_answer(self, directory: Path, store: MemoryStore, writer: StateWriter) -> None:
        assert writer.catch_up(store) == 0
        assert StateReader(directory).poll() == Reset(0, [])

    def test_later_polls_tell_what_is_new(self, directory: Path, store: MemoryStore, writer: StateWriter) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        reader = StateReader(directory)
        reader.poll()
        assert reader.poll() == []
        with store.write() as unit:
            unit.stand("key", "k1", {"enabled": True})
        remove(store, "a/prod")
        assert writer.catch_up(store) == 3
        assert reader.poll() == [Change(2, "key", "k1", {"enabled": True}), Change(3, "stage", "a/prod", None)]
        assert reader.seq == 3
        assert reader.poll() == []

    def test_a_snapshot_is_there_when_its_change_is(
        self, directory: Path, store: MemoryStore, writer: StateWriter
    ) -> None:
        digest = deploy(store, "a/prod", "one")
        writer.catch_up(store)
        assert StateReader(directory).snapshot(digest) == snapshot_of("one")[1]
        assert (directory / "snapshots" / digest[:2] / f"{digest}.json").read_bytes() == snapshot_of("one")[1]

    def test_a_canary_brings_its_snapshot_too(self, directory: Path, store: MemoryStore, writer: StateWriter) -> None:
        digest, body = snapshot_of("canary")
        with store.write() as unit:
            unit.put_snapshot(digest, body)
            unit.stand("stage", "a/prod", {"snapshot": "none yet", "canarySettings": {"snapshot": digest}})
        writer.catch_up(store)
        assert StateReader(directory).snapshot(digest) == body

    def test_a_writer_that_starts_again_goes_on_in_the_same_log(
        self, directory: Path, store: MemoryStore, writer: StateWriter
    ) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        deploy(store, "b/prod", "two")
        StateWriter(directory).catch_up(store)
        assert [change.key for change in worker.poll()] == ["b/prod"]  # type: ignore[union-attr]

    def test_nothing_new_writes_nothing(self, directory: Path, store: MemoryStore, writer: StateWriter) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
        writer.catch_up(store)
        StateWriter(directory).catch_up(store)
        assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before

    def test_only_the_owner_may_read_it(self, directory: Path, store: MemoryStore, writer: StateWriter) -> None:
        deploy(store, "a/prod", "one")
        writer.catch_up(store)
        modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in [directory, *directory.rglob("*")]}
        assert modes == {True: 0o700, False: 0o600}


class TestCost:
    def test_one_change_among_a_thousand_reads_and_writes_that_change_only(
        self, directory: Path, store: MemoryStore, writer: StateWriter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(1000):
            deploy(store, f"api{number}/prod", "one")
        writer.catch_up(store)
        reader = StateReader(directory)
        reader.poll()
        log = directory / "standing-1.log"
        before = log.stat().st_size
        monkeypatch.setattr(store, "standing", _must_not_be_called)
        deploy(store, "api7/prod", "two")
        writer.catch_up(store)
        assert log.stat().st_size - before < 300
        with log.open("r+b") as file:  # The reader does not look at what it has read.
            file.write(b"?" * before)
        assert [change.key for change in reader.poll()] == ["api7/prod"]  # type: ignore[union-attr]

    def test_each_thing_is_on_the_disk_before_the_next_that_relies_on_it(
        self, directory: Path, store: MemoryStore, writer: StateWriter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer.catch_up(store)
        waited: list[str] = []

        def fsync(descriptor: int) -> None:
            waited.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), directory))

        monkeypatch.setattr(os, "fsync", fsync)
        digest = deploy(store, "a/prod", "one")
        deploy(store, "b/prod", "one")
        writer.catch_up(store)
        folder = f"snapshots/{digest[:2]}"
        assert waited == ["snapshots", f"{folder}/{digest}.json.tmp", folder, "standing-1.log", "head.tmp", "."]
        waited.clear()
        remove(store, "b/prod")
        writer.catch_up(store)
        assert waited == ["standing-1.log", "head.tmp", "."]


def _must_not_be_called(*_: object) -> NoReturn:
    raise AssertionError("this costs O(all)")


class TestAnotherDatabase:
    def test_the_disk_of_another_database_is_made_anew(
        self, directory: Path, store: MemoryStore, writer: StateWriter
    ) -> None:
        deploy(store, "a/prod", "one")
        deploy(store, "b/prod", "one")
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        other = MemoryStore()
        deploy(other, "c/prod", "two")
        assert writer.catch_up(other) == 1
        assert isinstance(worker.poll(), Reset)
        assert worker.standing == truth(other) == seen(directory)
        assert worker.reader.seq == 1

    def test_a_database_that_was_restored_to_an_older_state_takes_the_disk_back(
        self, directory: Path, writer: StateWriter, store: MemoryStore
    ) -> None:
        deploy(store, "a/prod", "one")
        backup = store._state
        deploy(store, "a/prod", "two")
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        store._state = backup
        assert writer.catch_up(store) == 1
        worker.poll()
        assert worker.standing == seen(directory) == truth(store)
        assert worker.reader.seq == 1

    def test_a_restored_database_that_went_on_is_noticed_when_control_starts(
        self, directory: Path, writer: StateWriter, store: MemoryStore
    ) -> None:
        deploy(store, "a/prod", "one")
        backup = store._state
        deploy(store, "b/prod", "lost")
        writer.catch_up(store)
        store._state = backup
        deploy(store, "c/prod", "other")
        deploy(store, "d/prod", "other")
        assert StateWriter(directory).catch_up(store) == 3
        assert seen(directory) == truth(store)

    def test_a_gap_in_the_feed_is_bridged_with_the_differences(
        self, directory: Path, writer: StateWriter, tmp_path: Path
    ) -> None:
        store = SqliteStore(tmp_path / "portico.db", kept_changes=2)
        for key, value in (("a", {"v": 1}), ("b", {"v": 1}), ("c", {"v": 1})):
            with store.write() as unit:
                unit.stand("stage", key, value)
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        for key, value in (("a", None), ("b", {"v": 2}), ("d", {"v": 2}), ("d", {"v": 3})):
            with store.write() as unit:
                unit.stand("stage", key, value)
        assert writer.catch_up(store) == 7
        assert sorted((c.key, c.value) for c in worker.poll()) == [  # type: ignore[union-attr]
            ("a", None),
            ("b", {"v": 2}),
            ("d", {"v": 3}),
        ]
        store.close()


class TestCompaction:
    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer_module, "COMPACT_BYTES", 2000)

    def churn(self, store: MemoryStore, writer: StateWriter, rounds: int) -> None:
        for number in range(rounds):
            deploy(store, "a/prod", f"version {number}")
            writer.catch_up(store)

    def test_a_log_that_outgrew_what_stands_is_written_anew(
        self, directory: Path, store: MemoryStore, writer: StateWriter
    ) -> None:
        writer.catch_up(store)
        worker = Worker(directory)
        worker.poll()
        self.churn(store, writer, 20)
        assert isinstance(worker.poll(), Reset)
        assert worker.standing == truth(store)
        newest = max(directory.glob("standing-*.log"), key=lambda path: int(path.stem.split("-")[1]))
        assert newest.name != "standing-1.log"
        assert newest.stat().st_size <= 2000

    def test_the_old_log_stays_for_a_grace(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        self.churn(store, writer, 20)
        assert (directory / "standing-1.log").exists()
        clock.time += 61
        writer.catch_up(store)
        assert len(list(directory.glob("standing-*.log"))) == 1
        assert seen(directory) == truth(store)

    def test_a_reader_that_is_overtaken_between_head_and_log_reads_again(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        self.churn(store, writer, 1)
        stale = (directory / "head").read_bytes()
        self.churn(store, writer, 20)
        clock.time += 61
        writer.catch_up(store)
        worker = Worker(directory)
        with replaced_once(directory / "head", stale):
            worker.poll()
        assert worker.standing == truth(store)


class replaced_once:
    """The next reading of `path` finds `data`, as somebody does who came a moment too early."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self.data = path, data
        self.read_bytes = Path.read_bytes

    def __enter__(self) -> None:
        def read_bytes(path: Path) -> bytes:
            Path.read_bytes = self.read_bytes  # type: ignore[method-assign]
            assert path == self.path
            return self.data

        Path.read_bytes = read_bytes  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        Path.read_bytes = self.read_bytes  # type: ignore[method-assign]


class TestGarbage:
    def test_a_snapshot_that_nothing_refers_to_goes_after_the_grace(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        old = deploy(store, "a/prod", "one")
        writer.catch_up(store)
        new = deploy(store, "a/prod", "two")
        writer.catch_up(store)
        reader = StateReader(directory)
        clock.time += 59
        writer.catch_up(store)
        assert reader.snapshot(old)
        clock.time += 2
        writer.catch_up(store)
        with pytest.raises(StateCorrupt, match="is missing"):
            reader.snapshot(old)
        assert reader.snapshot(new)

    def test_one_that_is_referred_to_again_in_time_stays(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        digest = deploy(store, "a/prod", "one")
        writer.catch_up(store)
        deploy(store, "a/prod", "two")
        writer.catch_up(store)
        clock.time += 30
        deploy(store, "b/prod", "one")
        writer.catch_up(store)
        clock.time += 1000
        writer.catch_up(store)
        assert StateReader(directory).snapshot(digest) == snapshot_of("one")[1]

    def test_one_that_comes_back_after_its_grace_is_written_again(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        for name in ("one", "two", "one"):
            digest = deploy(store, "a/prod", name)
            writer.catch_up(store)
            clock.time += 61
            writer.catch_up(store)
        assert StateReader(directory).snapshot(digest) == snapshot_of("one")[1]

    def test_one_that_two_stages_share_stays_until_both_left_it(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        digest = deploy(store, "a/prod", "one")
        deploy(store, "b/prod", "one")
        writer.catch_up(store)
        for key, there in (("a/prod", True), ("b/prod", False)):
            remove(store, key)
            writer.catch_up(store)
            clock.time += 61
            writer.catch_up(store)
            assert any(directory.glob(f"snapshots/*/{digest}.json")) is there

    def test_what_an_earlier_control_left_behind_goes_too(
        self, directory: Path, store: MemoryStore, writer: StateWriter, clock: StillClock
    ) -> None:
        digest = deploy(store, "a/prod", "one")
        writer.catch_up(store)
        leftover = directory / "snapshots" / "00" / ("0" * 64 + ".json.tmp")
        leftover.parent.mkdir()
        leftover.write_bytes(b"half")
        (directory / "standing-9.log").write_bytes(b"half")
        again = StateWriter(directory, clock=clock, grace=60)
        again.catch_up(store)
        clock.time += 61
        again.catch_up(store)
        assert {path.name for path in directory.rglob("*") if path.is_file()} == {
            "head",
            "standing-1.log",
            f"{digest}.json",
        }


@pytest.fixture(scope="class")
def impatient() -> Iterator[None]:
    """Nobody waits for the disk: for tests of many rounds that are about what is written, not when."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.mark.usefixtures("impatient")
class TestTogether:
    def test_readers_that_poll_while_control_writes_and_compacts_never_err(
        self, directory: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer_module, "COMPACT_BYTES", 1500)
        writer = StateWriter(directory, grace=0.0)
        writer.catch_up(store)
        workers = [Worker(directory) for _ in range(3)]
        failures: list[BaseException] = []
        done = threading.Event()

        def follow(worker: Worker) -> None:
            try:
                while not done.is_set():
                    worker.poll()
                    worker.poll()
                worker.poll()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=follow, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for number in range(60):
            deploy(store, f"{number % 3}/prod", str(number % 7))
            writer.catch_up(store)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [worker.standing for worker in workers] == [truth(store)] * 3


class Life(RuleBasedStateMachine):
    """A database, a control that restarts now and then, and workers of different ages."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.directory = Path(self.folder.name) / "state"
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(writer_module, "COMPACT_BYTES", 600)
        self.patch.setattr(os, "fsync", lambda descriptor: None)
        self.clock = StillClock()
        self.store = MemoryStore()
        self.restart()
        self.writer.catch_up(self.store)
        self.workers: list[Worker] = []

    @rule(key=st.sampled_from("abc"), name=st.sampled_from(["one", "two", "three"]))
    def deploy(self, key: str, name: str) -> None:
        deploy(self.store, key, name)

    @rule(key=st.sampled_from("abc"))
    def remove(self, key: str) -> None:
        remove(self.store, key)

    @rule(seconds=st.sampled_from([1, 100]))
    def wait(self, seconds: int) -> None:
        self.clock.time += seconds

    @rule()
    def restart(self) -> None:
        self.writer = StateWriter(self.directory, clock=self.clock, grace=60)

    @rule()
    def start_worker(self) -> None:
        self.workers.append(Worker(self.directory))

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def one_polls(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.workers)).poll()

    @rule()
    def catch_up(self) -> None:
        assert self.writer.catch_up(self.store) == self.store.head()
        for worker in self.workers:
            worker.poll()
            assert worker.standing == truth(self.store)
            assert worker.reader.seq == self.store.head()
        for value in truth(self.store).values():
            assert StateReader(self.directory).snapshot(value["snapshot"])

    @invariant()
    def disk_reads_well(self) -> None:
        seen(self.directory)

    def teardown(self) -> None:
        self.patch.undo()
        self.folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_worker_can_read_without_a_database_module() -> None:
    code = (
        "import sys, portico.adapters.state_dir; "
        "sys.exit(' '.join({'sqlite3', 'botocore', 'yaml'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
