"""GetExport as a client sees it: what stands in a document, under which extensions, and what is refused."""

import json
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from wire_client import client_for

STAGE = "prod"
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)
MOCK = {"type": "mock", "responses": {"default": {"statusCode": "200"}}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
}
POOL = {
    "pool": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {
            "type": "cognito_user_pools",
            "providerARNs": ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"],
        },
    },
}
"""The one kind of authorizer that checks scopes."""
SCHEMES = {
    "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "signed": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "lambda": {
        "type": "apiKey",
        "name": "Auth",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": FUNCTION},
    },
    "idle": {
        "type": "apiKey",
        "name": "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": FUNCTION,
            "identitySource": "method.request.header.A, method.request.header.B",
            "authorizerResultTtlInSeconds": 60,
        },
    },
}


def document(operation: dict[str, Any] | None = None, **root: Any) -> dict[str, Any]:
    whole = {"x-amazon-apigateway-integration": MOCK, "responses": {"200": {}}, **(operation or {})}
    return {"swagger": "2.0", "info": {"title": "pets", "version": "1"}, "paths": {"/pets": {"get": whole}}, **root}


class World:
    def __init__(self) -> None:
        self.client = client_for()
        self.api = ""

    def deploy(self, definition: dict[str, Any], **more: Any) -> None:
        self.api = self.client.import_rest_api(body=json.dumps(definition).encode(), **more)["id"]
        self.client.create_deployment(restApiId=self.api, stageName=STAGE)

    def export(self, *extensions: str, kind: str = "swagger", **more: Any) -> dict[str, Any]:
        asked = {"parameters": {"extensions": ",".join(extensions)}} if extensions else {}
        named = {"restApiId": self.api, "stageName": STAGE, "exportType": kind}
        return dict(yaml.safe_load(self.client.get_export(**{**named, **asked, **more})["body"].read()))

    def refused(self, **more: Any) -> dict[str, str]:
        with pytest.raises(ClientError) as error:
            self.client.get_export(**{"restApiId": self.api, "stageName": STAGE, "exportType": "swagger", **more})
        return dict(error.value.response["Error"])


@pytest.fixture
def world() -> World:
    return World()


def operation_of(exported: dict[str, Any]) -> dict[str, Any]:
    return dict(exported["paths"]["/pets"]["get"])


# What is asked for


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"stageName": "dev"}, ("NotFoundException", "Invalid stage identifier specified")),
        ({"restApiId": "nowhere"}, ("NotFoundException", "Invalid API identifier specified 000000000000:nowhere")),
        (
            {"exportType": "raml"},
            ("BadRequestException", "Invalid export type specified. Valid options are swagger, oas30"),
        ),
        ({"accepts": "text/html"}, ("BadRequestException", "Invalid accepts specified. ")),
        ({"parameters": {"extensions": "everything"}}, ("BadRequestException", "Invalid extensions specified. ")),
        (
            {"parameters": {"extension": "apigateway"}},
            ("BadRequestException", "The export parameter 'extension' is not"),
        ),
    ],
)
def test_what_cannot_be_exported(asked: dict[str, Any], refusal: tuple[str, str], world: World) -> None:
    world.deploy(document())
    said = world.refused(**asked)
    assert (said["Code"], said["Message"][: len(refusal[1])]) == refusal


def test_what_a_stage_serves_is_exported_not_what_was_edited_since(world: World) -> None:
    world.deploy(document())
    moved = document()
    moved["paths"] = {"/moved": moved["paths"]["/pets"]}
    world.client.put_rest_api(restApiId=world.api, mode="overwrite", body=json.dumps(moved).encode())
    assert list(world.export()["paths"]) == ["/pets"]


def test_the_version_may_be_anything_and_the_file_is_named_by_it(world: World) -> None:
    definition = document()
    definition["info"]["version"] = 'a"\r\nb/é'
    world.deploy(definition)
    answer = world.client.get_export(restApiId=world.api, stageName=STAGE, exportType="oas30")
    assert answer["contentDisposition"] == 'attachment; filename="oas30_a___b/_.json"'


