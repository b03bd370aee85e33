"""What tools ask of every function although there is nothing to tell: its code signing and its runtime's updates."""

from portico.controlplane.functions.names import function_arn, named
from portico.controlplane.functions.record import require
from portico.controlplane.operation import Call, operation
from portico.ports.store import Document


@operation("GetFunctionCodeSigningConfig", service="lambda")
def get_function_code_signing_config(call: Call) -> Document:
    """Without a CodeSigningConfigArn: no function has one. Terraform asks whenever it reads a function."""
    name, _ = named(call)
    require(call, name)
    return {"FunctionName": name}


@operation("GetRuntimeManagementConfig", service="lambda")
def get_runtime_management_config(call: Call) -> Document:
    """Updates come with the machine's own interpreters, which is AWS's default too."""
    name, qualifier = named(call)
    require(call, name, qualifier)
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": function_arn(call.realm, name, qualifier)}
