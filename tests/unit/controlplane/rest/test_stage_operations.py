"""Stages as the live service answered them (recorded facts 66 to 79), and the Standing that each change sets."""

import json
import os
from pathlib import Path

import pytest

from portico.ports.compilation import CompileError
from rest_play import RestPlay, patch, refusal, without_dates

UNKNOWN_PATH = "400 BadRequestException: Invalid method setting path: "
NO_STAGE = "404 NotFoundException: Invalid stage identifier specified"
LOG_PATHS = (
    "400 BadRequestException: Invalid accessLogSettings path. Must be one of : "
    "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
)
LOG_GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:access"
NO_LOG = (
    "Invalid ARN specified in the request. The ARN must be a valid CloudWatch Logs log group or Kinesis Data Firehose "
    "delivery stream ARN."
)
MATERIALISED = {
    "cacheDataEncrypted": False,
    "cacheTtlInSeconds": 300,
    "cachingEnabled": False,
    "dataTraceEnabled": False,
    "metricsEnabled": False,
    "requireAuthorizationForCacheControl": True,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}


def nothing_to_remove(what: str) -> str:
    return (
        f"400 BadRequestException: Cannot remove method setting {what} because there is no method setting for this "
        "method "
    )


@pytest.fixture
def play() -> RestPlay:
    play = RestPlay()
    play.mock_method(play.resource("test"))
    return play


@pytest.fixture
def deployment(play: RestPlay) -> str:
    return play.deploy("dev")


def settings(play: RestPlay) -> dict:
    return play.call("get_stage", stageName="dev")["methodSettings"]


def test_a_new_stage_has_nothing_set(play):
    deployment = play.deploy()
    answer = play.call("create_stage", stageName="dev", deploymentId=deployment)
    assert without_dates(answer) == {
        "stageName": "dev",
        "deploymentId": deployment,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
    }
    assert play.call("get_stage", stageName="dev") == answer
    assert play.standing()["deploymentId"] == deployment


def test_statuses_of_the_family(play):
    assert play.status("create_stage", stageName="dev", deploymentId=play.deploy()) == 201
    assert play.status("update_stage", stageName="dev", patchOperations=[]) == 200
    assert play.status("delete_stage", stageName="dev") == 202


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        ({"stageName": "no.dots"}, "400 BadRequestException: Stage name only allows a-zA-Z0-9_"),
        ({"deploymentId": "nowhere"}, "400 BadRequestException: Deployment id does not exist"),
        ({"documentationVersion": "v1"}, "400 BadRequestException: Invalid Documentation version specified"),
        ({"stageName": "dev"}, "409 ConflictException: Stage already exists"),
        (
            {"canarySettings": {"deploymentId": "nowhere"}},
            "400 BadRequestException: Deployment id does not exist",
        ),
        (
            {"canarySettings": {"percentTraffic": 100.5}},
            "400 BadRequestException: Percent traffic must be between 0.0 and 100.0",
        ),
    ],
)
def test_what_a_stage_cannot_be(play, deployment, params, refused):
    asked = {"stageName": "new", "deploymentId": deployment, **params}
    assert refusal(play.call, "create_stage", **asked) == refused


def test_a_canary_from_the_start(play, deployment):
    asked = {"percentTraffic": 50, "deploymentId": deployment, "stageVariableOverrides": {"testVar": "canary"}}
    answer = play.call("create_stage", stageName="new", deploymentId=deployment, canarySettings=asked)
    assert answer["canarySettings"] == {**asked, "percentTraffic": 50.0, "useStageCache": False}


def test_stages_are_filtered_by_deployment(play):
    first, second = play.deploy("stage1"), play.deploy("stage2")
    assert [stage["stageName"] for stage in play.call("get_stages")["item"]] == ["stage1", "stage2"]
    for deployment, stage in ((first, "stage1"), (second, "stage2")):
        found = play.call("get_stages", deploymentId=deployment)["item"]
        assert [one["stageName"] for one in found] == [stage]


def test_a_deleted_stage_is_served_no_more(play, deployment):
    play.call("delete_stage", stageName="dev")
    assert play.standing() is None
    assert refusal(play.call, "get_stage", stageName="dev") == NO_STAGE
    assert refusal(play.call, "delete_stage", stageName="dev") == NO_STAGE
    assert refusal(play.update_stage, patch("replace", "/description", "x")) == NO_STAGE


