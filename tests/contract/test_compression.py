"""Compression over sockets: what curl and browsers ask for, long answers and long requests."""

import gzip
import json
import zlib
from typing import Any

from contract_scene import Backend, Mock, Scene

LONG = b"".join(b"%08x" % zlib.crc32(b"%d" % number) for number in range(400_000))
"""3.2 MB that compress to half."""


def echoing(client: Any, backend: Backend, minimum: int) -> str:
    api = client.create_rest_api(
        name="echo", minimumCompressionSize=minimum, endpointConfiguration={"types": ["REGIONAL"]}
    )
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    client.put_method(**at, authorizationType="NONE")
    client.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="POST", uri=f"{backend.url}/")
    client.create_deployment(restApiId=api["id"], stageName="prod")
    return str(api["id"])


def test_the_setting_acts_from_the_next_deployment_on(scene: Scene, client: Any) -> None:
    api = Mock(client, "miau " * 400)
    api.deploy()
    edit = [{"op": "replace", "path": "/minimumCompressionSize", "value": "1000"}]
    client.update_rest_api(restApiId=api.id, patchOperations=edit)
    assert "content-encoding" not in scene.call(api.id, "/", Accept_Encoding="gzip").headers
    api.deploy()
    answer = scene.call(api.id, "/", Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b"miau " * 400
    assert scene.call(api.id, "/").body == b"miau " * 400


def test_long_requests_and_long_answers(scene: Scene, client: Any, backend: Backend) -> None:
    for minimum in (0, 1_000_000):
        api = echoing(client, backend, minimum)
        for accept, unpack in (("gzip", gzip.decompress), ("deflate", zlib.decompress), ("br", bytes)):
            headers = {"Content_Encoding": "gzip", "Accept_Encoding": accept}
            answer = scene.call(api, "/", "POST", gzip.compress(LONG, 1), **headers)
            assert answer.headers.get("content-encoding", "br") == accept
            assert json.loads(unpack(answer.body))["body"] == LONG.decode()
            assert len(answer.body) < len(LONG) * (0.7 if accept != "br" else 2)
