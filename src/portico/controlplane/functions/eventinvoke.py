"""How asynchronous invocations are tried again: PutFunctionEventInvokeConfig and its siblings.

A function has one such configuration, that of `$LATEST`. Those of versions and aliases, and destinations, are refused:
what they ask for would not be done.
"""

from portico.controlplane.functions.faults import InvalidParameterValueException, ResourceNotFoundException
from portico.controlplane.functions.names import function_arn, named
from portico.controlplane.functions.record import require, save
from portico.controlplane.functions.unsupported import asks_for_something
from portico.controlplane.operation import Call, operation
from portico.model.function import LATEST
from portico.ports.store import Document

_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")


@operation("PutFunctionEventInvokeConfig", service="lambda")
def put_function_event_invoke_config(call: Call) -> Document:
    """What is not given is back at its default."""
    name, function = _require_function(call)
    return _save(call, name, function, _given(call))


@operation("UpdateFunctionEventInvokeConfig", service="lambda")
def update_function_event_invoke_config(call: Call) -> Document:
    name, function = _require_function(call)
    return _save(call, name, function, {**_require_configured(call, name, function), **_given(call)})


@operation("GetFunctionEventInvokeConfig", service="lambda")
def get_function_event_invoke_config(call: Call) -> Document:
    name, function = _require_function(call)
    return _show(call, name, _require_configured(call, name, function))


@operation("ListFunctionEventInvokeConfigs", service="lambda", writes=False)
def list_function_event_invoke_configs(call: Call) -> Document:
    name, function = _require_function(call)
    kept = function.get("eventInvoke")
    return {"FunctionEventInvokeConfigs": [] if kept is None else [_show(call, name, kept)]}


@operation("DeleteFunctionEventInvokeConfig", service="lambda")
def delete_function_event_invoke_config(call: Call) -> Document:
    name, function = _require_function(call)
    _require_configured(call, name, function)
    del function["eventInvoke"]
    save(call, name, function)
    return {}


def _require_function(call: Call) -> tuple[str, Document]:
    name, qualifier = named(call)
    function = require(call, name, qualifier)
    if qualifier not in (None, LATEST):
        raise InvalidParameterValueException(
            "Portico has one EventInvokeConfig for a function, that of $LATEST: leave the qualifier out."
        )
    return name, function


def _require_configured(call: Call, name: str, function: Document) -> Document:
    kept: Document | None = function.get("eventInvoke")
    if kept is None:
        arn = function_arn(call.realm, name, LATEST)
        raise ResourceNotFoundException(f"The function {arn} doesn't have an EventInvokeConfig")
    return kept


def _given(call: Call) -> Document:
    destinations = call.params.get("DestinationConfig")
    if asks_for_something(destinations):
        raise InvalidParameterValueException(
            "DestinationConfig is not supported by Portico: destinations are not built."
        )
    given = {member: call.params[member] for member in _SETTINGS if call.params.get(member) is not None}
    if not given and destinations is None:
        raise InvalidParameterValueException("You must specify at least one of error handling or destination setting.")
    return given


def _save(call: Call, name: str, function: Document, configuration: Document) -> Document:
    function["eventInvoke"] = {**configuration, "LastModified": call.realm.clock.now()}
    save(call, name, function)
    return _show(call, name, function["eventInvoke"])


def _show(call: Call, name: str, configuration: Document) -> Document:
    destinations: Document = {"OnSuccess": {}, "OnFailure": {}}
    arn = function_arn(call.realm, name, LATEST)
    return {"FunctionArn": arn, "DestinationConfig": destinations, **configuration}
