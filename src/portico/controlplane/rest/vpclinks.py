"""VPC links: names for load balancers that integrations lead through.

There is no load balancer to wait for: a link is PENDING in the answer that makes it, as on AWS, and AVAILABLE from then
on. Where it leads is the operator's word (`--vpc-link-target`).
"""

import re
from collections.abc import Iterator

from portico.controlplane.deploy import served_by, standing_of
from portico.controlplane.links import KIND, link_uses
from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule, text
from portico.controlplane.rest.tagging import check_tags
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, NotFoundException

_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:\S+")


@operation("CreateVpcLink")
def create_vpc_link(call: Call) -> Document:
    name, arns = call.params["name"], call.params["targetArns"]
    _check_name(name)
    _check_targets(arns)
    document: Document = {"id": call.realm.new_id(6), "name": name, "targetArns": arns}
    if call.params.get("description"):
        document["description"] = call.params["description"]
    if call.params.get("tags"):
        check_tags(call.params["tags"])
        document["tags"] = call.params["tags"]
    available = {"status": "AVAILABLE", "statusMessage": "Your vpc link is ready for use"}  # recorded fact 88
    _put(call, {**document, **available})
    return {**document, "status": "PENDING"}


@operation("GetVpcLink")
def get_vpc_link(call: Call) -> Document:
    return _tagged(_require(call))


@operation("GetVpcLinks")
def get_vpc_links(call: Call) -> Document:
    return page(((f"{row['name']}\0{key}", row) for key, row in call.unit.find(KIND, "")), call.params)


@operation("UpdateVpcLink")
def update_vpc_link(call: Call) -> Document:
    document = _require(call)
    _PATCH.apply(document, call.params.get("patchOperations"))
    _put(call, document)
    return _tagged(document)


@operation("DeleteVpcLink")
def delete_vpc_link(call: Call) -> Document:
    key = _require(call)["id"]
    users = list(_users(call.unit, key))
    if users:
        # AWS's words: github.com/klothoplatform/klotho issue 202.
        raise BadRequestException(
            f"Cannot delete vpc link. Vpc link '{key}', is referenced in [{', '.join(users)}] in format of "
            "[RESTApiId:Method:Resource:Stage]."
        )
    call.unit.delete(KIND, "", key)
    return {}


def _require(call: Call) -> Document:
    document = call.unit.get(KIND, "", call.params["vpcLinkId"])
    if document is None:
        raise NotFoundException("Invalid Vpc Link identifier specified")
    return document


def _tagged(document: Document) -> Document:
    """An answer about a single link has tags also where there are none, as one about an API does."""
    return {**document, "tags": document.get("tags", {})}


def _put(call: Call, document: Document) -> None:
    call.unit.put(KIND, "", document["id"], document)


def _check_name(name: str | None) -> None:
    if not (name or "").strip():
        raise BadRequestException("Name cannot be empty")


def _check_targets(arns: list[str]) -> None:
    for arn in arns:
        if not _ARN.fullmatch(arn):
            raise BadRequestException(f"Invalid ARN. ARN is not well formed {arn}")
    if not arns:
        raise BadRequestException("No target arn specified for vpc link.")  # [ours]
    if len(arns) > 1:  # AWS's words: github.com/hashicorp/terraform-provider-aws pull request 2512
        raise BadRequestException("More than one target arn specified for vpc link.")


def _users(unit: Unit, key: str) -> Iterator[str]:
    """The deployed methods that lead through a link, as "API:VERB:RESOURCE:STAGE"."""
    for api_id, api in unit.find("restapi", ""):
        for name, stage in unit.find("stage", api_id):
            served = served_by(unit, standing_of(unit, api, stage))
            uses = [use for snapshot, standing in served for use in link_uses(snapshot, standing.variables)]
            for use in dict.fromkeys(uses):  # a canary's methods are mostly the stage's
                if use.link_id == key:
                    yield f"{api_id}:{use.method}:{use.resource_id}:{name}"


def _replace_name(document: Document, edit: Edit) -> None:
    _check_name(edit.value)
    document["name"] = edit.value


_PATCH = PatchTable(
    Refusal.PATH_LIST,
    Rule("/name", {"replace": _replace_name}),
    Rule("/description", {"replace": text("description")}),
)
