"""What the values of a stage must be: variables, cache cluster, access log, method settings.

The texts that are not known are marked [ours]; the others are AWS's, recorded or observed by the benches of
github.com/badmintoncryer/cdk-preflight in September 2026 (rules/apigateway).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from portico.lang.logformat import LogFormatError, Variable, parse_format
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
# The API reference's set, and the blank that the refusal's own text allows. 64 and 512: guide, "Quotas".
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9 \-._~:/?#&=,]{0,512}")

CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
"""Gigabytes."""
_DEFAULT_CACHE_SIZE = "0.5"
MAX_CACHE_TTL = 3600
"""Seconds."""

_LOG_GROUP = re.compile(r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:(.+)")
_STREAM = re.compile(r"arn:[^:]+:firehose:[^:]*:[^:]*:(.+)")
_LOG_GROUP_NAME = re.compile(r"[A-Za-z0-9_\-/.#]+")
_REQUEST_IDS = frozenset({"requestId", "extendedRequestId"})
_MAX_FORMAT_BYTES = 3072


def check_stage_name(name: str) -> None:
    """Raises BadRequestException."""
    if not _STAGE_NAME.fullmatch(name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_")  # a hyphen too, whatever it says


def check_variables(variables: Mapping[str, str]) -> None:
    """Stage variables, or a canary's overrides of them. Raises BadRequestException."""
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise BadRequestException(
                f"Invalid stage variable name: {name}. Please use names with only word characters."
            )
        if not _VARIABLE_VALUE.fullmatch(value):
            raise BadRequestException(
                f"Invalid stage variable value of key {name}.  Please use values with alphanumeric characters and the "
                "symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )


def settle_cache(stage: Document) -> None:
    """The cluster's size and status follow its switch. AVAILABLE at once: there is no machine to wait for."""
    if stage["cacheClusterEnabled"]:
        stage.setdefault("cacheClusterSize", _DEFAULT_CACHE_SIZE)
    stage["cacheClusterStatus"] = "AVAILABLE" if stage["cacheClusterEnabled"] else "NOT_AVAILABLE"


def check_log_destination(arn: str) -> None:
    """Raises BadRequestException. Recorded fact 72: an ARN that ends in `:*`, as CloudWatch shows it, is refused."""
    if stream := _STREAM.fullmatch(arn):
        if not stream[1].startswith("deliverystream/amazon-apigateway-"):
            raise BadRequestException(
                "Kinesis Firehose delivery stream name must begin with the characters 'amazon-apigateway-': "
                f"'{stream[1]}'"
            )
        raise BadRequestException("Access logs to Firehose are not built yet: name a CloudWatch Logs group")  # [ours]
    match = _LOG_GROUP.fullmatch(arn)
    if match is None:
        raise BadRequestException(
            "Invalid ARN specified in the request. The ARN must be a valid CloudWatch Logs log group or Kinesis Data "
            "Firehose delivery stream ARN."
        )
    name, colon, rest = match[1].partition(":")
    if colon or not _LOG_GROUP_NAME.fullmatch(name):
        raise BadRequestException(
            "Access Log destination must only contain characters a-z, A-Z, 0-9, '_', '-', '/', '.': "
            f"'{rest if colon else name}'"
        )


def check_log_format(text: str) -> None:
    """One line, at most 3 KB, of `$context` alone, and it names the request (guide, "access logging").

    Raises BadRequestException. A worker would print lines of another format where it cannot read a stage's own.
    """
    if re.search(r"[\r\n]", text.rstrip("\r\n")):
        raise BadRequestException(
            f"Access Log format must be single line, new line character is allowed only at end of the format: '{text}'"
        )
    if len(text.encode()) > _MAX_FORMAT_BYTES:
        raise BadRequestException(f"Access Log format must be at most {_MAX_FORMAT_BYTES} bytes")  # [ours]
    try:
        variables = {part.path for part in parse_format(text) if isinstance(part, Variable)}
    except LogFormatError as error:
        raise BadRequestException(f"Access Log format is invalid: {error.reason}") from None  # [ours]
    if not variables & _REQUEST_IDS:
        raise BadRequestException(
            f"Access Log format must include either $context.requestId or $context.extendedRequestId : '{text}'"
        )


# Values of patches, which are always texts


def flag(value: str) -> bool:
    """Raises ValueError for anything but true and false."""
    if value.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return value.lower() == "true"


def one_of(*options: str) -> Callable[[str], str]:
    def convert(value: str) -> str:
        if value not in options:
            raise ValueError(f"one of {', '.join(options)}")
        return value

    return convert


def whole(least: int, most: int) -> Callable[[str], int]:
    def convert(value: str) -> int:
        if not re.fullmatch(r"-?\d{1,10}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(value)

    return convert


def _seconds(value: str) -> int:
    try:
        return whole(0, MAX_CACHE_TTL)(value)
    except ValueError:
        raise BadRequestException(
            f"Invalid time-to-live setting, must be an integer no greater than {MAX_CACHE_TTL}"
        ) from None


def decimal(least: float, most: float) -> Callable[[str], float]:
    def convert(value: str) -> float:
        if not re.fullmatch(r"-?\d{1,15}(\.\d*)?|\.\d+", value) or not least <= float(value) <= most:
            raise ValueError(f"a number from {least:g} to {most:g}")
        return float(value)

    return convert


def percentage(value: float) -> float:
    """A canary's share of the traffic. Raises BadRequestException."""
    if not 0.0 <= value <= 100.0:
        raise BadRequestException("Percent traffic must be between 0.0 and 100.0")  # [ours]
    return value


class MethodSetting(NamedTuple):
    """One setting of `methodSettings`: its member, its value before anyone set it, how a patch's text becomes it."""

    member: str
    default: Any
    convert: Callable[[str], Any]


_UNLIMITED = 2**31 - 1
_STRATEGIES = ("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER")

METHOD_SETTINGS = {
    "metrics/enabled": MethodSetting("metricsEnabled", False, flag),
    # The one that is absent until it is set: recorded fact 67.
    "logging/loglevel": MethodSetting("loggingLevel", None, one_of("OFF", "ERROR", "INFO")),
    "logging/dataTrace": MethodSetting("dataTraceEnabled", False, flag),
    # -1 asks for no limit of the stage's own: terraform's default.
    "throttling/burstLimit": MethodSetting("throttlingBurstLimit", 5000, whole(-1, _UNLIMITED)),
    "throttling/rateLimit": MethodSetting("throttlingRateLimit", 10000.0, decimal(-1, _UNLIMITED)),
    "caching/enabled": MethodSetting("cachingEnabled", False, flag),
    "caching/ttlInSeconds": MethodSetting("cacheTtlInSeconds", 300, _seconds),
    "caching/dataEncrypted": MethodSetting("cacheDataEncrypted", False, flag),
    "caching/requireAuthorizationForCacheControl": MethodSetting("requireAuthorizationForCacheControl", True, flag),
    "caching/unauthorizedCacheControlHeaderStrategy": MethodSetting(
        "unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITH_RESPONSE_HEADER", one_of(*_STRATEGIES)
    ),
}
"""By the end of the patch path that sets it."""


def default_method_settings() -> Document:
    return {setting.member: setting.default for setting in METHOD_SETTINGS.values() if setting.default is not None}
