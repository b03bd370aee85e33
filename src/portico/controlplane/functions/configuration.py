"""A function's configuration: what is asked for, what is kept, what is answered.

Kept is a document under AWS's member names. Whatever depends on the realm (ARNs, the state of the function) is added
when it is answered. `Deployed` is ours: it names the last change of code or configuration, as instances know it.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.limits import check_configuration
from portico.controlplane.functions.logs import logging_config
from portico.controlplane.functions.names import function_arn
from portico.controlplane.functions.package import Package
from portico.controlplane.functions.runtimes import version_arn
from portico.controlplane.operation import Params, Realm
from portico.model.function import LATEST
from portico.ports.store import Document

_PLAIN: Final = (
    "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "Architectures", "FileSystemConfigs"
)  # fmt: skip
"""Members that are kept as they were given."""
_MEMBERS_OF: Final = ("TracingConfig", "EphemeralStorage")
"""Structures: a member of one that is not given stays as it is."""


def new_configuration(realm: Realm, params: Params, name: str) -> Document:
    """Of a function that is being created, its code not yet. Raises as `configure` does."""
    image = params.get("PackageType") == "Image"  # has neither, and is refused when its code is looked for
    if not image and not (params.get("Runtime") and params.get("Handler")):
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
    configure(realm, document, params)
    return document


def configure(realm: Realm, document: Document, params: Params) -> None:
    """Take over what is given. Raises InvalidParameterValueException, ValidationException, AccessDeniedException."""
    check_configuration(realm, params)
    logging = logging_config(document["LoggingConfig"], params.get("LoggingConfig") or {})
    document.update({member: params[member] for member in _PLAIN if params.get(member) is not None})
    for member in _MEMBERS_OF:
        document[member] = {**document[member], **(params.get(member) or {})}
    document["LoggingConfig"] = logging
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
