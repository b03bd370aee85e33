"""Models, as recorded in TestApiGatewayApiModels and test_put_method_model, re-expressed."""

import json

import pytest

from refusing import bare, refused, status
from wire_client import ACCOUNT

EMPTY = "Model schema must have at least 1 property or array items defined"
INVALID = "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
SCHEMA = json.dumps({"title": "Calc output", "type": "object", "properties": {"a": {"type": "number"}}})


@pytest.fixture
def api(client):
    return client.create_rest_api(name="calc")


@pytest.fixture
def create(client, api):
    def create(name="CalcOutput", schema=SCHEMA, **said):
        said = {"contentType": "application/json", **({"schema": schema} if schema is not None else {}), **said}
        return bare(client.create_model(restApiId=api["id"], name=name, **said))

    return create


def reference(api, name):
    return f"https://apigateway.amazonaws.com/restapis/{api['id']}/models/{name}"


def test_lifecycle(client, api, create):
    model = create(description="Calc output model")
    assert model == {
        "id": model["id"],
        "name": "CalcOutput",
        "description": "Calc output model",
        "schema": SCHEMA,
        "contentType": "application/json",
    }
    assert bare(client.get_model(restApiId=api["id"], modelName="CalcOutput")) == model
    listed = client.get_models(restApiId=api["id"])["items"]
    assert [one["name"] for one in listed] == ["CalcOutput", "Empty", "Error"]
    assert status(client.delete_model(restApiId=api["id"], modelName="CalcOutput")) == 202
    with refused("NotFoundException", "Invalid model name specified: CalcOutput"):
        client.get_model(restApiId=api["id"], modelName="CalcOutput")


def test_the_models_that_every_api_has(client, api):
    empty, error = client.get_models(restApiId=api["id"])["items"]
    assert empty["description"] == "This is a default empty schema model"
    assert json.loads(empty["schema"]) == {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Empty Schema",
        "type": "object",
    }
    assert error["description"] == "This is a default error schema model"
    assert json.loads(error["schema"]) == {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Error Schema",
        "type": "object",
        "properties": {"message": {"type": "string"}},
    }


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"name": ""}, "Model name must be non-empty"),
        ({"name": "my-model"}, "Model name must be alphanumeric: my-model"),
        ({"schema": "{}"}, EMPTY),
        ({"schema": ""}, EMPTY),
        ({"schema": None}, EMPTY),
        ({"schema": None, "contentType": "application/xml"}, EMPTY),
        ({"schema": "no json"}, INVALID),
        ({"schema": "[1]"}, INVALID),
        ({"schema": "[" * 100_000}, INVALID),
        ({"schema": "[1]", "contentType": "application/vnd.api+json"}, INVALID),
    ],
)
def test_what_create_refuses(create, said, message):
    with refused("BadRequestException", message):
        create(**said)


def test_a_schema_of_other_content_is_any_text(create):
    assert create(schema="<schema/>", contentType="application/xml")["schema"] == "<schema/>"


def test_a_name_stands_once(create):
    create()
    with refused("ConflictException", "Model name already exists for this REST API"):
        create()


def test_what_is_not_there(client, create):
    no_api = ("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:abcde0")
    no_model = ("NotFoundException", "Invalid model name specified: MySchema")
    with refused(*no_api):
        client.create_model(restApiId="abcde0", name="MySchema", contentType="application/json", schema=SCHEMA)
    with refused(*no_api):
        client.get_models(restApiId="abcde0")
    for name in ("get_model", "delete_model", "update_model"):
        with refused(*no_model):
            getattr(client, name)(restApiId="abcde0", modelName="MySchema")


def test_update(client, api, create):
    create()
    changed = json.dumps({"title": "Updated schema", "type": "object"})
    answer = client.update_model(
        restApiId=api["id"],
        modelName="CalcOutput",
        patchOperations=[
            {"op": "replace", "path": "/schema", "value": changed},
            {"op": "replace", "path": "/description", "value": "new"},
        ],
    )
    assert (answer["schema"], answer["description"]) == (changed, "new")
    assert bare(client.get_model(restApiId=api["id"], modelName="CalcOutput")) == bare(answer)


