"""The database goes away under load, for seconds here and for minutes in `make bench`, and comes back.

No request of an API notices. The control plane says 503 within two seconds as long as it lasts, and works again within
five seconds of its end, without a restart.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from contract_scene import Mock
from fault_scene import Site, asking, heard, rounds, standing, within
from postgres_scene import PostgresServer, postgres_server

AWAY = float(rounds(1, 600))
"""Seconds."""
BACK_WITHIN = within(5.0)

Outage = Callable[[], Any]


class Refusal(NamedTuple):
    """How a change is to be refused."""

    status: int
    within: float


AWAY_IS_TOLD = Refusal(503, within(2.0))
LOCKED_IS_TOLD = Refusal(409, within(6.0))
"""AWS's answer to writers who are in each other's way, after the five seconds that one waits for another."""


def refused(client: Any, api: Mock, how: Refusal) -> bool:
    """Whether a change is refused. Anything but 2xx and that refusal is a failure."""
    edit = {"op": "replace", "path": "/variables/refused", "value": "x"}
    began = time.monotonic()
    try:
        client.update_stage(restApiId=api.id, stageName="prod", patchOperations=[edit])
    except ClientError as told:
        error = told
    else:
        return False
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == how.status, error
    assert time.monotonic() - began < how.within
    return True


def held_through(site: Site, outage: Outage, how: Refusal = AWAY_IS_TOLD) -> None:
    """All of the play: before, during and after."""
    client = site.client()
    api = Mock(client, "$stageVariables.colour")
    api.deploy(colour="red")
    with asking(site, api.id, pause=0.005) as clients:
        clients.more()
        with outage():
            end, refusals = time.monotonic() + AWAY, 0
            while time.monotonic() < end:
                refusals += refused(client, api, how)
                time.sleep(0.1)
            assert refusals
        back = time.monotonic()
        while refused(client, api, how):
            assert time.monotonic() - back < BACK_WITHIN
            time.sleep(0.05)
        api.update_stage("/variables/colour", "green")
        clients.wait_for(lambda one: one.text == "green")
    assert heard(clients.outcomes) == {(200, "red"), (200, "green")}, "0 requests failed"
    assert not site.told("ProcessDied")
    site.kill("control")
    assert site.client().get_stage(restApiId=api.id, stageName="prod")["variables"]["colour"] == "green"


# SQLite


@contextmanager
def moved_away(data: Path) -> Iterator[None]:
    files = list(data.glob("portico.db*"))
    for path in files:
        path.rename(path.with_name(f"away-{path.name}"))
    yield
    for path in files:
        path.with_name(f"away-{path.name}").rename(path)


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """By somebody's shell, who has begun to write and went for a coffee."""
    with closing(sqlite3.connect(data / "portico.db", isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        yield
        shell.execute("ROLLBACK")


SQLITE_OUTAGES = [(moved_away, AWAY_IS_TOLD), (locked, LOCKED_IS_TOLD)][: rounds(1, 2)]
"""Each call of the second takes five seconds."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("outage", "how"), SQLITE_OUTAGES)
def test_a_sqlite_file(tmp_path: Path, outage: Callable[[Path], Any], how: Refusal) -> None:
    with standing(tmp_path) as site:
        held_through(site, lambda: outage(site.data), how)


# PostgreSQL


@contextmanager
def killed(server: PostgresServer) -> Iterator[None]:
    server.kill()
    yield
    server.start()


@contextmanager
def failing_over(server: PostgresServer) -> Iterator[None]:
    """It takes no writes, because it is a standby, until it is promoted."""
    server.become_standby()
    yield
    server.promote()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.mark.timeout(900)
@pytest.mark.parametrize("outage", [killed, PostgresServer.paused, failing_over])
def test_a_postgresql_server(tmp_path: Path, server: PostgresServer, outage: Callable[[PostgresServer], Any]) -> None:
    with standing(tmp_path, "--database", server.new_database()) as site:
        held_through(site, lambda: outage(server))
