"""Authorizer definitions: what each type needs, what may change, what holds one."""

import pytest

from refusing import bare, refused, status
from wire_client import ACCOUNT

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:guard/invocations"
)
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_ABC123"
HEADER = "method.request.header.Authorization"
TOKEN = {"name": "guard", "type": "TOKEN", "authorizerUri": URI, "identitySource": HEADER}
REQUEST = {"name": "guard", "type": "REQUEST", "authorizerUri": URI, "identitySource": f"{HEADER}, context.path"}
COGNITO = {"name": "guard", "type": "COGNITO_USER_POOLS", "providerARNs": [POOL], "identitySource": HEADER}
MISSING = ("NotFoundException", "Invalid Authorizer identifier specified")


@pytest.fixture
def api(client):
    return client.create_rest_api(name="pets")


@pytest.fixture
def create(client, api):
    def create(said, **more):
        members = {name: value for name, value in {**said, **more}.items() if value is not None}
        return bare(client.create_authorizer(restApiId=api["id"], **members))

    return create


@pytest.fixture
def patch(client, api):
    def patch(authorizer, *operations):
        edits = [dict(zip(("op", "path", "value"), one, strict=False)) for one in operations]
        answer = client.update_authorizer(restApiId=api["id"], authorizerId=authorizer["id"], patchOperations=edits)
        return bare(answer)

    return patch


@pytest.mark.parametrize(
    ("said", "added"),
    [
        (TOKEN, {"authType": "custom", "authorizerResultTtlInSeconds": 300}),
        (REQUEST, {"authType": "custom", "authorizerResultTtlInSeconds": 300}),
        (COGNITO, {"authType": "cognito_user_pools"}),
    ],
)
def test_each_type_with_its_defaults(client, api, create, said, added):
    made = create(said)
    assert made == {"id": made["id"], **said, **added}
    assert bare(client.get_authorizer(restApiId=api["id"], authorizerId=made["id"])) == made
    assert client.get_authorizers(restApiId=api["id"])["items"] == [made]


def test_everything_that_can_be_said(create):
    said = {
        **TOKEN,
        "authType": "oauth2",
        "authorizerCredentials": "arn:aws:iam::000000000000:role/invoke",
        "identityValidationExpression": "^x-[a-z]+",
        "authorizerResultTtlInSeconds": 0,
    }
    made = create(said)
    assert made == {"id": made["id"], **said}


@pytest.mark.parametrize(
    "source", [None, "method.request.header.a,method.request.querystring.b,stageVariables.c,context.identity.sourceIp"]
)
def test_a_request_authorizer_without_cache_may_have_any_sources(create, source):
    assert create(REQUEST, identitySource=source, authorizerResultTtlInSeconds=0).get("identitySource") == source


def test_a_function_may_be_named_by_a_stage_variable(create):
    function = "arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.guard}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    assert create(TOKEN, authorizerUri=uri)["authorizerUri"] == uri


TTL = "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds."


def uri_refusal(uri):
    return (
        f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
        "function invocation."
    )


def source_refusal(source):
    return (
        f"Invalid token source expression: {source}. The source must be a method request header, matching "
        "'method.request.header.[a-zA-Z0-9._-]+'."
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({**TOKEN, "name": ""}, "Authorizer name must be non-empty"),
        ({**TOKEN, "type": "JWT"}, "Authorizers of type JWT are not supported yet"),
        ({**TOKEN, "authorizerUri": None}, uri_refusal("")),
        ({**TOKEN, "authorizerUri": "https://example.com"}, uri_refusal("https://example.com")),
        ({**TOKEN, "authorizerCredentials": "me"}, "Invalid ARN specified in the request"),
        ({**TOKEN, "providerARNs": [POOL]}, "Authorizers of type TOKEN cannot have providerARNs"),
        ({**TOKEN, "identitySource": None}, "IdentitySource cannot be empty"),
        (
            {**TOKEN, "identitySource": "method.request.querystring.key"},
            source_refusal("method.request.querystring.key"),
        ),
        ({**TOKEN, "authorizerResultTtlInSeconds": 3601}, TTL),
        ({**TOKEN, "authorizerResultTtlInSeconds": -1}, TTL),
        (
            {**REQUEST, "identitySource": None},
            "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)",
        ),
        (
            {**REQUEST, "identitySource": "cookie"},
            (
                "Invalid request identity source expression: cookie. The sources must be separated by comma, and each "
                "source must be either a method request parameter, matching "
                "'method.request.querystring|header.[a-zA-Z0-9._-]+', or a stage variable, matching "
                "'stageVariables.[a-zA-Z0-9._-]+', or a context parameter, matching 'context.[a-zA-Z0-9._-]+'"
            ),
        ),
        ({**COGNITO, "providerARNs": []}, "ProviderARNs cannot be empty"),
        (
            {**COGNITO, "providerARNs": [POOL] * 1001},
            "Authorizers of type COGNITO_USER_POOLS have at most 1000 user pool ARNs",
        ),
        ({**COGNITO, "providerARNs": ["pool"]}, "Invalid user pool ARN specified: pool"),
        ({**COGNITO, "authorizerUri": URI}, "Authorizers of type COGNITO_USER_POOLS cannot have an authorizerUri"),
        ({**COGNITO, "identitySource": None}, "IdentitySource cannot be empty"),
    ],
)
def test_what_create_refuses(client, api, create, said, message):
    with refused("BadRequestException", message):
        create(said)
    assert client.get_authorizers(restApiId=api["id"])["items"] == []


