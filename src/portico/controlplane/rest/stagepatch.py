"""UpdateStage's patches: `STAGE_PATCH.apply(stage, operations)`.

A stage refuses in words of its own (recorded facts 69 to 78): the list of its paths with AWS's missing commas, another
text for access log settings, one for each operation that a path does not take, and a removal of what is not there is
always a missing "method setting", whatever it was. Conversions and ranges are in stagerules.py.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from portico.controlplane.deploy import plain_method_key
from portico.controlplane.patch import Action, Edit, PatchTable, Refusal, Rule, drop, text
from portico.controlplane.rest.methods import VERBS
from portico.controlplane.rest.stagerules import (
    CACHE_SIZES,
    METHOD_SETTINGS,
    MethodSetting,
    check_log_destination,
    check_log_format,
    check_variables,
    decimal,
    default_method_settings,
    flag,
    one_of,
)
from portico.ports.store import Document
from portico.wire.aws.faults import AwsError, BadRequestException

_PROMOTED_TO = ("/deploymentId", "/variables")
_PROMOTED_FROM = ("/canarySettings/deploymentId", "/canarySettings/stageVariableOverrides")

_METHOD = "/{resource}/{verb}"

# Character by character as the live service wrote it (recorded scenario TestStages::test_create_update_stages): the
# commas that are not there included.
_SETTING_PATHS = (
    "{0}/metrics/enabled, {0}/logging/dataTrace, {0}/logging/loglevel, {0}/throttling/burstLimit{1}"
    "{0}/throttling/rateLimit{1}{0}/caching/ttlInSeconds, {0}/caching/enabled, {0}/caching/dataEncrypted, "
    "{0}/caching/requireAuthorizationForCacheControl, {0}/caching/unauthorizedCacheControlHeaderStrategy"
)
_PATHS = ", ".join(
    (
        "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId",
        "/accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format",
        _SETTING_PATHS.format("/{resourcePath}/{httpMethod}", ""),
        _SETTING_PATHS.format("/*/*", " "),
        "/variables/{variable_name}, /tracingEnabled",
    )
)


class _StagePatchTable(PatchTable):
    """The table with a stage's own refusals."""

    def _apply_one(self, document: Document, operation: Mapping[str, str]) -> None:
        if operation.get("op") == "copy":
            _check_promotion(document, operation)
        super()._apply_one(document, operation)

    def _refuse(self, op: str, path: str, rule: Rule | None) -> AwsError:
        if op == "remove":
            return _nothing_to_remove(path)
        if path.split("/")[1:2] == ["accessLogSettings"]:
            return BadRequestException(
                "Invalid accessLogSettings path. Must be one of : "
                "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
            )
        if rule is not None and rule.pattern != _METHOD:
            return BadRequestException(f"Invalid {op} operation with path: {path}")
        return _unknown_path(path)


def _unknown_path(path: str) -> BadRequestException:
    return BadRequestException(f"Invalid method setting path: {path}. Must be one of: [{_PATHS}]")


def _nothing_to_remove(path: str) -> BadRequestException:
    what = path.removeprefix("/")
    return BadRequestException(
        f"Cannot remove method setting {what} because there is no method setting for this method "
    )


def _check_promotion(stage: Document, operation: Mapping[str, str]) -> None:
    path, source = operation.get("path"), operation.get("from")
    if dict(zip(_PROMOTED_TO, _PROMOTED_FROM, strict=True)).get(path or "") != source:
        raise BadRequestException(
            f"Invalid copy operation with path: {path or 'null'} and from {source or 'null'}. Valid copy:path are "
            f"[{', '.join(_PROMOTED_TO)}] and valid copy:from are [{', '.join(_PROMOTED_FROM)}]"
        )
    if "canarySettings" not in stage:
        raise BadRequestException("Promotion not available. Canary does not exist.")


# Actions


def _assign(member: str, convert: Callable[[str], Any]) -> Action:
    def act(stage: Document, edit: Edit) -> None:
        stage[member] = _converted(convert, edit)

    return act


def _converted(convert: Callable[[str], Any], edit: Edit) -> Any:
    try:
        return convert(edit.value or "")
    except ValueError as error:
        raise BadRequestException(f"Invalid value '{edit.value or ''}' for {edit.path}: it must be {error}") from None


def _existing(value: str) -> str:
    if not value:
        raise ValueError("the id of a deployment")
    return value


def _log_setting(member: str, check: Callable[[str], None]) -> Action:
    def act(stage: Document, edit: Edit) -> None:
        if not edit.value:
            raise BadRequestException("Access Log value must not be empty")
        check(edit.value)
        stage.setdefault("accessLogSettings", {})[member] = edit.value

    return act


def _variables(value: str) -> dict[str, str]:
    found = json.loads(value)
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ValueError(value)
    return found


def _replace_variables(member: str) -> Action:
    def act(stage: Document, edit: Edit) -> None:
        try:
            stage[member] = _variables(edit.value or "")
        except ValueError:
            raise BadRequestException(f"Invalid value for {edit.path}: it must be a JSON object of texts") from None

    return act


def _set_variable(member: str) -> Action:
    def act(stage: Document, edit: Edit) -> None:
        variable = {edit.keys[-1]: edit.value or ""}
        check_variables(variable)
        stage[member] = {**stage.get(member, {}), **variable}

    return act


