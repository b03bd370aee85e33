"""Two servers with folders of their own over one PostgreSQL: one set of APIs, and the database's faults survived."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from contract_scene import Mock, Scene, running
from postgres_scene import PostgresServer, postgres_server, until

REFUSED_SECONDS = 10.0
"""Two on a machine that nobody else uses; a client waits for sixty."""


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def nodes(database: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Scene]]:
    url = database.new_database()
    with ExitStack() as stack:
        here, there = (
            stack.enter_context(running(tmp_path_factory.mktemp(name), 1, "--database", url))
            for name in ("here", "there")
        )
        yield here, there


def answers(node: Scene, api: Mock, text: str) -> bool:
    answer = node.call(api.id, "/")
    return (answer.status, answer.text) == (200, text)


def test_what_one_node_deploys_the_other_serves(nodes: tuple[Scene, Scene]) -> None:
    here, there = nodes
    api = Mock(here.client(), "$stageVariables.colour")
    api.deploy(colour="red")
    until(lambda: answers(there, api, "red"))
    api.update_stage("/variables/colour", "blue")
    assert answers(here, api, "blue")
    until(lambda: answers(there, api, "blue"))


def test_either_node_edits_what_the_other_made(nodes: tuple[Scene, Scene]) -> None:
    here, there = nodes
    api = Mock(here.client(), "made")
    api.deploy()
    there.client().delete_stage(restApiId=api.id, stageName="prod")
    until(lambda: here.call(api.id, "/").status == 403)
    assert [one["id"] for one in here.client().get_rest_apis()["items"]].count(api.id) == 1


@pytest.mark.parametrize("fault", ["paused", "killed"])
def test_a_database_that_is_away_is_told_soon_and_is_back_soon(
    nodes: tuple[Scene, Scene], database: PostgresServer, fault: str
) -> None:
    here, there = nodes
    api = Mock(here.client(), "served")
    api.deploy()
    until(lambda: answers(there, api, "served"))
    clients = [node.client() for node in nodes]
    database.pause() if fault == "paused" else database.kill()

    for client in clients * 2:
        assert refused_after(client) < REFUSED_SECONDS
    assert answers(here, api, "served") and answers(there, api, "served")

    database.resume() if fault == "paused" else database.start()
    for client in clients:
        until(lambda client=client: is_back(client))
    api.edit("edited")
    api.deploy()
    until(lambda: answers(there, api, "edited"))


def refused_after(client: Any) -> float:
    """How many seconds it takes to be told that the store does not answer."""
    began = time.monotonic()
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        client.create_rest_api(name="not stored")
    return time.monotonic() - began


def is_back(client: Any) -> bool:
    try:
        client.get_rest_apis()
    except client.exceptions.ServiceUnavailableException:
        return False
    return True


def test_neither_the_log_nor_a_command_line_has_the_password(database: PostgresServer, tmp_path: Path) -> None:
    scene = Scene(tmp_path, "--database", database.url(password="do-not-tell"))
    try:
        scene.start(1)
        server = scene.server
        assert server is not None
        before = [one for one in server.seen if one["event"] == "ChangesNotApplied"]
        told = before[0] if before else server.wait_for("ChangesNotApplied")
        command_line = Path(f"/proc/{server.process.pid}/cmdline").read_text()
    finally:
        scene.stop()
    assert "password authentication failed" in told["reason"]
    assert "portico.app" in command_line
    assert "do-not-tell" not in "".join([command_line, str(server.seen), *server.text])
