"""What the importer makes of documents, and what it refuses, always naming the place."""

import json
from typing import Any

import pytest

from portico.controlplane.openapi import place
from portico.controlplane.openapi.form import ImportedApi, ImportedMethod
from portico.controlplane.openapi.importer import read_api
from portico.controlplane.openapi.schemas import schema_text
from portico.wire.aws.faults import BadRequestException

FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f/invocations"
)
MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}

KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}
IAM = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
TOKEN = {
    "type": "apiKey",
    "name": "Auth",
    "in": "header",
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": FUNCTION},
}


def swagger(operation: dict[str, Any] | None = None, path: str = "/pets", **root: Any) -> dict[str, Any]:
    paths = {path: {"get": {"x-amazon-apigateway-integration": MOCK, **(operation or {})}}}
    return {"swagger": "2.0", "info": {"title": "pets"}, "paths": paths, **root}


def openapi(operation: dict[str, Any] | None = None, **root: Any) -> dict[str, Any]:
    document = swagger(operation, **root)
    del document["swagger"]
    return {"openapi": "3.0.3", **document}


def imported(document: dict[str, Any], base_path: str = "ignore") -> ImportedApi:
    return read_api(document, base_path=base_path, new_id=lambda length: "a" * length)


def method(document: dict[str, Any]) -> ImportedMethod:
    return imported(document).resources["/pets"]["GET"]


def refusal(document: dict[str, Any], base_path: str = "ignore") -> str:
    with pytest.raises(BadRequestException) as refused:
        imported(document, base_path)
    return refused.value.message


# Versions


@pytest.mark.parametrize("version", [{"swagger": "1.2"}, {"openapi": "3.2.0"}, {"openapi": "4.0"}])
def test_another_version_is_refused_by_its_number(version: dict[str, str]) -> None:
    said = refusal({**version, "info": {"title": "x"}, "paths": {}})
    assert said.startswith("Invalid OpenAPI input.")
    assert (version.get("openapi") or "") in said


def test_an_api_needs_a_title() -> None:
    assert refusal({"swagger": "2.0", "info": {}, "paths": {}}).endswith("(at #)")


# Extensions


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (swagger(**{"x-amazon-apigateway-surprise": {}}), "#/x-amazon-apigateway-surprise"),
        (
            swagger({"x-amazon-apigateway-policy": {}}),
            "#/paths/~1pets/get/x-amazon-apigateway-policy",
        ),
        (
            swagger({"responses": {"200": {"x-amazon-apigateway-integration": MOCK}}}),
            "#/paths/~1pets/get/responses/200/x-amazon-apigateway-integration",
        ),
        (
            swagger(paths={"/a": {"x-amazon-apigateway-request-validator": "all"}}),
            "#/paths/~1a/x-amazon-apigateway-request-validator",
        ),
        (
            swagger(paths={"/a": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-auth2": {}}}}),
            "#/paths/~1a/x-amazon-apigateway-any-method/x-amazon-apigateway-auth2",
        ),
        (
            swagger(paths={"/a": {"$ref": "#/x-items/a"}}, **{"x-items": {"a": {"x-amazon-apigateway-policy": {}}}}),
            "#/x-items/a/x-amazon-apigateway-policy",
        ),
        (
            swagger(
                paths={"/a": {"get": {"$ref": "#/x-operations/a"}}},
                **{"x-operations": {"a": {"x-amazon-apigateway-b": 1}}},
            ),
            "#/x-operations/a/x-amazon-apigateway-b",
        ),
        (openapi(**{"x-amazon-apigateway-cors": {}, "tags": [{"x-amazon-apigateway-cors": {}}]}), "#/tags/0/"),
    ],
)
def test_an_extension_that_nothing_reads_in_its_place_is_refused(document: dict[str, Any], place: str) -> None:
    assert f"(at {place}" in refusal(document)


def test_keys_of_other_vendors_hold_what_they_like() -> None:
    shared = {"x-shared": {"get": {"x-amazon-apigateway-integration": MOCK, "x-amazon-apigateway-surprise": 1}}}
    assert imported(swagger(**shared)).notes == []


