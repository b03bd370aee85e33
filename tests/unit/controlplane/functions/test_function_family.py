"""CreateFunction, GetFunction, ListFunctions, DeleteFunction and the two updates, as boto3 sees them."""

import base64
import hashlib
import re
import urllib.parse
from typing import Any

import pytest
from botocore.config import Config

from lambda_scene import ARN, ROLE, Lambda, definition, refusal, zipped
from portico.controlplane.bodies import MAX_UPLOAD
from portico.controlplane.functions import package
from portico.model.function import LATEST, FunctionVersion
from portico.wire.http1 import Request
from wire_client import client_for


@pytest.fixture
def aws() -> Lambda:
    return Lambda()


def bare(answer: Any) -> Any:
    """Without what is new each time."""
    return {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "RevisionId", "LastModified")}


CODE = zipped()
SHA256 = base64.b64encode(hashlib.sha256(CODE).digest()).decode()


def test_a_function_is_answered_with_every_default(aws: Lambda) -> None:
    created = aws.create()
    runtime_version = created.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", runtime_version)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", created["LastModified"])
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", created["RevisionId"])
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert bare(created) == {
        "FunctionName": "hello",
        "FunctionArn": f"{ARN}:hello",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(CODE),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "CodeSha256": SHA256,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/hello"},
    }


def test_a_function_stands_with_its_code(aws: Lambda) -> None:
    created = aws.create(
        Timeout=900,
        MemorySize=10240,
        EphemeralStorage={"Size": 1024},
        Environment={"Variables": {"COLOUR": "red"}},
        LoggingConfig={"LogGroup": "/shared"},
    )
    digest = hashlib.sha256(CODE).hexdigest()
    standing = aws.standing()
    assert standing is not None
    assert standing.versions == {
        LATEST: FunctionVersion(
            version=LATEST,
            code=digest,
            runtime="python3.12",
            handler="app.handler",
            role=ROLE,
            timeout=900,
            memory_size=10240,
            ephemeral_storage=1024,
            environment={"COLOUR": "red"},
            log_group="/shared",
            revision=created["RevisionId"],
        )
    }
    assert aws.store.snapshot(digest) == CODE


def test_waiters_find_it_ready(aws: Lambda) -> None:
    aws.create()
    for waiter in ("exists", "active", "active_v2", "updated", "updated_v2"):
        aws.client.get_waiter(f"function_{waiter}").wait(FunctionName="hello", WaiterConfig={"MaxAttempts": 1})


@pytest.mark.parametrize("spelling", ["hello", "000000000000:function:hello", "function:hello", f"{ARN}:hello"])
def test_every_spelling_of_a_name_finds_it(aws: Lambda, spelling: str) -> None:
    aws.create()
    aws.client.publish_version(FunctionName=spelling)
    assert aws.client.get_function_configuration(FunctionName=spelling)["Version"] == "$LATEST"
    assert aws.client.get_function_configuration(FunctionName=f"{spelling}:1")["FunctionArn"] == f"{ARN}:hello:1"
    assert aws.client.get_function_configuration(FunctionName=spelling, Qualifier="1")["Version"] == "1"


def test_its_code_can_be_fetched_from_where_it_is_said_to_be(aws: Lambda) -> None:
    aws.create()
    code = aws.client.get_function(FunctionName="hello")["Code"]
    assert code["RepositoryType"] == "S3"
    url = urllib.parse.urlsplit(code["Location"])
    assert (url.scheme, url.netloc) == ("http", "127.0.0.1:4566")
    headers = (("Host", url.netloc), ("User-Agent", "curl"))
    fetched = aws.plane.handle(Request("GET", f"{url.path}?{url.query}", headers)).response
    assert (fetched.status, fetched.body) == (200, CODE)
    other = url.path.replace("hello", "other")
    assert aws.plane.handle(Request("GET", f"{other}?{url.query}", headers)).response.status == 403
    assert aws.plane.handle(Request("GET", url.path, headers)).response.status == 403
    aws.client.delete_function(FunctionName="hello")
    assert aws.plane.handle(Request("GET", f"{url.path}?{url.query}", headers)).response.status == 404


