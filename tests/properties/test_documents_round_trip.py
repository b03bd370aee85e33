"""An API that is exported and imported again is the API that it was, but for the list in docs/openapi.md.

The APIs are made call by call, so that they hold what no import would have written.
"""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire_client import client_for

STAGE = "v1"
FUNCTION = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f"
FUNCTION_URI = f"{FUNCTION}/invocations"
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"
SERVICE_URI = "arn:aws:apigateway:us-east-1:sqs:path/0/queue"

NAMES = st.sampled_from(["a", "b-c", "x.y", "Z9", "limit"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    str.strip
)
FLAGS = st.booleans()
MEDIA = st.sampled_from(["application/json", "text/plain", "application/vnd.pets+json"])
TEMPLATES = st.dictionaries(MEDIA, st.sampled_from(['{"statusCode": 200}', 'plain\n\t"text" é', ""]), max_size=2)
MODELS = ["Pet", "Pets", "Order9"]
PATHS = ["/", "/pets", "/pets/{id}", "/pets/{id}/toys", "/shop/a.b", "/shop/{tenant}/{proxy+}", "/pets/mine"]
VERBS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"]
STATUSES = ["200", "201", "404", "500"]
AUTHORIZERS: dict[str, dict[str, Any]] = {
    "token": {"type": "TOKEN", "authorizerUri": FUNCTION_URI, "identitySource": "method.request.header.Auth"},
    "api_key": {
        "type": "REQUEST",
        "authorizerUri": FUNCTION_URI,
        "identitySource": "method.request.header.A, method.request.querystring.b",
        "authorizerCredentials": "arn:aws:iam::000000000000:role/calls",
    },
    "uncached": {"type": "REQUEST", "authorizerUri": FUNCTION_URI, "authorizerResultTtlInSeconds": 0},
    "pool": {
        "type": "COGNITO_USER_POOLS",
        "providerARNs": [POOL],
        "identitySource": "method.request.header.Authorization",
    },
}

SCALARS = st.sampled_from([{"type": "string"}, {"type": "integer", "minimum": 0}, {"enum": ["cat", None, 1.5]}])
REFERENCES = st.sampled_from(MODELS).map(lambda name: {"$ref": f"MODEL/{name}"})
SCHEMAS = st.builds(
    lambda properties, more: {"type": "object", "properties": properties, **more},
    st.dictionaries(st.sampled_from(["id", "$ref", "x/y~z", "type"]), st.one_of(SCALARS, REFERENCES), min_size=1),
    st.sampled_from([{}, {"title": "A thing"}, {"items": [{"$ref": "MODEL/Pet#/properties"}]}, {"required": ["id"]}]),
)

PARTS = st.dictionaries(
    st.sampled_from(
        [
            ("API",),
            ("RESOURCE", "/pets"),
            ("METHOD", "/pets", "GET"),
            ("METHOD", "/", "*"),
            ("RESPONSE", "/", "*", "200"),
            ("RESPONSE", "/pets", "GET", "*"),
            ("PATH_PARAMETER", "/", "*", None, "id"),
            ("QUERY_PARAMETER", "/pets", "*", None, "limit"),
            ("REQUEST_BODY", "/pets", "POST"),
            ("RESPONSE_HEADER", "/", "*", "*", "X-One"),
            ("AUTHORIZER", None, None, None, "token"),
        ]
    ),
    st.dictionaries(st.sampled_from(["description", "summary", "x-note", "mine"]), TEXTS, min_size=1),
    max_size=4,
)


@st.composite
def integrations(draw: st.DrawFn, declared: list[str], answers: dict[str, Any]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["MOCK", "HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"]))
    addresses = {"AWS": SERVICE_URI, "AWS_PROXY": FUNCTION_URI}
    more: dict[str, Any] = {"type": kind, "requestTemplates": draw(TEMPLATES)}
    if kind != "MOCK":
        more["integrationHttpMethod"] = draw(st.sampled_from(VERBS))
        more["uri"] = addresses.get(kind, "https://backend.test/{id}?x=${stageVariables.x}")
    if kind.startswith("HTTP") and draw(FLAGS):
        more["tlsConfig"] = {"insecureSkipVerification": draw(FLAGS)}
    if draw(FLAGS):
        more["credentials"] = "arn:aws:iam::000000000000:role/r"
    more["passthroughBehavior"] = draw(st.sampled_from(["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]))
    more["timeoutInMillis"] = draw(st.sampled_from([50, 2900, 29000]))
    more["cacheNamespace"] = draw(st.sampled_from(["", "shared"]))
    more["cacheKeyParameters"] = draw(st.lists(st.sampled_from(declared), unique=True)) if declared else []
    sources = st.sampled_from([*declared, "'fixed'", "context.requestId", "stageVariables.x"])
    targets = st.sampled_from(["integration.request.header.H", "integration.request.querystring.q"])
    more["requestParameters"] = draw(st.dictionaries(targets, sources))
    if draw(FLAGS):
        more["contentHandling"] = "CONVERT_TO_TEXT"
    return {"put": more, "responses": draw(integration_responses(answers))}


@st.composite
def integration_responses(draw: st.DrawFn, answers: dict[str, Any]) -> list[dict[str, Any]]:
    statuses = sorted(answers)
    patterns = draw(st.permutations(["", "4\\d{2}", ".*Error.*", "5.."]))
    responses = []
    for status, pattern in zip(statuses, patterns, strict=False):
        headers = st.dictionaries(
            st.sampled_from(sorted(answers[status]["responseParameters"]) or ["-"]), st.just("'v'")
        )
        response = {"statusCode": status, "selectionPattern": pattern, "responseTemplates": draw(TEMPLATES)}
        mapped = draw(headers) if answers[status]["responseParameters"] else {}
        responses.append({**response, "responseParameters": mapped})
    return responses


@st.composite
def methods(draw: st.DrawFn, path: str) -> dict[str, Any]:
    own = [part.strip("{}+") for part in path.split("/") if part.startswith("{")]
    others = draw(st.dictionaries(NAMES, st.tuples(st.sampled_from(["querystring", "header"]), FLAGS), max_size=3))
    declared = {f"method.request.path.{name}": True for name in own}
    declared |= {f"method.request.{where}.{name}": needed for name, (where, needed) in others.items()}
    answers = {
        status: {
            "responseParameters": draw(
                st.dictionaries(
                    st.sampled_from([f"method.response.header.X-{n}" for n in ("One", "Two")]), st.just(False)
                )
            ),
            "responseModels": draw(st.dictionaries(MEDIA, st.sampled_from(MODELS), max_size=2)),
        }
        for status in draw(st.sets(st.sampled_from(STATUSES)))
    }
    return {
        "authorizer": draw(st.sampled_from(["NONE", "AWS_IAM", *AUTHORIZERS])),
        "scopes": draw(st.lists(NAMES, max_size=2, unique=True)),
        "validator": draw(st.sampled_from(["", "all", "body"])),
        "put": {
            "apiKeyRequired": draw(FLAGS),
            "operationName": draw(st.sampled_from(["", "listPets"])),
            "requestParameters": declared,
            "requestModels": draw(st.dictionaries(MEDIA, st.sampled_from(MODELS), max_size=2)),
        },
        "answers": answers,
        "integration": draw(integrations(sorted(declared), answers)),
    }


@st.composite
def apis(draw: st.DrawFn) -> dict[str, Any]:
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True))
    verbs = {path: draw(st.lists(st.sampled_from(VERBS), min_size=1, max_size=2, unique=True)) for path in paths}
    return {
        "name": draw(TEXTS),
        "settings": {
            "version": draw(TEXTS),
            "apiKeySource": draw(st.sampled_from(["HEADER", "AUTHORIZER"])),
            "binaryMediaTypes": draw(st.lists(st.sampled_from(["image/png", "*/*"]), unique=True)),
            "disableExecuteApiEndpoint": draw(FLAGS),
            **draw(st.sampled_from([{}, {"minimumCompressionSize": 0}, {"description": "All of it"}])),
        },
        "models": {name: draw(SCHEMAS) for name in MODELS},
        "answers": draw(
            st.dictionaries(
                st.sampled_from(["DEFAULT_4XX", "UNAUTHORIZED"]),
                st.fixed_dictionaries(
                    {"responseTemplates": st.just({"text/plain": "$context.error.message"})},
                    optional={
                        "statusCode": st.just("418"),
                        "responseParameters": st.just({"gatewayresponse.header.A": "'a'"}),
                    },
                ),
            )
        ),
        "methods": {path: {verb: draw(methods(path)) for verb in verbs[path]} for path in paths},
        "parts": draw(PARTS),
    }


FORMS = st.sampled_from(["application/json", "application/yaml"])
LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=LARGE)
@given(api=apis(), form=FORMS)
def test_what_is_exported_imports_as_it_was(api: dict[str, Any], form: str) -> None:
    client = client_for()
    made = build(client, api)
    document = exported(client, made, form)
    again = client.import_rest_api(body=document)
    assert "warnings" not in again
    assert definition(client, again["id"]) == definition(client, made)
    publish(client, again["id"])
    assert exported(client, again["id"], form).replace(again["id"].encode(), made.encode()) == document