def _remove_variable(member: str) -> Action:
    def act(stage: Document, edit: Edit) -> None:
        left = {name: value for name, value in stage.pop(member, {}).items() if name != edit.keys[-1]}
        if left:
            stage[member] = left

    return act


def _in_canary(action: Action) -> Action:
    """The action on the canary's settings: a stage without a canary gets one of its own deployment (fact 76)."""

    def act(stage: Document, edit: Edit) -> None:
        fresh = {"deploymentId": stage["deploymentId"], "percentTraffic": 0.0, "useStageCache": False}
        action(stage.setdefault("canarySettings", fresh), edit)

    return act


def _in_existing_canary(action: Action) -> Action:
    """The same for a removal, which must not begin a canary."""

    def act(stage: Document, edit: Edit) -> None:
        if "canarySettings" not in stage:
            raise _nothing_to_remove(edit.path)
        action(stage["canarySettings"], edit)

    return act


def _promote_deployment(stage: Document, edit: Edit) -> None:
    stage["deploymentId"] = stage["canarySettings"]["deploymentId"]


def _promote_variables(stage: Document, edit: Edit) -> None:
    overrides = stage["canarySettings"].get("stageVariableOverrides", {})
    if overrides:
        stage["variables"] = {**stage.get("variables", {}), **overrides}


def _set_method(setting: MethodSetting) -> Action:
    def act(stage: Document, edit: Edit) -> None:
        every, verb = edit.keys[0] == "*", edit.keys[1]
        if every != (verb == "*") or (not every and verb not in VERBS):
            raise _unknown_path(edit.path)
        value = _converted(setting.convert, edit)
        settings = stage["methodSettings"]
        # A new entry starts from the stage's own, and does not follow it afterwards: recorded fact 68.
        entry = settings.setdefault(_method_key(stage, edit), {**(settings.get("*/*") or default_method_settings())})
        entry[setting.member] = value

    return act


def _remove_method(stage: Document, edit: Edit) -> None:
    if stage["methodSettings"].pop(_method_key(stage, edit), None) is None:
        raise _nothing_to_remove(edit.path)


def _method_key(stage: Document, edit: Edit) -> str:
    """The key of `methodSettings` that a patch means.

    As it was addressed, `~1` included (so live stages show a path of several segments and the root), but a path of one
    segment is kept plain: "~1test/GET" and "test/GET" are both "test/GET" (recorded fact 68). Another spelling of an
    existing key is that key.
    """
    resource, verb = edit.path.split("/")[1:3]
    bare = resource.removeprefix("~1")
    key = f"{bare if bare and '~1' not in bare else resource}/{verb}"
    plain = plain_method_key(key)
    return next((known for known in stage["methodSettings"] if plain_method_key(known) == plain), key)


def _only(action: Action) -> dict[str, Action]:
    return {"replace": action}


def _both(action: Action) -> dict[str, Action]:
    return {"add": action, "replace": action}


STAGE_PATCH = _StagePatchTable(
    Refusal.BY_OPERATION,
    Rule("/deploymentId", {"replace": _assign("deploymentId", _existing), "copy": _promote_deployment}),
    Rule("/description", _only(text("description"))),
    Rule("/cacheClusterEnabled", _only(_assign("cacheClusterEnabled", flag))),
    Rule("/cacheClusterSize", _only(_assign("cacheClusterSize", one_of(*CACHE_SIZES)))),
    Rule("/clientCertificateId", _only(text("clientCertificateId"))),
    # In the guide and in what terraform sends, though not in the list of the refusal (corrected from fact 70).
    Rule("/documentationVersion", _only(text("documentationVersion"))),
    Rule("/tracingEnabled", _only(_assign("tracingEnabled", flag))),
    Rule(
        "/variables",
        {"replace": _replace_variables("variables"), "remove": drop("variables"), "copy": _promote_variables},
    ),
    Rule("/variables/{name}", {**_both(_set_variable("variables")), "remove": _remove_variable("variables")}),
    Rule("/accessLogSettings", {"remove": drop("accessLogSettings")}),
    Rule("/accessLogSettings/destinationArn", _both(_log_setting("destinationArn", check_log_destination))),
    Rule("/accessLogSettings/format", _both(_log_setting("format", check_log_format))),
    Rule("/canarySettings", {"remove": drop("canarySettings")}),
    Rule("/canarySettings/deploymentId", _only(_in_canary(_assign("deploymentId", _existing)))),
    Rule("/canarySettings/percentTraffic", _only(_in_canary(_assign("percentTraffic", decimal(0, 100))))),
    Rule("/canarySettings/useStageCache", _only(_in_canary(_assign("useStageCache", flag)))),
    Rule("/canarySettings/stageVariableOverrides", _only(_in_canary(_replace_variables("stageVariableOverrides")))),
    Rule(
        "/canarySettings/stageVariableOverrides/{name}",
        {
            "replace": _in_canary(_set_variable("stageVariableOverrides")),
            "remove": _in_existing_canary(_remove_variable("stageVariableOverrides")),
        },
    ),
    Rule(_METHOD, {"remove": _remove_method}),
    *(Rule(f"{_METHOD}/{end}", _only(_set_method(one))) for end, one in METHOD_SETTINGS.items()),
)