def test_references_in_a_circle_below_a_vendors_key_end() -> None:
    circle = {"x-circle": {"a": {"next": {"$ref": "#/x-circle/a"}}}, "host": {"$ref": "#/x-circle/a"}}
    assert imported(swagger(**circle)).notes == []


def test_a_path_item_may_stand_below_a_vendors_key() -> None:
    shared = {"x-items": {"a": {"get": {"x-amazon-apigateway-integration": MOCK}}}}
    assert list(imported(swagger(paths={"/a": {"$ref": "#/x-items/a"}}, **shared)).resources["/a"]) == ["GET"]


def test_what_is_for_http_apis_is_told_to_the_operator() -> None:
    api = imported(openapi(**{"x-amazon-apigateway-cors": {"allowOrigins": ["*"]}}))
    assert api.notes == [
        "x-amazon-apigateway-cors is for HTTP APIs: a REST API answers CORS requests by its own methods"
    ]
    assert api.warnings == []


# Settings of the API


def test_settings_are_read_from_the_root() -> None:
    api = imported(
        swagger(
            **{
                "x-amazon-apigateway-api-key-source": "AUTHORIZER",
                "x-amazon-apigateway-binary-media-types": ["image/png"],
                "x-amazon-apigateway-minimum-compression-size": 0,
                "x-amazon-apigateway-policy": {"Version": "2012-10-17", "Statement": []},
                "x-amazon-apigateway-security-policy": "TLS_1_2",
                "x-amazon-apigateway-endpoint-configuration": {
                    "vpcEndpointIds": ["vpce-1"],
                    "disableExecuteApiEndpoint": True,
                },
            }
        )
    )
    assert json.loads(api.settings.pop("policy")) == {"Version": "2012-10-17", "Statement": []}
    assert api.settings == {
        "apiKeySource": "AUTHORIZER",
        "binaryMediaTypes": ["image/png"],
        "minimumCompressionSize": 0,
        "securityPolicy": "TLS_1_2",
        "endpointConfiguration": {"vpcEndpointIds": ["vpce-1"]},
        "disableExecuteApiEndpoint": True,
    }


