"""Resources: the path tree of an API. A resource's methods live inside its document, under `resourceMethods`."""

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import PatchTable, Refusal, Rule
from portico.controlplane.rest.lookups import require_api, require_resource
from portico.controlplane.rest.resourcetree import ResourceTree
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException


@operation("CreateResource")
def create_resource(call: Call) -> Document:
    parent = require_resource(call, call.params["parentId"])
    return add_child(call, call.params["restApiId"], parent, call.params["pathPart"])


@operation("GetResource")
def get_resource(call: Call) -> Document:
    return _show(require_resource(call), call)


@operation("GetResources")
def get_resources(call: Call) -> Document:
    """In the order of the paths, as in the recordings."""
    resources = call.unit.find("resource", require_api(call)["id"])
    return page(((found["path"], _show(found, call)) for _, found in resources), call.params)


@operation("UpdateResource")
def update_resource(call: Call) -> Document:
    tree = ResourceTree(call.unit, call.params["restApiId"])
    resource = tree.nodes[require_resource(call)["id"]]
    patch = PatchTable(
        Refusal.PATH_LIST,
        Rule("/parentId", {"replace": tree.reparent}),
        Rule("/pathPart", {"replace": tree.rename}),
    )
    patch.apply(resource, call.params.get("patchOperations"))
    tree.save_from(resource)
    return _show(resource, call)


@operation("DeleteResource")
def delete_resource(call: Call) -> Document:
    resource = require_resource(call)
    if "parentId" not in resource:
        raise BadRequestException("Root resource cannot be deleted.")
    api_id = call.params["restApiId"]
    for node in ResourceTree(call.unit, api_id).subtree(resource["id"]):
        call.unit.delete("resource", api_id, node["id"])
    return {}


def add_child(call: Call, api_id: str, parent: Document, path_part: str) -> Document:
    """Store a new resource below `parent` and return its document.

    Raises BadRequestException for a name that is none or cannot stand there, ConflictException for one that is taken.
    """
    resource: Document = {"id": call.realm.new_id(6), "parentId": parent["id"], "pathPart": path_part}
    tree = ResourceTree(call.unit, api_id)
    tree.place(resource)
    tree.save_from(resource)
    return resource


def _show(document: Document, call: Call) -> Document:
    """Methods in full where the call asks to embed them, else only their verbs (recorded fact 97)."""
    answer = dict(document)
    methods = answer.pop("resourceMethods", None)
    if methods:
        embedded = "methods" in (call.params.get("embed") or ())
        answer["resourceMethods"] = methods if embedded else {verb: {} for verb in methods}
    return answer
