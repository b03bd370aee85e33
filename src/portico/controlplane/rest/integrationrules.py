"""What an integration must hold together, put or patched: `complete` is called with the whole document.

The order of the checks is AWS's where the recordings show it: verb, then address (recorded facts 54 to 56). Words that
are not recorded were observed by the benches of github.com/badmintoncryer/cdk-preflight (rules/apigateway).
"""

import re
from collections.abc import Callable

from portico.controlplane.rest.mappings import check_content_types, check_request_mapping
from portico.controlplane.rest.methods import check_verb
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

MIN_TIMEOUT_MS = 50
MAX_TIMEOUT_MS = 29_000
MAX_STREAM_TIMEOUT_MS = 900_000
"""Guide, "Quotas for REST APIs" and "Response transfer mode"."""

_HTTP_TYPES = ("HTTP", "HTTP_PROXY")
_PROXY_TYPES = ("HTTP_PROXY", "AWS_PROXY")
_PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")

_PLACEHOLDER = re.compile(r"\$\{stageVariables\.\w+\}|\{[^{}/]+\}")
_HTTP_ADDRESS = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/?#:@\[\]]+)(:(\d{1,5}))?([/?][^\s#]*)?", re.IGNORECASE)
_SERVICE = re.compile(r"arn:[^:]+:apigateway:(?P<region>[^:]+):(?P<service>[^:]+):(?P<api>(?:path|action)/.+)")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_FUNCTION = re.compile(
    r"path/\d{4}-\d\d-\d\d/functions/arn:[^:]+:lambda:[^:]*:[^:]*:function:[^/]+"
    r"/(invocations|response-streaming-invocations)"
)


def complete(integration: Document, method: Document, resource_id: str, max_timeout: int = MAX_TIMEOUT_MS) -> None:
    """Fill in AWS's defaults (recorded fact 53), then refuse what cannot be. Raises BadRequestException.

    `max_timeout` is in milliseconds: AWS's quota, which an account can have raised.
    """
    integration.setdefault("passthroughBehavior", "WHEN_NO_MATCH")
    integration.setdefault("timeoutInMillis", MAX_TIMEOUT_MS)
    integration.setdefault("cacheNamespace", resource_id)
    integration.setdefault("cacheKeyParameters", [])
    _check_verb(integration)
    _ADDRESS[integration["type"]](integration.get("uri") or "")
    _check_credentials(integration.get("credentials") or "")
    _check_connection(integration)
    _check_passthrough(integration)
    _check_transfer(integration, max_timeout)
    _check_maps(integration, method.get("requestParameters") or {})


def _check_verb(integration: Document) -> None:
    verb = integration.get("httpMethod")
    if verb:
        check_verb(verb)
    elif integration["type"] != "MOCK":
        raise BadRequestException("Enumeration value for HttpMethod must be non-empty")


def _check_http_address(uri: str) -> None:
    # A placeholder may stand for a host, a port or a part of the path: a digit is legal in all three.
    match = _HTTP_ADDRESS.fullmatch(_PLACEHOLDER.sub("1", uri))
    if match is None or int(match[3] or 1) not in range(1, 65_536):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")


def _check_service_address(uri: str) -> re.Match[str]:
    if not uri.startswith("arn:"):
        raise BadRequestException("Invalid ARN specified in the request")
    match = _SERVICE.fullmatch(uri)
    if match is None:
        raise BadRequestException("AWS ARN for integration must contain path or action")
    if "$" not in match["region"] and not _REGION.fullmatch(match["region"]):
        # AWS's words for a misspelt region: github.com/CodeGenieApp/serverless-express issue 169
        raise BadRequestException("Invalid ARN specified in the request")
    return match


def _check_function_address(uri: str) -> None:
    match = _check_service_address(uri)
    if match["service"] != "lambda" or not _FUNCTION.fullmatch(match["api"]):
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )


_ADDRESS: dict[str, Callable[[str], object]] = {
    "HTTP": _check_http_address,
    "HTTP_PROXY": _check_http_address,
    "AWS": _check_service_address,
    "AWS_PROXY": _check_function_address,
    "MOCK": lambda uri: None,
}


def _check_credentials(arn: str) -> None:
    """Whose role it is, and whether there is one, is found out when it is used; a stage variable may stand for it."""
    if arn and not arn.startswith(("arn:", "${stageVariables.")):
        raise BadRequestException("Invalid ARN specified in the request")


def _check_connection(integration: Document) -> None:
    if integration["type"] not in _HTTP_TYPES:
        if integration.pop("connectionType", None) == "VPC_LINK":
            raise BadRequestException("VPC_LINK is only supported for integrations of type HTTP or HTTP_PROXY")
        return
    if integration.setdefault("connectionType", "INTERNET") == "VPC_LINK" and not integration.get("connectionId"):
        raise BadRequestException(
            "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK"
        )


def _check_passthrough(integration: Document) -> None:
    behavior = integration["passthroughBehavior"] = integration["passthroughBehavior"].upper()
    if behavior not in _PASSTHROUGH:
        raise BadRequestException(f"Invalid passthroughBehavior specified. Valid options are {', '.join(_PASSTHROUGH)}")


def _check_transfer(integration: Document, max_timeout: int) -> None:
    streams = integration.get("responseTransferMode") == "STREAM"
    if streams and integration["type"] not in _PROXY_TYPES:
        raise BadRequestException("Response transfer mode STREAM is only supported for HTTP_PROXY and AWS_PROXY")
    if integration["type"] == "AWS_PROXY":
        _check_streaming_address(integration.get("uri") or "", streams)
    most = MAX_STREAM_TIMEOUT_MS if streams else max_timeout
    if not MIN_TIMEOUT_MS <= integration["timeoutInMillis"] <= most:
        raise BadRequestException(f"Timeout should be between {MIN_TIMEOUT_MS} ms and {most} ms")


def _check_streaming_address(uri: str, streams: bool) -> None:
    """STREAM and its URI go together. The first message is AWS's (terraform-provider-aws issue 45649), the other ours:
    the guide only says that such a function is not called without STREAM."""
    invoked = uri.endswith("/response-streaming-invocations")
    if streams and not invoked:
        raise BadRequestException(
            "Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported for Lambda functions invoked "
            "by InvokeWithResponseStream for AWS_PROXY integrations."
        )
    if invoked and not streams:
        raise BadRequestException(
            "Invalid ResponseTransferMode. Lambda functions invoked by InvokeWithResponseStream need "
            "ResponseTransferMode STREAM."
        )


def _check_maps(integration: Document, declared: Document) -> None:
    mapping = integration.get("requestParameters") or {}
    check_request_mapping(mapping, declared)
    check_content_types(integration.get("requestTemplates") or {})
    for parameter in integration["cacheKeyParameters"]:
        if parameter not in declared and parameter not in mapping:
            raise BadRequestException("Invalid cache key parameter specified")