@pytest.mark.parametrize(
    ("extension", "value", "place"),
    [
        ("api-key-source", "COOKIE", ""),
        ("binary-media-types", "image/png", ""),
        ("minimum-compression-size", "-1", ""),
        ("policy", "Allow", ""),
        ("endpoint-configuration", {"ipAddressType": "ipv4"}, "/ipAddressType"),
        ("endpoint-configuration", {"disableExecuteApiEndpoint": "perhaps"}, "/disableExecuteApiEndpoint"),
        ("request-validators", {"all": {"validateHeaders": True}}, "/all/validateHeaders"),
        ("gateway-responses", {"THROTTLED": {"status": 429}}, "/THROTTLED/status"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_its_place(extension: str, value: Any, place: str) -> None:
    name = f"x-amazon-apigateway-{extension}"
    assert f"(at #/{name}{place})" in refusal(swagger(**{name: value}))


def test_gateway_responses_take_numbers_for_statuses() -> None:
    responses = {"UNAUTHORIZED": {"statusCode": 401, "responseTemplates": {"application/json": "{}"}}}
    api = imported(swagger(**{"x-amazon-apigateway-gateway-responses": responses}))
    assert api.gateway_responses["UNAUTHORIZED"] == {
        "responseType": "UNAUTHORIZED",
        "statusCode": "401",
        "responseTemplates": {"application/json": "{}"},
    }


# Protection


def protection(security: Any, schemes: dict[str, Any], **operation: Any) -> Any:
    return method(swagger({"security": security, **operation}, securityDefinitions=schemes)).protection


def test_an_api_key_in_its_header_makes_the_method_ask_for_it() -> None:
    asked = protection([{"key": []}], {"key": KEY})
    assert (asked.authorization_type, asked.api_key_required) == ("NONE", True)


def test_signature_and_key_as_aws_exports_them_are_both_asked_for() -> None:
    asked = protection([{"iam": []}, {"key": []}], {"iam": IAM, "key": KEY})
    assert (asked.authorization_type, asked.api_key_required) == ("AWS_IAM", True)


def test_a_token_authorizer_reads_the_schemes_header_and_its_scopes_are_the_methods() -> None:
    api = imported(swagger({"security": [{"auth": ["read"]}]}, securityDefinitions={"auth": TOKEN}))
    asked = api.resources["/pets"]["GET"].protection
    assert (asked.authorization_type, asked.authorizer, asked.scopes) == ("CUSTOM", "auth", ["read"])
    assert api.authorizers["auth"]["identitySource"] == "method.request.header.Auth"


def test_the_documents_security_holds_where_a_method_says_nothing() -> None:
    document = swagger(security=[{"key": []}], securityDefinitions={"key": KEY})
    assert method(document).protection.api_key_required
    document["paths"]["/pets"]["get"]["security"] = None
    assert method(document).protection.api_key_required
    document["paths"]["/pets"]["get"]["security"] = []
    assert not method(document).protection.api_key_required


def test_the_auth_extension_asks_for_signatures() -> None:
    assert protection([], {}, **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}).authorization_type == "AWS_IAM"


@pytest.mark.parametrize(
    ("security", "schemes"),
    [
        ([{"missing": []}], {}),
        ([{"oauth": ["read"]}], {"oauth": {"type": "oauth2"}}),
        ([{"bearer": []}], {"bearer": {"type": "http", "scheme": "bearer"}}),
        ([{"query": []}], {"query": {"type": "apiKey", "in": "query", "name": "x-api-key"}}),
        ([{"other": []}], {"other": {"type": "apiKey", "in": "header", "name": "X-Token"}}),
        ([{"half": []}], {"half": {**KEY, "x-amazon-apigateway-authtype": "custom"}}),
        ([{"key": ["admin"]}], {"key": KEY}),
        ([{"auth": []}, {"iam": []}], {"auth": TOKEN, "iam": IAM}),
        ([{"auth": [], "second": []}], {"auth": TOKEN, "second": TOKEN}),
    ],
)
def test_a_protection_that_cannot_be_enforced_is_refused_at_the_method(security: Any, schemes: Any) -> None:
    document = swagger({"security": security}, securityDefinitions=schemes)
    assert "(at #/paths/~1pets/get/security/" in refusal(document)


def test_the_auth_extension_cannot_take_an_authorizer_away() -> None:
    operation = {"security": [{"auth": []}], "x-amazon-apigateway-auth": {"type": "NONE"}}
    assert "takes it away" in refusal(swagger(operation, securityDefinitions={"auth": TOKEN}))


@pytest.mark.parametrize(
    "authorizer",
    [
        {"type": "jwt"},
        {"type": "token", "authorizerUri": FUNCTION, "enableSimpleResponses": True},
        {"type": "token", "authorizerUri": FUNCTION, "authorizerPayloadFormatVersion": "2.0"},
        {"authorizerUri": FUNCTION},
    ],
)
def test_an_authorizer_of_another_kind_of_api_is_refused_even_unused(authorizer: dict[str, Any]) -> None:
    scheme = {**TOKEN, "x-amazon-apigateway-authorizer": authorizer}
    said = refusal(swagger(securityDefinitions={"auth": scheme}))
    assert "(at #/securityDefinitions/auth/x-amazon-apigateway-authorizer" in said


# Methods


def test_parameters_of_the_path_and_the_operation_are_one_list() -> None:
    document = swagger(
        {"parameters": [{"in": "query", "name": "q", "required": True}, {"$ref": "#/parameters/trace"}]},
        parameters={"trace": {"in": "header", "name": "X-Trace"}},
    )
    item = document["paths"]["/pets"]
    item["parameters"] = [{"in": "query", "name": "q"}, {"in": "query", "name": "page"}]
    assert method(document).request_parameters == {
        "method.request.querystring.q": True,
        "method.request.querystring.page": False,
        "method.request.header.X-Trace": False,
    }


def test_the_paths_own_parameters_need_no_declaration() -> None:
    document = swagger(path="/{tenant}/{proxy+}")
    assert imported(document).resources["/{tenant}/{proxy+}"]["GET"].request_parameters == {
        "method.request.path.tenant": True,
        "method.request.path.proxy": True,
    }


def test_a_greedy_http_proxy() -> None:
    integration = {
        "type": "http_proxy",
        "httpMethod": "any",
        "uri": "http://backend.test/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    }
    document = openapi()
    document["paths"] = {
        "/{proxy+}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}}
    }
    read = imported(document).resources["/{proxy+}"]["ANY"]
    assert read.integration == {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "ANY",
        "uri": "http://backend.test/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
        "responses": [],
    }


def test_a_pattern_of_an_integration_response_is_kept_and_default_is_none() -> None:
    responses = {"default": {"statusCode": 200}, "5\\d\\d": {"statusCode": "502", "contentHandling": "convert_to_text"}}
    read = method(swagger({"x-amazon-apigateway-integration": {**MOCK, "responses": responses}}))
    assert read.integration is not None
    assert read.integration["responses"] == [
        {"statusCode": "200"},
        {"statusCode": "502", "selectionPattern": "5\\d\\d", "contentHandling": "CONVERT_TO_TEXT"},
    ]


def test_two_integration_responses_of_one_status_are_warned_of() -> None:
    responses = {"default": {"statusCode": "200"}, "2\\d\\d": {"statusCode": "200"}}
    api = imported(swagger({"x-amazon-apigateway-integration": {**MOCK, "responses": responses}}))
    assert "replaces the one before" in api.warnings[0]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("integrationSubtype", "SQS-SendMessage"),
        ("payloadFormatVersion", "2.0"),
        ("timeout", 1000),
        ("timeoutInMillis", "soon"),
        ("contentHandling", "CONVERT"),
        ("connectionType", "TUNNEL"),
        ("tlsConfig", {"serverNameToVerify": "x"}),
    ],
)
def test_a_member_that_a_rest_integration_does_not_have_is_refused(member: str, value: Any) -> None:
    document = swagger({"x-amazon-apigateway-integration": {**MOCK, member: value}})
    assert f"/get/x-amazon-apigateway-integration/{member}" in refusal(document)


@pytest.mark.parametrize("integration", ["mock", {}, {"type": "http", "uri": {"Fn::Sub": "http://x"}}])
def test_a_malformed_integration_is_refused_in_awss_words(integration: Any) -> None:
    document = swagger({"x-amazon-apigateway-integration": integration})
    assert refusal(document) == "Unable to parse API definition because of a malformed integration at path /pets."


def test_responses_without_a_status_code_are_warned_of() -> None:
    api = imported(swagger({"responses": {"default": {"description": "any"}, "200": {"description": "ok"}}}))
    assert list(api.resources["/pets"]["GET"].method_responses) == ["200"]
    assert len(api.warnings) == 1


def test_a_request_validator_must_exist() -> None:
    document = swagger({"x-amazon-apigateway-request-validator": "all"})
    assert "there is no request validator 'all'" in refusal(document)
    document["x-amazon-apigateway-request-validators"] = {"all": {"validateRequestBody": True}}
    assert method(document).request_validator == "all"


@pytest.mark.parametrize(
    ("mode", "path"),
    [("ignore", "/pets"), ("prepend", "/v1/shop/pets"), ("split", "/shop/pets")],
)
def test_the_base_path_goes_before_every_path(mode: str, path: str) -> None:
    assert list(imported(swagger(basePath="/v1/shop/"), mode).resources) == [path]


def test_a_path_given_twice_is_refused() -> None:
    document = swagger()
    document["paths"]["/pets/"] = document["paths"]["/pets"]
    assert "the path '/pets/' is given twice" in refusal(document)


@pytest.mark.parametrize("reference", ["other.yaml#/paths/a", "https://x.test/a.yaml", "#/nowhere", "#/paths/~1pets"])
def test_references_that_lead_nowhere_are_refused(reference: str) -> None:
    document = swagger()
    document["paths"]["/pets"] = {"$ref": reference}
    assert refusal(document).endswith("(at #/paths/~1pets)")


# Models


def test_models_are_named_by_media_type_in_both_versions() -> None:
    pet = {"type": "object"}
    two = swagger(
        {
            "consumes": ["application/json", "text/json"],
            "parameters": [{"in": "body", "name": "pet", "schema": {"$ref": "#/definitions/Pet"}}],
            "responses": {"200": {"schema": {"$ref": "#/definitions/Pet"}}},
        },
        definitions={"Pet": pet},
    )
    content = {kind: {"schema": {"$ref": "#/components/schemas/Pet"}} for kind in ("application/json", "text/json")}
    three = openapi(
        {"requestBody": {"content": content}, "responses": {"200": {"content": content}}},
        components={"schemas": {"Pet": pet}},
    )
    assert method(two).request_models == method(three).request_models
    assert method(three).request_models == {"application/json": "Pet", "text/json": "Pet"}
    assert method(two).method_responses["200"]["responseModels"] == {"application/json": "Pet"}


def test_an_unnamed_schema_gets_one_model_and_a_primitive_answer_none() -> None:
    body = {"type": "array", "items": {"type": "string"}}
    operation = {
        "consumes": ["a/b", "c/d"],
        "parameters": [{"in": "body", "name": "x", "schema": body}],
        "responses": {"200": {"schema": {"type": "string"}}},
    }
    api = imported(swagger(operation))
    read = api.resources["/pets"]["GET"]
    assert read.request_models == {"a/b": "MODELaaaaaa", "c/d": "MODELaaaaaa"}
    assert read.method_responses == {"200": {"statusCode": "200"}}
    assert api.models["MODELaaaaaa"]["schema"].value == body


def test_a_missing_model_is_a_warning_in_awss_words_unless_bodies_are_validated_against_it() -> None:
    operation: dict[str, Any] = {"parameters": [{"in": "body", "name": "x", "schema": {"$ref": "#/definitions/Gone"}}]}
    assert imported(swagger(operation)).warnings == ["Reference to model 'Gone' not found. Ignoring."]

    operation["x-amazon-apigateway-request-validator"] = "body"
    validators = {"x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}}}
    assert "to be validated against does not exist" in refusal(swagger(operation, **validators))


def test_a_model_whose_reference_leads_nowhere_is_refused() -> None:
    document = swagger(definitions={"Pet": {"properties": {"owner": {"$ref": "#/definitions/Owner"}}}})
    assert refusal(document).endswith("there is no model 'Owner' (at #/definitions/Pet/properties/owner)")


def test_references_into_a_model_stay_references_into_it() -> None:
    inside = {"$ref": "#/definitions/Pet/properties/a~1b"}
    models = {"Pet": {"properties": {"a/b": {}, "again": inside}}, "Other": {"items": [inside]}}
    api = imported(swagger({"responses": {"200": {"schema": inside}}}, definitions=models))
    address = "https://apigateway.amazonaws.com/restapis/id/models/Pet#/properties/a~1b"
    for name, path in (("Pet", ("properties", "again")), ("Other", ("items", 0)), ("MODELaaaaaa", ())):
        node = json.loads(schema_text(api.models[name]["schema"], "id"))
        for step in path:
            node = node[step]
        assert node == {"$ref": address}
    read = api.resources["/pets"]["GET"].method_responses["200"]
    assert read["responseModels"] == {"application/json": "MODELaaaaaa"}


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("#/definitions/Pet/properties/none", "the model 'Pet' has nothing at '/properties/none'"),
        ("#/definitions/Pet/required/1", "the model 'Pet' has nothing at '/required/1'"),
        ("#/definitions/None", "there is no model 'None'"),
        ("#/parameters/Pet", "is not to a schema of this document's own"),
    ],
)
def test_references_of_models_must_lead_somewhere(reference: str, why: str) -> None:
    models = {"Pet": {"required": ["a"], "properties": {"a": {"$ref": reference}}}}
    assert why in refusal(swagger(definitions=models))