def test_names_are_unique(create, patch):
    create(TOKEN)
    other = create(TOKEN, name="other")
    message = "Authorizer name must be unique. Authorizer guard already exists in this RestApi."
    with refused("BadRequestException", message):
        create(REQUEST)
    with refused("BadRequestException", message):
        patch(other, ("replace", "/name", "guard"))


def test_an_unknown_api(client):
    later = "Unable to complete operation due to concurrent modification. Please try again later."
    with refused("ConflictException", later):
        client.create_authorizer(restApiId="test-fake-rest-id", **TOKEN)
    with refused("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:test-fake-rest-id"):
        client.get_authorizers(restApiId="test-fake-rest-id")


@pytest.mark.parametrize("name", ["get_authorizer", "update_authorizer", "delete_authorizer"])
def test_an_unknown_authorizer(client, api, name):
    for api_id in (api["id"], "fake"):
        with refused(*MISSING):
            getattr(client, name)(restApiId=api_id, authorizerId="fake")


def test_update(create, patch):
    made = create(TOKEN)
    answer = patch(
        made,
        ("replace", "/name", "porter"),
        ("replace", "/identitySource", "method.request.header.X-Token"),
        ("replace", "/authorizerResultTtlInSeconds", "60"),
        ("replace", "/identityValidationExpression", "^x"),
    )
    assert answer == {
        **made,
        "name": "porter",
        "identitySource": "method.request.header.X-Token",
        "authorizerResultTtlInSeconds": 60,
        "identityValidationExpression": "^x",
    }


def test_providers_and_sources_come_and_go_one_by_one(create, patch):
    pools = create(COGNITO)
    other = f"{POOL}4"
    assert patch(pools, ("add", "/providerARNs", other), ("add", "/providerARNs", other))["providerARNs"] == [
        POOL,
        other,
    ]
    assert patch(pools, ("remove", "/providerARNs", POOL))["providerARNs"] == [other]
    request = create(REQUEST, name="request", identitySource=HEADER)
    added = patch(request, ("add", "/identitySource", "context.path"))
    assert added["identitySource"] == f"{HEADER},context.path"
    assert patch(request, ("remove", "/identitySource", HEADER))["identitySource"] == "context.path"


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (("replace", "/id", "x"), "Invalid patch path /id"),
        (("add", "/name", "x"), "Invalid patch operation specified. Must be one of: [replace]"),
        (("replace", "/authorizerResultTtlInSeconds", "soon"), "Invalid authorizerResultTtlInSeconds specified"),
        (("replace", "/authorizerResultTtlInSeconds", "9999"), TTL),
        (("replace", "/authorizerUri", "x"), uri_refusal("x")),
        (("replace", "/type", "COGNITO_USER_POOLS"), "ProviderARNs cannot be empty"),
    ],
)
def test_what_update_refuses(client, api, create, patch, operation, message):
    made = create(TOKEN)
    with refused("BadRequestException", message):
        patch(made, operation)
    assert bare(client.get_authorizer(restApiId=api["id"], authorizerId=made["id"])) == made


def test_delete(client, api, create):
    made = create(TOKEN)
    assert status(client.delete_authorizer(restApiId=api["id"], authorizerId=made["id"])) == 202
    assert client.get_authorizers(restApiId=api["id"])["items"] == []


def test_an_authorizer_in_use_is_not_deleted(client, store, api, create):
    made = create(TOKEN)
    child = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="test")
    method = {"httpMethod": "GET", "authorizationType": "CUSTOM", "authorizerId": made["id"]}
    with store.write() as unit:
        unit.put("resource", api["id"], child["id"], {**bare(child), "resourceMethods": {"GET": method}})
    with refused("ConflictException", "Cannot delete authorizer 'guard', is referenced in method: GET//test"):
        client.delete_authorizer(restApiId=api["id"], authorizerId=made["id"])