# Extensions


@pytest.mark.parametrize(
    ("extensions", "operation", "root"),
    [
        ([], set(), set()),
        (["documentation"], set(), set()),
        (["integrations"], {"integration"}, set()),
        (["validators"], {"request-validator"}, {"request-validators"}),
        (["gatewayresponses"], set(), {"gateway-responses"}),
        (["integrations", "gatewayresponses"], {"integration"}, {"gateway-responses"}),
        (
            ["apigateway"],
            {"integration", "request-validator"},
            {"request-validators", "gateway-responses", "policy", "binary-media-types", "api-key-source"},
        ),
    ],
)
def test_each_set_of_extensions_adds_its_own(
    extensions: list[str], operation: set[str], root: set[str], world: World
) -> None:
    more = {
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
        "x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": 420}},
        "x-amazon-apigateway-policy": POLICY,
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    }
    world.deploy(document({"x-amazon-apigateway-request-validator": "all"}, **more))
    for kind in ("swagger", "oas30"):
        exported = world.export(*extensions, kind=kind)
        assert {name for name in operation_of(exported) if name.startswith("x-")} == prefixed(operation)
        assert {name for name in exported if name.startswith("x-")} == prefixed(root)


def prefixed(names: set[str]) -> set[str]:
    return {f"x-amazon-apigateway-{name}" for name in names}


def test_members_of_the_api_are_extensions_of_its_document(world: World) -> None:
    settings = {
        "x-amazon-apigateway-policy": POLICY,
        "x-amazon-apigateway-minimum-compression-size": 0,
        "x-amazon-apigateway-security-policy": "TLS_1_2",
        "x-amazon-apigateway-gateway-responses": {
            "DEFAULT_4XX": {"responseTemplates": {"text/plain": "no"}},
            "THROTTLED": {
                "statusCode": 420,
                "responseParameters": {"gatewayresponse.header.A": "'a'"},
                "responseTemplates": {"text/plain": "slow"},
            },
        },
    }
    world.deploy(document(**settings))
    exported = world.export("apigateway")
    assert {name: exported[name] for name in settings} == settings


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_the_endpoint_is_configured_where_each_version_has_it(kind: str, world: World) -> None:
    stated = {"vpcEndpointIds": ["vpce-1"], "disableExecuteApiEndpoint": True}
    private = {"endpointConfigurationTypes": "PRIVATE"}
    world.deploy(document(**{"x-amazon-apigateway-endpoint-configuration": stated}), parameters=private)
    exported = world.export("apigateway", kind=kind)
    owner = exported if kind == "swagger" else exported["servers"][0]
    assert owner["x-amazon-apigateway-endpoint-configuration"] == stated
    again = world.client.import_rest_api(body=json.dumps(exported).encode(), parameters=private)
    assert (again["disableExecuteApiEndpoint"], again["endpointConfiguration"]["vpcEndpointIds"]) == (True, ["vpce-1"])


# Security


@pytest.mark.parametrize(
    ("asked", "schemes"),
    [
        ([], []),
        ([{"key": []}], ["api_key"]),
        ([{"signed": []}], ["sigv4"]),
        ([{"signed": []}, {"key": []}], ["api_key", "sigv4"]),
        ([{"lambda": []}], ["lambda"]),
        ([{"pool": ["read", "write"]}, {"key": []}], ["api_key", "pool"]),
    ],
)
def test_a_methods_security_names_the_schemes_that_stand_in_the_document(
    asked: list[dict[str, Any]], schemes: list[str], world: World
) -> None:
    world.deploy(document({"security": asked}, securityDefinitions=SCHEMES | POOL))
    exported = world.export()
    named = {"key": "api_key", "signed": "sigv4"}
    expected = [{named.get(name, name): scopes for name, scopes in one.items()} for one in asked]
    assert operation_of(exported).get("security", []) == expected
    assert sorted(exported.get("securityDefinitions", {})) == schemes


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_authorizers_stand_whole_in_their_schemes_where_they_are_asked_for(kind: str, world: World) -> None:
    world.deploy(document({"security": [{"lambda": []}]}, securityDefinitions=SCHEMES))
    plain, whole = (schemes_of(world.export(*extensions, kind=kind)) for extensions in ([], ["authorizers"]))
    assert list(plain) == ["lambda"]
    assert "x-amazon-apigateway-authorizer" not in plain["lambda"]
    assert whole == {name: SCHEMES[name] for name in ("lambda", "idle")}