@pytest.mark.parametrize(
    ("op", "path", "message"),
    [
        (
            "add",
            "/wrong-path",
            "Invalid patch path  '/wrong-path' specified for op 'add'. Please choose supported operations",
        ),
        (
            "replace",
            "/name",
            "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]",
        ),
        ("replace", "/schema", EMPTY),
    ],
)
def test_what_update_refuses(client, api, create, op, path, message):
    create()
    with refused("BadRequestException", message):
        edit = {"op": op, "path": path, "value": "{}"}
        client.update_model(restApiId=api["id"], modelName="CalcOutput", patchOperations=[edit])


def test_a_model_in_use_is_not_deleted(client, api, store, create):
    create()
    using = {"requestModels": {"application/json": "CalcOutput"}}
    answering = {"methodResponses": {"200": {"statusCode": "200", "responseModels": {"text/plain": "CalcOutput"}}}}
    child = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="test")["id"]

    def methods(resource_id, path, document):
        with store.write() as unit:
            unit.put("resource", api["id"], resource_id, {"id": resource_id, "path": path, "resourceMethods": document})

    def delete():
        client.delete_model(restApiId=api["id"], modelName="CalcOutput")

    cannot = "Cannot delete model 'CalcOutput', is referenced in method"
    methods(api["rootResourceId"], "/", {"ANY": using})
    with refused("ConflictException", f"{cannot} request: //ANY"):
        delete()
    methods(child, "/test", {"ANY": using})
    with refused("ConflictException", f"{cannot} request: /test/ANY"):
        delete()
    methods(child, "/test", {"ANY": answering})
    with refused("ConflictException", f"{cannot} response: /test/ANY"):
        delete()
    methods(child, "/test", {})
    methods(api["rootResourceId"], "/", {})
    delete()


def test_flatten_brings_every_reached_model_inside(client, api, create):
    create("Person", json.dumps({"type": "object", "properties": {"house": {"$ref": reference(api, "House")}}}))
    create("House", json.dumps({"type": "array", "items": {"$ref": reference(api, "Person")}}))
    create("Town", json.dumps({"oneOf": [{"$ref": reference(api, "House")}, {"$ref": "#/definitions/own"}]}))
    flat = client.get_model(restApiId=api["id"], modelName="Town", flatten=True)
    assert json.loads(flat["schema"]) == {
        "oneOf": [{"$ref": "#/definitions/House"}, {"$ref": "#/definitions/own"}],
        "definitions": {
            "House": {"type": "array", "items": {"$ref": "#/definitions/Person"}},
            "Person": {"type": "object", "properties": {"house": {"$ref": "#/definitions/House"}}},
        },
    }
    assert "https://" in client.get_model(restApiId=api["id"], modelName="Town", flatten=False)["schema"]


def test_flatten_of_a_model_that_refers_to_nothing(client, api, create):
    create()
    assert client.get_model(restApiId=api["id"], modelName="CalcOutput", flatten=True)["schema"] == SCHEMA


def test_flatten_of_a_schema_without_bottom(client, api, create):
    deep = '{"not":' * 900 + "{}" + "}" * 900
    create("Deep", deep)
    with refused("BadRequestException", "Model schema is nested too deeply to be flattened"):
        client.get_model(restApiId=api["id"], modelName="Deep", flatten=True)


def test_flatten_of_a_broken_reference(client, api, create):
    create("Lost", json.dumps({"$ref": reference(api, "Nowhere")}))
    with refused("BadRequestException", "Invalid model identifier specified: Nowhere"):
        client.get_model(restApiId=api["id"], modelName="Lost", flatten=True)


def test_a_model_that_is_not_json_has_nothing_to_flatten(client, api):
    made = {"restApiId": api["id"], "name": "Page", "contentType": "application/xml", "schema": "<page/>"}
    client.create_model(**made)
    assert client.get_model(restApiId=api["id"], modelName="Page", flatten=True)["schema"] == "<page/>"


def test_flatten_of_a_reference_to_what_is_not_json(client, api, create):
    client.create_model(restApiId=api["id"], name="Page", contentType="application/xml", schema="<page/>")
    create("Book", json.dumps({"items": {"$ref": reference(api, "Page")}}))
    with refused("BadRequestException", "Model Page is no JSON schema: it cannot be referred to"):
        client.get_model(restApiId=api["id"], modelName="Book", flatten=True)