def test_the_recorded_update_of_a_stage(play, deployment):
    answer = play.update_stage(
        patch("replace", "/*/*/throttling/burstLimit", "123"),
        patch("replace", "/*/*/caching/enabled", "true"),
        patch("replace", "/~1test/GET/throttling/burstLimit", "124"),
        patch("replace", "/tracingEnabled", "true"),
        patch("replace", "/description", "stage new"),
        patch("replace", "/variables/var1", "test"),
        patch("replace", "/variables/var2", "test2"),
    )
    assert answer["methodSettings"] == {
        "*/*": {**MATERIALISED, "cachingEnabled": True, "throttlingBurstLimit": 123},
        "test/GET": {**MATERIALISED, "cachingEnabled": True, "throttlingBurstLimit": 124},
    }
    assert (answer["description"], answer["tracingEnabled"]) == ("stage new", True)
    assert answer["variables"] == {"var1": "test", "var2": "test2"}
    assert play.call("get_stage", stageName="dev") == answer

    play.update_stage(patch("replace", "/*/*/throttling/burstLimit", "100"))
    assert settings(play)["*/*"]["throttlingBurstLimit"] == 100
    assert settings(play)["test/GET"]["throttlingBurstLimit"] == 124


def test_the_first_setting_materialises_all_but_the_log_level(play, deployment):
    play.update_stage(patch("replace", "/*/*/metrics/enabled", "true"))
    assert settings(play) == {"*/*": {**MATERIALISED, "metricsEnabled": True}}
    play.update_stage(patch("replace", "/*/*/logging/loglevel", "ERROR"))
    assert settings(play)["*/*"]["loggingLevel"] == "ERROR"


@pytest.mark.parametrize(
    ("addressed", "answered", "acting"),
    [
        ("/*/*", "*/*", "*/*"),
        ("/test/GET", "test/GET", "test/GET"),
        ("/~1test/GET", "test/GET", "test/GET"),
        ("/~1a~1{b}/POST", "~1a~1{b}/POST", "a/{b}/POST"),
        ("/~1/ANY", "~1/ANY", "/ANY"),
    ],
)
def test_how_methods_are_addressed(play, deployment, addressed, answered, acting):
    play.update_stage(patch("replace", f"{addressed}/metrics/enabled", "true"))
    assert list(settings(play)) == [answered]
    assert list(play.standing()["methodSettings"]) == [acting]
    play.update_stage(patch("remove", addressed))
    assert settings(play) == {}


def test_two_spellings_of_a_method_are_one_entry(play, deployment):
    play.update_stage(patch("replace", "/~1test/GET/metrics/enabled", "true"))
    play.update_stage(patch("replace", "/test/GET/throttling/burstLimit", "7"))
    assert settings(play) == {"test/GET": {**MATERIALISED, "metricsEnabled": True, "throttlingBurstLimit": 7}}


@pytest.mark.parametrize(
    ("setting", "member", "value", "stored"),
    [
        ("metrics/enabled", "metricsEnabled", "true", True),
        ("logging/dataTrace", "dataTraceEnabled", "true", True),
        ("logging/loglevel", "loggingLevel", "INFO", "INFO"),
        ("throttling/burstLimit", "throttlingBurstLimit", "-1", -1),
        ("throttling/rateLimit", "throttlingRateLimit", "0.5", 0.5),
        ("caching/enabled", "cachingEnabled", "true", True),
        ("caching/ttlInSeconds", "cacheTtlInSeconds", "3600", 3600),
        ("caching/dataEncrypted", "cacheDataEncrypted", "true", True),
        ("caching/requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl", "false", False),
        (
            "caching/unauthorizedCacheControlHeaderStrategy",
            "unauthorizedCacheControlHeaderStrategy",
            "FAIL_WITH_403",
            "FAIL_WITH_403",
        ),
    ],
)
def test_every_method_setting_is_kept_and_acts(play, deployment, setting, member, value, stored):
    play.update_stage(patch("replace", f"/*/*/{setting}", value))
    assert settings(play)["*/*"][member] == stored
    assert play.standing()["methodSettings"]["*/*"][member] == stored


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/*/*/throttling/burstLimit", "many"),
        ("/*/*/throttling/burstLimit", "1.5"),
        ("/*/*/throttling/burstLimit", "-2"),
        ("/*/*/throttling/rateLimit", "nan"),
        ("/*/*/throttling/rateLimit", "inf"),
        ("/*/*/throttling/rateLimit", ""),
        ("/*/*/logging/loglevel", "DEBUG"),
        ("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "SUCCEED"),
        ("/*/*/metrics/enabled", "yes"),
        ("/tracingEnabled", "1"),
        ("/cacheClusterSize", "7"),
        ("/canarySettings/percentTraffic", "101"),
    ],
)
def test_values_of_another_kind_or_out_of_range(play, deployment, path, value):
    before = play.call("get_stage", stageName="dev"), play.standing()
    refused = refusal(play.update_stage, patch("replace", path, value))
    assert refused.startswith(f"400 BadRequestException: Invalid value '{value}' for {path}: it must be ")
    assert (play.call("get_stage", stageName="dev"), play.standing()) == before


