"""ImportRestApi and PutRestApi as a client sees them: what is kept, what goes, and failures that change nothing."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from wire_client import client_for, control_plane

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
}
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)


def document(*paths: str, verb: str = "get", **root: Any) -> dict[str, Any]:
    """A document whose paths each have one MOCK method."""
    operation = {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {"statusCode": "200"}}},
    }
    items = {path: {verb: operation} for path in paths}
    return {"swagger": "2.0", "info": {"title": "pets", "version": "1"}, "paths": items, **root}


class World:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.client = client_for(control_plane(warn=self.told.append))

    def start(self, definition: dict[str, Any], **more: Any) -> Any:
        return self.client.import_rest_api(body=json.dumps(definition).encode(), **more)

    def put(self, api: Any, definition: dict[str, Any], **more: Any) -> Any:
        return self.client.put_rest_api(restApiId=api["id"], body=json.dumps(definition).encode(), **more)

    def methods(self, api: Any) -> dict[str, list[str]]:
        items = self.client.get_resources(restApiId=api["id"], limit=500)["items"]
        return {item["path"]: sorted(item.get("resourceMethods", {})) for item in items}

    def documented(self, api: Any) -> dict[tuple[str, str], Any]:
        """What the documentation parts say, by type and path."""
        items = self.client.get_documentation_parts(restApiId=api["id"])["items"]
        places = ((part["location"], json.loads(part["properties"])) for part in items)
        return {(at["type"], at.get("path", "")): properties for at, properties in places}

    def method(self, api: Any, path: str, verb: str = "GET") -> Any:
        items = self.client.get_resources(restApiId=api["id"], limit=500)["items"]
        found = next(item["id"] for item in items if item["path"] == path)
        return self.client.get_method(restApiId=api["id"], resourceId=found, httpMethod=verb)


@pytest.fixture
def world() -> World:
    return World()


def refused(call: Any, *args: Any, **more: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as error:
        call(*args, **more)
    return dict(error.value.response["Error"])


# Import


def test_an_imported_api_has_no_default_models(world: World) -> None:
    """Recorded fact 27."""
    api = world.start(document("/"))
    assert world.client.get_models(restApiId=api["id"])["items"] == []


def test_resources_between_are_made_without_methods(world: World) -> None:
    """Recorded fact 97."""
    api = world.start(document("/a/b/{c}", "/a"))
    assert world.methods(api) == {"/": [], "/a": ["GET"], "/a/b": [], "/a/b/{c}": ["GET"]}


def test_a_path_may_be_as_deep_as_a_url_is_long(world: World) -> None:
    api = world.start(document("/a" * 1500))
    pages = world.client.get_paginator("get_resources").paginate(restApiId=api["id"])
    served = [one["path"] for page in pages for one in page["items"] if "resourceMethods" in one]
    assert served == ["/a" * 1500]


def test_the_endpoint_type_is_a_parameter(world: World) -> None:
    api = world.start(document("/"), parameters={"endpointConfigurationTypes": "REGIONAL"})
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_documentation_is_imported_unless_it_is_to_be_ignored(world: World) -> None:
    part = {"location": {"type": "RESOURCE", "path": "/pets"}, "properties": {"description": "All pets"}}
    definition = document("/pets", **{"x-amazon-apigateway-documentation": {"documentationParts": [part]}})
    definition["paths"]["/pets"]["get"]["summary"] = "List them"
    assert world.documented(world.start(definition)) == {
        ("METHOD", "/pets"): {"summary": "List them"},
        ("RESOURCE", "/pets"): {"description": "All pets"},
        ("RESPONSE", "/pets"): {"description": "ok"},
    }
    assert world.documented(world.start(definition, parameters={"ignore": "documentation"})) == {}


@pytest.mark.parametrize(
    "parameters",
    [{"basepath": "drop"}, {"endpointConfigurationTypes": "GLOBAL"}, {"ignore": "security"}, {"basePaht": "split"}],
)
def test_a_parameter_that_nothing_would_obey_is_refused(parameters: dict[str, str], world: World) -> None:
    assert refused(world.start, document("/"), parameters=parameters)["Code"] == "BadRequestException"


def test_all_that_the_operations_refuse_is_told_at_once_in_awss_form_and_nothing_is_kept(world: World) -> None:
    definition = document("/a/{b}", "/a/{c}", "/{proxy+}/x", "/http", "/aws")
    http, aws = (definition["paths"][path]["get"] for path in ("/http", "/aws"))
    definition["paths"]["/http"] = {"get": {**http, "x-amazon-apigateway-integration": {"type": "http", "uri": "x"}}}
    definition["paths"]["/aws"] = {
        "get": {**aws, "x-amazon-apigateway-integration": {"type": "aws", "httpMethod": "GET", "uri": "x"}}
    }
    assert refused(world.start, definition)["Message"].split("\n\t") == [
        "Errors found during import:",
        (
            "Unable to create resource at path '/a/{c}': "
            "A sibling ({b}) of this resource already has a variable path part "
            "-- only one is allowed"
        ),
        "Unable to put integration on 'GET' for resource at path '/aws': Invalid ARN specified in the request",
        (
            "Unable to put integration on 'GET' for resource at path '/http': "
            "Enumeration value for HttpMethod must be non-empty"
        ),
        (
            "Unable to create resource at path '/{proxy+}/x': "
            "Cannot create a child of a resource with a greedy path variable: {proxy+}"
        ),
    ]
    assert world.client.get_rest_apis()["items"] == []


def test_an_integration_response_needs_its_method_response_for_a_mapping(world: World) -> None:
    definition = document("/")
    response = {"statusCode": "200", "responseParameters": {"method.response.header.X": "'x'"}}
    definition["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["responses"]["default"] = response
    said = refused(world.start, definition)["Message"]
    assert "Unable to put integration response on 'GET' for resource at path '/': " in said


def test_warnings_fail_the_import_where_they_are_asked_to(world: World) -> None:
    definition = document("/")
    definition["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["requestTemplates"] = {"application/json": 1}
    warning = (
        "Invalid format for 'requestTemplates'. Expected type string for property 'application/json' of resource '/' "
        "and method 'GET' but got '1'"
    )
    assert refused(world.start, definition, failOnWarnings=True) == {
        "Code": "BadRequestException",
        "Message": f"Warnings found during import:\n\t{warning}",
    }
    assert world.client.get_rest_apis()["items"] == []
    assert world.start(definition)["warnings"] == [warning]


def test_an_unknown_gateway_response_is_refused_by_name(world: World) -> None:
    definition = document("/", **{"x-amazon-apigateway-gateway-responses": {"TEAPOT": {"statusCode": 418}}})
    assert "Unable to put gateway response 'TEAPOT'" in refused(world.start, definition)["Message"]


# Put


def test_putting_into_an_api_that_is_not_there(world: World) -> None:
    assert refused(world.put, {"id": "nowhere"}, document("/")) == {
        "Code": "NotFoundException",
        "Message": "Invalid API identifier specified 000000000000:nowhere",
    }


@pytest.mark.parametrize("body", [b"{", b'{"a": 1, "a": 2}', b'{"swagger": "2.0"}'])
def test_an_api_that_is_not_there_is_told_before_what_is_wrong_with_the_document(body: bytes, world: World) -> None:
    assert refused(world.client.put_rest_api, restApiId="nowhere", body=body)["Code"] == "NotFoundException"


def test_merging_is_the_default_and_keeps_what_the_document_does_not_name(world: World) -> None:
    api = world.start(document("/kept", "/both"))
    before = world.method(api, "/kept")["methodIntegration"]["cacheNamespace"]
    world.put(api, document("/both", "/new", verb="post"))
    assert world.methods(api) == {"/": [], "/both": ["GET", "POST"], "/kept": ["GET"], "/new": ["POST"]}
    assert world.method(api, "/kept")["methodIntegration"]["cacheNamespace"] == before


def test_merging_replaces_a_method_wholly(world: World) -> None:
    definition = document("/a")
    definition["paths"]["/a"]["get"]["parameters"] = [{"in": "query", "name": "q"}]
    api = world.start(definition)
    world.put(api, document("/a"))
    assert "requestParameters" not in world.method(api, "/a")


def test_merging_keeps_the_ids_of_what_methods_refer_to(world: World) -> None:
    scheme = {
        "type": "apiKey",
        "name": "Auth",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": FUNCTION},
    }
    definition = document(
        "/kept",
        security=[{"auth": []}],
        securityDefinitions={"auth": scheme},
        definitions={"Pet": {"type": "object"}},
        **{
            "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
            "x-amazon-apigateway-request-validator": "all",
        },
    )
    api = world.start(definition)
    before = world.method(api, "/kept")
    model = world.client.get_model(restApiId=api["id"], modelName="Pet")["id"]
    world.put(api, {**definition, "paths": document("/new")["paths"]})

    after = [world.method(api, path) for path in ("/kept", "/new")]
    assert {method["authorizerId"] for method in after} == {before["authorizerId"]}
    assert {method["requestValidatorId"] for method in after} == {before["requestValidatorId"]}
    assert world.client.get_model(restApiId=api["id"], modelName="Pet")["id"] == model
    assert len(world.client.get_authorizers(restApiId=api["id"])["items"]) == 1


def test_overwriting_leaves_the_root_resource_and_what_the_document_states(world: World) -> None:
    more = {"definitions": {"Pet": {"type": "object"}}, "x-amazon-apigateway-minimum-compression-size": 10}
    api = world.start(document("/old", **more))
    answer = world.put(api, document("/new"), mode="overwrite")
    assert world.methods(api) == {"/": [], "/new": ["GET"]}
    assert world.client.get_models(restApiId=api["id"])["items"] == []
    assert answer["rootResourceId"] == api["rootResourceId"]
    assert "minimumCompressionSize" not in answer


def test_overwriting_takes_an_unstated_policy_away_as_aws_does_and_says_so(world: World) -> None:
    api = world.start(document("/", **{"x-amazon-apigateway-policy": POLICY}))
    assert "policy" in world.put(api, document("/"), mode="merge")
    assert world.told == []
    assert "policy" not in world.put(api, document("/"), mode="overwrite")
    assert world.told == [f"API {api['id']}: overwriting it took its resource policy away"]


def test_overwriting_opens_no_endpoint(world: World) -> None:
    closed = {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
    api = world.start(document("/", **closed), parameters={"endpointConfigurationTypes": "PRIVATE"})
    answer = world.put(api, document("/"), mode="overwrite")
    assert answer["disableExecuteApiEndpoint"] is True
    assert answer["endpointConfiguration"]["types"] == ["PRIVATE"]


def test_what_a_document_states_about_the_api_is_put_under_the_rules_of_an_update(world: World) -> None:
    api = world.client.create_rest_api(name="before")
    stated = {
        "x-amazon-apigateway-policy": POLICY,
        "x-amazon-apigateway-minimum-compression-size": 0,
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "x-amazon-apigateway-api-key-source": "authorizer",
        "x-amazon-apigateway-security-policy": "TLS_1_2",
    }
    answer = world.put(api, document("/", **stated), parameters={"endpointConfigurationTypes": "PRIVATE"})
    assert f"execute-api:us-east-1:000000000000:{api['id']}" in answer["policy"]
    assert (answer["minimumCompressionSize"], answer["binaryMediaTypes"]) == (0, ["image/png"])
    assert (answer["apiKeySource"], answer["securityPolicy"]) == ("AUTHORIZER", "TLS_1_2")
    assert answer["endpointConfiguration"] == {"types": ["PRIVATE"], "ipAddressType": "dualstack"}
    assert (answer["name"], answer["version"]) == ("pets", "1")

    stated["x-amazon-apigateway-minimum-compression-size"] = 99_999_999
    said = refused(world.put, api, document("/", **stated))
    assert said["Message"] == "Invalid minimum compression size, must be between 0 and 10485760"


def test_a_put_that_fails_changes_nothing(world: World) -> None:
    api = world.start(document("/a"))
    before = world.client.get_rest_api(restApiId=api["id"])
    refused(world.put, api, {**document("/{x}", "/{y}"), "info": {"title": "other"}}, mode="overwrite")
    after = world.client.get_rest_api(restApiId=api["id"])
    assert (after["name"], world.methods(api)) == (before["name"], {"/": [], "/a": ["GET"]})


# Documentation, and the place of an error


def test_overwriting_replaces_the_documentation_unless_it_is_to_be_ignored(world: World) -> None:
    described = document("/pets")
    described["paths"]["/pets"]["get"]["summary"] = "List them"
    api = world.start(described)
    before = world.documented(api)
    world.put(api, document("/pets"), mode="overwrite", parameters={"ignore": "documentation"})
    assert world.documented(api) == before
    world.put(api, document("/toys"), mode="merge")
    assert world.documented(api).keys() == {*before, ("RESPONSE", "/toys")}
    world.put(api, document("/toys"), mode="overwrite")
    assert world.documented(api).keys() == {("RESPONSE", "/toys")}


def test_junk_is_refused_in_awss_words_and_the_operator_learns_why(world: World) -> None:
    assert refused(world.client.import_rest_api, body=b'{"swagger": "2.0"')["Message"] == "Invalid OpenAPI input."
    (told,) = world.told
    assert told.startswith("A document for import could not be read: Expecting ',' delimiter: line 1 ")


def test_a_refusal_names_the_line(world: World) -> None:
    text = json.dumps(document("/pets", **{"x-amazon-apigateway-request-validator": "all"}), indent=1)
    line = 1 + next(n for n, one in enumerate(text.splitlines()) if "request-validator" in one)
    place = f"#/x-amazon-apigateway-request-validator, line {line}"
    said = refused(world.client.import_rest_api, body=text.encode())["Message"]
    assert said == f"Unable to import the API definition: there is no request validator 'all' (at {place})"