def schemes_of(exported: dict[str, Any]) -> dict[str, Any]:
    return dict(exported.get("securityDefinitions") or exported["components"]["securitySchemes"])


def test_an_authorizer_may_have_the_name_of_awss_own_schemes(world: World) -> None:
    world.deploy(
        document(
            {"security": [{"api_key": []}, {"k": []}]},
            securityDefinitions={"api_key": SCHEMES["lambda"], "k": SCHEMES["key"]},
        )
    )
    exported = world.export("apigateway")
    assert operation_of(exported)["security"] == [{"api_key": []}, {"api_key_": []}]
    assert exported["securityDefinitions"]["api_key_"]["name"] == "x-api-key"


def test_postman_is_told_which_methods_to_sign(world: World) -> None:
    world.deploy(document({"security": [{"signed": []}]}, securityDefinitions=SCHEMES))
    assert operation_of(world.export("postman"))["x-postman-meta"] == {
        "currentHelper": "awsSigV4",
        "helperAttributes": {
            "id": "awsSigV4",
            "region": "us-east-1",
            "saveToRequest": True,
            "service": "execute-api",
        },
    }
    assert "x-postman-meta" not in operation_of(world.export("apigateway"))


# Models


def test_references_between_models_are_references_inside_the_document(world: World) -> None:
    models = {
        "Pet": {"type": "object", "properties": {"id": {"type": "string"}, "owner": {"$ref": "#/definitions/Owner"}}},
        "Owner": {"type": "object", "properties": {"first": {"$ref": "#/definitions/Pet/properties/id"}}},
    }
    world.deploy(document(definitions=models))
    assert world.export()["definitions"] == models
    text = json.dumps(models).replace("#/definitions/", "#/components/schemas/")
    assert world.export(kind="oas30")["components"] == {"schemas": json.loads(text)}


