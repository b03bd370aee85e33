"""GetSdkTypes, GetSdkType, GetSdk; the JavaScript client is run by Node.js, its signatures held to the verifier's."""

import io
import json
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from portico.wire.http1 import Request
from portico.wire.sigv4 import read_claim, verify
from wire_client import client_for

MOCK = {"type": "mock", "responses": {"default": {"statusCode": "200"}}}
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = {"accessKey": "AKIDEXAMPLE", "secretKey": SECRET, "region": "eu-west-1"}

RUN = """
const fs = require('fs');
const [file, asked] = process.argv.slice(2);
const { settings, calls } = JSON.parse(asked);
globalThis.fetch = async (url, request) => {
  const status = url.endsWith('/fails') ? 503 : 200;
  return new Response(JSON.stringify({ url, ...request }), { status, headers: { 'X-Seen': 'yes' } });
};
const client = require(file).newClient(settings);
(async () => {
  const answers = [];
  for (const [name, ...args] of calls) {
    answers.push(await client[name](...args).catch((e) => ({ error: e.message, response: e.response })));
  }
  console.log(JSON.stringify(answers));
})();
"""


def deployed(*paths: str, verb: str = "get", **operation: Any) -> Any:
    """A client and the API, whose paths each have one method."""
    client = client_for()
    items = {path: {verb: {"x-amazon-apigateway-integration": MOCK, **operation}} for path in paths}
    document = {"swagger": "2.0", "info": {"title": "Pets\nand more"}, "paths": items}
    api_id = client.import_rest_api(body=json.dumps(document).encode())["id"]
    client.create_deployment(restApiId=api_id, stageName="prod")
    return client, api_id


def unpacked(client: Any, api_id: str) -> dict[str, str]:
    answer = client.get_sdk(restApiId=api_id, stageName="prod", sdkType="javascript")
    with zipfile.ZipFile(io.BytesIO(answer["body"].read())) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


class Browser:
    """Runs calls of a generated client in Node.js, where fetch answers with what it was asked."""

    def __init__(self, folder: Path) -> None:
        self._node = shutil.which("node")
        self._folder = folder
        if self._node is None:
            pytest.skip("NOT RUN: generated JavaScript needs node")

    def run(self, files: dict[str, str], settings: dict[str, Any], *calls: list[Any]) -> list[Any]:
        script, client = self._folder / "run.cjs", self._folder / "client.cjs"
        script.write_text(RUN)
        client.write_text(files["apiGateway-js-sdk/apigClient.js"])
        asked = json.dumps({"settings": settings, "calls": calls})
        command = [str(self._node), str(script), str(client), asked]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    return Browser(tmp_path)


def refused(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**params)
    return f"{error.value.response['Error']['Code']}: {error.value.response['Error']['Message']}"


# Types


def test_the_types_and_what_each_asks_for() -> None:
    client = client_for()
    types = {one["id"]: one for one in client.get_sdk_types()["items"]}
    assert sorted(types) == ["android", "java", "javascript", "objectivec", "ruby", "swift"]
    assert client.get_sdk_type(id="swift")["configurationProperties"] == types["swift"]["configurationProperties"]
    required = {
        name: [one["name"] for one in kind.get("configurationProperties", []) if one["required"]]
        for name, kind in types.items()
    }
    assert required == {
        "android": ["groupId", "invokerPackage", "artifactId", "artifactVersion"],
        "java": ["serviceName", "javaPackageName"],
        "javascript": [],
        "objectivec": ["classPrefix"],
        "ruby": ["service.name"],
        "swift": ["classPrefix"],
    }
    assert refused(client.get_sdk_type, id="cobol") == "NotFoundException: Invalid SDK type identifier specified"
    first = client.get_sdk_types(limit=2)
    assert [one["id"] for one in client.get_sdk_types(position=first["position"])["items"]][:1] == ["javascript"]


@pytest.mark.parametrize(
    ("kind", "parameters", "refusal"),
    [
        ("cobol", {}, "BadRequestException: Invalid SDK type specified. Valid options are android, java, javascript, "),
        ("swift", {}, "BadRequestException: Missing required parameter classPrefix of an SDK of type swift"),
        ("swift", {"classPrefix": ""}, "BadRequestException: Missing required parameter classPrefix"),
        ("javascript", {"classPrefix": "P"}, "BadRequestException: Unknown parameter classPrefix of an SDK of type"),
        ("swift", {"classPrefix": "P"}, "BadRequestException: Portico generates SDKs of type javascript only, not"),
    ],
)
def test_what_is_not_generated_says_why(kind: str, parameters: dict[str, str], refusal: str) -> None:
    client, api_id = deployed("/pets")
    said = refused(client.get_sdk, restApiId=api_id, stageName="prod", sdkType=kind, parameters=parameters)
    assert said.startswith(refusal)


def test_only_a_stage_has_a_client() -> None:
    client, api_id = deployed("/pets")
    said = refused(client.get_sdk, restApiId=api_id, stageName="dev", sdkType="javascript")
    assert said == "NotFoundException: Invalid stage identifier specified"


# The zip


