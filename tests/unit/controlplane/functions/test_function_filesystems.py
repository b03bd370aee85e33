"""FileSystemConfigs: only access points that are there, of this account and region."""

from typing import Any

import pytest

from lambda_scene import Lambda, refusal
from portico.model.function import FileSystem

POINT = "fsap-0123456789abcdef0"
ARN = f"arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/{POINT}"
WANTED = [{"Arn": ARN, "LocalMountPath": "/mnt/pets"}]


@pytest.fixture
def aws() -> Lambda:
    return Lambda(has_access_point=lambda name: name == POINT)


def mounted(aws: Lambda) -> tuple[FileSystem, ...]:
    standing = aws.standing()
    assert standing is not None
    return standing.versions["$LATEST"].file_systems


def test_a_function_mounts_what_is_there(aws: Lambda) -> None:
    assert aws.create(FileSystemConfigs=WANTED)["FileSystemConfigs"] == WANTED
    assert mounted(aws) == (FileSystem(access_point=POINT, path="/mnt/pets"),)
    aws.client.update_function_configuration(FunctionName="hello", Timeout=9)
    assert mounted(aws), "what is not given stays"
    updated = aws.client.update_function_configuration(FunctionName="hello", FileSystemConfigs=[])
    assert "FileSystemConfigs" not in updated
    assert mounted(aws) == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"Arn": ARN.replace("0f", "0e").replace("def0", "def1")}, "The access point arn:aws:elasticfilesystem:"),
        ({"Arn": ARN.replace("us-east-1", "eu-west-1")}, "is no access point of this server: those begin with arn:aws"),
        ({"Arn": ARN.replace("000000000000", "111111111111")}, "is no access point of this server"),
        ({"S3FilesConfig": {"DirectS3Read": "ENABLED"}}, "S3FilesConfig is not supported by Portico: buckets are not"),
    ],
)
def test_what_cannot_be_mounted_is_refused(aws: Lambda, changed: dict[str, Any], sentence: str) -> None:
    wanted = [{**WANTED[0], **changed}]
    status, code, message = refusal(lambda: aws.create(FileSystemConfigs=wanted))
    assert (status, code) == (400, "InvalidParameterValueException")
    assert sentence in message
    aws.create()
    update = {"FunctionName": "hello", "FileSystemConfigs": wanted}
    assert refusal(lambda: aws.client.update_function_configuration(**update))[2] == message
    assert mounted(aws) == ()