def test_get_function_tells_tags_and_concurrency_where_there_are_any(aws: Lambda) -> None:
    aws.create(Tags={"team": "a"})
    aws.create("plain")
    aws.client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=7)
    told = aws.client.get_function(FunctionName="hello")
    assert (told["Tags"], told["Concurrency"]) == ({"team": "a"}, {"ReservedConcurrentExecutions": 7})
    assert not {"Tags", "Concurrency"} & aws.client.get_function(FunctionName="plain").keys()


def test_functions_are_listed_by_name_without_their_state(aws: Lambda) -> None:
    for name in ("b", "a", "c"):
        aws.create(name)
    first = aws.client.list_functions(MaxItems=2)
    rest = aws.client.list_functions(Marker=first["NextMarker"])
    assert [one["FunctionName"] for one in first["Functions"] + rest["Functions"]] == ["a", "b", "c"]
    assert "NextMarker" not in rest
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & first["Functions"][0].keys()


def test_all_versions_are_listed_when_they_are_asked_for(aws: Lambda) -> None:
    aws.create(Publish=True)
    listed = aws.client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [one["FunctionArn"] for one in listed] == [f"{ARN}:hello:$LATEST", f"{ARN}:hello:1"]


def test_a_deleted_function_stands_no_more(aws: Lambda) -> None:
    aws.create(Publish=True)
    answer = aws.client.delete_function(FunctionName="hello")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.standing() is None
    assert aws.store.standing()[1] == []
    again = aws.create(Publish=True)
    assert again["Version"] == "1", "a new function counts its versions anew"


def test_an_api_of_the_same_name_takes_nothing_of_a_function_with_it(aws: Lambda) -> None:
    api = client_for(aws.plane)
    name = api.create_rest_api(name="pets")["id"]
    aws.create(name, Publish=True)
    api.delete_rest_api(restApiId=name)
    assert aws.client.get_function_configuration(FunctionName=f"{name}:1")["Version"] == "1"


# Updates


def test_new_code_is_a_new_revision(aws: Lambda) -> None:
    created = aws.create()
    code = zipped(app__py="x = 2")
    updated = aws.client.update_function_code(FunctionName="hello", ZipFile=code)
    assert updated["CodeSize"] == len(code)
    assert updated["RevisionId"] != created["RevisionId"]
    standing = aws.standing()
    assert standing is not None
    latest = standing.versions[LATEST]
    assert (latest.code, latest.revision) == (hashlib.sha256(code).hexdigest(), updated["RevisionId"])


def test_code_can_be_tried_without_being_kept(aws: Lambda) -> None:
    aws.create()
    code = zipped(app__py="x = 2")
    tried = aws.client.update_function_code(FunctionName="hello", ZipFile=code, DryRun=True)
    assert tried["CodeSize"] == len(code)
    assert aws.client.get_function_configuration(FunctionName="hello")["CodeSha256"] == SHA256


def test_a_configuration_changes_where_it_is_told_to(aws: Lambda) -> None:
    aws.create(Environment={"Variables": {"AB": "1"}}, LoggingConfig={"LogGroup": "/mine"})
    changed = aws.client.update_function_configuration(
        FunctionName="hello", Timeout=30, LoggingConfig={"LogFormat": "Text"}, Description="new"
    )
    assert (changed["Timeout"], changed["MemorySize"], changed["Description"]) == (30, 128, "new")
    assert changed["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/mine"}
    assert changed["Environment"] == {"Variables": {"AB": "1"}}
    emptied = aws.client.update_function_configuration(FunctionName="hello", Environment={"Variables": {}})
    assert "Environment" not in emptied