def test_the_models_that_aws_makes_are_there_where_something_needs_them(world: World) -> None:
    client = world.client
    made = client.create_rest_api(name="pets")
    world.api = made["id"]
    address = f"https://apigateway.amazonaws.com/restapis/{world.api}/models/Error"
    schema = json.dumps(
        {"definitions": {"own": {}}, "properties": {"a": {"$ref": address}, "b": {"$ref": "#/definitions/own"}}}
    )
    client.create_model(restApiId=world.api, name="Pet", contentType="application/json", schema=schema)
    client.create_model(restApiId=world.api, name="Plain", contentType="text/plain", schema="anything")
    spot = {"restApiId": world.api, "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**spot, authorizationType="NONE")
    client.put_integration(**spot, type="MOCK")
    client.create_deployment(restApiId=world.api, stageName=STAGE)

    definitions = world.export()["definitions"]
    assert sorted(definitions) == ["Error", "Pet"], "Empty is needed by nobody, Plain is no JSON"
    assert "$schema" not in definitions["Error"]
    properties = definitions["Pet"]["properties"]
    assert properties == {"a": {"$ref": "#/definitions/Error"}, "b": {"$ref": "#/definitions/Pet/definitions/own"}}


def test_a_method_whose_bodies_are_no_json_cannot_be_exported(world: World) -> None:
    world.deploy(document())
    client = world.client
    root = client.get_resources(restApiId=world.api)["items"][0]["id"]
    client.create_model(restApiId=world.api, name="Plain", contentType="text/plain", schema="anything")
    spot = {"restApiId": world.api, "resourceId": root, "httpMethod": "POST"}
    client.put_method(**spot, authorizationType="NONE", requestModels={"text/plain": "Plain"})
    client.put_integration(**spot, type="MOCK")
    client.create_deployment(restApiId=world.api, stageName=STAGE)
    assert world.refused()["Message"] == "Only found non-JSON body models for POST /"


# Methods


def test_an_any_method_and_what_an_integration_does_not_leave_at_its_default(world: World) -> None:
    integration = {
        "type": "http_proxy",
        "credentials": "arn:aws:iam::000000000000:role/r",
        "httpMethod": "ANY",
        "uri": "http://backend.test/{id}",
        "responses": {"4\\d{2}": {"statusCode": "400"}, "default": {"statusCode": "200"}},
        "requestParameters": {"integration.request.path.id": "method.request.path.id"},
        "requestTemplates": {"text/plain": ""},
        "passthroughBehavior": "never",
        "contentHandling": "CONVERT_TO_TEXT",
        "timeoutInMillis": 100,
        "cacheNamespace": "shared",
        "cacheKeyParameters": ["method.request.path.id"],
        "tlsConfig": {"insecureSkipVerification": True},
        "responseTransferMode": "STREAM",
    }
    definition = document()
    operation = {"x-amazon-apigateway-integration": integration, "responses": {"200": {}, "400": {}}}
    definition["paths"] = {"/{id}": {"x-amazon-apigateway-any-method": operation}}
    world.deploy(definition)
    exported = world.export("integrations")["paths"]["/{id}"]["x-amazon-apigateway-any-method"]
    assert exported["x-amazon-apigateway-integration"] == integration
    assert exported["parameters"] == [{"name": "id", "in": "path", "required": True, "type": "string"}]


def test_version_2_has_one_model_for_all_media_types_and_3_one_for_each(world: World) -> None:
    content = {
        kind: {"schema": {"$ref": f"#/components/schemas/{name}"}}
        for kind, name in (("a/b", "A"), ("application/json", "B"))
    }
    operation = {"requestBody": {"content": content}, "responses": {"200": {"content": content}}}
    definition = document(operation, components={"schemas": {"A": {"type": "object"}, "B": {"type": "object"}}})
    del definition["swagger"]
    world.deploy({"openapi": "3.0.1", **definition})

    three, two = operation_of(world.export(kind="oas30")), operation_of(world.export())
    assert three["requestBody"] == {"content": content, "required": True}
    assert three["responses"]["200"]["content"] == content
    assert (two["consumes"], two["produces"]) == (["a/b", "application/json"], ["a/b", "application/json"])
    body = {"in": "body", "name": "B", "required": True, "schema": {"$ref": "#/definitions/B"}}
    assert two["parameters"] == [body]
    assert two["responses"]["200"]["schema"] == {"$ref": "#/definitions/B"}


# Documentation: the guide's example of a published version


PARTS = [
    {
        "location": {"type": "API"},
        "properties": {
            "description": "API description",
            "foo": "API foo",
            "x-bar": "API x-bar",
            "info": {
                "description": "API info description",
                "version": "API info version",
                "foo": "API info foo",
                "x-bar": "API info x-bar",
            },
        },
    },
    {
        "location": {"type": "METHOD", "method": "GET"},
        "properties": {"description": "Method description.", "x-example": "x- Method example", "foo": "Method foo"},
    },
    {
        "location": {"type": "RESOURCE"},
        "properties": {"description": "resource description", "foo": "resource foo", "x-bar": "resource x-bar"},
    },
]


def published(world: World, definition: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    world.deploy({**definition, "x-amazon-apigateway-documentation": {"documentationParts": parts}})
    world.client.create_documentation_version(restApiId=world.api, documentationVersion="1.0.0", stageName=STAGE)


@pytest.mark.parametrize("extensions", [[], ["documentation"], ["apigateway"]])
def test_a_published_version_is_told_whole_and_its_openapi_members_at_the_entities(
    extensions: list[str], world: World
) -> None:
    definition = document()
    definition["paths"] = {"/": definition["paths"]["/pets"]}
    published(world, definition, PARTS)
    exported = world.export(*extensions)
    documentation = exported["x-amazon-apigateway-documentation"]
    assert (documentation["version"], documentation["documentationParts"]) == ("1.0.0", PARTS)
    assert set(documentation) == {"version", "createdDate", "documentationParts"}
    info = {"title": "pets", "version": "1", "description": "API info description", "x-bar": "API info x-bar"}
    assert (exported["info"], exported["x-bar"]) == (info, "API x-bar")
    item = exported["paths"]["/"]
    assert (item["x-bar"], "description" in item) == ("resource x-bar", False)
    assert (item["get"]["description"], item["get"]["x-example"]) == ("Method description.", "x- Method example")
    assert "foo" not in json.dumps([exported["info"], item])
    assert world.export(kind="oas30")["paths"]["/"]["description"] == "resource description"


def test_other_extensions_leave_the_parts_to_the_entities(world: World) -> None:
    published(world, document(), [{"location": {"type": "METHOD", "path": "/pets"}, "properties": {"summary": "All"}}])
    exported = world.export("integrations")
    assert "x-amazon-apigateway-documentation" not in exported
    assert operation_of(exported)["summary"] == "All"


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_every_entity_can_be_spoken_of(kind: str, world: World) -> None:
    def part(text: str, of: str, **location: str) -> dict[str, Any]:
        return {"location": {"type": of, **location}, "properties": {"description": text, "x-of": of}}

    operation = {
        "parameters": [
            {"in": "query", "name": "page"},
            {"in": "header", "name": "trace"},
            {"in": "body", "name": "Pet", "schema": {"$ref": "#/definitions/Pet"}},
        ],
        "responses": {"200": {"headers": {"X-One": {"type": "string"}}}, "404": {}},
        "security": [{"lambda": []}],
    }
    definition = document(operation, securityDefinitions=SCHEMES, definitions={"Pet": {"properties": {"id": {}}}})
    parts = [
        part("p", "QUERY_PARAMETER", name="page"),
        part("h", "REQUEST_HEADER", path="/pets", name="trace"),
        part("b", "REQUEST_BODY", path="/pets", method="GET"),
        part("any", "RESPONSE"),
        part("none", "RESPONSE", statusCode="404"),
        part("one", "RESPONSE_HEADER", name="X-One"),
        part("a", "AUTHORIZER", name="lambda"),
        part("m", "MODEL", name="Pet"),
        part("i", "MODEL", name="Pet.id"),
        part("gone", "MODEL", name="Pet.name.first"),
    ]
    published(world, definition, parts)
    exported = world.export(kind=kind)
    operation = operation_of(exported)
    parameters = {one["name"]: one for one in operation["parameters"]}
    body = operation.get("requestBody") or parameters["Pet"]
    assert [parameters["page"]["description"], parameters["trace"]["x-of"]] == ["p", "REQUEST_HEADER"]
    assert body["description"] == "b"
    answers = operation["responses"]
    assert [answers["200"]["description"], answers["404"]["description"]] == ["any", "none"]
    assert answers["200"]["headers"]["X-One"]["description"] == "one"
    assert schemes_of(exported)["lambda"]["description"] == "a"
    schemas = exported.get("definitions") or exported["components"]["schemas"]
    assert schemas["Pet"]["description"] == "m"
    assert schemas["Pet"]["properties"]["id"] == {"description": "i", "x-of": "MODEL"}


def test_documentation_defines_nothing(world: World) -> None:
    """A part can say anything: neither what has another form nor an extension of AWS's gets into the entities."""
    said = {"description": {"not": "a text"}, "tags": "none", "x-amazon-apigateway-integration": {"type": "aws"}}
    published(
        world, document(), [{"location": {"type": "METHOD", "path": "/pets", "method": "GET"}, "properties": said}]
    )
    assert operation_of(world.export()) == {"responses": {"200": {"description": "200 response"}}}


def test_a_stage_that_shows_no_version_any_more_is_not_documented(world: World) -> None:
    published(world, document(), PARTS)
    none = {"op": "replace", "path": "/documentationVersion", "value": ""}
    world.client.update_stage(restApiId=world.api, stageName=STAGE, patchOperations=[none])
    exported = world.export("apigateway")
    assert "x-amazon-apigateway-documentation" not in exported
    assert "description" not in exported["info"]
