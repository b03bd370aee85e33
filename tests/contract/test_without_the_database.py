"""The data plane starts and serves while the database cannot be read. Permissions do not bind root: garbage does."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_scene import Mock, Refused, Scene, running

GARBAGE = b"not a database at all"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Scene]:
    """A server of the test's own."""
    with running(tmp_path) as scene:
        yield scene


def test_a_server_starts_and_serves_and_has_its_database_back(own: Scene) -> None:
    api = Mock(own.client(), "served $stageVariables.how")
    api.deploy(how="well")
    own.stop()
    database = own.data / "portico.db"
    aside = database.rename(own.data / "aside.db")
    database.write_bytes(GARBAGE)

    own.start()
    assert own.everywhere(api.id, "/") == {(200, "served well")}
    client = own.client()
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        client.get_rest_apis()
    with pytest.raises(Refused, match="ServiceUnavailableException"):
        own.aws("get-rest-apis", AWS_MAX_ATTEMPTS="1")
    own.stop()

    aside.replace(database)
    own.start()
    assert own.everywhere(api.id, "/") == {(200, "served well")}
    assert [one["id"] for one in own.client().get_rest_apis()["items"]] == [api.id]


def test_a_database_that_breaks_under_a_running_server_stops_no_worker(own: Scene) -> None:
    client = own.client()
    api = Mock(client, "served")
    api.deploy()
    for name in ("portico.db", "portico.db-wal", "portico.db-shm"):
        (own.data / name).unlink(missing_ok=True)
    (own.data / "portico.db").write_bytes(GARBAGE)

    assert own.everywhere(api.id, "/") == {(200, "served")}
    assert own.server is not None
    victim = next(told for told in own.server.seen if told["event"] == "ProcessReady" and told["role"] == "worker")
    own.server.signal(signal.SIGKILL, victim["process"])
    own.server.wait_for("ProcessReady", role="worker")
    assert own.everywhere(api.id, "/") == {(200, "served")}
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        Mock(client, "not stored")