# Version 3.1


def modern(operation: dict[str, Any] | None = None, **root: Any) -> dict[str, Any]:
    return {**openapi(operation, **root), "openapi": "3.1.0"}


def test_version_3_1_is_read_with_a_warning_and_its_schemas_become_draft_4() -> None:
    body = {"content": {"application/json": {"schema": {"const": "cat"}}}}
    document = modern(
        {"requestBody": body}, components={"schemas": {"Age": {"exclusiveMinimum": 0}}}, webhooks={"n": {}}
    )
    api = imported(document)
    told, webhooks = api.warnings
    assert told.startswith("OpenAPI 3.1.0 is an extension of Portico: AWS imports versions 2.0 and 3.0. ")
    assert webhooks == "Webhooks are not supported. Ignoring."
    assert api.models["Age"]["schema"].value == {"minimum": 0, "exclusiveMinimum": True}
    assert api.models["MODELaaaaaa"]["schema"].value == {"enum": ["cat"]}


def test_a_keyword_of_3_1_that_no_model_can_hold_is_refused_at_its_place() -> None:
    schemas = {"Pet": {"properties": {"a": {"if": {"const": 1}}}}}
    assert refusal(modern(components={"schemas": schemas})).endswith("(at #/components/schemas/Pet/properties/a/if)")


