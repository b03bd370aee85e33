"""A backend behind TLS that lets nobody in but Portico, by a certificate that Portico made."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certificates import asking, server_tls
from contract_scene import Backend, Scene

REFUSED = (504, '{"message": "Network error communicating with endpoint"}')


@pytest.fixture
def certificate(client: Any) -> Iterator[Any]:
    made = client.generate_client_certificate(description="for the backend")
    yield made
    client.delete_client_certificate(clientCertificateId=made["clientCertificateId"])


@pytest.fixture
def guarded(tmp_path: Path, certificate: Any) -> Iterator[Backend]:
    server, _ = server_tls(tmp_path)
    with Backend() as backend:
        context = asking(server, certificate["pemEncodedCertificate"])
        backend.socket = context.wrap_socket(backend.socket, server_side=True, do_handshake_on_connect=False)
        yield backend


def test_a_backend_lets_nobody_in_but_portico(scene: Scene, client: Any, certificate: Any, guarded: Backend) -> None:
    api = client.create_rest_api(name="guarded", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    at = {"restApiId": api, "resourceId": client.get_resources(restApiId=api)["items"][0]["id"], "httpMethod": "GET"}
    client.put_method(**at, authorizationType="NONE")
    uri, tls = f"https://{guarded.address}/", {"insecureSkipVerification": True}
    client.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, tlsConfig=tls)
    client.create_deployment(restApiId=api, stageName="prod")
    assert scene.everywhere(api, "/") == {REFUSED}

    def show(key: str) -> None:
        edit = {"op": "replace", "path": "/clientCertificateId", "value": key}
        client.update_stage(restApiId=api, stageName="prod", patchOperations=[edit])

    show(certificate["clientCertificateId"])
    assert scene.call(api, "/").json()["backend"] == "backend"
    assert {status for status, _ in scene.everywhere(api, "/")} == {200}
    show(client.generate_client_certificate()["clientCertificateId"])
    assert scene.everywhere(api, "/") == {REFUSED}
    client.delete_rest_api(restApiId=api)


def test_the_keys_are_the_owners_alone(scene: Scene, certificate: Any) -> None:
    key = b"BEGIN PRIVATE KEY"
    holders = [path for path in scene.data.rglob("*") if path.is_file() and key in path.read_bytes()]
    assert holders
    assert all(path.stat().st_mode & 0o077 == 0 for path in holders), holders
    assert all(path.relative_to(scene.data).parts[0].startswith(("state", "portico.db")) for path in holders)


def test_a_certificate_by_the_command_line(scene: Scene) -> None:
    made = scene.aws("generate-client-certificate", "--description", "by hand")
    assert ssl.PEM_cert_to_DER_cert(made["pemEncodedCertificate"].replace("\r\n", "\n"))
    listed = scene.aws("get-client-certificates")["items"]
    assert made["clientCertificateId"] in [one["clientCertificateId"] for one in listed]
    scene.aws("delete-client-certificate", "--client-certificate-id", made["clientCertificateId"])
