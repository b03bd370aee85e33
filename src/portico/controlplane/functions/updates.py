"""UpdateFunctionCode and UpdateFunctionConfiguration: what changes `$LATEST`."""

from copy import deepcopy

from portico.controlplane.functions.configuration import configure, place_code, show, touch
from portico.controlplane.functions.filesystems import check_file_systems
from portico.controlplane.functions.functions import keep_code, require_package
from portico.controlplane.functions.names import unqualified
from portico.controlplane.functions.package import prepare_update
from portico.controlplane.functions.record import require, save
from portico.controlplane.functions.revisions import check_revision
from portico.controlplane.functions.unsupported import refuse_unsupported
from portico.controlplane.functions.versions import save_published
from portico.controlplane.operation import Call, operation
from portico.ports.store import Document


@operation("UpdateFunctionCode", service="lambda", prepare=prepare_update)
def update_function_code(call: Call) -> Document:
    name = unqualified(call)
    params = call.params
    function = require(call, name)
    latest = function["latest"]
    check_revision(params, latest)
    refuse_unsupported(params)
    package = require_package(params, params)
    if params.get("DryRun"):
        would_be = deepcopy(latest)
        place_code(would_be, package)
        return show(call.realm, name, would_be)
    keep_code(call, function, package)
    if params.get("Architectures"):
        latest["Architectures"] = params["Architectures"]
    touch(latest, call.realm.clock.now())
    return save_published(call, name, function)


@operation("UpdateFunctionConfiguration", service="lambda")
def update_function_configuration(call: Call) -> Document:
    name = unqualified(call)
    function = require(call, name)
    latest = function["latest"]
    check_revision(call.params, latest)
    configure(call.realm, latest, call.params)
    check_file_systems(call)
    touch(latest, call.realm.clock.now())
    save(call, name, function)
    return show(call.realm, name, latest)
