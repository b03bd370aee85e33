"""Documents as AWS's users have them: imported, deployed, called."""

from pathlib import Path
from typing import Any

from contract_scene import STAGE, Backend, Scene
from recorded_answers import recorded_file

GREEDY = Path(__file__).with_name("greedy.yaml")
PREFLIGHT = "access-control-allow-"


def deploy(client: Any, document: str) -> str:
    """The id of the API."""
    api = client.import_rest_api(body=document.encode(), failOnWarnings=True)["id"]
    client.create_deployment(restApiId=api, stageName=STAGE)
    return str(api)


def test_awss_petstore(scene: Scene, client: Any, backend: Backend) -> None:
    document = recorded_file("documents/petstore-swagger.json").read_text()
    api = deploy(client, document.replace("${uri}", f"{backend.url}/petstore/pets"))

    page = scene.call(api, "/", Accept="text/html")
    assert (page.status, page.headers["content-type"]) == (200, "text/html")
    assert f'<a href="/{STAGE}/pets/1"' in page.text, "$context.stage is filled in"

    pets = scene.call(api, "/pets?type=cat&page=2&unknown=1")
    assert pets.json()["target"] in ("/petstore/pets?page=2&type=cat", "/petstore/pets?type=cat&page=2")
    assert pets.headers["access-control-allow-origin"] == "*"
    assert scene.call(api, "/pets/17").json()["target"] == "/petstore/pets/17"

    new = scene.call(api, "/pets", "POST", b'{"type": "cat"}', Content_Type="application/json")
    assert (new.status, new.json()["verb"], new.json()["body"]) == (200, "POST", '{"type": "cat"}')

    preflight = scene.call(api, "/pets", "OPTIONS")
    assert (preflight.status, preflight.headers[f"{PREFLIGHT}methods"]) == (200, "POST,GET,OPTIONS")
    assert preflight.headers[f"{PREFLIGHT}headers"] == "Content-Type,X-Amz-Date,Authorization,X-Api-Key"
    assert scene.call(api, "/pets/1", "POST").status == 403


def test_mocks_that_answer_preflights(scene: Scene, client: Any) -> None:
    api = deploy(client, recorded_file("documents/swagger-mock-cors.json").read_text())
    for path in ("/product", "/product/7"):
        answer = scene.call(api, path, "OPTIONS", Origin="http://localhost:8080")
        assert (answer.status, answer.text) == (200, "{}\n")
        assert {name: value for name, value in answer.headers.items() if name.startswith(PREFLIGHT)} == {
            "access-control-allow-origin": "http://localhost:8080",
            "access-control-allow-methods": "OPTIONS,POST,GET",
            "access-control-allow-headers": "Content-Type",
        }


def test_a_greedy_proxy(scene: Scene, client: Any, backend: Backend) -> None:
    api = deploy(client, GREEDY.read_text().replace("BACKEND", backend.address))
    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        body = None if verb in ("GET", "OPTIONS") else b"something"
        seen = scene.call(api, "/a/b%20c/d?x=1&x=2", verb, body, X_Mine="yes").json()
        assert (seen["verb"], seen["target"]) == (verb, "/base/a/b%20c/d?x=1&x=2")
        assert (seen["body"], seen["headers"]["x-mine"]) == ((body or b"").decode(), "yes")
        assert seen["headers"]["host"] == backend.address
    head = scene.call(api, "/a", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert scene.call(api, "/").status == 403, "a greedy path wants at least one segment"


def test_a_document_put_over_another_is_served_when_deployed(scene: Scene, client: Any, backend: Backend) -> None:
    document = GREEDY.read_text().replace("BACKEND", backend.address)
    api = deploy(client, document)
    moved = document.replace("/base/", "/moved/").encode()
    client.put_rest_api(restApiId=api, mode="overwrite", body=moved)
    assert scene.call(api, "/x").json()["target"] == "/base/x"
    client.create_deployment(restApiId=api, stageName=STAGE)
    assert scene.call(api, "/x").json()["target"] == "/moved/x"


def test_the_cli_imports_a_file(scene: Scene, backend: Backend, tmp_path: Path) -> None:
    document = tmp_path / "greedy.yaml"
    document.write_text(GREEDY.read_text().replace("BACKEND", backend.address))
    api = scene.aws("import-rest-api", "--body", f"fileb://{document}")["id"]
    scene.aws("create-deployment", "--rest-api-id", api, "--stage-name", STAGE)
    assert scene.call(api, "/x").json()["target"] == "/base/x"
