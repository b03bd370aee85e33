"""URIs of functions: what is called, and what is said of those that are not."""

import pytest

from portico.lang.errors import NotBuilt, UnknownStageVariable
from portico.lang.function_uri import FunctionUri, Home, compile_function_uri

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:pets"


def uri(function: str = ARN, action: str = "invocations", date: str = "2015-03-31") -> str:
    return f"arn:aws:apigateway:eu-west-1:lambda:path/{date}/functions/{function}/{action}"


def compiled(source: str, **variables: str) -> FunctionUri:
    return compile_function_uri(source, variables, Home("eu-west-1", "111122223333"))


@pytest.mark.parametrize("qualifier", ["", ":7", ":live", ":$LATEST", ":a-b_c"])
def test_a_function_a_version_and_an_alias(qualifier: str) -> None:
    assert compiled(uri(ARN + qualifier)) == FunctionUri(ARN + qualifier, streams=False)


def test_a_streaming_uri() -> None:
    assert compiled(uri(action="response-streaming-invocations", date="2021-11-15")) == FunctionUri(ARN, streams=True)


def test_another_partition_is_only_a_name() -> None:
    assert compiled(uri(ARN).replace("arn:aws:", "arn:aws-cn:")).arn == ARN


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        (uri("${stageVariables.arn}"), {"arn": ARN}),
        (uri(ARN.replace("pets", "${stageVariables.kind}")), {"kind": "pets"}),
        ("${stageVariables.all}", {"all": uri()}),
        (uri().replace("eu-west-1", "${stageVariables.region}"), {"region": "eu-west-1"}),
    ],
)
def test_stage_variables_may_stand_anywhere(source: str, variables: dict[str, str]) -> None:
    assert compiled(source, **variables).arn == ARN


def test_behind_another_lambda_every_region_and_account_is_called_under_its_own_name() -> None:
    arn = "arn:aws-cn:lambda:cn-north-1:444455556666:function:pets:live"
    assert compile_function_uri(uri(arn), {}, None).arn == arn
    with pytest.raises(NotBuilt):
        compile_function_uri(uri("pets"), {}, None)


def test_an_unknown_stage_variable_is_named() -> None:
    with pytest.raises(UnknownStageVariable, match="nobody"):
        compiled(uri("${stageVariables.nobody}"))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "not of the form"),
        (ARN, "not of the form"),
        ("https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/pets/invocations", "not of the form"),
        ("arn:aws:apigateway:eu-west-1:lambda:action/Invoke", "not of the form"),
        (uri() + "/", "not of the form"),
        ("arn:aws:apigateway:eu-west-1:dynamodb:action/PutItem", "only Lambda functions"),
        ("arn:aws:apigateway:eu-west-1:bucket.s3:path/x", "only Lambda functions"),
        (uri("pets"), "not the ARN of a function"),
        (uri(ARN + ":"), "not the ARN of a function"),
        (uri(ARN + ":a:b"), "not the ARN of a function"),
        (uri(ARN + "\n"), "not the ARN of a function"),
        (uri(ARN + "{name}"), "not the ARN of a function"),
        (uri(ARN.replace("pets", "p" * 65)), "not the ARN of a function"),
        (uri(ARN.replace("eu-west-1", "us-east-1")), "region 'us-east-1' are not served, this is 'eu-west-1'"),
        (uri().replace(":eu-west-1:lambda:path", ":us-east-1:lambda:path"), "region 'us-east-1' are not served"),
        (uri(ARN.replace("111122223333", "000000000000")), "account '000000000000' are not served"),
    ],
)
def test_what_is_not_called_and_why(source: str, reason: str) -> None:
    with pytest.raises(NotBuilt) as caught:
        compiled(source)
    assert reason in str(caught.value)
