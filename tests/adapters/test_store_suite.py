"""What every store adapter does, whatever it keeps things in. A new adapter joins by a line in tests/store_scene.py."""

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.ports.changes import Change, Gap
from portico.ports.store import Document, Store, StoreConflict
from store_scene import ADAPTERS, ON_DISK, FullStore, Opener


class Nothing(Exception):
    """Raised in the middle of a transaction by a test."""


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(request: pytest.FixtureRequest) -> Opener:
    return ADAPTERS[request.param](request)


@pytest.fixture
def store(adapter: Opener, tmp_path: Path) -> Iterator[FullStore]:
    store = adapter(tmp_path)
    yield store
    store.close()


def put(store: Store, *keys: str, kind: str = "resource", scope: str = "api1") -> None:
    with store.write() as unit:
        for key in keys:
            unit.put(kind, scope, key, {"id": key})


def keys(store: Store, kind: str = "resource", scope: str = "api1") -> list[str]:
    with store.read() as unit:
        return [key for key, _ in unit.find(kind, scope)]


def get(store: Store, key: str, kind: str = "resource", scope: str = "api1") -> Document | None:
    with store.read() as unit:
        return unit.get(kind, scope, key)


class TestDocuments:
    def test_what_was_put_is_there_in_the_next_transaction(self, store: FullStore) -> None:
        put(store, "r1")
        assert get(store, "r1") == {"id": "r1"}

    def test_nothing_is_none(self, store: FullStore) -> None:
        assert get(store, "r1") is None
        assert keys(store) == []

    def test_kind_scope_and_key_all_tell_documents_apart(self, store: FullStore) -> None:
        put(store, "x", kind="resource", scope="a")
        assert get(store, "x", kind="model", scope="a") is None
        assert get(store, "x", kind="resource", scope="b") is None
        assert get(store, "y", kind="resource", scope="a") is None

    def test_a_transaction_reads_its_own_writes(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.put("resource", "api1", "r1", {"id": "r1"})
            assert unit.get("resource", "api1", "r1") == {"id": "r1"}
            assert unit.find("resource", "api1") == [("r1", {"id": "r1"})]
            assert unit.delete("resource", "api1", "r1")
            assert unit.get("resource", "api1", "r1") is None

    def test_putting_again_replaces(self, store: FullStore) -> None:
        put(store, "r1")
        with store.write() as unit:
            unit.put("resource", "api1", "r1", {"name": "new"})
        assert get(store, "r1") == {"name": "new"}

    def test_delete_says_whether_there_was_anything(self, store: FullStore) -> None:
        put(store, "r1")
        with store.write() as unit:
            assert unit.delete("resource", "api1", "r1") is True
            assert unit.delete("resource", "api1", "r1") is False

    def test_delete_scope_takes_every_kind_of_that_scope_and_nothing_else(self, store: FullStore) -> None:
        put(store, "r1", "r2", kind="resource", scope="api1")
        put(store, "m1", kind="model", scope="api1")
        put(store, "api1", "api2", kind="restapi", scope="")
        put(store, "r1", kind="resource", scope="api12")
        with store.write() as unit:
            unit.delete_scope("api1")
        assert keys(store, "resource", "api1") == keys(store, "model", "api1") == []
        assert keys(store, "restapi", "") == ["api1", "api2"]
        assert keys(store, "resource", "api12") == ["r1"]

    def test_every_value_of_json_comes_back_as_it_was(self, store: FullStore) -> None:
        document = {"z": None, "a": [1, 2.5, -3, True], "é\u0000\u2028": {"": "\U0001f6aa"}, "big": 2**62}
        with store.write() as unit:
            unit.put("model", "api1", "m", document)
        found = get(store, "m", kind="model")
        assert found == document
        assert found is not None and list(found) == list(document)


class TestOrder:
    def test_find_answers_in_the_order_of_the_first_put(self, store: FullStore) -> None:
        put(store, "b", "c", "a")
        put(store, "0")
        put(store, "c")
        assert keys(store) == ["b", "c", "a", "0"]

    def test_what_was_deleted_and_put_again_comes_last(self, store: FullStore) -> None:
        put(store, "a", "b")
        with store.write() as unit:
            unit.delete("resource", "api1", "a")
        put(store, "a")
        assert keys(store) == ["b", "a"]

    def test_order_holds_after_the_newest_was_deleted(self, store: FullStore) -> None:
        put(store, "a", "b")
        with store.write() as unit:
            unit.delete("resource", "api1", "b")
        put(store, "c")
        assert keys(store) == ["a", "c"]


class TestCopies:
    def test_changing_what_was_put_changes_nothing_stored(self, store: FullStore) -> None:
        document: dict[str, Any] = {"tags": {"a": "1"}}
        with store.write() as unit:
            unit.put("resource", "api1", "r", document)
            document["tags"]["a"] = "2"
        assert get(store, "r") == {"tags": {"a": "1"}}

    def test_changing_what_was_read_changes_nothing_stored(self, store: FullStore) -> None:
        put(store, "r")
        with store.write() as unit:
            first = unit.get("resource", "api1", "r")
            assert first is not None
            first["id"] = "changed"
            unit.find("resource", "api1")[0][1]["id"] = "changed"
        assert get(store, "r") == {"id": "r"}

    def test_changing_what_was_stood_changes_nothing_stored(self, store: FullStore) -> None:
        value: dict[str, Any] = {"variables": {"a": "1"}}
        with store.write() as unit:
            unit.stand("stage", "api1/prod", value)
            value["variables"]["a"] = "2"
        store.since(0)[0].value["variables"]["a"] = "3"  # type: ignore[index]
        assert store.standing()[1][0].value == {"variables": {"a": "1"}}
        assert store.since(0)[0].value == {"variables": {"a": "1"}}


class TestAtomicity:
    def test_an_exception_undoes_everything(self, store: FullStore) -> None:
        put(store, "old")
        with pytest.raises(Nothing), store.write() as unit:  # noqa: PT012 - the block is the transaction
            unit.put("resource", "api1", "new", {})
            unit.put("resource", "api1", "old", {"changed": True})
            unit.put_snapshot("d", b"{}")
            unit.stand("stage", "api1/prod", {})
            raise Nothing
        assert keys(store) == ["old"]
        assert get(store, "old") == {"id": "old"}
        assert store.snapshot("d") is None
        assert store.head() == 0 and store.since(0) == [] and store.standing() == (0, [])

    def test_the_store_goes_on_after_an_exception(self, store: FullStore) -> None:
        with pytest.raises(Nothing), store.write():
            raise Nothing
        put(store, "r1")
        assert keys(store) == ["r1"]

    def test_a_document_without_a_json_form_is_refused_and_undoes_everything(self, store: FullStore) -> None:
        with pytest.raises(TypeError), store.write() as unit:  # noqa: PT012 - the block is the transaction
            unit.put("resource", "api1", "r1", {})
            unit.put("resource", "api1", "r2", {"value": object()})
        assert keys(store) == []

    def test_a_unit_is_useless_after_its_block(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.put("resource", "api1", "r1", {})
        with pytest.raises(TypeError):
            unit.put("resource", "api1", "r2", {})
        assert keys(store) == ["r1"]


class TestIsolation:
    def test_nobody_sees_what_is_not_committed(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.put("resource", "api1", "r1", {})
            unit.stand("stage", "api1/prod", {})
            assert keys(store) == []
            assert store.head() == 0
        assert keys(store) == ["r1"]

    def test_a_view_stays_as_it_was_when_it_was_opened(self, store: FullStore) -> None:
        put(store, "r1")
        with store.read() as view:
            put(store, "r2")
            assert [key for key, _ in view.find("resource", "api1")] == ["r1"]
            assert view.get("resource", "api1", "r2") is None
        assert keys(store) == ["r1", "r2"]

    @pytest.mark.parametrize(
        "write",
        [
            lambda unit: unit.put("resource", "api1", "r", {}),
            lambda unit: unit.delete("resource", "api1", "r1"),
            lambda unit: unit.delete_scope("api1"),
            lambda unit: unit.put_snapshot("d", b""),
            lambda unit: unit.stand("stage", "api1/prod", None),
        ],
        ids=["put", "delete", "delete_scope", "put_snapshot", "stand"],
    )
    def test_writing_through_a_view_is_an_error(self, store: FullStore, write: Callable[[Any], object]) -> None:
        put(store, "r1")
        with pytest.raises(TypeError), store.read() as view:
            write(view)
        assert keys(store) == ["r1"]

    def test_a_second_writer_waits_and_then_is_in_conflict(self, adapter: Opener, tmp_path: Path) -> None:
        store = adapter(tmp_path, patience=0.01)
        with store.write() as unit:
            with pytest.raises(StoreConflict):
                put(store, "second")
            unit.put("resource", "api1", "first", {})
        assert keys(store) == ["first"]
        store.close()


class TestSnapshots:
    def test_a_snapshot_comes_back_byte_for_byte(self, store: FullStore) -> None:
        body = b'{"name":"\xc3\xa9"}\x00\xff'
        digest = hashlib.sha256(body).hexdigest()
        with store.write() as unit:
            unit.put_snapshot(digest, body)
            assert unit.get_snapshot(digest) == body
        with store.read() as view:
            assert view.get_snapshot(digest) == body
        assert store.snapshot(digest) == body

    def test_putting_one_again_does_nothing(self, store: FullStore) -> None:
        for body in (b"first", b"second"):
            with store.write() as unit:
                unit.put_snapshot("digest", body)
        assert store.snapshot("digest") == b"first"

    def test_an_unknown_one_is_none(self, store: FullStore) -> None:
        assert store.snapshot("00") is None

    def test_delete_scope_leaves_them(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.put_snapshot("digest", b"body")
            unit.delete_scope("")
        assert store.snapshot("digest") == b"body"


def stand(store: Store, key: str, value: Document | None) -> int:
    with store.write() as unit:
        unit.stand("stage", key, value)
    return unit.seq


class TestStanding:
    def test_an_untouched_store_is_at_zero(self, store: FullStore) -> None:
        assert store.head() == 0
        assert store.since(0) == []
        assert store.standing() == (0, [])

    def test_a_write_that_stands_nothing_leaves_no_change(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.put("resource", "api1", "r1", {})
        assert unit.seq == 0
        assert store.head() == 0

    def test_changes_are_numbered_in_commit_order(self, store: FullStore) -> None:
        assert [stand(store, key, {"n": key}) for key in "abc"] == [1, 2, 3]
        assert store.head() == 3
        assert store.since(1) == [Change(2, "stage", "b", {"n": "b"}), Change(3, "stage", "c", {"n": "c"})]
        assert store.since(3) == []

    def test_a_write_that_was_undone_leaves_no_hole(self, store: FullStore) -> None:
        stand(store, "a", {})
        with pytest.raises(Nothing), store.write() as unit:  # noqa: PT012 - the block is the transaction
            unit.stand("stage", "b", {})
            raise Nothing
        assert stand(store, "c", {}) == 2

    def test_seq_is_the_last_change_of_the_transaction(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.stand("stage", "a", {})
            unit.stand("stage", "b", {})
        assert unit.seq == 2

    def test_standing_is_the_newest_value_of_everything_that_stands(self, store: FullStore) -> None:
        stand(store, "a", {"v": 1})
        stand(store, "b", {"v": 1})
        stand(store, "a", {"v": 2})
        stand(store, "b", None)
        assert store.standing() == (4, [Change(4, "stage", "a", {"v": 2})])

    def test_what_was_taken_away_is_told_as_none(self, store: FullStore) -> None:
        stand(store, "a", {"v": 1})
        stand(store, "a", None)
        assert store.since(1) == [Change(2, "stage", "a", None)]

    def test_kinds_tell_records_apart(self, store: FullStore) -> None:
        with store.write() as unit:
            unit.stand("stage", "x", {"v": 1})
            unit.stand("key", "x", {"v": 2})
        assert {(c.kind, c.value["v"]) for c in store.standing()[1] if c.value} == {("stage", 1), ("key", 2)}

    def test_a_number_from_the_future_is_a_gap(self, store: FullStore) -> None:
        stand(store, "a", {})
        with pytest.raises(Gap):
            store.since(2)

    def test_each_store_has_an_identity_of_its_own(self, adapter: Opener, tmp_path: Path) -> None:
        (tmp_path / "1").mkdir()
        (tmp_path / "2").mkdir()
        one, other = adapter(tmp_path / "1"), adapter(tmp_path / "2")
        assert one.identity() == one.identity() != other.identity()
        one.close()
        other.close()

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(
        steps=st.lists(
            st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9)), max_size=4), max_size=8
        ),
        data=st.data(),
    )
    def test_whoever_follows_the_feed_from_anywhere_arrives_at_standing(
        self, adapter: Opener, tmp_path_factory: pytest.TempPathFactory, steps: list[Any], data: st.DataObject
    ) -> None:
        store = adapter(tmp_path_factory.mktemp("feed"))
        seen: list[tuple[int, dict[str, Any]]] = [(0, {})]
        for step in steps:
            with store.write() as unit:
                for key, value in step:
                    unit.stand("stage", key, None if value is None else {"v": value})
            head, standing = store.standing()
            seen.append((head, {change.key: change.value for change in standing}))
        start, state = data.draw(st.sampled_from(seen))
        for change in store.since(start):
            assert start < change.seq <= store.head()
            state[change.key] = change.value
        assert {key: value for key, value in state.items() if value is not None} == seen[-1][1]
        store.close()


class TestThreads:
    """Eight threads over one store. Each waits for the others before it begins."""

    THREADS = 8
    ROUNDS = 15

    def together(self, work: Callable[[int], None]) -> None:
        gate = threading.Barrier(self.THREADS)
        failures: list[BaseException] = []

        def run(number: int) -> None:
            try:
                gate.wait()
                work(number)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(self.THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    def test_no_increment_is_lost(self, store: FullStore) -> None:
        def count(number: int) -> None:
            for _ in range(self.ROUNDS):
                with store.write() as unit:
                    document = unit.get("counter", "", "n") or {"n": 0}
                    unit.put("counter", "", "n", {"n": document["n"] + 1})

        self.together(count)
        assert get(store, "n", kind="counter", scope="") == {"n": self.THREADS * self.ROUNDS}

    def test_readers_never_see_half_of_a_write(self, store: FullStore) -> None:
        def work(number: int) -> None:
            for at in range(self.ROUNDS):
                if number % 2:
                    with store.write() as unit:
                        for half in ("left", "right"):
                            unit.put("half", "", half, {"by": f"{number}/{at}"})
                else:
                    with store.read() as view:
                        assert view.get("half", "", "left") == view.get("half", "", "right")

        self.together(work)

    def test_every_writer_learns_the_number_of_its_own_change(self, store: FullStore) -> None:
        numbers: dict[int, str] = {}

        def work(number: int) -> None:
            for at in range(self.ROUNDS):
                key = f"{number}/{at}"
                numbers[stand(store, key, {})] = key

        self.together(work)
        assert {change.seq: change.key for change in store.since(0)} == numbers
        assert sorted(numbers) == list(range(1, self.THREADS * self.ROUNDS + 1))


@pytest.mark.parametrize("adapter", ON_DISK, indirect=True)
class TestOnDisk:
    def test_a_reopened_store_has_everything(self, adapter: Opener, store: FullStore, tmp_path: Path) -> None:
        put(store, "b", "a")
        stand(store, "api1/prod", {"v": 1})
        with store.write() as unit:
            unit.put_snapshot("digest", b"body")
        identity = store.identity()
        store.close()
        again = adapter(tmp_path)
        assert keys(again) == ["b", "a"]
        assert again.standing() == (1, [Change(1, "stage", "api1/prod", {"v": 1})])
        assert again.since(0) == [Change(1, "stage", "api1/prod", {"v": 1})]
        assert again.snapshot("digest") == b"body"
        assert again.identity() == identity
        put(again, "0")
        assert keys(again) == ["b", "a", "0"]
        again.close()

    def test_kill_9_in_the_middle_of_writes_loses_nothing_acknowledged(self, adapter: Opener, tmp_path: Path) -> None:
        pipe, acknowledge = os.pipe()
        child = os.fork()
        if not child:
            os.close(pipe)
            _write_until_killed(adapter(tmp_path), acknowledge)
        os.close(acknowledge)
        with open(pipe, "rb") as acknowledged:
            heard = [acknowledged.readline() for _ in range(40)]
            os.kill(child, signal.SIGKILL)
            heard += acknowledged.readlines()
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        last = int([line for line in heard if line.endswith(b"\n")][-1])

        store = adapter(tmp_path)
        found = keys(store)
        assert len(found) >= last >= 40
        assert found == [str(n) for n in range(1, len(found) + 1)]
        assert store.head() == len(found)
        assert [change.value for change in store.since(0)] == [{"n": n} for n in range(1, len(found) + 1)]
        store.close()


def _write_until_killed(store: FullStore, acknowledge: int) -> None:
    """In the child: one document and one Change per transaction, each number told to the parent once committed."""
    try:
        for n in range(1, 1_000_000):
            with store.write() as unit:
                unit.put("resource", "api1", str(n), {"n": n, "filling": "x" * 2000})
                unit.stand("stage", str(n), {"n": n})
            os.write(acknowledge, b"%d\n" % n)
    finally:
        os._exit(1)
