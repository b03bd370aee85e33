"""URIs of integrations that invoke a Lambda function.

    arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function ARN}/invocations
    arn:aws:apigateway:{region}:lambda:path/2021-11-15/functions/{function ARN}/response-streaming-invocations

A function's ARN is `arn:aws:lambda:{region}:{account}:function:{name}[:{version or alias}]`. Stage variables may stand
anywhere; they are put in when a URI is compiled, because a Program is compiled anew when they change.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from portico.lang.errors import NotBuilt
from portico.lang.uri import substitute

_SERVICE = re.compile(r"arn:[^:]*:apigateway:[^:]*:(?P<service>[^:]*):")
_INVOCATIONS = re.compile(
    r"arn:(?P<partition>[^:]*):apigateway:(?P<region>[^:]*):lambda:path/\d{4}-\d\d-\d\d"
    r"/functions/(?P<function>[^/]*)/(?P<action>invocations|response-streaming-invocations)"
)
_FUNCTION = re.compile(
    r"arn:[^:]*:lambda:(?P<region>[^:]*):(?P<account>[^:]*):function"
    r":(?P<name>[a-zA-Z0-9-_]{1,64})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
)
_STREAMING: Final = "response-streaming-invocations"


class FunctionUri(NamedTuple):
    """Which function an integration invokes. `arn` is the function's, with its qualifier where it has one."""

    arn: str
    streams: bool


class Home(NamedTuple):
    """Where functions are that can be called."""

    region: str
    account: str


def compile_function_uri(source: str, variables: Mapping[str, str], home: Home | None) -> FunctionUri:
    """Compile a URI under a stage's variables. Without `home` functions of every region and account are called.

    Raises UnknownStageVariable, and NotBuilt for what is no function, or none of `home`.
    """
    text = substitute(source, variables)
    match = _INVOCATIONS.fullmatch(text)
    if match is None:
        raise NotBuilt(f"URI {source!r}", _why_not(text))
    function = _FUNCTION.fullmatch(match["function"])
    if function is None:
        raise NotBuilt(f"URI {source!r}", f"{match['function']!r} is not the ARN of a function, version or alias")
    if home is None:
        return FunctionUri(match["function"], match["action"] == _STREAMING)
    for what, told, ours in (
        ("region", match["region"], home.region),
        ("region", function["region"], home.region),
        ("account", function["account"], home.account),
    ):
        if told != ours:
            raise NotBuilt(f"URI {source!r}", f"functions of {what} {told!r} are not served, this is {ours!r}")
    qualifier = f":{function['qualifier']}" if function["qualifier"] else ""
    arn = f"arn:aws:lambda:{home.region}:{home.account}:function:{function['name']}{qualifier}"
    return FunctionUri(arn, match["action"] == _STREAMING)


def names_lambda(text: str) -> bool:
    """Whether a URI, stage variables put in, is one of Lambda's: those of other services are lang.service_uri's."""
    match = _SERVICE.match(text)
    return match is None or match["service"] == "lambda"


def _why_not(text: str) -> str:
    if not names_lambda(text):
        return "only Lambda functions are integrations of type AWS_PROXY"
    return "it is not of the form arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{ARN}/invocations"