@pytest.mark.parametrize("seconds", ["3601", "-1", "long"])
def test_a_cache_keeps_for_an_hour_at_most(play, deployment, seconds):
    assert refusal(play.update_stage, patch("replace", "/*/*/caching/ttlInSeconds", seconds)) == (
        "400 BadRequestException: Invalid time-to-live setting, must be an integer no greater than 3600"
    )


@pytest.mark.parametrize(
    "path", ["/documentation_version", "/tags/tag1", "/*/*/throttling/wrong", "/*/GET/metrics/enabled",
             "/test/*/metrics/enabled", "/a/b/GET/metrics/enabled", "/test/WRONG/metrics/enabled"],
)  # fmt: skip
def test_unknown_paths_are_refused_with_the_list(play, deployment, path):
    refused = refusal(play.update_stage, patch("replace", path, "true"))
    assert refused.startswith(f"{UNKNOWN_PATH}{path}. Must be one of: [")


def test_the_list_of_paths_is_the_recorded_one(play, deployment):
    beside = Path(__file__).parents[5] / "shared" / "aws" / "recorded"
    recorded = Path(os.environ.get("PORTICO_RECORDED", beside)) / "common.json"
    if not recorded.exists():
        pytest.skip("NOT RUN: the recorded answers are not here")
    scenario = json.loads(recorded.read_text())["TestStages::test_create_update_stages"]["recorded-content"]
    for call, path in (("error-update-doc-version", "/documentation_version"), ("error-update-tags", "/tags/tag1")):
        expected = scenario[call]["Error"]["Message"]
        assert refusal(play.update_stage, patch("replace", path, "x")) == f"400 BadRequestException: {expected}"


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/*/*", "*/*"),
        ("/test/GET", "test/GET"),
        ("/*/*/throttling/rateLimit", "*/*/throttling/rateLimit"),
        ("/accessLogSettings/randomValue", "accessLogSettings/randomValue"),
        ("/accessLogSettings/*", "accessLogSettings/*"),
        ("/accessLogSettings/destinationArn", "accessLogSettings/destinationArn"),
        ("/canarySettings/stageVariableOverrides/x", "canarySettings/stageVariableOverrides/x"),
    ],
)
def test_a_removal_of_what_is_not_there(play, deployment, path, what):
    assert refusal(play.update_stage, patch("remove", path)) == nothing_to_remove(what)


def test_the_recorded_life_of_access_log_settings(play, deployment):
    destination, form = "/accessLogSettings/destinationArn", "/accessLogSettings/format"
    answer = play.update_stage(patch("add", destination, LOG_GROUP))
    assert answer["accessLogSettings"] == {"destinationArn": LOG_GROUP}
    play.update_stage(patch("replace", destination, f"{LOG_GROUP}a"))
    line = "$context.requestId $context.identity.sourceIp"
    answer = play.update_stage(patch("add", form, line))
    assert answer["accessLogSettings"] == {"destinationArn": f"{LOG_GROUP}a", "format": line}
    assert play.standing()["accessLogSettings"] == answer["accessLogSettings"]
    assert "accessLogSettings" not in play.update_stage(patch("remove", "/accessLogSettings"))
    assert "accessLogSettings" not in play.standing()


@pytest.mark.parametrize("path", ["/accessLogSettings/randomValue", "/accessLogSettings/*", "/accessLogSettings"])
@pytest.mark.parametrize("op", ["add", "replace"])
def test_access_log_settings_have_two_paths(play, deployment, op, path):
    assert refusal(play.update_stage, patch(op, path, LOG_GROUP)) == LOG_PATHS


