"""A function's configuration: what is asked for, what is kept, what is answered.

Kept is a document under AWS's member names. Whatever depends on the realm (ARNs, the state of the function) is added
when it is answered. `Deployed` is ours: it names the last change of code or configuration, as instances know it.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.names import function_arn
from portico.controlplane.functions.package import Package
from portico.controlplane.functions.runtimes import check_runtime, version_arn
from portico.controlplane.functions.unsupported import refuse_unsupported
from portico.controlplane.operation import Params, Realm
from portico.model.function import LATEST
from portico.ports.store import Document
from portico.wire.aws.constraints import refuse, unmet

_CEILINGS: Final = {"Timeout": 900, "MemorySize": 10_240}
"""Lambda's quotas. The model's own are those of capacity providers, which are not built."""
MAX_STORAGE: Final = 10_240
"""Megabytes of /tmp."""
MAX_ENVIRONMENT: Final = 4096
"""Bytes of all variables together, as JSON."""

_RESERVED: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Guide, "Using Lambda environment variables", the reserved ones."""

_ENVIRONMENT_REFUSED: Final = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)

_PLAIN: Final = (
    "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "Architectures", "FileSystemConfigs"
)  # fmt: skip
"""Members that are kept as they were given."""
_MEMBERS_OF: Final = ("TracingConfig", "EphemeralStorage", "LoggingConfig")
"""Structures: a member of one that is not given stays as it is."""


def new_configuration(params: Params, name: str) -> Document:
    """Of a function that is being created, its code not yet. Raises as `configure` does."""
    if not params.get("Runtime") or not params.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    document: Document = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": LATEST,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    configure(document, params)
    return document


def configure(document: Document, params: Params) -> None:
    """Take over what is given. Raises InvalidParameterValueException, ValidationException."""
    _check(params)
    document.update({member: params[member] for member in _PLAIN if params.get(member) is not None})
    for member in _MEMBERS_OF:
        document[member] = {**document[member], **(params.get(member) or {})}
    if "SnapStart" in params:
        document["SnapStart"]["ApplyOn"] = params["SnapStart"].get("ApplyOn", "None")
    if "Environment" in params:
        document.pop("Environment", None)
        variables = params["Environment"].get("Variables")
        if variables:
            document["Environment"] = {"Variables": variables}
    if not document.get("FileSystemConfigs"):
        document.pop("FileSystemConfigs", None)


def place_code(document: Document, package: Package) -> None:
    document["CodeSha256"] = package.sha256
    document["CodeSize"] = len(package.body)


def touch(document: Document, now: float) -> None:
    """Code or configuration changed: instances of before take no more calls."""
    revise(document)
    document["Deployed"] = document["RevisionId"]
    moment = datetime.fromtimestamp(now, UTC)
    document["LastModified"] = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"


def revise(document: Document) -> None:
    """A new revision, of which instances need to know nothing."""
    document["RevisionId"] = str(uuid4())


def show(realm: Realm, name: str, document: Document, qualifier: str | None = None) -> Document:
    """FunctionConfiguration as AWS answers it. A function here is ready as soon as it is kept."""
    return {
        **show_listed(realm, name, document, qualifier),
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "RuntimeVersionConfig": {"RuntimeVersionArn": version_arn(document["Runtime"], realm.region)},
    }


def show_listed(realm: Realm, name: str, document: Document, qualifier: str | None = None) -> Document:
    """As lists have it: without its state and its runtime's version (API reference, ListFunctions)."""
    return {"FunctionName": name, "FunctionArn": function_arn(realm, name, qualifier), **document}


def _check(params: Params) -> None:
    refuse_unsupported(params)
    for member, most in _CEILINGS.items():
        _bound(params.get(member), member[0].lower() + member[1:], most)
    _bound((params.get("EphemeralStorage") or {}).get("Size"), "ephemeralStorage.size", MAX_STORAGE)
    if params.get("Runtime"):
        check_runtime(params["Runtime"])
    _check_environment((params.get("Environment") or {}).get("Variables") or {})


def _bound(value: int | None, where: str, most: int) -> None:
    if value is not None and value > most:
        refuse(unmet(value, where, f"Member must have value less than or equal to {most}"))


def _check_environment(variables: dict[str, Any]) -> None:
    reserved = [name for name in variables if name in _RESERVED]
    if reserved:
        raise InvalidParameterValueException(
            f"{_ENVIRONMENT_REFUSED}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    if any("\0" in value for value in variables.values()):  # no process could be given it
        raise InvalidParameterValueException(f"{_ENVIRONMENT_REFUSED}contains a value with a NUL character.")
    measured = msgspec.json.encode(variables)
    if len(measured) > MAX_ENVIRONMENT:
        raise InvalidParameterValueException(
            f"{_ENVIRONMENT_REFUSED}exceeded the 4KB limit. String measured: {measured.decode()}"
        )