def test_definitions_of_a_3_1_schema_are_found_where_draft_4_has_them() -> None:
    pets = {"$defs": {"name": {"type": "string", "examples": ["Rex"]}}, "items": {"$ref": "#/components/schemas/Name"}}
    schemas = {"Pets": pets, "Name": {"$ref": "#/components/schemas/Pets/$defs/name"}}
    models = imported(modern(components={"schemas": schemas})).models
    assert models["Pets"]["schema"].value["definitions"] == {"name": {"type": "string"}}
    assert json.loads(schema_text(models["Name"]["schema"], "abc")) == {
        "$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Pets#/definitions/name"
    }


def test_path_items_of_3_1_count_where_they_are_referred_to() -> None:
    item = {"get": {"x-amazon-apigateway-integration": MOCK}}
    components = {"pathItems": {"Pets": item, "Unused": {"get": {"x-amazon-apigateway-cors": {}}}}}
    document = modern(components=components)
    document["paths"] = {"/pets": {"$ref": "#/components/pathItems/Pets"}}
    assert method(document).integration == {**MOCK, "type": "MOCK", "responses": []}
    item["get"]["x-amazon-apigateway-cors"] = {}
    assert "has no effect in this place (at #/components/pathItems/Pets/get/" in refusal(document)


def test_the_schemas_of_3_0_are_left_alone() -> None:
    api = imported(openapi(components={"schemas": {"Age": {"minimum": 0, "exclusiveMinimum": True}}}))
    assert api.models["Age"]["schema"].value == {"minimum": 0, "exclusiveMinimum": True}
    assert api.warnings == []


