"""The bell between nodes rings for what another one committed, and again after the server was away."""

import threading
from collections.abc import Iterator

import pytest

from portico.adapters.postgres import PostgresStore
from portico.adapters.postgres_bell import PostgresBell
from portico.ports.store import Store
from postgres_scene import PATIENCE, PostgresServer, postgres_server


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


class Ear:
    def __init__(self, url: str) -> None:
        self._rung = threading.Semaphore(0)
        self._bell = PostgresBell(url, self._rung.release)

    def hears(self, seconds: float = PATIENCE) -> bool:
        return self._rung.acquire(timeout=seconds)

    def close(self) -> None:
        self._bell.close()


def stand(store: Store) -> None:
    with store.write() as unit:
        unit.stand("stage", "api1/prod", {})


def test_it_rings_for_every_write_that_leaves_a_change(server: PostgresServer) -> None:
    url = server.new_database()
    store, ear = PostgresStore(url), Ear(url)
    assert ear.hears(), "once, for what happened before anybody listened"
    with store.write() as unit:
        unit.put("resource", "api1", "r1", {})
    stand(store)
    assert ear.hears()
    assert not ear.hears(0.05)

    server.kill()
    server.start()
    assert ear.hears(), "what happened meanwhile nobody knows"
    stand(store)
    assert ear.hears()
    ear.close()
    store.close()
