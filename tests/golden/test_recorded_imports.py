"""Imports against what AWS answered, call by call: the scenarios of the recorded `import.json`.

A document is the recorded one, or one of ours beside this file that was written to be what the answers describe.
"""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from recorded_answers import RECORDED, Masks, recorded_file, recorded_scenario
from wire_client import client_for

OURS = Path(__file__).parent / "imports"
PETSTORE = "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets"
USER_POOL = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_ABC123"

_METHOD_CALL = re.compile(r"(method-response|method|integration-response|integration)-(.+)-([a-z]+)")


@pytest.fixture
def replay() -> "Replay":
    return Replay(client_for())


@pytest.mark.parametrize(
    ("scenario", "document"),
    [
        ("test_import_rest_api", "binary.yaml"),
        ("test_import_and_validate_rest_api[openapi.spec.tf.json]", "openapi.spec.tf.json"),
        ("test_import_and_validate_rest_api[swagger-mock-cors.json]", "swagger-mock-cors.json"),
        ("test_import_with_global_api_key_authorizer", "global-authorizer.yaml"),
        ("test_import_with_circular_models_and_request_validation", "circular-models.yaml"),
        ("test_import_with_cognito_auth_identity_source", "openapi.cognito-auth.json"),
    ],
)
def test_an_import_and_every_call_after_it_answer_as_aws_did(scenario: str, document: str, replay: "Replay") -> None:
    recorded = answers(scenario)
    first = next(iter(recorded))
    replay.hold(first, recorded.pop(first), replay.import_new(document))
    if recorded:
        replay.compare(recorded)


@pytest.mark.parametrize("mode", ["ignore", "prepend", "split"])
def test_a_base_path_is_ignored_prepended_or_split_as_aws_did(mode: str, replay: "Replay") -> None:
    recorded = list(answers(f"test_import_rest_apis_with_base_path_swagger[{mode}]").items())
    before_second = list(itertools.takewhile(lambda call: "no-base-path" not in call[0], recorded))
    put, *calls = before_second
    replay.hold(*put, replay.put_over("swagger.json", mode))
    replay.compare(dict(calls))

    without_base_path = dict(recorded[len(before_second) :])
    replay.put_over("pets.json", mode)
    replay.compare(without_base_path)


def test_the_petstore_sample_imports_as_recorded_but_for_what_its_document_lost(replay: "Replay") -> None:
    """The recording is of an older sample: with an authorizer on two methods, a version, and Pet.petid for Pet.id."""
    recorded = answers("test_import_swagger_api")
    imported = recorded.pop("import-swagger")
    del imported["version"]
    properties = recorded["get-models"]["items"][3]["schema"]["properties"]
    properties["id"] = properties.pop("petid")
    for call in ("method-root-get", "method-pets-get"):
        recorded[call]["authorizationType"] = "NONE"
        del recorded[call]["authorizerId"]
    recorded["get-authorizers"]["items"] = []

    replay.hold("import-swagger", imported, replay.import_new("petstore-swagger.json"))
    replay.compare(recorded)


def test_authorizers_are_made_whether_a_method_uses_them_or_not(replay: "Replay") -> None:
    recorded = answers("test_import_swagger_api")
    replay.import_new("token-authorizers.yaml")
    replay.compare({"get-authorizers": recorded["get-authorizers"]})


@pytest.mark.parametrize(
    ("document", "mode", "path"),
    [
        ("openapi-basepath-url.yaml", "ignore", "/test"),
        ("openapi-basepath-url.yaml", "prepend", "/base-url/part/test"),
        ("openapi-basepath-url.yaml", "split", "/part/test"),
        ("openapi-basepath-server-variable.yaml", "ignore", "/test"),
        ("openapi-basepath-server-variable.yaml", "prepend", "/base-var/test"),
        ("openapi-basepath-server-variable.yaml", "split", "/test"),
    ],
)
def test_version_3_has_its_base_path_from_a_variable_or_the_servers_address(
    document: str, mode: str, path: str, replay: "Replay"
) -> None:
    """Recorded fact 96."""
    replay.import_new(document, mode)
    assert list(replay.resources())[-1] == path


def test_a_mapping_that_is_no_string_is_dropped_with_awss_warning(replay: "Replay") -> None:
    """Recorded fact 95: the quoted 'True' stays."""
    answer = replay.import_new("openapi-basepath-url.yaml", "prepend")
    integration = replay.method_call("integration", "/base-url/part/test", "GET")

    warning = (
        "Invalid format for 'requestParameters'. Expected type string for property "
        "'integration.request.header.nothing' of resource '/base-url/part/test' and method 'GET' but got 'true'"
    )
    assert answer["warnings"] == [warning]
    assert integration["requestParameters"] == {
        "integration.request.header.X-Amz-Invocation-Type": "'Event'",
        "integration.request.header.double-single": "'True'",
    }