# The endpoint in the servers


def test_the_endpoint_may_be_configured_in_the_servers() -> None:
    extension = {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
    servers = [{"url": "https://a.test/"}, {"url": "https://b.test/", **extension}]
    assert imported(openapi(servers=servers)).settings == {"disableExecuteApiEndpoint": True}
    assert imported(openapi(servers=servers, **extension)).settings == {"disableExecuteApiEndpoint": True}
    other = {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": False}}
    said = refusal(openapi(servers=servers, **other))
    assert said.endswith("not alike (at #/servers/1/x-amazon-apigateway-endpoint-configuration)")


# Documentation


def documented(document: dict[str, Any], base_path: str = "ignore") -> dict[tuple[str, ...], Any]:
    parts = imported(document, base_path).documentation
    return {tuple(str(value) for value in location.values()): said for location, said in parts}


def test_what_a_document_says_of_its_entities_becomes_parts() -> None:
    operation = {
        "tags": ["pets"],
        "summary": "List",
        "description": "",
        "parameters": [
            {"in": "query", "name": "page", "description": "Which"},
            {"in": "body", "name": "b", "description": "A body", "schema": {}},
        ],
        "responses": {
            "200": {"description": "200 response", "headers": {"X": {"type": "string", "description": "One"}}},
            "404": {"description": "None"},
            "default": {"description": "passed over"},
        },
    }
    about = {"title": "pets", "description": "is the API's own", "license": {"name": "MIT"}}
    scheme = {"auth": {**TOKEN, "description": "By token"}, "key": {**KEY, "description": "is no authorizer"}}
    document = swagger(operation, info=about, tags=[{"name": "pets"}], securityDefinitions=scheme)
    document["paths"]["/pets"]["description"] = "All pets"
    assert documented(document) == {
        ("API",): {"tags": [{"name": "pets"}], "info": {"license": {"name": "MIT"}}},
        ("RESOURCE", "/pets"): {"description": "All pets"},
        ("METHOD", "/pets", "GET"): {"tags": ["pets"], "summary": "List"},
        ("QUERY_PARAMETER", "/pets", "GET", "page"): {"description": "Which"},
        ("REQUEST_BODY", "/pets", "GET"): {"description": "A body"},
        ("RESPONSE_HEADER", "/pets", "GET", "200", "X"): {"description": "One"},
        ("RESPONSE", "/pets", "GET", "404"): {"description": "None"},
        ("AUTHORIZER", "auth"): {"description": "By token"},
    }


def test_what_the_extension_says_is_not_said_again() -> None:
    parts = [
        {"location": {"type": "RESPONSE", "statusCode": "200"}, "properties": {"description": "Fine", "x-mine": 1}},
        {"location": {"type": "METHOD", "path": "/pets", "method": "GET"}, "properties": {"summary": "Of the part"}},
    ]
    operation = {"summary": "Of the method", "tags": ["pets"], "responses": {"200": {"description": "Fine"}}}
    document = swagger(operation, **{"x-amazon-apigateway-documentation": {"documentationParts": parts}})
    read = imported(document).documentation
    assert [said for location, said in read if location["type"] == "RESPONSE"] == [parts[0]["properties"]]
    assert [said for location, said in read if location["type"] == "METHOD"] == [
        {"summary": "Of the part"},
        {"tags": ["pets"]},
    ]


def test_documentation_goes_below_the_base_path_with_its_entities() -> None:
    parts = [
        {"location": {"type": "METHOD", "path": "/", "method": "GET"}, "properties": {"summary": "Root"}},
        {"location": {"type": "RESPONSE", "statusCode": "404"}, "properties": {"description": "None"}},
    ]
    extension = {"x-amazon-apigateway-documentation": {"documentationParts": parts}}
    document = swagger({"summary": "List"}, basePath="/v1", **extension)
    assert documented(document, "prepend") == {
        ("METHOD", "/v1", "GET"): {"summary": "Root"},
        ("RESPONSE", "404"): {"description": "None"},
        ("METHOD", "/v1/pets", "GET"): {"summary": "List"},
    }


# Size


def test_references_do_not_bring_a_document_to_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_MAX_FETCHED", 10_000)
    template = {"application/json": '{"statusCode": 200}' + " " * 64_000}
    document = swagger({"x-amazon-apigateway-integration": {"$ref": "#/x-shared"}})
    document["x-shared"] = {**MOCK, "requestTemplates": template}
    assert imported(document).resources["/pets"]["GET"].integration["requestTemplates"] == template
    for number in range(10):
        document["paths"][f"/{number}"] = document["paths"]["/pets"]
    assert "the document's references make it too large (at #/paths/~1" in refusal(document)


def test_a_path_that_no_request_can_have_is_refused() -> None:
    assert "more than 10240 characters" in refusal(swagger(path="/" + "a" * 10_240))
    assert "more than 10240 characters" in refusal(swagger(path="/" + "a" * 10_239) | {"basePath": "/b"}, "prepend")