@settings(max_examples=20, deadline=None, suppress_health_check=LARGE)
@given(api=apis(), form=FORMS)
def test_version_2_loses_only_once_what_it_has_no_room_for(api: dict[str, Any], form: str) -> None:
    client = client_for()
    made = build(client, api)
    once = client.import_rest_api(body=exported(client, made, form, "swagger"))["id"]
    publish(client, once)
    twice = client.import_rest_api(body=exported(client, once, form, "swagger"))["id"]
    assert definition(client, twice) == definition(client, once)


# Making an API, call by call


def build(client: Any, api: dict[str, Any]) -> str:
    made = client.create_rest_api(name=api["name"], **api["settings"])
    api_id = str(made["id"])
    for name in ("Empty", "Error"):
        client.delete_model(restApiId=api_id, modelName=name)
    for name, schema in api["models"].items():
        text = json.dumps(schema).replace("MODEL/", f"https://apigateway.amazonaws.com/restapis/{api_id}/models/")
        client.create_model(restApiId=api_id, name=name, contentType="application/json", schema=text)
    ids = {name: authorizer(client, api_id, name, more) for name, more in AUTHORIZERS.items()}
    for name, flags in (("all", (True, True)), ("body", (True, False))):
        body, parameters = flags
        validator = client.create_request_validator(
            restApiId=api_id, name=name, validateRequestBody=body, validateRequestParameters=parameters
        )
        ids[name] = validator["id"]
    for kind, response in api["answers"].items():
        client.put_gateway_response(restApiId=api_id, responseType=kind, **response)
    resources = {"/": made["rootResourceId"]}
    for path, verbs in api["methods"].items():
        spot = {"restApiId": api_id, "resourceId": resource(client, api_id, resources, path)}
        for verb, method in verbs.items():
            put_method(client, {**spot, "httpMethod": verb}, method, ids)
    for location, properties in api["parts"].items():
        fields = zip(("type", "path", "method", "statusCode", "name"), location, strict=False)
        named = {field: value for field, value in fields if value}
        client.create_documentation_part(restApiId=api_id, location=named, properties=json.dumps(properties))
    publish(client, api_id)
    return api_id