UNSUPPORTED = f"{INVALID[:-1]}. Unsupported keyword(s): "


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$id": "http://example.com/s.json", "type": "object"}, f'{UNSUPPORTED}["$id"]]'),
        ({"properties": {"a": {"type": "string", "example": "x"}}}, f'{UNSUPPORTED}["example"]]'),
        ({"type": "string", "nullable": True, "discriminator": {}}, f'{UNSUPPORTED}["discriminator","nullable"]]'),
        ({"required": [], "type": "object"}, INVALID),
        ({"properties": {"status": {"type": "string", "enum": ["A", "A"]}}}, INVALID),
        ({"minLength": "1", "maxLength": "35"}, f"{INVALID[:-1]}, Invalid model schema specified]"),
    ],
)
def test_schemas_that_are_none_in_the_words_that_were_seen(create, schema, message):
    with refused("BadRequestException", message):
        create(schema=json.dumps(schema))


def test_update_is_as_strict(client, api, create):
    create()
    edit = {"op": "replace", "path": "/schema", "value": '{"type": "text"}'}
    with refused("BadRequestException", INVALID):
        client.update_model(restApiId=api["id"], modelName="CalcOutput", patchOperations=[edit])


def template(client, api, name="CalcOutput"):
    return client.get_model_template(restApiId=api["id"], modelName=name)["value"]


def test_templates_that_aws_publishes(client, api, create):
    """The API reference's and the AWS CLI's examples of GetModelTemplate."""
    number = {"type": "number"}
    create(schema=json.dumps({"properties": {"a": number, "b": number, "op": {"type": "string"}, "c": number}}))
    head = "#set($inputRoot = $input.path('$'))\n"
    assert template(client, api) == (f'{head}{{\n  "a" : 3.1415,\n  "b" : 3.1415,\n  "op" : "foo",\n  "c" : 3.1415\n}}')
    assert template(client, api, "Empty") == f"{head}{{ }}"


def test_a_template_of_arrays_and_of_other_models(client, api, create):
    create(
        "Item",
        json.dumps({"properties": {"n": {"type": "integer"}, "tags": {"items": {"type": "string"}, "type": "array"}}}),
    )
    create(schema=json.dumps({"type": "array", "items": {"$ref": reference(api, "Item")}}))
    loop = "##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n"
    end = "#if($foreach.hasNext),#end\n#end\n"
    tags = f'[\n{loop} "foo" \n{end}  ]'
    item = f'{{\n  "n" : 42,\n  "tags" : {tags}\n}}'
    assert template(client, api) == f"#set($inputRoot = $input.path('$'))\n[\n{loop} {item} \n{end}]"


def test_a_template_of_models_in_a_circle_ends(client, api, create):
    create("Person", json.dumps({"properties": {"house": {"$ref": reference(api, "House")}}}))
    create("House", json.dumps({"properties": {"owner": {"$ref": reference(api, "Person")}}}))
    assert template(client, api, "Person").count("owner") == 5


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"properties": {"a": {"$ref": "#/definitions/no"}}},
        {"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Nobody"},
    ],
)
def test_what_no_template_can_be_made_of(client, api, create, schema):
    create(schema=json.dumps(schema))
    with pytest.raises(client.exceptions.BadRequestException, match="cannot be made a template of"):
        template(client, api)
    with refused("NotFoundException", "Invalid model name specified: No"):
        template(client, api, "No")


def test_a_model_of_other_content_has_no_template(client, api, create):
    create(schema="<schema/>", contentType="application/xml")
    with refused("BadRequestException", "Model CalcOutput is no JSON schema: there is no template for it"):
        template(client, api)


@pytest.mark.parametrize("target", ["Person", "./person.json", "https://example.com/person", "definitions/Person"])
def test_a_reference_leads_inside_or_to_a_model_by_its_address(create, target):
    """Seen in reports of the live service, of CloudFormation and of imports."""
    with refused("BadRequestException", f"{INVALID[:-1]}, Model reference must be in canonical form]"):
        create("Person", json.dumps({"type": "array", "items": {"$ref": target}}))
