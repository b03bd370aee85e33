"""LoggingConfig: what is kept of it, what is answered, and what instances get to know."""

from typing import Any

import pytest

from lambda_scene import Lambda, refusal
from portico.model.function import JsonLogging

INVALID = "InvalidParameterValueException"
LEVELS_WITH_TEXT = (
    'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
    'LogFormat to "Json" and try again.'
)
TEXT = {"LogFormat": "Text", "LogGroup": "/aws/lambda/hello"}


def json_config(application: str = "INFO", system: str = "INFO", group: str = "/aws/lambda/hello") -> dict[str, str]:
    return {
        "LogFormat": "JSON",
        "ApplicationLogLevel": application,
        "SystemLogLevel": system,
        "LogGroup": group,
    }


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({}, TEXT),
        ({"LogFormat": "Text"}, TEXT),
        ({"LogFormat": "JSON"}, json_config()),
        ({"LogFormat": "JSON", "ApplicationLogLevel": "TRACE"}, json_config(application="TRACE")),
        (
            {"LogFormat": "JSON", "SystemLogLevel": "WARN", "LogGroup": "/mine"},
            json_config(system="WARN", group="/mine"),
        ),
    ],
)
def test_what_is_asked_for_is_answered(asked: dict[str, str], kept: dict[str, str]) -> None:
    aws = Lambda()
    assert aws.create(LoggingConfig=asked)["LoggingConfig"] == kept
    assert aws.client.get_function_configuration(FunctionName="hello")["LoggingConfig"] == kept


def test_what_is_not_given_stays_and_levels_go_with_json() -> None:
    aws = Lambda()
    aws.create(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR"})

    def change(**asked: str) -> Any:
        return aws.client.update_function_configuration(FunctionName="hello", LoggingConfig=asked)["LoggingConfig"]

    assert change(SystemLogLevel="DEBUG") == json_config("ERROR", "DEBUG")
    assert change(ApplicationLogLevel="FATAL") == json_config("FATAL", "DEBUG")
    assert change(LogFormat="Text") == TEXT
    assert change(LogFormat="JSON") == json_config()


@pytest.mark.parametrize("level", ["ApplicationLogLevel", "SystemLogLevel"])
@pytest.mark.parametrize("told", [{}, {"LogFormat": "Text"}])
def test_levels_with_text_are_refused_in_lambda_s_words(level: str, told: dict[str, str]) -> None:
    aws = Lambda()
    asked = {**told, level: "WARN"}
    assert refusal(lambda: aws.create(LoggingConfig=asked)) == (400, INVALID, LEVELS_WITH_TEXT)
    aws.create()
    update = aws.client.update_function_configuration
    again = refusal(lambda: update(FunctionName="hello", LoggingConfig=asked, Timeout=9))
    assert again == (400, INVALID, LEVELS_WITH_TEXT)
    assert aws.client.get_function_configuration(FunctionName="hello")["Timeout"] == 3


def test_instances_know_of_it() -> None:
    aws = Lambda()
    aws.create(LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"})
    standing = aws.standing()
    assert standing is not None
    assert standing.versions["$LATEST"].json_logging == JsonLogging(application_level="INFO", system_level="WARN")
    aws.client.update_function_configuration(FunctionName="hello", LoggingConfig={"LogFormat": "Text"})
    standing = aws.standing()
    assert standing is not None and standing.versions["$LATEST"].json_logging is None