def test_the_zip_holds_the_client_and_how_to_use_it() -> None:
    client, api_id = deployed("/", "/pets/{petId}", "/{a}/{b}/{op}", "/files/{proxy+}", "/a-b", "/a_b")
    answer = client.get_sdk(restApiId=api_id, stageName="prod", sdkType="javascript")
    assert answer["contentType"] == "application/octet-stream"
    assert answer["contentDisposition"].startswith('attachment; filename="javascript_')
    assert answer["contentDisposition"].endswith('Z.zip"')
    files = unpacked(client, api_id)
    assert sorted(files) == ["apiGateway-js-sdk/README.md", "apiGateway-js-sdk/apigClient.js"]
    readme = files["apiGateway-js-sdk/README.md"]
    assert "# JavaScript client of Pets and more" in readme
    names = ("rootGet", "aBGet", "aBGet2", "filesProxyGet", "petsPetIdGet", "aBOpGet")
    assert [name for name in names if f"| `{name}` |" not in readme] == []
    assert unpacked(client, api_id) == files, "the same stage makes the same bytes"


def test_an_api_of_any_methods_has_no_client() -> None:
    client, api_id = deployed("/pets", verb="x-amazon-apigateway-any-method")
    assert list(unpacked(client, api_id)) == ["apiGateway-js-sdk/README.md"]


# The client, called


def test_parameters_go_where_the_api_has_them(browser: Browser) -> None:
    parameters = [{"in": "query", "name": "q"}, {"in": "query", "name": "many"}, {"in": "header", "name": "X-Trace"}]
    files = unpacked(*deployed("/pets/{petId}/{proxy+}", parameters=parameters))
    settings = {"invokeUrl": "http://127.0.0.1:8080/restapis/abc/prod/_user_request_/", "apiKey": "k", "accessKey": ""}
    params = {"petId": "a/b (c)", "proxy": "x y/é", "q": "a&b='*", "many": ["1", "2"], "X-Trace": "t", "other": "no"}
    more = {"headers": {"X-More": "m"}, "queryParams": {"z": "9"}}
    (answer,) = browser.run(files, settings, ["petsPetIdProxyGet", params, None, more])
    assert answer["data"] == {
        "url": "http://127.0.0.1:8080/restapis/abc/prod/_user_request_/pets/a%2Fb%20%28c%29/x%20y/%C3%A9"
        "?many=1&many=2&q=a%26b%3D%27%2A&z=9",
        "method": "GET",
        "headers": {"Accept": "application/json", "X-Trace": "t", "X-More": "m", "x-api-key": "k"},
    }
    assert (answer["status"], answer["headers"]["x-seen"]) == (200, "yes")


def test_bodies_are_json_unless_they_are_texts(browser: Browser) -> None:
    files = unpacked(*deployed("/pets", verb="post"))
    typed = {"headers": {"content-type": "text/plain"}}
    one, other = browser.run(files, {}, ["petsPost", {}, {"a": 1}], ["petsPost", {}, "text", typed])
    assert (one["data"]["body"], one["data"]["headers"]["Content-Type"]) == ('{"a":1}', "application/json")
    assert (other["data"]["body"], other["data"]["headers"]) == (
        "text",
        {"Accept": "application/json", "content-type": "text/plain"},
    )
    assert urlsplit(one["data"]["url"]).hostname.endswith(".execute-api.us-east-1.amazonaws.com")


def test_failures_break_the_promise(browser: Browser) -> None:
    files = unpacked(*deployed("/fails", "/pets/{petId}"))
    failed, missing = browser.run(files, {}, ["failsGet"], ["petsPetIdGet", {}])
    assert (failed["error"], failed["response"]["status"]) == ("Request failed with status code 503", 503)
    assert missing["error"] == "Missing required parameter: petId"


@pytest.mark.parametrize("token", [None, "session-token"])
@pytest.mark.parametrize("body", ["", "é" * 200])
def test_requests_are_signed_as_the_verifier_wants(token: str | None, body: str, browser: Browser) -> None:
    files = unpacked(
        *deployed("/pets/{name}", verb="post", parameters=[{"in": "query", "name": n} for n in ("b", "a-", "a")])
    )
    settings = {**KEYS, "sessionToken": token, "invokeUrl": "http://localhost:8080/v1"}
    params = {"name": "a b/c%", "b": "2", "a-": "=&", "a": ["z", "y"]}
    spaced = {"headers": {"X-Many": " a   b "}}
    (answer,) = browser.run(files, settings, ["petsNamePost", params, body, spaced])
    sent = answer["data"]
    url = urlsplit(sent["url"])
    headers = (("Host", url.netloc), *sent["headers"].items())
    request = Request("POST", f"{url.path}?{url.query}", headers, sent.get("body", "").encode(), "http", "127.0.0.1")
    claim = read_claim(request)
    assert (claim.access_key_id, claim.scope.region, claim.scope.service) == ("AKIDEXAMPLE", "eu-west-1", "execute-api")
    assert ("x-amz-security-token" in claim.signed_headers) == (token is not None)
    verify(claim, request, SECRET, time.time())