def authorizer(client: Any, api_id: str, name: str, more: dict[str, Any]) -> str:
    return str(client.create_authorizer(restApiId=api_id, name=name, **more)["id"])


def resource(client: Any, api_id: str, known: dict[str, str], path: str) -> str:
    if path not in known:
        above, _, part = path.rpartition("/")
        parent = resource(client, api_id, known, above or "/")
        known[path] = client.create_resource(restApiId=api_id, parentId=parent, pathPart=part)["id"]
    return known[path]


def put_method(client: Any, spot: dict[str, str], method: dict[str, Any], ids: dict[str, str]) -> None:
    name = method["authorizer"]
    asked: dict[str, Any] = {"authorizationType": name}
    if name == "pool":
        asked = {"authorizationType": "COGNITO_USER_POOLS", "authorizationScopes": method["scopes"]}
    elif name in AUTHORIZERS:
        asked = {"authorizationType": "CUSTOM"}
    if name in AUTHORIZERS:
        asked["authorizerId"] = ids[name]
    if method["validator"]:
        asked["requestValidatorId"] = ids[method["validator"]]
    client.put_method(**spot, **asked, **method["put"])
    for status, answer in method["answers"].items():
        client.put_method_response(**spot, statusCode=status, **answer)
    client.put_integration(**spot, **method["integration"]["put"])
    for response in method["integration"]["responses"]:
        client.put_integration_response(**spot, **response)


def publish(client: Any, api_id: str) -> None:
    client.create_deployment(restApiId=api_id, stageName=STAGE)
    client.create_documentation_version(restApiId=api_id, documentationVersion="1", stageName=STAGE)


def exported(client: Any, api_id: str, form: str, kind: str = "oas30") -> bytes:
    asked = {"restApiId": api_id, "stageName": STAGE, "exportType": kind, "accepts": form}
    body: bytes = client.get_export(**asked, parameters={"extensions": "apigateway"})["body"].read()
    return undated(body)


def undated(document: bytes) -> bytes:
    """Without the date of the documentation version, which is of another second."""
    return b"\n".join(line for line in document.splitlines() if b"createdDate" not in line)


# What an API is


def definition(client: Any, api_id: str) -> dict[str, Any]:
    """All that a document could define of an API, ids put into names. Empty texts and maps are as good as none."""
    listed = {"restApiId": api_id, "limit": 500}
    about = client.get_rest_api(restApiId=api_id)
    named = {row["id"]: row["name"] for row in client.get_authorizers(**listed)["items"]}
    named |= {row["id"]: row["name"] for row in client.get_request_validators(**listed)["items"]}
    resources = client.get_resources(**listed, embed=["methods"])["items"]
    parts = client.get_documentation_parts(**listed)["items"]
    whole = {
        "about": without(about, "id", "createdDate", "rootResourceId", "ResponseMetadata", "warnings"),
        "models": {
            row["name"]: json.loads(row["schema"].replace(api_id, "API"))
            for row in client.get_models(**listed)["items"]
        },
        "authorizers": [without(row, "id") for row in client.get_authorizers(**listed)["items"]],
        "validators": [without(row, "id") for row in client.get_request_validators(**listed)["items"]],
        "answers": client.get_gateway_responses(**listed)["items"],
        "methods": {
            row["path"]: renamed(row.get("resourceMethods", {}), {**named, row["id"]: "own"}) for row in resources
        },
        "parts": [{**row["location"], "said": json.loads(row["properties"])} for row in parts],
    }
    return {name: filled(one) for name, one in whole.items()}


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: filled(item) for name, item in value.items()}
        return {name: item for name, item in members.items() if item not in ({}, "")}
    return [filled(item) for item in value] if isinstance(value, list) else value


def without(row: dict[str, Any], *members: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in members}


def renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value
