"""Functions: CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, DeleteFunction."""

from portico.controlplane.functions.configuration import new_configuration, place_code, show, show_listed, touch
from portico.controlplane.functions.download import path_of
from portico.controlplane.functions.faults import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    ResourceConflictException,
)
from portico.controlplane.functions.filesystems import check_file_systems
from portico.controlplane.functions.marking import page
from portico.controlplane.functions.names import is_version, named, unqualified
from portico.controlplane.functions.package import Package, prepare_create
from portico.controlplane.functions.record import (
    configuration_of,
    delete,
    delete_version,
    everything,
    find,
    require,
    save,
    versions,
)
from portico.controlplane.functions.tagging import check_tags
from portico.controlplane.functions.unsupported import S3_MEMBERS, refuse_other_code, refuse_unsupported
from portico.controlplane.functions.versions import save_published
from portico.controlplane.operation import Call, Params, operation
from portico.model.function import LATEST
from portico.ports.store import Document

MAX_CODE: int = 75 * 1024**3
"""Bytes of all versions of all functions: Lambda's quota of a region, 75 GB."""


@operation("CreateFunction", service="lambda", prepare=prepare_create)
def create_function(call: Call) -> Document:
    name = unqualified(call)
    params = call.params
    latest = new_configuration(call.realm, params, name)
    check_file_systems(call)
    check_tags(params.get("Tags") or {})
    package = require_package(params, params["Code"])
    if params.get("PackageType") == "Image":
        raise InvalidParameterValueException("PackageType Image is not supported by Portico: it runs no containers.")
    if find(call.unit, name) is not None:
        raise ResourceConflictException(f"Function already exist: {name}")
    function: Document = {
        "latest": latest,
        "published": 0,
        "aliases": {},
        "policies": {},
        "tags": params.get("Tags") or {},
    }
    keep_code(call, function, package)
    touch(latest, call.realm.clock.now())
    return save_published(call, name, function)


@operation("GetFunction", service="lambda")
def get_function(call: Call) -> Document:
    name, qualifier = named(call)
    function = require(call, name, qualifier)
    configuration = configuration_of(call, name, function, qualifier)
    answer: Document = {
        "Configuration": show(call.realm, name, configuration, qualifier),
        "Code": {"RepositoryType": "S3", "Location": call.link(path_of(name, configuration))},
    }
    if function["tags"]:
        answer["Tags"] = function["tags"]
    if function.get("reserved") is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function["reserved"]}
    return answer


@operation("GetFunctionConfiguration", service="lambda")
def get_function_configuration(call: Call) -> Document:
    name, qualifier = named(call)
    function = require(call, name, qualifier)
    return show(call.realm, name, configuration_of(call, name, function, qualifier), qualifier)


@operation("ListFunctions", service="lambda", writes=False)
def list_functions(call: Call) -> Document:
    """Of all functions, or with FunctionVersion ALL of all their versions too. There are no other regions."""
    every = call.params.get("FunctionVersion") == "ALL"
    found = []
    for name, function in everything(call.unit):
        qualifier = LATEST if every else None
        found.append((f"{name}:", show_listed(call.realm, name, function["latest"], qualifier)))
        if every:
            found += [
                (f"{name}:{int(number):020}", show_listed(call.realm, name, one, number))
                for number, one in versions(call.unit, name)
            ]
    return page("Functions", found, call.params)


@operation("DeleteFunction", service="lambda")
def delete_function(call: Call) -> Document:
    name, qualifier = named(call)
    function = require(call, name)
    if qualifier is None:
        delete(call, name)
    else:
        _delete_version(call, name, function, qualifier)
    return {"StatusCode": 204}


def _delete_version(call: Call, name: str, function: Document, number: str) -> None:
    if number == LATEST:
        raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
    if not is_version(number):
        raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
    users = [alias for alias, one in function["aliases"].items() if number in _versions_of(one)]
    if users:
        raise ResourceConflictException(
            f"Unable to delete version because the following aliases reference it: [{', '.join(users)}]"
        )
    delete_version(call, name, number)
    function["policies"].pop(number, None)
    save(call, name, function)


def _versions_of(alias: Document) -> set[str]:
    return {alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}


def require_package(params: Params, code: Params) -> Package:
    """The zip that came with the request. Raises InvalidParameterValueException where the code is somewhere else."""
    package: Package | None = params.get("Package")
    refuse_unsupported(code)
    if package is None:
        refuse_other_code(code)
    if any(code.get(member) for member in (*S3_MEMBERS, "ImageUri")):
        raise InvalidParameterValueException(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    return package


def keep_code(call: Call, function: Document, package: Package) -> None:
    """Raises CodeStorageExceededException."""
    used = sum(one["codeSize"] for _, one in everything(call.unit))
    if used + len(package.body) > MAX_CODE:
        raise CodeStorageExceededException("Code storage limit exceeded.")
    call.unit.put_snapshot(package.digest, package.body)
    place_code(function["latest"], package)