def test_fact_99_a_default_response_has_no_pattern_and_statuses_may_be_numbers(replay: "Replay") -> None:
    replay.import_new("stage-variables.yaml")
    method = replay.method_call("method", "/path", "POST")
    assert method["methodResponses"] == {"200": {"statusCode": "200"}}
    assert method["methodIntegration"]["integrationResponses"] == {"200": {"statusCode": "200"}}


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_put_appends_binary_media_types_or_replaces_them(mode: str, replay: "Replay") -> None:
    """Recorded fact 98."""
    client = replay.client
    api_id = client.create_rest_api(name="before", binaryMediaTypes=["image/heif"])["id"]
    answer = client.put_rest_api(restApiId=api_id, mode=mode, body=document_bytes("pets.json"))

    before = ["image/heif"] if mode == "merge" else []
    assert answer["binaryMediaTypes"] == [*before, "image/png", "image/jpg"]
    assert (answer["name"], answer["tags"]) == ("Simple PetStore (Swagger)", {})


@pytest.mark.parametrize("junk", [b"junk", b"{}", b"{", b"[]", b"\xff\xfe", b"a: [", b'{"swagger": "2.0"'])
def test_junk_is_refused_in_awss_words(junk: bytes, replay: "Replay") -> None:
    """Recorded fact 94."""
    with pytest.raises(ClientError) as refused:
        replay.client.import_rest_api(body=junk)
    assert refused.value.response["Error"] == {"Code": "BadRequestException", "Message": "Invalid OpenAPI input."}


@pytest.mark.parametrize("document", sorted(path.name for path in (RECORDED / "documents").glob("*")) or ["any.json"])
def test_every_recorded_document_imports_and_imports_again_over_itself(document: str, replay: "Replay") -> None:
    replay.import_new(document, "prepend")
    before = replay.resources()
    replay.client.put_rest_api(
        restApiId=replay.api_id, mode="merge", body=document_bytes(document), parameters={"basepath": "prepend"}
    )
    assert any("resourceMethods" in resource for resource in before.values())
    assert replay.resources() == before


# The replay


def answers(scenario: str) -> dict[str, Any]:
    return recorded_scenario("import.json", f"TestApiGatewayImportRestApi::{scenario}")


def only_error(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("Error", "ResponseMetadata")}


def document_bytes(name: str) -> bytes:
    path = OURS / name if (OURS / name).exists() else recorded_file("documents") / name
    return path.read_text().replace("${uri}", PETSTORE).replace("${cognito_pool_arn}", USER_POOL).encode()


class Replay:
    """One client and the API that it imported last."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.api_id = ""
        self._masks = Masks()

    def import_new(self, document: str, mode: str = "ignore") -> dict[str, Any]:
        answer = self.client.import_rest_api(body=document_bytes(document), parameters={"basepath": mode})
        self.api_id = answer["id"]
        return dict(answer)

    def put_over(self, document: str, mode: str) -> dict[str, Any]:
        self.api_id = self.client.create_rest_api(name="before")["id"]
        body, parameters = document_bytes(document), {"basepath": mode}
        return dict(self.client.put_rest_api(restApiId=self.api_id, mode="overwrite", body=body, parameters=parameters))

    def compare(self, recorded: dict[str, Any]) -> None:
        """Make every recorded call and hold its answer to the recorded one."""
        assert recorded
        for call, answer in recorded.items():
            self.hold(call, answer, self._make(call))

    def hold(self, call: str, recorded: Any, ours: dict[str, Any]) -> None:
        if isinstance(recorded, list):
            recorded, ours = {"items": recorded}, {"items": ours["items"]}
        if "Error" in recorded:
            recorded, ours = (
                {name: answer[name] for name in ("Error", "ResponseMetadata")} for answer in (recorded, ours)
            )
        self._masks.match(call, recorded, ours)

    def resources(self) -> dict[str, Any]:
        listed = self.client.get_resources(restApiId=self.api_id, limit=500, embed=["methods"])["items"]
        return {resource["path"]: resource for resource in listed}

    def _make(self, call: str) -> dict[str, Any]:
        if call in ("get-models", "get-authorizers", "request-validators"):
            operation = "get_" + call.removeprefix("get-").replace("-", "_")
            return dict(getattr(self.client, operation)(restApiId=self.api_id))
        if "resources" in call:
            return dict(self.client.get_resources(restApiId=self.api_id))
        parsed = _METHOD_CALL.fullmatch(call)
        assert parsed, call
        what, path, verb = parsed.groups()
        return self.method_call(what, "/" if path == "root" else f"/{path}", verb.upper())

    def method_call(self, what: str, path: str, verb: str) -> dict[str, Any]:
        named = {"restApiId": self.api_id, "resourceId": self.resources()[path]["id"], "httpMethod": verb}
        if what.endswith("response"):
            named["statusCode"] = "200"
        try:
            return dict(getattr(self.client, f"get_{what.replace('-', '_')}")(**named))
        except ClientError as error:
            return dict(error.response)


def test_a_schema_is_kept_as_text_with_its_references_rewritten(replay: "Replay") -> None:
    """Recorded fact 104."""
    replay.import_new("circular-models.yaml")
    model = replay.client.get_model(restApiId=replay.api_id, modelName="House")
    items = json.loads(model["schema"])["properties"]["contains"]["items"]
    assert items == {"$ref": f"https://apigateway.amazonaws.com/restapis/{replay.api_id}/models/Person"}