@pytest.mark.parametrize(
    ("member", "value", "refused"),
    [
        ("destinationArn", "", "Access Log value must not be empty"),
        ("format", "", "Access Log value must not be empty"),
        (
            "destinationArn",
            f"{LOG_GROUP}:*",
            "Access Log destination must only contain characters a-z, A-Z, 0-9, '_', '-', '/', '.': '*'",
        ),
        ("destinationArn", "access.log", NO_LOG),
        ("destinationArn", "arn:aws:s3:::bucket", NO_LOG),
        (
            "destinationArn",
            "arn:aws:firehose:us-east-1:000000000000:deliverystream/x",
            (
                "Kinesis Firehose delivery stream name must begin with the characters 'amazon-apigateway-': "
                "'deliverystream/x'"
            ),
        ),
        (
            "destinationArn",
            "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x",
            "Access logs to Firehose are not built yet: name a CloudWatch Logs group",
        ),
        (
            "format",
            "$context.requestId\n$context.status",
            (
                "Access Log format must be single line, new line character is allowed only at end of the format: "
                "'$context.requestId\n$context.status'"
            ),
        ),
        (
            "format",
            "$context.status $context.requestIds",
            (
                "Access Log format must include either $context.requestId or $context.extendedRequestId : "
                "'$context.status $context.requestIds'"
            ),
        ),
        ("format", f"$context.requestId {'x' * 3072}", "Access Log format must be at most 3072 bytes"),
        (
            "format",
            "$context.requestId $input.body",
            "Access Log format is invalid: $input.body is not a $context variable",
        ),
        (
            "format",
            "$context.requestId $stageVariables.colour",
            "Access Log format is invalid: $stageVariables.colour is not a $context variable",
        ),
    ],
)
def test_access_log_values(play, deployment, member, value, refused):
    operation = patch("replace", f"/accessLogSettings/{member}", value)
    assert refusal(play.update_stage, operation) == f"400 BadRequestException: {refused}"


@pytest.mark.parametrize("line", ["$context.extendedRequestId", '{"id":"$context.requestId"}\n'])
def test_formats_that_name_the_request(play, deployment, line):
    assert play.update_stage(patch("add", "/accessLogSettings/format", line))["accessLogSettings"] == {"format": line}


def test_variables_come_and_go_and_act_at_once(play, deployment):
    play.update_stage(patch("replace", "/variables/host", "a.example:80/x?y=1&z=#"))
    assert play.standing()["variables"] == {"host": "a.example:80/x?y=1&z=#"}
    assert "variables" not in play.update_stage(patch("remove", "/variables/host"))
    assert "variables" not in play.standing()
    play.update_stage(patch("replace", "/variables", '{"a": "1", "b": "2"}'))
    assert play.standing()["variables"] == {"a": "1", "b": "2"}
    play.update_stage(patch("remove", "/variables"))
    assert "variables" not in play.standing()


@pytest.mark.parametrize(("name", "value"), [("a-b", "1"), ("a" * 65, "1"), ("a", "<b>"), ("a", "ü"), ("a", "1" * 513)])
def test_variables_of_other_characters(play, deployment, name, value):
    assert refusal(play.update_stage, patch("replace", f"/variables/{name}", value)).startswith(
        "400 BadRequestException: Invalid stage variable "
    )
    assert refusal(play.deploy, "dev", variables={name: value}).startswith(
        "400 BadRequestException: Invalid stage variable "
    )


def test_the_refusal_of_a_variable_s_name(play, deployment):
    assert refusal(play.update_stage, patch("replace", "/variables/bad-key", "1")) == (
        "400 BadRequestException: Invalid stage variable name: bad-key. Please use names with only word characters."
    )


def test_a_cache_cluster_is_available_at_once(play, deployment):
    answer = play.update_stage(patch("replace", "/cacheClusterEnabled", "true"))
    assert (answer["cacheClusterStatus"], answer["cacheClusterSize"]) == ("AVAILABLE", "0.5")
    assert play.standing()["cacheClusterSize"] == "0.5"
    play.update_stage(patch("replace", "/cacheClusterSize", "1.6"))
    answer = play.update_stage(patch("replace", "/cacheClusterEnabled", "false"))
    assert (answer["cacheClusterStatus"], answer["cacheClusterSize"]) == ("NOT_AVAILABLE", "1.6")


def test_rollback_is_a_patch_of_the_pointer(play, deployment):
    first = play.standing()["snapshot"]
    play.mock_method(verb="POST")
    play.deploy("dev")
    assert play.standing()["snapshot"] != first
    play.update_stage(patch("replace", "/deploymentId", deployment))
    assert play.standing()["snapshot"] == first
    assert refusal(play.update_stage, patch("replace", "/deploymentId", "nowhere")) == (
        "400 BadRequestException: Deployment id does not exist"
    )


