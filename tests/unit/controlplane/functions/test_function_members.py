"""Every member of the requests that make and change functions: it acts, it is told, or it is refused by name.

The tables are held against the service model: a member that AWS adds fails here until it has its row.
"""

from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.model import Shape

from lambda_scene import Lambda, definition, refusal, zipped
from wire_client import client_for

FIDELITY = Path(__file__).parents[4] / "docs" / "fidelity.md"
INVALID = "InvalidParameterValueException"
MODEL = botocore.session.get_session().get_service_model("lambda")
REQUESTS = ("CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode")
ZIP = zipped(app__py="x = 2")
KEY = "arn:aws:kms:us-east-1:000000000000:key/a"
PROVIDER = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:a"
RUNTIME = f"arn:aws:lambda:us-east-1:000000000000:runtime/{'0' * 40}"
POINT = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0"

Rows = dict[str, Any]
"""A member's place, and what to ask for it: the place's innermost members, or a whole request's where others have to
come along."""

ACTS: Rows = {
    "FunctionName": {"FunctionName": "another", "ZipFile": ZIP},
    "Runtime": "nodejs22.x",
    "Role": "arn:aws:iam::000000000000:role/another",
    "Handler": "other.handler",
    "Timeout": 7,
    "MemorySize": 256,
    "EphemeralStorage.Size": 1024,
    "Environment.Variables": {"COLOUR": "red"},
    "LoggingConfig.LogGroup": "/mine",
    "LoggingConfig.LogFormat": "JSON",
    "LoggingConfig.ApplicationLogLevel": {"LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}},
    "LoggingConfig.SystemLogLevel": {"LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"}},
    "FileSystemConfigs.Arn": {"FileSystemConfigs": [{"Arn": POINT, "LocalMountPath": "/mnt/a"}]},
    "FileSystemConfigs.LocalMountPath": {"FileSystemConfigs": [{"Arn": POINT, "LocalMountPath": "/mnt/b"}]},
    "Publish": {"Publish": True, "ZipFile": ZIP},
    "Code.ZipFile": ZIP,
    "ZipFile": ZIP,
}
"""What stands afterwards is another function than without it."""

TOLD: Rows = {
    "Description": "words",
    "Tags": {"team": "a"},
    "TracingConfig.Mode": "Active",
    "SnapStart.ApplyOn": "PublishedVersions",
    "Architectures": {"Architectures": ["arm64"], "ZipFile": ZIP},
    "PackageType": "Zip",
}
"""Kept and answered, without effect on how the function runs."""

REFUSED: Rows = {
    "PackageType": "Image",
    "Code.S3Bucket": "bucket",
    "Code.S3Key": "key",
    "Code.S3ObjectVersion": "1",
    "Code.S3ObjectStorageMode": "COPY",
    "Code.ImageUri": "image",
    "Code.SourceKMSKeyArn": {"Code": {"ZipFile": ZIP, "SourceKMSKeyArn": KEY}},
    "S3Bucket": "bucket",
    "S3Key": "key",
    "S3ObjectVersion": "1",
    "S3ObjectStorageMode": "COPY",
    "ImageUri": "image",
    "SourceKMSKeyArn": {"SourceKMSKeyArn": KEY, "ZipFile": ZIP},
    "PublishTo": {"PublishTo": "LATEST_PUBLISHED", "ZipFile": ZIP},
    "VpcConfig.SubnetIds": ["subnet-1"],
    "VpcConfig.SecurityGroupIds": ["sg-1"],
    "VpcConfig.Ipv6AllowedForDualStack": True,
    "DeadLetterConfig.TargetArn": "arn:aws:sqs:us-east-1:000000000000:q",
    "KMSKeyArn": KEY,
    "Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:a:1"],
    "FileSystemConfigs.S3FilesConfig.DirectS3Read": {
        "FileSystemConfigs": [
            {"Arn": POINT, "LocalMountPath": "/mnt/a", "S3FilesConfig": {"DirectS3Read": "AUTO"}},
        ]
    },
    "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0",
    "ImageConfig.EntryPoint": ["a"],
    "ImageConfig.Command": ["a"],
    "ImageConfig.WorkingDirectory": "/a",
    "TenancyConfig.TenantIsolationMode": "PER_TENANT",
    **{
        f"CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig.{member}": {
            "CapacityProviderConfig": {
                "LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER, **asked}
            }
        }
        for member, asked in {
            "CapacityProviderArn": {},
            "PerExecutionEnvironmentMaxConcurrency": {"PerExecutionEnvironmentMaxConcurrency": 2},
            "ExecutionEnvironmentMemoryGiBPerVCpu": {"ExecutionEnvironmentMemoryGiBPerVCpu": 2.0},
        }.items()
    },
    "DurableConfig.KMSKeyArn": KEY,
    "DurableConfig.RetentionPeriodInDays": 1,
    "DurableConfig.ExecutionTimeout": 1,
    "RuntimeConfig.RuntimeArn": {
        "RuntimeConfig": {"RuntimeArn": f"arn:aws:lambda:us-east-1::runtime:{'0' * 40}", "RuntimeAlias": "a"}
    },
    "RuntimeConfig.RuntimeAlias": {
        "RuntimeConfig": {
            "RuntimeArn": f"arn:aws:lambda:us-east-1:000000000000:runtime/{'0' * 40}",
            "RuntimeAlias": "a",
        }
    },
    "AcceleratorConfig.AcceleratorMemorySize": 1,
}
"""With a 4xx, and nothing is kept."""