STALE = (
    "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or the GetAlias API to "
    "retrieve the latest RevisionId for your resource."
)


def test_an_edit_of_what_its_author_has_not_seen_is_refused(aws: Lambda) -> None:
    seen = aws.create()["RevisionId"]
    aws.client.update_function_configuration(FunctionName="hello", Timeout=5, RevisionId=seen)
    for edit in (
        lambda: aws.client.update_function_configuration(FunctionName="hello", Timeout=6, RevisionId=seen),
        lambda: aws.client.update_function_code(FunctionName="hello", ZipFile=CODE, RevisionId=seen),
        lambda: aws.client.publish_version(FunctionName="hello", RevisionId=seen),
    ):
        assert refusal(edit) == (
            412,
            "PreconditionFailedException",
            STALE,
        )


# Refusals

INVALID = "InvalidParameterValueException"
VALIDATED: list[tuple[dict[str, Any], str, str]] = [
    ({"Timeout": 901}, "'901' at 'timeout'", "have value less than or equal to 900"),
    ({"MemorySize": 127}, "'127' at 'memorySize'", "have value greater than or equal to 128"),
    ({"MemorySize": 10241}, "'10241' at 'memorySize'", "have value less than or equal to 10240"),
    (
        {"EphemeralStorage": {"Size": 10241}},
        "'10241' at 'ephemeralStorage.size'",
        "have value less than or equal to 10240",
    ),
    ({"FunctionName": "x" * 65}, f"'{'x' * 65}' at 'functionName'", "have length less than or equal to 64"),
    ({"PackageType": "Tar"}, "'Tar' at 'packageType'", "satisfy enum value set: [Zip, Image]"),
    (
        {"Role": "runs-it"},
        "'runs-it' at 'role'",
        r"satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
    ),
]


@pytest.mark.parametrize(("changed", "value", "demand"), VALIDATED)
def test_what_breaks_the_models_rules(aws: Lambda, changed: dict[str, Any], value: str, demand: str) -> None:
    loose = client_for(aws.plane, "lambda", config=Config(parameter_validation=False))
    sentence = f"1 validation error detected: Value {value} failed to satisfy constraint: Member must {demand}"
    asked = refusal(lambda: loose.create_function(**definition(**changed)))
    assert asked == (400, "ValidationException", sentence)
    assert aws.store.head() == 0


KEYS = (
    "1 validation error detected: Value '{a-b=c}' at 'environment.variables' failed to satisfy constraint: Map keys "
    "must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
)


def test_a_variables_name_is_reported_with_all_of_them(aws: Lambda) -> None:
    assert refusal(lambda: aws.create(Environment={"Variables": {"a-b": "c"}})) == (
        400,
        "ValidationException",
        KEYS,
    )


ENVIRONMENT = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)
RESERVED = (
    f"{ENVIRONMENT}contains reserved keys that are currently not supported for modification. "
    "Reserved keys used in this request: AWS_REGION"
)
RETIRED = (
    "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. "
    "We recommend you use a supported runtime while creating or updating functions."
)
UNKNOWN = "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs24.x, "
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:a:1"
S3 = {"S3Bucket": "bucket", "S3Key": "k"}
INVALIDATED: list[tuple[dict[str, Any], str]] = [
    ({"Runtime": "cobol"}, UNKNOWN),
    ({"Runtime": "python3.7"}, RETIRED),
    ({"Runtime": "java21"}, "The runtime java21 is not supported by Portico, which runs functions in [nodejs24.x, "),
    ({"Environment": {"Variables": {"AWS_REGION": "x", "OK": "y"}}}, RESERVED),
    (
        {"Environment": {"Variables": {"LONG": "x" * 4096}}},
        f'{ENVIRONMENT}exceeded the 4KB limit. String measured: {{"LONG":"xx',
    ),
    ({"Environment": {"Variables": {"CUT": "a\0b"}}}, f"{ENVIRONMENT}contains a value with a NUL character."),
    ({"Code": {}}, "Please provide a source for function code."),
    ({"Code": S3}, "Code.S3Bucket is not supported by Portico: no S3 endpoint is configured. Send the zip as"),
    (
        {"Code": {"ZipFile": CODE, **S3}},
        "Please do not provide other FunctionCode parameters when providing a ZipFile.",
    ),
    (
        {"Code": {"ImageUri": "i"}, "PackageType": "Image"},
        "Code.ImageUri is not supported by Portico: container images",
    ),
    ({"PackageType": "Image"}, "PackageType Image is not supported by Portico: it runs no containers."),
    ({"Layers": [LAYER]}, "Layers is not supported by Portico: layers are not built; put what they hold into the zip."),
    ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "VpcConfig is not supported by Portico: functions run on this"),
    ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:0:q"}}, "DeadLetterConfig is not supported by"),
    ({"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/a"}, "KMSKeyArn is not supported by Portico: environments"),
    ({"ImageConfig": {"Command": ["x"]}}, "ImageConfig is not supported by Portico: container images are not run."),
    ({"Tags": {"aws:x": "y"}}, "Invalid tag key: aws:x"),
]


