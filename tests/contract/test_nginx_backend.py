"""HTTP_PROXY in front of a real nginx: what a browser asks of a file server comes through."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_scene import Scene
from nginx_scene import nginx

LARGE = bytes(range(256)) * 20_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "files").mkdir()
    (folder / "files" / "hello.txt").write_text("hello, world\n" * 10)
    (folder / "files" / "large.bin").write_bytes(LARGE)
    return folder


@pytest.fixture(scope="module")
def api(scene: Scene, client: Any, folder: Path) -> Iterator[str]:
    with nginx(folder) as address:
        made = client.create_rest_api(name="files", endpointConfiguration={"types": ["REGIONAL"]})
        api, root = made["id"], made["rootResourceId"]
        resource = client.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
        place = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
        client.put_method(**place, authorizationType="NONE", requestParameters={"method.request.path.proxy": True})
        client.put_integration(
            **place,
            type="HTTP_PROXY",
            integrationHttpMethod="ANY",
            uri=f"{address}/{{proxy}}",
            requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
        )
        client.create_deployment(restApiId=api, stageName="prod")
        yield api
        client.delete_rest_api(restApiId=api)


def test_a_file(scene: Scene, api: str) -> None:
    answer = scene.call(api, "/hello.txt")
    assert (answer.status, answer.text) == (200, "hello, world\n" * 10)
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["x-amzn-remapped-server"].startswith("nginx")
    assert answer.headers["etag"]


def test_a_file_that_is_not_there_is_nginx_s_own_404(scene: Scene, api: str) -> None:
    answer = scene.call(api, "/nowhere.txt")
    assert answer.status == 404
    assert "nginx" in answer.text


def test_five_megabytes(scene: Scene, api: str) -> None:
    answer = scene.call(api, "/large.bin")
    assert answer.body == LARGE
    assert answer.headers["content-length"] == str(len(LARGE))


def test_head_sends_nothing_and_the_length_is_remapped(scene: Scene, api: str) -> None:
    """The gateway's Content-Length is of what it got from the backend, as for every answer (recorded fact 125)."""
    answer = scene.call(api, "/large.bin", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "0"
    assert answer.headers["x-amzn-remapped-content-length"] == str(len(LARGE))


def test_a_part(scene: Scene, api: str) -> None:
    answer = scene.call(api, "/large.bin", Range="bytes=10-19")
    assert (answer.status, answer.body) == (206, bytes(range(10, 20)))
    assert answer.headers["content-range"] == f"bytes 10-19/{len(LARGE)}"


def test_what_the_client_has_is_not_sent_again(scene: Scene, api: str) -> None:
    etag = scene.call(api, "/hello.txt").headers["etag"]
    answer = scene.call(api, "/hello.txt", If_None_Match=etag)
    assert (answer.status, answer.body) == (304, b"")


def test_compressed_and_chunked(scene: Scene, api: str) -> None:
    answer = scene.call(api, "/hello.txt", Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b"hello, world\n" * 10


@pytest.mark.parametrize(("path", "status"), [("/teapot", 418), ("/nothing", 204), ("/moved", 302), ("/close", 200)])
def test_statuses(scene: Scene, api: str, path: str, status: int) -> None:
    for _ in range(3):
        assert scene.call(api, path).status == status


def test_an_upload_of_nine_megabytes(scene: Scene, api: str) -> None:
    answer = scene.call(api, "/upload", "POST", b"x" * 9_000_000)
    assert (answer.status, answer.text) == (200, "POST 9000000")


def test_connections_to_the_backend_are_kept(scene: Scene, api: str, folder: Path) -> None:
    configured = (folder / "nginx.conf").read_text()
    assert re.search("keepalive_timeout 0", configured), "only /close asks for a new connection each time"
    for _ in range(50):
        assert scene.call(api, "/hello.txt").status == 200
