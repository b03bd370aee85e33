"""Tags, concurrency, what becomes of asynchronous invocations, and the account."""

from typing import Any

import pytest

from lambda_scene import ARN, Lambda, refusal

INVALID = "InvalidParameterValueException"


@pytest.fixture
def aws() -> Lambda:
    made = Lambda()
    made.create(Tags={"team": "a"})
    return made


def status(answer: Any) -> int:
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


# Tags


def test_tags_come_and_go(aws: Lambda) -> None:
    arn = f"{ARN}:hello"
    assert status(aws.client.tag_resource(Resource=arn, Tags={"stage": "pröd", "team": "b"})) == 204
    assert aws.client.list_tags(Resource=arn)["Tags"] == {"stage": "pröd", "team": "b"}
    assert status(aws.client.untag_resource(Resource=arn, TagKeys=["team", "none"])) == 204
    assert aws.client.list_tags(Resource=arn)["Tags"] == {"stage": "pröd"}


@pytest.mark.parametrize(
    ("resource", "tags", "code", "sentence"),
    [
        (
            "hello:1",
            {"a": "b"},
            INVALID,
            "Tags on function aliases and versions are not supported. Please specify a fu",
        ),
        ("hello", {"aws:a": "b"}, INVALID, "Invalid tag key: aws:a"),
        ("hello", {str(n): "" for n in range(50)}, INVALID, "The number of tags exceeds the limit of 50 tags per func"),
        ("hello", {"a|b": ""}, "ValidationException", "1 validation error detected: Value '{a|b=}' at 'tags' failed"),
    ],
)
def test_what_is_no_tag(aws: Lambda, resource: str, tags: dict[str, str], code: str, sentence: str) -> None:
    told = refusal(lambda: aws.client.tag_resource(Resource=f"{ARN}:{resource}", Tags=tags))
    assert told[:2] == (400, code)
    assert told[2].startswith(sentence)


# Concurrency


def test_concurrency_is_reserved_and_given_back(aws: Lambda) -> None:
    put = aws.client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=0)
    assert put["ReservedConcurrentExecutions"] == 0
    assert aws.client.get_function_concurrency(FunctionName="hello")["ReservedConcurrentExecutions"] == 0
    standing = aws.standing()
    assert standing is not None
    assert standing.reserved_concurrency == 0
    assert status(aws.client.delete_function_concurrency(FunctionName="hello")) == 204
    assert "ReservedConcurrentExecutions" not in aws.client.get_function_concurrency(FunctionName="hello")
    standing = aws.standing()
    assert standing is not None
    assert standing.reserved_concurrency is None


def test_a_hundred_stay_for_the_others(aws: Lambda) -> None:
    aws.create("other")
    aws.client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=500)
    aws.client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=600)
    over = refusal(lambda: aws.client.put_function_concurrency(FunctionName="other", ReservedConcurrentExecutions=301))
    assert over == (400, INVALID, UNRESERVED)
    aws.client.put_function_concurrency(FunctionName="other", ReservedConcurrentExecutions=300)


UNRESERVED = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
    "minimum value of [100]."
)


def test_the_account_is_told(aws: Lambda) -> None:
    size = aws.client.get_function_configuration(FunctionName="hello")["CodeSize"]
    aws.client.publish_version(FunctionName="hello")
    aws.client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=10)
    told = aws.client.get_account_settings()
    assert told["AccountLimit"] == {
        "TotalCodeSize": 80530636800,
        "CodeSizeUnzipped": 262144000,
        "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000,
        "UnreservedConcurrentExecutions": 990,
    }
    assert told["AccountUsage"] == {"TotalCodeSize": 2 * size, "FunctionCount": 1}


# Asynchronous invocations


def test_attempts_and_ages_are_set_and_go_back_to_their_defaults(aws: Lambda) -> None:
    put = aws.client.put_function_event_invoke_config(FunctionName="hello", MaximumRetryAttempts=0)
    assert (put["FunctionArn"], put["MaximumRetryAttempts"]) == (f"{ARN}:hello:$LATEST", 0)
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    aws.client.update_function_event_invoke_config(FunctionName="hello", MaximumEventAgeInSeconds=60)
    standing = aws.standing()
    assert standing is not None
    assert (standing.maximum_retry_attempts, standing.maximum_event_age) == (0, 60)
    kept = aws.client.get_function_event_invoke_config(FunctionName="hello")
    listed = aws.client.list_function_event_invoke_configs(FunctionName="hello")["FunctionEventInvokeConfigs"]
    assert [one["MaximumEventAgeInSeconds"] for one in (kept, *listed)] == [60, 60]
    aws.client.put_function_event_invoke_config(FunctionName="hello", MaximumRetryAttempts=1)
    assert "MaximumEventAgeInSeconds" not in aws.client.get_function_event_invoke_config(FunctionName="hello")
    aws.client.delete_function_event_invoke_config(FunctionName="hello")
    standing = aws.standing()
    assert standing is not None
    assert (standing.maximum_retry_attempts, standing.maximum_event_age) == (2, 21_600)


def test_nothing_is_configured_at_first(aws: Lambda) -> None:
    for ask in ("get", "delete", "update"):
        call = getattr(aws.client, f"{ask}_function_event_invoke_config")
        assert refusal(lambda call=call: call(FunctionName="hello")) == (
            404,
            "ResourceNotFoundException",
            f"The function {ARN}:hello:$LATEST doesn't have an EventInvokeConfig",
        )
    assert aws.client.list_function_event_invoke_configs(FunctionName="hello")["FunctionEventInvokeConfigs"] == []


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "You must specify at least one of error handling or destination setting."),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}}},
            "DestinationConfig is not supported by Portico: destinations are not built.",
        ),
        (
            {"MaximumRetryAttempts": 1, "Qualifier": "1"},
            "Portico has one EventInvokeConfig for a function, that of $LATEST: leave the qualifier out.",
        ),
    ],
)
def test_what_would_not_be_done_is_refused(aws: Lambda, asked: dict[str, Any], sentence: str) -> None:
    aws.client.publish_version(FunctionName="hello")
    told = refusal(lambda: aws.client.put_function_event_invoke_config(FunctionName="hello", **asked))
    assert told == (400, INVALID, sentence)
