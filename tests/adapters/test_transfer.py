"""A whole store carried into another database, between all that keep one: nothing is lost, nothing is mixed."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from portico.adapters import transfer
from portico.adapters.transfer import TransferError, carry
from portico.ports.changes import Change
from portico.ports.store import StoreUnavailable
from store_scene import ADAPTERS, ON_DISK

Stores = Callable[[str, str], Any]


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """The store of an adapter under a name."""
    stores: list[Any] = []

    def opened(adapter: str, name: str) -> Any:
        (tmp_path / name).mkdir(exist_ok=True)
        stores.append(ADAPTERS[adapter](request)(tmp_path / name))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


def quiet(*_: object) -> None:
    """No progress is shown."""


def fill(store: Any, documents: int = 1200) -> None:
    with store.write() as unit:
        for n in range(documents):
            unit.put("resource", "api1", f"r{(n * 7919) % documents}", {"z": n, "a": "é\u0000\u2028"})
        unit.delete("resource", "api1", "r0")
        unit.put("resource", "api1", "r0", {"again": True})
        unit.put_snapshot("code", bytes(range(256)) * 40_000)
        unit.put_snapshot("empty", b"")
        unit.stand("stage", "api1/prod", {"v": 1})
    for value in ({"v": 2}, None):
        with store.write() as unit:
            unit.stand("stage", "api1/test", value)


def everything(store: Any) -> list[object]:
    with store.read() as view:
        documents = view.find("resource", "api1")
        snapshots = [view.get_snapshot(digest) for digest in ("code", "empty")]
    return [documents, snapshots, store.standing(), store.since(0), store.since(2), store.head()]


@pytest.mark.parametrize(("source", "target"), list(product(ON_DISK, ON_DISK)))
def test_everything_arrives(opened: Stores, source: str, target: str) -> None:
    there, here = opened(source, "there"), opened(target, "here")
    fill(there)
    before = everything(there)
    assert carry(there, here, quiet) == {"documents": 1200, "snapshots": 2, "standing records": 1, "changes": 3}
    assert everything(here) == everything(there) == before
    assert here.identity() != there.identity()
    with here.write() as unit:
        unit.put("resource", "api1", "newest", {})
        unit.stand("stage", "api1/prod", {"v": 3})
    assert everything(here)[0][-1] == ("newest", {})  # type: ignore[index]
    assert here.since(3) == [Change(4, "stage", "api1/prod", {"v": 3})]


@pytest.mark.parametrize("target", ON_DISK)
@pytest.mark.parametrize("write", [lambda u: u.put("a", "b", "c", {}), lambda u: u.stand("a", "b", {})])
def test_a_target_that_has_anything_is_refused(opened: Stores, target: str, write: Callable[[Any], None]) -> None:
    there, here = opened("sqlite", "there"), opened(target, "here")
    fill(there, 2)
    with here.write() as unit:
        write(unit)
    with pytest.raises(TransferError, match="the target is not empty: it has"):
        carry(there, here, quiet)
    assert here.snapshot("code") is None


@pytest.mark.parametrize("target", ON_DISK)
def test_a_transfer_that_breaks_off_leaves_nothing(opened: Stores, target: str) -> None:
    there, here = opened("sqlite", "there"), opened(target, "here")
    fill(there)

    def progress(what: str, done: int, total: int) -> None:
        if what == "snapshots":
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        carry(there, here, progress)
    with here.read() as view:
        assert view.find("resource", "api1") == []
    assert here.snapshot("code") is None
    assert (here.standing(), here.head()) == ((0, []), 0)


def test_progress_is_told_in_batches(opened: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_BATCH_SIZE", 1 << 30)
    there, here = opened("sqlite", "there"), opened("sqlite", "here")
    fill(there)
    told: list[tuple[str, int, int]] = []
    carry(there, here, lambda *step: told.append(step))
    assert told[:3] == [("documents", 500, 1200), ("documents", 1000, 1200), ("documents", 1200, 1200)]
    assert told[3:] == [("snapshots", 2, 2), ("standing records", 1, 1), ("changes", 3, 3)]
