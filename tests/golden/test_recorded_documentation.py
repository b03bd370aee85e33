"""Documentation parts against what AWS answered: the scenarios of the recorded `api.json`, call by call."""

import json

from recorded_calls import scenario

FAMILY = "TestApiGatewayApiDocumentationPart"
SAMPLE = json.dumps({"description": "Sample API description"})
UPDATED = json.dumps({"description": "Updated Sample API description"})


def test_parts_of_an_api_that_is_not_there() -> None:
    with scenario("api.json", f"{FAMILY}::test_doc_parts_crud_no_api") as replay:
        nowhere = {"restApiId": "test-fake-rest-id"}
        location = {"location": {"type": "API"}, "properties": SAMPLE}
        replay.hold("wrong-rest-api-id-create-doc-part", "create_documentation_part", **nowhere, **location)
        replay.hold("wrong-rest-api-id-get-doc-parts", "get_documentation_parts", **nowhere)


def test_the_life_of_a_part() -> None:
    with scenario("api.json", f"{FAMILY}::test_documentation_part_lifecycle") as replay:
        create = {"location": {"type": "API"}, "properties": SAMPLE}
        part = replay.hold("create-documentation-part", "create_documentation_part", **create)["id"]
        replay.hold("get-documentation-part", "get_documentation_part", documentationPartId=part)
        replay.hold("get-documentation-parts", "get_documentation_parts")
        edit = {"op": "replace", "path": "/properties", "value": UPDATED}
        replay.patch("update-documentation-part", "update_documentation_part", edit, documentationPartId=part)
        replay.hold("get-documentation-part-after-update", "get_documentation_part", documentationPartId=part)
        replay.hold("delete_documentation_part", "delete_documentation_part", documentationPartId=part)


def test_updates_that_cannot_be() -> None:
    with scenario("api.json", f"{FAMILY}::test_invalid_update_documentation_part") as replay:
        create = {"location": {"type": "API"}, "properties": SAMPLE}
        part = replay.call("create_documentation_part", **create)["id"]
        edit = {"op": "replace", "path": "/properties", "value": UPDATED}
        nowhere = {"restApiId": "api_id", "documentationPartId": part}
        update = "update_documentation_part"
        replay.patch("update-documentation-part-invalid-api-id", update, edit, **nowhere)
        added = {**edit, "op": "add"}
        replay.patch("update-documentation-part-invalid-add-operation", update, added, documentationPartId=part)
        elsewhere = {**edit, "path": "/invalidPath"}
        replay.patch("update-documentation-part-invalid-path", update, elsewhere, documentationPartId=part)


def test_parts_that_cannot_be_made() -> None:
    with scenario("api.json", f"{FAMILY}::test_invalid_create_documentation_part_operations") as replay:
        create = {"location": {"type": "API"}, "properties": SAMPLE}
        name = "create_documentation_part"
        replay.hold("create_documentation_part_invalid_api_id", name, **create, restApiId="api_id")
        wrong = {"location": {"type": "INVALID"}, "properties": SAMPLE}
        replay.hold("create_documentation_part_invalid_location_type", name, **wrong)


def test_deletions_that_cannot_be() -> None:
    with scenario("api.json", f"{FAMILY}::test_invalid_delete_documentation_part") as replay:
        create = {"location": {"type": "API"}, "properties": SAMPLE}
        part = {"documentationPartId": replay.call("create_documentation_part", **create)["id"]}
        delete = "delete_documentation_part"
        replay.hold("delete_documentation_part_wrong_api_id", delete, restApiId="api_id", **part)
        replay.hold("delete_documentation_part", delete, **part)
        replay.hold("delete_already_deleted_documentation_part", delete, **part)


def test_files_that_are_no_documentation() -> None:
    with scenario("api.json", f"{FAMILY}::test_import_documentation_parts_bad_file") as replay:
        replay.hold("import-documentation-parts-bad-yaml-file", "import_documentation_parts", body=b"bad: file\n")
        replay.hold("import-documentation-parts-bad-json-file", "import_documentation_parts", body=b'{"bad": "file"}')