@pytest.mark.parametrize(("changed", "sentence"), INVALIDATED)
def test_what_cannot_be_a_function(aws: Lambda, changed: dict[str, Any], sentence: str) -> None:
    status, code, message = refusal(lambda: aws.create(**changed))
    assert (status, code) == (400, INVALID)
    assert message.startswith(sentence)
    assert aws.store.head() == 0


def test_a_container_is_refused_as_one(aws: Lambda) -> None:
    """It has neither runtime nor handler, and says nothing about them."""
    told = refusal(
        lambda: aws.client.create_function(
            FunctionName="hello", Role=ROLE, PackageType="Image", Code={"ImageUri": "000000000000.dkr.ecr/it:1"}
        )
    )
    assert told == (400, INVALID, "Code.ImageUri is not supported by Portico: container images are not run.")


@pytest.mark.parametrize(
    ("changed", "sentence"), [row for row in INVALIDATED if not row[0].keys() & {"Code", "Tags", "PackageType"}]
)
def test_what_a_function_cannot_become(aws: Lambda, changed: dict[str, Any], sentence: str) -> None:
    aws.create()
    status, code, message = refusal(lambda: aws.client.update_function_configuration(FunctionName="hello", **changed))
    assert (status, code) == (400, INVALID)
    assert message.startswith(sentence)
    assert aws.store.head() == 1


@pytest.mark.parametrize("missing", ["Runtime", "Handler"])
def test_a_zip_needs_a_runtime_and_a_handler(aws: Lambda, missing: str) -> None:
    given = definition()
    del given[missing]
    assert refusal(lambda: aws.client.create_function(**given)) == (
        400,
        INVALID,
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    )


def test_what_asks_for_nothing_is_not_refused(aws: Lambda) -> None:
    """As terraform and templates send it."""
    aws.create(
        Layers=[],
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        FileSystemConfigs=[],
        DeadLetterConfig={},
        KMSKeyArn="",
        Environment={},
        TracingConfig={"Mode": "Active"},
        SnapStart={"ApplyOn": "None"},
        Architectures=["arm64"],
    )


def test_a_name_is_given_once(aws: Lambda) -> None:
    aws.create()
    assert refusal(aws.create) == (409, "ResourceConflictException", "Function already exist: hello")


