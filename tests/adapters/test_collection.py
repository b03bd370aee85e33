"""Snapshots that nothing refers to are collected after a day, from every store that keeps them; others never are."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.adapters.collection import GRACE_SECONDS, collect
from store_scene import ADAPTERS, ON_DISK

NOON = 1_700_000_000.0
NEXT_DAY = NOON + GRACE_SECONDS
BODY = b'{"apiId":"a"}'
DIGEST = hashlib.sha256(BODY).hexdigest()
BASE64 = b64encode(bytes.fromhex(DIGEST)).decode()


@pytest.fixture(params=ON_DISK)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    store = ADAPTERS[request.param](request)(tmp_path)
    with store.write() as unit:
        unit.put_snapshot(DIGEST, BODY)
    yield store
    store.close()


def test_what_nothing_refers_to_is_collected_after_a_day(store: Any) -> None:
    assert collect(store, NOON) == 0
    assert collect(store, NEXT_DAY - 1) == 0
    assert store.snapshot(DIGEST) == BODY
    assert collect(store, NEXT_DAY) == 1
    assert store.snapshot(DIGEST) is None
    assert collect(store, NEXT_DAY) == 0


def deployment(unit: Any) -> None:
    unit.put("deployment", "api1", "d1", {"id": "d1", "snapshot": DIGEST})


def canary(unit: Any) -> None:
    unit.stand("stage", "api1/prod", {"snapshot": "0" * 64, "canarySettings": {"snapshot": DIGEST}})


def function(unit: Any) -> None:
    unit.stand("function", "pets", {"name": "pets", "versions": {"1": {"version": "1", "code": DIGEST}}})


def version(unit: Any) -> None:
    unit.put("function", "pets", "1", {"FunctionName": "pets", "CodeSha256": BASE64})


@pytest.mark.parametrize("refer", [deployment, canary, function, version])
def test_what_is_referred_to_stays(store: Any, refer: Any) -> None:
    with store.write() as unit:
        refer(unit)
    collect(store, NOON)
    assert collect(store, NEXT_DAY) == 0
    assert store.snapshot(DIGEST) == BODY


def test_what_was_put_again_has_its_day_again(store: Any) -> None:
    collect(store, NOON)
    with store.write() as unit:
        unit.put_snapshot(DIGEST, BODY)
    assert collect(store, NEXT_DAY) == 0
    assert collect(store, NEXT_DAY + GRACE_SECONDS) == 1


def test_what_was_referred_to_meanwhile_has_its_day_again(store: Any) -> None:
    collect(store, NOON)
    with store.write() as unit:
        deployment(unit)
    collect(store, NOON + 1)
    with store.write() as unit:
        unit.delete_scope("api1")
    assert collect(store, NEXT_DAY) == 0
    assert collect(store, NEXT_DAY + GRACE_SECONDS) == 1
