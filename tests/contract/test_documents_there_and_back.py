"""Three documents as people have them, with nothing but the AWS CLI: imported as they are, deployed, called, exported,
the export imported again, and called again.

The backend of AWS's PetStore cannot be reached from a test, so `--backend` leads to one that plays it; functions run
here, and the services are moto's.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contract_scene import STAGE, Answer, Scene, running
from moto_scene import ACCOUNT, KEY, SECRET, Moto, moto
from recorded_answers import recorded_file
from zip_files import zipped

PETSTORE = "petstore.execute-api.us-east-1.amazonaws.com"
"""Where AWS's sample calls, at port 80."""
EXAMPLES = Path(__file__).parents[2] / "examples"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-proxy"
JSON = {"Content_Type": "application/json"}
Calls = Callable[[str], list[Answer]]
"""What the API of this id answers to what its users ask."""


class Pets(ThreadingHTTPServer):
    """The backend of AWS's sample, as far as its document calls it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pets)
        self.hosts: set[str] = set()


class _Pets(BaseHTTPRequestHandler):
    server: Pets
    protocol_version = "HTTP/1.1"
    PETS = tuple({"id": 1 + at, "type": kind, "price": 0.99 + at} for at, kind in enumerate(("dog", "cat", "fish")))

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        number = target.path.removeprefix("/petstore/pets").strip("/")
        kinds = parse_qs(target.query).get("type", ["dog", "cat", "fish"])
        self._say(self.PETS[int(number) - 1] if number else [pet for pet in self.PETS if pet["type"] in kinds])

    def do_POST(self) -> None:
        pet = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._say({"pet": pet, "message": "success"})

    def _say(self, document: Any) -> None:
        self.server.hosts.add(str(self.headers["Host"]))
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="module")
def pets() -> Iterator[Pets]:
    with ExitStack() as stack:
        server = stack.enter_context(Pets())
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server


@pytest.fixture(scope="module")
def scene(aws: Moto, pets: Pets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("documents")
    profiles = folder / "profiles"
    profiles.write_text(f"[proxy]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    told = ["--backend", f"{PETSTORE}:80=127.0.0.1:{pets.server_port}", "--role", f"{ROLE}=proxy"]
    variables = {"AWS_ENDPOINT_URL": aws.url, "AWS_SHARED_CREDENTIALS_FILE": str(profiles)}
    with running(folder, 1, *told, **variables) as scene:
        yield scene


class Walk:
    """One document's way, by the command line alone."""

    def __init__(self, scene: Scene, folder: Path, variables: str = "") -> None:
        self._scene = scene
        self._folder = folder
        self._told = ["--variables", variables] if variables else []

    def bring(self, document: Path, *words: str) -> str:
        """Import it and deploy it; the id of the API."""
        api = self._scene.aws("import-rest-api", "--fail-on-warnings", "--body", f"fileb://{document}", *words)["id"]
        self._scene.aws("create-deployment", "--rest-api-id", api, "--stage-name", STAGE, *self._told)
        return str(api)

    def export(self, api: str, kind: str, form: str) -> Path:
        path = self._folder / f"{api}.{kind}.{form}"
        asked = ["--export-type", kind, "--accepts", f"application/{form}", "--parameters", "extensions=apigateway"]
        self._scene.aws("get-export", "--rest-api-id", api, "--stage-name", STAGE, *asked, str(path))
        return path

    def there_and_back(self, document: Path, calls: Calls, *forms: tuple[str, str]) -> None:
        """Through an export in each of these forms the answers stay the same, and so does the definition."""
        first = self.bring(document, "--parameters", "endpointConfigurationTypes=REGIONAL")
        before, defined = [_lasting(answer, first) for answer in calls(first)], self.definition(first)
        for kind, form in forms:
            exported = self.export(first, kind, form)
            again = self.bring(exported)
            assert [_lasting(answer, again) for answer in calls(again)] == before, exported.read_text()
            assert self.definition(again) == defined, exported.read_text()

    def definition(self, api: str) -> Any:
        """All of it that a document says, without the API's id and, where it has no version, the date."""
        asked = {"exportType": "oas30", "parameters": {"extensions": "apigateway"}, "accepts": "application/json"}
        exported = self._scene.client().get_export(restApiId=api, stageName=STAGE, **asked)["body"].read().decode()
        return json.loads(re.sub(r'"version" : "2[^"]+Z"', '"version" : "DATE"', exported.replace(api, "API")))


