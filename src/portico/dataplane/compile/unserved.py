"""What is configured and not enforced yet: refused at run time, and told in the deployment's warning.

Each row is one thing that a definition or a stage may ask for. A row leaves this file on the day the thing is built.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import msgspec

from portico.model.rest import Integration, Method, Snapshot
from portico.model.standing import MethodSetting, StageStanding

AWS_BURST: Final = 5_000
AWS_RATE: Final = 10_000.0
"""A stage's throttle as AWS materialises it when another setting is touched (recorded fact 67): the account's own."""


class ApiRow(NamedTuple):
    reason: str
    asked: Callable[[Snapshot], bool]


class StageRow(NamedTuple):
    reason: str
    asked: Callable[[StageStanding], bool]


class MethodRow(NamedTuple):
    reason: str
    asked: Callable[[Method], bool]


class IntegrationRow(NamedTuple):
    reason: str
    asked: Callable[[Integration], bool]


class SettingRow(NamedTuple):
    reason: str
    asked: Callable[[StageStanding, MethodSetting], bool]


API_ROWS: Final = (
    ApiRow("resource policies are not enforced yet", lambda api: bool(api.policy)),
    ApiRow("private APIs are not served yet", lambda api: "PRIVATE" in api.endpoint_configuration.types),
    ApiRow("security policies are not enforced yet", lambda api: (api.security_policy or "TLS_1_0") != "TLS_1_0"),
    ApiRow("endpoint access mode STRICT is not enforced yet", lambda api: api.endpoint_access_mode == "STRICT"),
)

STAGE_ROWS: Final = (StageRow("web ACLs are not enforced yet", lambda stage: bool(stage.web_acl_arn)),)

METHOD_ROWS: Final = (
    MethodRow("API keys are not enforced yet", lambda method: method.api_key_required),
    MethodRow(
        "authorization is not enforced yet", lambda method: (method.authorization_type or "NONE").upper() != "NONE"
    ),
)

_TRANSFER_MODES: Final = dict.fromkeys(("AWS_PROXY", "HTTP_PROXY"), (None, "BUFFERED", "STREAM"))

INTEGRATION_ROWS: Final = (
    IntegrationRow(
        "connections other than INTERNET and VPC_LINK are not built yet",
        lambda integration: integration.connection_type not in (None, "INTERNET", "VPC_LINK"),
    ),
    IntegrationRow("VPC links V2 are not built yet", lambda integration: bool(integration.integration_target)),
    IntegrationRow(
        "response streaming is for HTTP_PROXY and AWS_PROXY only",
        lambda asked: asked.response_transfer_mode not in _TRANSFER_MODES.get(asked.type, (None, "BUFFERED")),
    ),
)


def _throttled(_stage: StageStanding, setting: MethodSetting) -> bool:
    burst, rate = setting.throttling_burst_limit, setting.throttling_rate_limit
    return burst not in (None, -1, AWS_BURST) or rate not in (None, -1, AWS_RATE)


SETTING_ROWS: Final = (
    SettingRow("stage throttles are not enforced yet", _throttled),
    SettingRow(
        "caching is not built yet",
        lambda stage, setting: stage.cache_cluster_enabled and setting.caching_enabled is True,
    ),
)


def api_reasons(snapshot: Snapshot) -> Iterator[str]:
    return (row.reason for row in API_ROWS if row.asked(snapshot))


def stage_reasons(stage: StageStanding) -> Iterator[str]:
    return (row.reason for row in STAGE_ROWS if row.asked(stage))


def method_reasons(path: str, method: Method, stage: StageStanding | None) -> Iterator[str]:
    """Why `method` at resource `path` will not be served on `stage` (None: whatever the stage)."""
    yield from (row.reason for row in METHOD_ROWS if row.asked(method))
    if stage is not None:
        acting = acting_settings(stage, path, method.http_method)
        yield from (row.reason for row in SETTING_ROWS if any(row.asked(stage, setting) for setting in acting))


def integration_reasons(integration: Integration) -> Iterator[str]:
    return (row.reason for row in INTEGRATION_ROWS if row.asked(integration))


def acting_settings(stage: StageStanding, path: str, verb: str) -> list[MethodSetting]:
    """The settings that act on one method: its own entry ("pets/GET", "~1pets/GET"), with "*/*" where that is silent.

    The entries of single verbs act on an ANY method too, each for its verb.
    """
    general = stage.method_settings.get("*/*", MethodSetting())
    own = [
        _completed(setting, general)
        for key, setting in stage.method_settings.items()
        if key != "*/*" and _names(key, path, verb)
    ]
    return [*own, general] if verb == "ANY" or not own else own


def _names(key: str, path: str, verb: str) -> bool:
    place, _, method = key.rpartition("/")
    if method not in (verb, "*") and verb != "ANY":
        return False
    return place == "*" or place.replace("~1", "/").strip("/") == path.strip("/")


def _completed(setting: MethodSetting, general: MethodSetting) -> MethodSetting:
    silent = {name: getattr(general, name) for name in setting.__struct_fields__ if getattr(setting, name) is None}
    return msgspec.structs.replace(setting, **silent)