def test_a_stage_shows_documentation_that_is_there(play, deployment):
    play.call("create_documentation_version", documentationVersion="v1")
    shown = patch("replace", "/documentationVersion", "v1")
    assert play.update_stage(shown)["documentationVersion"] == "v1"
    assert refusal(play.update_stage, patch("replace", "/documentationVersion", "v2")) == (
        "400 BadRequestException: Invalid Documentation version specified"
    )
    in_use = "Cannot delete documentation version because there are API Stages associated with it."
    assert refusal(play.call, "delete_documentation_version", documentationVersion="v1") == (
        f"400 BadRequestException: {in_use}"
    )
    assert "documentationVersion" not in play.update_stage(patch("replace", "/documentationVersion", ""))
    assert play.status("delete_documentation_version", documentationVersion="v1") == 202


def test_an_operation_that_a_path_does_not_take(play, deployment):
    assert refusal(play.update_stage, patch("add", "/canarySettings/deploymentId", deployment)) == (
        "400 BadRequestException: Invalid add operation with path: /canarySettings/deploymentId"
    )


def test_the_recorded_canary_by_patches(play, deployment):
    second = play.deploy()
    answer = play.update_stage(patch("replace", "/canarySettings/deploymentId", second))
    assert answer["canarySettings"] == {"deploymentId": second, "percentTraffic": 0.0, "useStageCache": False}
    assert answer["deploymentId"] == deployment
    assert "canarySettings" not in play.update_stage(patch("remove", "/canarySettings"))
    assert "canarySettings" not in play.standing()
    answer = play.update_stage(patch("replace", "/canarySettings/percentTraffic", "50"))
    assert answer["canarySettings"] == {"deploymentId": deployment, "percentTraffic": 50.0, "useStageCache": False}


def test_the_canary_s_variables(play, deployment):
    override = "/canarySettings/stageVariableOverrides/v"
    answer = play.update_stage(patch("replace", override, "canary"))
    assert answer["canarySettings"]["stageVariableOverrides"] == {"v": "canary"}
    assert play.standing()["canarySettings"]["stageVariableOverrides"] == {"v": "canary"}
    assert "stageVariableOverrides" not in play.update_stage(patch("remove", override))["canarySettings"]


PROMOTION = (
    patch("replace", "/canarySettings/percentTraffic", "0.0"),
    patch("copy", "/variables", source="/canarySettings/stageVariableOverrides"),
    patch("copy", "/deploymentId", source="/canarySettings/deploymentId"),
)


def test_the_recorded_promotion(play):
    first = play.deploy("dev", variables={"testVar": "test", "testVar2": "test2"})
    answer = play.update_stage(*PROMOTION)
    assert answer["canarySettings"] == {"deploymentId": first, "percentTraffic": 0.0, "useStageCache": False}
    assert answer["variables"] == {"testVar": "test", "testVar2": "test2"}

    canary = {"percentTraffic": 50.0, "stageVariableOverrides": {"testVar": "override"}}
    second = play.deploy("dev", canarySettings=canary)
    answer = play.update_stage(*PROMOTION)
    assert answer["deploymentId"] == second
    assert answer["canarySettings"]["percentTraffic"] == 0.0
    assert answer["variables"] == {"testVar": "override", "testVar2": "test2"}


def test_promotions_that_cannot_be(play, deployment):
    assert refusal(play.update_stage, *PROMOTION[1:]) == (
        "400 BadRequestException: Promotion not available. Canary does not exist."
    )
    backwards = patch("copy", "/canarySettings/stageVariableOverrides", source="/variables")
    assert refusal(play.update_stage, backwards) == (
        "400 BadRequestException: Invalid copy operation with path: /canarySettings/stageVariableOverrides and from "
        "/variables. Valid copy:path are [/deploymentId, /variables] and valid copy:from are "
        "[/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
    )


def test_a_stage_that_stops_compiling_is_not_changed(play, deployment):
    play.compilation.error = CompileError("the access log format names $context.unknown")
    assert refusal(play.update_stage, patch("replace", "/description", "x")) == (
        "400 BadRequestException: the access log format names $context.unknown"
    )
    assert "description" not in play.call("get_stage", stageName="dev")


def test_tags_of_a_stage(play, deployment):
    answer = play.call("create_stage", stageName="new", deploymentId=deployment, tags={"team": "a"})
    assert answer["tags"] == {"team": "a"}
    assert "tags" not in play.call("get_stage", stageName="dev")
