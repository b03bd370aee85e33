"""Reserved concurrency and the account's: PutFunctionConcurrency and its siblings, GetAccountSettings."""

from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.functions import MAX_CODE
from portico.controlplane.functions.names import unqualified
from portico.controlplane.functions.package import MAX_UNZIPPED, MAX_ZIPPED
from portico.controlplane.functions.record import everything, require, save
from portico.controlplane.operation import Call, operation
from portico.ports.store import Document

ACCOUNT_CONCURRENCY: Final = 1000
"""Lambda's default quota of concurrent executions in a region."""
LEAST_UNRESERVED: Final = 100
"""What functions without a reservation keep among them (guide, "Configuring reserved concurrency")."""


@operation("PutFunctionConcurrency", service="lambda")
def put_function_concurrency(call: Call) -> Document:
    """0 stops the function: every call is throttled."""
    name = unqualified(call)
    function = require(call, name)
    reserved = call.params["ReservedConcurrentExecutions"]
    if ACCOUNT_CONCURRENCY - _reserved(call, besides=name) - reserved < LEAST_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{LEAST_UNRESERVED}]."
        )
    function["reserved"] = reserved
    save(call, name, function)
    return {"ReservedConcurrentExecutions": reserved}


@operation("GetFunctionConcurrency", service="lambda")
def get_function_concurrency(call: Call) -> Document:
    function = require(call, unqualified(call))
    return {"ReservedConcurrentExecutions": function.get("reserved")}


@operation("DeleteFunctionConcurrency", service="lambda")
def delete_function_concurrency(call: Call) -> Document:
    name = unqualified(call)
    function = require(call, name)
    if function.pop("reserved", None) is not None:
        save(call, name, function)
    return {}


@operation("GetAccountSettings", service="lambda")
def get_account_settings(call: Call) -> Document:
    functions = everything(call.unit)
    return {
        "AccountLimit": {
            "TotalCodeSize": MAX_CODE,
            "CodeSizeUnzipped": MAX_UNZIPPED,
            "CodeSizeZipped": MAX_ZIPPED,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - _reserved(call),
        },
        "AccountUsage": {
            "TotalCodeSize": sum(function["codeSize"] for _, function in functions),
            "FunctionCount": len(functions),
        },
    }


def _reserved(call: Call, besides: str = "") -> int:
    return sum(function.get("reserved") or 0 for name, function in everything(call.unit) if name != besides)
