"""Documentation parts and versions as a client sees them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from wire_client import client_for, control_plane


class World:
    def __init__(self) -> None:
        self.client = client_for(control_plane())
        self.api: str = self.client.create_rest_api(name="pets")["id"]

    def __getattr__(self, operation: str) -> Any:
        def call(**params: Any) -> Any:
            return getattr(self.client, operation)(restApiId=self.api, **params)

        return call

    def document(self, kind: str, said: Any = None, **location: str) -> str:
        properties = json.dumps(said or {"description": kind})
        location = {"type": kind, **location}
        return str(self.create_documentation_part(location=location, properties=properties)["id"])

    def said(self) -> dict[tuple[str, ...], Any]:
        items = self.get_documentation_parts(limit=500)["items"]
        return {tuple(part["location"].values()): json.loads(part["properties"]) for part in items}

    def import_parts(self, *parts: dict[str, Any], **more: Any) -> Any:
        extension = {"x-amazon-apigateway-documentation": {"version": "1", "documentationParts": list(parts)}}
        return self.import_documentation_parts(body=json.dumps({"openapi": "3.0.0", **extension}).encode(), **more)


@pytest.fixture
def world() -> World:
    return World()


def refused(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def part(said: dict[str, Any], kind: str = "RESOURCE", **location: Any) -> dict[str, Any]:
    return {"location": {"type": kind, **location}, "properties": said}


# Parts


def test_a_part_is_answered_as_it_was_given_and_the_root_by_its_path(world: World) -> None:
    properties = '{\n\t"description" : "The PetStore root resource."\n}'
    made = world.create_documentation_part(location={"type": "RESOURCE"}, properties=properties)
    assert (made["location"], made["properties"]) == ({"type": "RESOURCE", "path": "/"}, properties)


def test_there_is_one_part_for_a_place_however_it_is_written(world: World) -> None:
    world.document("API")
    assert refused(world.document, kind="API") == (
        "ConflictException",
        "Documentation part already exists for the specified location: type 'API'.",
    )
    world.document("METHOD", path="/pets")
    assert refused(world.document, kind="METHOD", path="/pets", method="*") == (
        "ConflictException",
        "Documentation part already exists for the specified location: type 'METHOD', path '/pets', method '*'.",
    )


@pytest.mark.parametrize("properties", ["", "{", "[]", '"text"', "null"])
def test_properties_are_an_object(properties: str, world: World) -> None:
    said = "Invalid documentation part properties specified. They must be a JSON object"
    refusal = ("BadRequestException", said)
    assert refused(world.create_documentation_part, location={"type": "API"}, properties=properties) == refusal
    key = world.document("API")
    edit = {"op": "replace", "path": "/properties", "value": properties}
    assert refused(world.update_documentation_part, documentationPartId=key, patchOperations=[edit]) == refusal


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ({"kind": "API", "path": "/"}, "[Location type: API cannot have path, method, statusCode or name defined.]"),
        ({"kind": "METHOD", "name": "x"}, "[Location type: METHOD cannot have statusCode or name defined.]"),
        ({"kind": "RESPONSE", "name": "x"}, "[Location type: RESPONSE cannot have name defined.]"),
        (
            {"kind": "MODEL"},
            "Invalid documentation part location specified: 'name' is required for type 'MODEL'",
        ),
    ],
)
def test_a_location_has_the_fields_of_its_type(location: dict[str, str], message: str, world: World) -> None:
    assert refused(world.document, **location) == ("BadRequestException", message)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["API", "METHOD", "METHOD", "MODEL", "RESOURCE"]),
        ({"type": "METHOD"}, ["METHOD", "METHOD"]),
        ({"path": "/pets"}, ["METHOD", "RESOURCE"]),
        ({"nameQuery": "Pet"}, ["MODEL"]),
        ({"type": "MODEL", "nameQuery": "Pets"}, []),
        ({"locationStatus": "DOCUMENTED", "limit": 2}, ["API", "METHOD"]),
    ],
)
def test_parts_are_found_by_their_place(asked: dict[str, Any], found: list[str], world: World) -> None:
    world.document("RESOURCE", path="/pets")
    world.document("METHOD", path="/pets", method="GET")
    world.document("METHOD", path="/")
    world.document("MODEL", name="Pet")
    world.document("API")
    assert [one["location"]["type"] for one in world.get_documentation_parts(**asked)["items"]] == found


def test_pages_of_parts(world: World) -> None:
    for name in ("A", "B", "C"):
        world.document("MODEL", name=name)
    first = world.get_documentation_parts(limit=2)
    second = world.get_documentation_parts(limit=2, position=first["position"])
    names = [one["location"]["name"] for page in (first, second) for one in page["items"]]
    assert (names, "position" in second) == (["A", "B", "C"], False)


def test_the_places_that_nothing_is_said_of(world: World) -> None:
    client = world.client
    for name in ("Empty", "Error"):
        client.delete_model(restApiId=world.api, modelName=name)
    client.put_rest_api(
        restApiId=world.api,
        parameters={"ignore": "documentation"},
        body=json.dumps(
            {
                "swagger": "2.0",
                "info": {"title": "pets"},
                "definitions": {"Pet": {"type": "object"}},
                "paths": {
                    "/{id}": {
                        "x-amazon-apigateway-any-method": {
                            "parameters": [{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/Pet"}}],
                            "responses": {
                                "200": {"schema": {"$ref": "#/definitions/Pet"}, "headers": {"X": {"type": "string"}}}
                            },
                        }
                    }
                },
            }
        ).encode(),
    )
    world.document("MODEL", name="Pet")
    places = [one["location"] for one in world.get_documentation_parts(locationStatus="UNDOCUMENTED")["items"]]
    method = {"path": "/{id}", "method": "*"}
    assert places == [
        {"type": "API"},
        {"type": "METHOD", **method},
        {"type": "PATH_PARAMETER", **method, "name": "id"},
        {"type": "REQUEST_BODY", **method},
        {"type": "RESOURCE", "path": "/"},
        {"type": "RESOURCE", "path": "/{id}"},
        {"type": "RESPONSE", **method, "statusCode": "200"},
        {"type": "RESPONSE_BODY", **method, "statusCode": "200"},
        {"type": "RESPONSE_HEADER", **method, "statusCode": "200", "name": "X"},
    ]


# Importing parts


def test_merging_replaces_members_and_keeps_the_others(world: World) -> None:
    kept, changed = world.document("API"), world.document("RESOURCE", {"description": "old", "x-mine": "stays"})
    answer = world.import_parts(part({"description": "new"}, path="/"), part({"a": 1}, path="/pets", method=None))
    assert answer["ids"][0] == changed
    assert kept not in answer["ids"]
    assert world.said() == {
        ("API",): {"description": "API"},
        ("RESOURCE", "/"): {"description": "new", "x-mine": "stays"},
        ("RESOURCE", "/pets"): {"a": 1},
    }


def test_overwriting_leaves_what_the_document_says(world: World) -> None:
    world.document("API")
    answer = world.import_parts(part({"description": "new"}), mode="overwrite")
    assert (len(answer["ids"]), world.said()) == (1, {("RESOURCE", "/"): {"description": "new"}})


def test_only_the_extension_is_read_and_the_api_stays_as_it_is(world: World) -> None:
    body = {"swagger": "2.0", "info": {"title": "other"}, "paths": {"/a": {"get": {"summary": "not read"}}}}
    assert world.import_documentation_parts(body=json.dumps(body).encode())["ids"] == []
    assert world.get_rest_api()["name"] == "pets"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"location": {"type": "API", "path": "/"}, "properties": {}}, "'path' is not a valid field for type 'API'"),
        ({"location": {"type": "API"}, "properties": "text"}, "its properties are no object"),
        ({"location": {"type": 1}, "properties": {}}, "its location is no object of texts"),
        ("text", "its location is no object of texts"),
    ],
)
def test_a_part_that_cannot_be_is_warned_of(wrong: Any, why: str, world: World) -> None:
    place = "#/x-amazon-apigateway-documentation/documentationParts/1"
    warning = f"Unable to import documentation part at {place}: {why}. Ignoring."
    good = part({"description": "good"})
    assert refused(lambda: world.import_parts(good, wrong, failOnWarnings=True)) == (
        "BadRequestException",
        f"Warnings found during import:\n\t{warning}",
    )
    assert world.said() == {}
    answer = world.import_parts(good, wrong)
    assert (len(answer["ids"]), answer["warnings"]) == (1, [warning])


@pytest.mark.parametrize("junk", [b"", b"text", b"{", b"[]", b'{"title": "x"}', b"\xff"])
def test_junk_is_refused_in_awss_words(junk: bytes, world: World) -> None:
    """Recorded fact 89."""
    said = "Unable to build importer with provided input."
    assert refused(world.import_documentation_parts, body=junk or b" ") == ("BadRequestException", said)


# Versions


def test_the_life_of_a_version(world: World) -> None:
    world.document("API")
    made = world.create_documentation_version(documentationVersion="v1", description="first")
    assert (made["version"], made["description"], "parts" in made) == ("v1", "first", False)
    assert refused(world.create_documentation_version, documentationVersion="v1") == (
        "ConflictException",
        "Documentation version already exists",
    )
    edit = {"op": "replace", "path": "/description", "value": "the first"}
    updated = world.update_documentation_version(documentationVersion="v1", patchOperations=[edit])
    assert updated["description"] == "the first"
    world.create_documentation_version(documentationVersion="v2")
    listed = world.get_documentation_versions()["items"]
    assert sorted(one["version"] for one in listed) == ["v1", "v2"]
    assert world.get_documentation_version(documentationVersion="v1")["createdDate"] == made["createdDate"]
    world.delete_documentation_version(documentationVersion="v1")
    unknown = ("NotFoundException", "Invalid Documentation version specified")
    for operation in ("get_documentation_version", "delete_documentation_version", "update_documentation_version"):
        assert refused(getattr(world, operation), documentationVersion="v1") == unknown


def test_only_the_description_of_a_version_changes(world: World) -> None:
    world.create_documentation_version(documentationVersion="v1")
    edit = {"op": "replace", "path": "/version", "value": "v2"}
    said = "Invalid patch path  '/version' specified for op 'replace'. Must be one of: [/description]"
    refusal = refused(world.update_documentation_version, documentationVersion="v1", patchOperations=[edit])
    assert refusal == ("BadRequestException", said)


def test_a_version_goes_onto_its_stage(world: World) -> None:
    assert refused(world.create_documentation_version, documentationVersion="v1", stageName="prod") == (
        "NotFoundException",
        "Invalid stage identifier specified",
    )
    assert world.get_documentation_versions()["items"] == []
    body = {
        "swagger": "2.0",
        "info": {"title": "p"},
        "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}},
    }
    world.client.put_rest_api(restApiId=world.api, body=json.dumps(body).encode())
    world.create_deployment(stageName="prod")
    world.create_documentation_version(documentationVersion="v1", stageName="prod")
    assert world.get_stage(stageName="prod")["documentationVersion"] == "v1"


def test_a_version_keeps_what_its_moment_said(world: World) -> None:
    key = world.document("API", {"info": {"description": "then"}})
    body = {
        "swagger": "2.0",
        "info": {"title": "p"},
        "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}},
    }
    world.client.put_rest_api(restApiId=world.api, body=json.dumps(body).encode())
    world.create_deployment(stageName="prod")
    world.create_documentation_version(documentationVersion="v1", stageName="prod")
    edit = {"op": "replace", "path": "/properties", "value": '{"info": {"description": "now"}}'}
    world.update_documentation_part(documentationPartId=key, patchOperations=[edit])
    exported = json.loads(world.get_export(stageName="prod", exportType="oas30")["body"].read())
    assert exported["info"]["description"] == "then"