ASKS: Rows = {"RevisionId": "another", "DryRun": True}
"""About the call, not of the function: held where the family's other tests hold them."""


SAID_AS = {
    **dict.fromkeys(("S3Key", "S3ObjectVersion", "S3ObjectStorageMode"), "S3Bucket"),
    **dict.fromkeys(("ApplicationLogLevel", "SystemLogLevel"), "LogLevel"),
}
"""Where a refusal names another member, which goes with it."""


def places(shape: Shape, above: str = "") -> list[str]:
    found: list[str] = []
    for name, member in getattr(shape, "members", {}).items():
        inside = member.member if member.type_name == "list" else member
        found += places(inside, f"{above}{name}.") if inside.type_name == "structure" else [above + name]
    return found


def members(operation: str) -> list[str]:
    return places(MODEL.operation_model(operation).input_shape)


EVERY = [(operation, place) for operation in REQUESTS for place in members(operation)]


def asked(place: str, wanted: Any) -> dict[str, Any]:
    first = place.partition(".")[0]
    if isinstance(wanted, dict) and first in wanted:
        return dict(wanted)
    for name in reversed(place.split(".")):
        wanted = {name: wanted}
    return dict(wanted)


class Asking:
    """One of the requests, for a function `hello`."""

    def __init__(self, operation: str) -> None:
        self.aws = Lambda(has_access_point=lambda _point: True)
        self.client = client_for(self.aws.plane, "lambda", config=Config(parameter_validation=False))
        self.operation = operation
        if operation != "CreateFunction":
            self.aws.create()

    def ask(self, given: dict[str, Any]) -> Any:
        if self.operation != "UpdateFunctionCode":
            given = {name: value for name, value in given.items() if name != "ZipFile"}
        if self.operation == "CreateFunction":
            return self.client.create_function(**{**definition(), **given})
        if self.operation == "UpdateFunctionConfiguration":
            return self.client.update_function_configuration(**{"FunctionName": "hello", **given})
        return self.client.update_function_code(**{"FunctionName": "hello", **given})


def test_every_member_has_its_row() -> None:
    rows = ACTS.keys() | TOLD.keys() | REFUSED.keys() | ASKS.keys()
    assert {place for _, place in EVERY} == rows


@pytest.mark.parametrize(("operation", "place"), [one for one in EVERY if one[1] in ACTS])
def test_what_acts(operation: str, place: str) -> None:
    given = asked(place, ACTS[place])
    name = given.get("FunctionName", "hello")
    before, after = Asking("CreateFunction"), Asking(operation)
    before.ask({})
    if operation != "CreateFunction" and name != "hello":
        after.aws.create(name)
    after.ask(given)
    assert standing(after, name) != standing(before, "hello")