def _lasting(answer: Answer, api: str) -> tuple[int, str, dict[str, str]]:
    """An answer without what is new in each."""
    own = ("date", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status, answer.text.replace(api, "API"), headers


def test_awss_petstore(scene: Scene, pets: Pets, tmp_path: Path) -> None:
    document = tmp_path / "petstore.json"
    text = recorded_file("documents/petstore-swagger.json").read_text()
    document.write_text(text.replace("${uri}", f"http://{PETSTORE}/petstore/pets"))  # as AWS publishes it

    def calls(api: str) -> list[Answer]:
        page = scene.call(api, "/", Accept="text/html")
        assert (page.status, page.headers["content-type"]) == (200, "text/html")
        assert f'<a href="/{STAGE}/pets/1"' in page.text
        cats = scene.call(api, "/pets?type=cat")
        assert cats.json() == [{"id": 2, "type": "cat", "price": 1.99}]
        one = scene.call(api, "/pets/3")
        assert (one.json()["type"], one.headers["access-control-allow-origin"]) == ("fish", "*")
        new = scene.call(api, "/pets", "POST", b'{"type": "cat", "price": 123.11}', **JSON)
        assert new.json() == {"pet": {"type": "cat", "price": 123.11}, "message": "success"}
        preflights = [scene.call(api, path, "OPTIONS") for path in ("/pets", "/pets/1")]
        assert [one.headers["access-control-allow-methods"] for one in preflights] == [
            "POST,GET,OPTIONS",
            "GET,OPTIONS",
        ]
        refused = scene.call(api, "/pets/1", "DELETE")
        assert refused.status == 403
        return [page, cats, scene.call(api, "/pets"), one, new, *preflights, refused]

    walk = Walk(scene, tmp_path)
    walk.there_and_back(document, calls, ("oas30", "json"), ("swagger", "yaml"))
    assert pets.hosts == {PETSTORE}, "the backend cannot tell that it is somewhere else"


def test_mocks_that_answer_preflights_of_functions(scene: Scene, tmp_path: Path) -> None:
    document = recorded_file("documents/swagger-mock-cors.json")
    code = "def handler(event, context):\n    return {'statusCode': 200, 'body': str(event['pathParameters'])}\n"
    for name in re.findall(r"function:([^:]+):live", document.read_text()):
        _make(scene.client(service="lambda"), name, zipped({"app.py": code}))

    def calls(api: str) -> list[Answer]:
        preflights = [scene.call(api, path, "OPTIONS", Origin="https://a.b") for path in ("/product", "/product/7")]
        for answer in preflights:
            assert (answer.status, answer.text) == (200, "{}\n")
            assert answer.headers["access-control-allow-origin"] == "http://localhost:8080"
            assert answer.headers["access-control-allow-methods"] == "OPTIONS,POST,GET"
        products = [scene.call(api, path) for path in ("/product", "/product/7")]
        assert [one.text for one in products] == ["None", "{'product_id': '7'}"]
        return [*preflights, *products]

    Walk(scene, tmp_path).there_and_back(document, calls, ("oas30", "json"), ("swagger", "json"))


def _make(functions: Any, name: str, code: bytes) -> None:
    """A function with the alias that the document calls."""
    place = {"Runtime": "python3.11", "Handler": "app.handler", "Role": "arn:aws:iam::000000000000:role/shop"}
    functions.create_function(FunctionName=name, **place, Code={"ZipFile": code})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    functions.add_permission(
        FunctionName=name,
        Qualifier="live",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )


def test_a_service_proxy(scene: Scene, aws: Moto, tmp_path: Path) -> None:
    queue = aws.orders_and_items()

    def calls(api: str) -> list[Answer]:
        order = scene.call(api, "/orders", "POST", b'{"order": "tea & biscuits"}', **JSON)
        assert (order.status, order.json()) == (202, {"accepted": True})
        (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
        assert message["Body"] == '{"order": "tea & biscuits"}'
        aws.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        kept = scene.call(api, "/items/7", "PUT", b'{"name": "a \\"cup\\"", "price": 3.5}', **JSON)
        found = scene.call(api, "/items/7")
        assert (kept.json(), found.json()) == ({"kept": True}, {"id": "7", "name": 'a "cup"', "price": 3.5})
        missing = scene.call(api, "/items/8")
        assert (missing.status, missing.json()) == (404, {"message": "not found"})
        refused = scene.call(api, "/orders", "POST", b"<order/>", Content_Type="text/xml")
        assert refused.status == 415
        return [order, kept, found, missing, refused]

    walk = Walk(scene, tmp_path, f"account={ACCOUNT},queue=orders,table=items,role=service-proxy")
    walk.there_and_back(EXAMPLES / "service-proxy.yaml", calls, ("oas30", "yaml"), ("swagger", "json"))
