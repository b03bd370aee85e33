"""Who may invoke a function: AddPermission, RemovePermission, GetPolicy. Each qualifier has a policy of its own."""

from portico.controlplane.functions.configuration import revise
from portico.controlplane.functions.faults import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from portico.controlplane.functions.names import function_arn, is_version, named
from portico.controlplane.functions.policy import policy_text, statement, statement_text
from portico.controlplane.functions.record import configuration_of, put_version, require, save
from portico.controlplane.functions.revisions import check_revision
from portico.controlplane.operation import Call, operation
from portico.model.function import LATEST
from portico.ports.store import Document


@operation("AddPermission", service="lambda")
def add_permission(call: Call) -> Document:
    name, qualifier = named(call)
    if qualifier == LATEST:
        raise InvalidParameterValueException("We currently do not support adding policies for $LATEST.")
    function = require(call, name, qualifier)
    revised = _revised(call, name, function, qualifier)
    check_revision(call.params, revised, "GetPolicy")
    added = statement(call.params, function_arn(call.realm, name, qualifier))
    statements = function["policies"].setdefault(qualifier or "", [])
    if any(one["Sid"] == added["Sid"] for one in statements):
        raise ResourceConflictException(
            f"The statement id ({added['Sid']}) provided already exists. Please provide a new statement id, or remove "
            "the existing statement."
        )
    statements.append(added)
    _save(call, name, function, revised)
    return {"Statement": statement_text(added)}


@operation("RemovePermission", service="lambda")
def remove_permission(call: Call) -> Document:
    name, qualifier = named(call)
    function = require(call, name, qualifier)
    statements = function["policies"].get(qualifier or "")
    if not statements:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    revised = _revised(call, name, function, qualifier)
    check_revision(call.params, revised, "GetPolicy")
    left = [one for one in statements if one["Sid"] != call.params["StatementId"]]
    if len(left) == len(statements):
        raise ResourceNotFoundException(f"Statement {call.params['StatementId']} is not found in resource policy.")
    if left:
        function["policies"][qualifier or ""] = left
    else:
        del function["policies"][qualifier or ""]
    _save(call, name, function, revised)
    return {}


@operation("GetPolicy", service="lambda")
def get_policy(call: Call) -> Document:
    name, qualifier = named(call)
    function = require(call, name, qualifier)
    statements = function["policies"].get(qualifier or "")
    if not statements:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    revision = _revised(call, name, function, qualifier)["RevisionId"]
    return {"Policy": policy_text(statements), "RevisionId": revision}


def _revised(call: Call, name: str, function: Document, qualifier: str | None) -> Document:
    """What carries the revision of a policy: the alias, the version, or the function that it is about."""
    if qualifier is None or is_version(qualifier):
        return configuration_of(call, name, function, qualifier)
    alias: Document = function["aliases"][qualifier]
    return alias


def _save(call: Call, name: str, function: Document, revised: Document) -> None:
    revise(revised)
    if revised.get("Version", LATEST) != LATEST:
        put_version(call, name, revised)
    save(call, name, function)