def standing(asking: Asking, name: str) -> Any:
    """Without what is new each time."""
    standing = asking.aws.standing(name)
    assert standing is not None
    versions = {
        name: {member: getattr(one, member) for member in one.__struct_fields__ if member != "revision"}
        for name, one in standing.versions.items()
    }
    return {**{member: getattr(standing, member) for member in standing.__struct_fields__}, "versions": versions}


@pytest.mark.parametrize(("operation", "place"), [one for one in EVERY if one[1] in TOLD])
def test_what_is_told(operation: str, place: str) -> None:
    asking = Asking(operation)
    given = asked(place, TOLD[place])
    asking.ask(given)
    found = asking.aws.client.get_function(FunctionName="hello")
    shown = {**found["Configuration"], "Tags": found.get("Tags")}
    wanted: Any = given
    for name in place.split("."):
        shown, wanted = shown[name], wanted[name]
    assert shown == wanted


@pytest.mark.parametrize("member", ["Description", "Tags", "TracingConfig", "SnapStart", "Architectures"])
def test_what_has_no_effect_is_said_to_have_none(member: str) -> None:
    (row,) = [line for line in FIDELITY.read_text().splitlines() if line.startswith("| accepted without effect")]
    assert f"`{member}`" in row


@pytest.mark.parametrize(("operation", "place"), [one for one in EVERY if one[1] in REFUSED])
def test_what_is_refused(operation: str, place: str) -> None:
    asking = Asking(operation)
    head = asking.aws.store.head()
    status, code, message = refusal(lambda: asking.ask(asked(place, REFUSED[place])))
    assert (status, code in (INVALID, "ValidationException")) == (400, True), message
    named = [part for part in (*place.split("."), SAID_AS.get(place.rpartition(".")[2], "")) if part]
    assert any(part.lower() in message.lower() for part in named), message
    assert asking.aws.store.head() == head


# What no process could be given


@pytest.mark.parametrize("operation", ["CreateFunction", "UpdateFunctionConfiguration"])
@pytest.mark.parametrize("broken", ["\0", "\x01", "\n", "\x1b", "\x7f", "\ud800", " "])
@pytest.mark.parametrize("where", ["Handler", "Environment.Variables", "LoggingConfig.LogGroup", "Role"])
def test_what_no_process_could_be_given_is_refused_at_once(operation: str, broken: str, where: str) -> None:
    asking = Asking(operation)
    head = asking.aws.store.head()
    text = f"arn:aws:iam::000000000000:role/a{broken}b" if where == "Role" else f"a{broken}b"
    wanted = {text: "value"} if where == "Environment.Variables" else text
    status, code, _ = refusal(lambda: asking.ask(asked(where, wanted)))
    assert (status, code in (INVALID, "ValidationException", "SerializationException")) == (400, True)
    assert asking.aws.store.head() == head


@pytest.mark.parametrize("name", ["A=B", "A", "1A", "", "A\0B", "Ä2"])
def test_names_of_variables_that_are_none(name: str) -> None:
    status, code, message = refusal(lambda: Asking("CreateFunction").ask({"Environment": {"Variables": {name: "x"}}}))
    assert (status, code) == (400, "ValidationException")
    assert "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]" in message


@pytest.mark.parametrize("path", ["/mnt/.", "/mnt/.."])
def test_a_mount_is_below_mnt(path: str) -> None:
    given = {"FileSystemConfigs": [{"Arn": POINT, "LocalMountPath": path}]}
    assert refusal(lambda: Asking("CreateFunction").ask(given)) == (400, INVALID, f"{path} is no folder below /mnt.")


@pytest.mark.parametrize("operation", ["CreateFunction", "UpdateFunctionConfiguration"])
def test_the_role_of_another_account_is_not_passed(operation: str) -> None:
    asking = Asking(operation)
    head = asking.aws.store.head()
    given = {"Role": "arn:aws:iam::123456789012:role/theirs"}
    assert refusal(lambda: asking.ask(given)) == (
        403,
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )
    assert asking.aws.store.head() == head


def test_the_account_is_the_server_s() -> None:
    aws = Lambda(account_id="123456789012")
    aws.create(Role="arn:aws:iam::123456789012:role/ours")
    assert refusal(lambda: aws.create("other"))[1] == "AccessDeniedException"