def test_code_beyond_the_quota_of_all_functions_is_refused(aws: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.controlplane.functions.functions.MAX_CODE", 2 * len(CODE))
    aws.create("a")
    aws.create("b")
    assert refusal(lambda: aws.create("c")) == (400, "CodeStorageExceededException", "Code storage limit exceeded.")


def test_a_zip_over_50_mb_is_told_as_a_request_that_is_too_large(aws: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_ZIPPED", 10)
    assert refusal(aws.create) == (
        413,
        "RequestEntityTooLargeException",
        f"Request must be smaller than {MAX_UPLOAD} bytes for the CreateFunction operation",
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get_function(FunctionName="none"),
        lambda client: client.get_function_configuration(FunctionName="none"),
        lambda client: client.delete_function(FunctionName="none"),
        lambda client: client.update_function_code(FunctionName="none", ZipFile=CODE),
        lambda client: client.update_function_configuration(FunctionName="none"),
        lambda client: client.publish_version(FunctionName="none"),
        lambda client: client.list_versions_by_function(FunctionName="none"),
        lambda client: client.list_aliases(FunctionName="none"),
        lambda client: client.list_tags(Resource=f"{ARN}:none"),
        lambda client: client.get_function_concurrency(FunctionName="none"),
        lambda client: client.get_policy(FunctionName="none"),
        lambda client: client.invoke(FunctionName="none"),
        lambda client: client.get_function_code_signing_config(FunctionName="none"),
        lambda client: client.get_runtime_management_config(FunctionName="none"),
    ],
)
def test_a_function_that_is_not_there(aws: Lambda, ask: Any) -> None:
    assert refusal(lambda: ask(aws.client)) == (
        404,
        "ResourceNotFoundException",
        f"Function not found: {ARN}:none",
    )


def test_the_bodies_of_errors_are_lambdas(aws: Lambda) -> None:
    seen: list[Any] = []
    client = client_for(aws.plane, "lambda", seen=seen)
    refusal(lambda: client.get_function(FunctionName="none"))
    refusal(lambda: client.create_function(**definition(Code={})))
    refusal(lambda: client.create_function(**definition(Role="x")))
    bodies = [one.response.body for one in seen]
    assert bodies[0] == b'{"Type":"User","Message":"Function not found: %s:none"}' % ARN.encode()
    assert bodies[1] == b'{"Type":"User","message":"Please provide a source for function code."}'
    assert bodies[2].startswith(b'{"message":"1 validation error detected: ')
    assert all("x-amz-apigw-id" not in dict(one.response.headers) for one in seen)


def test_functions_elsewhere_are_said_to_be_elsewhere() -> None:
    aws = Lambda(lambda_endpoint="http://127.0.0.1:9001")
    assert refusal(aws.create) == (
        501,
        "NotImplementedException",
        "The functions of this server are those of http://127.0.0.1:9001, which --lambda-endpoint names: ask there.",
    )


def test_names_from_elsewhere_lead_nowhere(aws: Lambda) -> None:
    far = "arn:aws:lambda:eu-west-1:000000000000:function:hello"
    other = "arn:aws:lambda:us-east-1:123456789012:function:hello"
    assert refusal(lambda: aws.client.get_function(FunctionName=far)) == (
        404,
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )
    assert refusal(lambda: aws.client.get_function(FunctionName=other))[:2] == (403, "AccessDeniedException")


ONLY_LATEST = (
    "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do not set a "
    "version in your request."
)


def test_qualifiers_agree_and_belong_to_the_operation(aws: Lambda) -> None:
    aws.create(Publish=True)
    assert refusal(lambda: aws.client.get_function(FunctionName="hello:1", Qualifier="2")) == (
        400,
        INVALID,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )
    assert refusal(lambda: aws.client.update_function_code(FunctionName="hello:1", ZipFile=CODE)) == (
        400,
        INVALID,
        ONLY_LATEST,
    )


def test_what_tools_ask_of_every_function_is_answered(aws: Lambda) -> None:
    aws.create()
    signing = aws.client.get_function_code_signing_config(FunctionName="hello")
    updates = aws.client.get_runtime_management_config(FunctionName="hello")
    assert (signing["FunctionName"], "CodeSigningConfigArn" in signing) == ("hello", False)
    assert (updates["UpdateRuntimeOn"], updates["FunctionArn"]) == ("Auto", f"{ARN}:hello")
