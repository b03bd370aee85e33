"""Exports against what AWS answered: the scenarios of the recorded `extended.json`, to the order of the members."""

import itertools
import json
from typing import Any

import pytest
import yaml

from recorded_answers import Masks, recorded_file, recorded_scenario
from wire_client import client_for

STAGE = "local"
WITH_EXTENSIONS = {"extensions": "apigateway"}
PETS, PETSTORE = "TEST_IMPORT_PETS", "TEST_IMPORT_PETSTORE_SWAGGER"
BACKEND = "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets"
DOCUMENTS = {PETS: "pets.json", PETSTORE: "petstore-swagger.json"}
SCENARIOS = [
    ("test_export_swagger_openapi", "swagger"),
    ("test_export_oas30_openapi", "oas30"),
]

_MASKED = ("<region>", "<api-id:1>")


class Exported:
    """An API that was imported from one of the recorded documents, deployed on the recordings' stage."""

    def __init__(self, document: str) -> None:
        self.client = client_for()
        body = (recorded_file("documents") / DOCUMENTS[document]).read_text().replace("${uri}", BACKEND)
        self.imported = self.client.import_rest_api(body=body.encode())
        self.api_id = self.imported["id"]
        self.client.create_deployment(restApiId=self.api_id, stageName=STAGE)

    def export(self, kind: str, **more: Any) -> dict[str, Any]:
        answer = self.client.get_export(restApiId=self.api_id, stageName=STAGE, exportType=kind, **more)
        return {**answer, "body": answer["body"].read().decode()}

    def unmasked(self, recorded: str) -> str:
        made = self.imported["createdDate"].strftime("%Y-%m-%dT%H:%M:%SZ")
        for mask, meaning in zip(_MASKED, ("us-east-1", self.api_id), strict=True):
            recorded = recorded.replace(mask, meaning)
        return recorded.replace('"date"', f'"{made}"').replace("_date.", f"_{made}.")


@pytest.mark.parametrize("document", [PETS, PETSTORE])
@pytest.mark.parametrize(("scenario", "kind"), SCENARIOS)
@pytest.mark.parametrize(("call", "parameters"), [("get-export", {}), ("get-export-with-extensions", WITH_EXTENSIONS)])
def test_an_export_answers_as_aws_did(
    scenario: str, kind: str, document: str, call: str, parameters: dict[str, str]
) -> None:
    recorded = recorded_scenario("extended.json", f"{scenario}[{document}]")
    exported = Exported(document)
    Masks().match("import-api", recorded["import-api"], exported.imported)

    answer = exported.export(kind, parameters=parameters)
    expected = json.loads(exported.unmasked(json.dumps(recorded[call])))
    assert json.loads(answer["body"]) == expected["body"]
    assert (answer["contentType"], answer["contentDisposition"]) == (
        expected["contentType"],
        expected["contentDisposition"],
    )


@pytest.mark.parametrize(("scenario", "kind"), SCENARIOS)
@pytest.mark.parametrize("call", ["get-export", "get-export-with-extensions"])
def test_the_members_stand_in_awss_order(scenario: str, kind: str, call: str) -> None:
    """The recordings of PetStore have kept it. Its maps are in the order of Java's HashMap."""
    recorded = recorded_scenario("extended.json", f"{scenario}[{PETSTORE}]")[call]["body"]
    exported = Exported(PETSTORE)
    answer = exported.export(kind, parameters=WITH_EXTENSIONS if "with" in call else {})
    ours = json.loads(answer["body"])
    for (place, theirs), (_, members) in itertools.zip_longest(orders(recorded), orders(ours)):
        assert members == theirs, place


def orders(node: Any, place: str = "#") -> list[tuple[str, list[str]]]:
    """(place, names in order) of every object in a document."""
    if isinstance(node, list):
        return [found for index, item in enumerate(node) for found in orders(item, f"{place}/{index}")]
    if not isinstance(node, dict):
        return []
    return [(place, list(node))] + [found for name, item in node.items() for found in orders(item, f"{place}/{name}")]


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
@pytest.mark.parametrize("document", [PETS, PETSTORE])
def test_yaml_says_the_same(document: str, kind: str) -> None:
    exported = Exported(document)
    as_json = exported.export(kind, parameters=WITH_EXTENSIONS)
    as_yaml = exported.export(kind, parameters=WITH_EXTENSIONS, accepts="application/yaml")
    assert yaml.safe_load(as_yaml["body"]) == json.loads(as_json["body"])
    assert as_yaml["contentDisposition"] == as_json["contentDisposition"].replace(".json", ".yaml")
