"""What is deleted while requests of it are under way: they end as they began, and there is nothing for the next one."""

import http.client
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.ports.upstream import WHOLE
from running_server import PATIENCE, get
from serve_scene import apigateway, starting

BODY = bytes(8 * WHOLE)
"""So long that it is passed on as it comes."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Shop:
    """A server with a deployed HTTP_PROXY API, and its backend, which answers when the test does."""

    def __init__(self, client: Any, gateway: str, backend: socket.socket) -> None:
        self.client = client
        self.gateway = gateway
        self.backend = backend
        api = client.create_rest_api(name="pets", endpointConfiguration={"types": ["REGIONAL"]})
        place = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        client.put_method(**place, authorizationType="NONE")
        uri = f"http://127.0.0.1:{backend.getsockname()[1]}/"
        client.put_integration(**place, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
        self.api = str(api["id"])
        self.deployment = str(client.create_deployment(restApiId=self.api, stageName="prod")["id"])
        self.host = f"{self.api}.execute-api.localhost"

    def ask(self) -> tuple[http.client.HTTPConnection, socket.socket]:
        """A request that has reached the backend: the client's connection and the backend's."""
        caller = http.client.HTTPConnection(self.gateway.removeprefix("http://"), timeout=PATIENCE)
        caller.request("GET", "/prod", headers={"Host": self.host})
        connection, _ = self.backend.accept()
        connection.settimeout(PATIENCE)
        while not connection.recv(65536).endswith(b"\r\n\r\n"):
            pass
        return caller, connection

    def is_gone(self) -> bool:
        return get(self.gateway, "/prod", {"Host": self.host}) == (403, b'{"message":"Forbidden"}')


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with starting(tmp_path) as start, socket.create_server(("127.0.0.1", 0)) as backend:
        backend.settimeout(PATIENCE)
        ready = start("--workers", "2").wait_for("ServerReady")
        yield Shop(apigateway(ready, tmp_path), ready["gateway"][0], backend)


def without_the_api(shop: Shop) -> None:
    shop.client.delete_rest_api(restApiId=shop.api)


def without_the_stage(shop: Shop) -> None:
    shop.client.delete_stage(restApiId=shop.api, stageName="prod")


def without_the_stage_and_its_deployment(shop: Shop) -> None:
    without_the_stage(shop)
    shop.client.delete_deployment(restApiId=shop.api, deploymentId=shop.deployment)


@pytest.mark.parametrize("delete", [without_the_api, without_the_stage, without_the_stage_and_its_deployment])
def test_requests_under_way_end_as_they_began(shop: Shop, delete: Callable[[Shop], None]) -> None:
    waiting, first = shop.ask()
    reading, second = shop.ask()
    second.sendall(HEAD + BODY[: 4 * WHOLE])
    begun = reading.getresponse()
    delete(shop)
    assert shop.is_gone()
    first.sendall(HEAD + BODY)
    second.sendall(BODY[4 * WHOLE :])
    answer = waiting.getresponse()
    assert (answer.status, answer.read()) == (200, BODY)
    assert (begun.status, begun.read()) == (200, BODY)
    assert shop.is_gone()
    for connection in (waiting, reading, first, second):
        connection.close()
