"""Aliases: CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases."""

from portico.controlplane.functions.configuration import revise
from portico.controlplane.functions.faults import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from portico.controlplane.functions.marking import page
from portico.controlplane.functions.names import function_arn, unqualified
from portico.controlplane.functions.record import require, save
from portico.controlplane.functions.revisions import check_revision
from portico.controlplane.operation import Call, operation
from portico.model.function import LATEST
from portico.ports.store import Document


@operation("CreateAlias", service="lambda")
def create_alias(call: Call) -> Document:
    name, alias_name = unqualified(call), call.params["Name"]
    function = require(call, name, call.params["FunctionVersion"])
    if alias_name in function["aliases"]:
        raise ResourceConflictException(f"Alias already exists: {function_arn(call.realm, name, alias_name)}")
    alias: Document = {"Name": alias_name, "Description": ""}
    _edit(call, name, alias)
    return _save(call, name, function, alias)


@operation("GetAlias", service="lambda")
def get_alias(call: Call) -> Document:
    name = unqualified(call)
    return _show(call, name, _require_alias(call, name, require(call, name)))


@operation("UpdateAlias", service="lambda")
def update_alias(call: Call) -> Document:
    name = unqualified(call)
    function = require(call, name)
    alias = _require_alias(call, name, function)
    check_revision(call.params, alias)
    _edit(call, name, alias)
    return _save(call, name, function, alias)


@operation("DeleteAlias", service="lambda")
def delete_alias(call: Call) -> Document:
    """An alias that is not there is as good as deleted (API reference: no ResourceNotFoundException for it)."""
    name = unqualified(call)
    function = require(call, name)
    if function["aliases"].pop(call.params["Name"], None) is not None:
        function["policies"].pop(call.params["Name"], None)
        save(call, name, function)
    return {}


@operation("ListAliases", service="lambda", writes=False)
def list_aliases(call: Call) -> Document:
    name = unqualified(call)
    function = require(call, name, call.params.get("FunctionVersion"))
    wanted = call.params.get("FunctionVersion")
    found = [
        (key, _show(call, name, alias))
        for key, alias in function["aliases"].items()
        if wanted is None or alias["FunctionVersion"] == wanted
    ]
    return page("Aliases", found, call.params)


def _require_alias(call: Call, name: str, function: Document) -> Document:
    found: Document | None = function["aliases"].get(call.params["Name"])
    if found is None:
        arn = function_arn(call.realm, name, call.params["Name"])
        raise ResourceNotFoundException(f"Cannot find alias arn: {arn}")
    return found


def _edit(call: Call, name: str, alias: Document) -> None:
    """Take over what is given, and see that the alias leads to versions that are there."""
    for member in ("FunctionVersion", "Description"):
        if call.params.get(member) is not None:
            alias[member] = call.params[member]
    if "RoutingConfig" in call.params:
        alias.pop("RoutingConfig", None)
        if weights := call.params["RoutingConfig"].get("AdditionalVersionWeights"):
            alias["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    require(call, name, alias["FunctionVersion"])
    _check_routing(call, name, alias)


def _check_routing(call: Call, name: str, alias: Document) -> None:
    version = alias["FunctionVersion"]
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    if len(weights) > 1:
        raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if weights and version == LATEST:
        raise InvalidParameterValueException("$LATEST is not supported for an alias pointing to more than 1 version")
    if version in weights:
        raise InvalidParameterValueException(
            f"Invalid function version {version}. "
            f"Function version {version} is already included in routing configuration."
        )
    for other in weights:
        require(call, name, other)


def _save(call: Call, name: str, function: Document, alias: Document) -> Document:
    revise(alias)
    function["aliases"][alias["Name"]] = alias
    save(call, name, function)
    return _show(call, name, alias)


def _show(call: Call, name: str, alias: Document) -> Document:
    return {"AliasArn": function_arn(call.realm, name, alias["Name"]), **alias}
