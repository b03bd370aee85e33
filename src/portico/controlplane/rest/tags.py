"""Tags, by the ARN of what carries them: an API, a stage, a client certificate or a VPC link."""

import re
from typing import NamedTuple

from portico.controlplane.links import KIND as VPC_LINK
from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.clientcertificates import NO_CERTIFICATE
from portico.controlplane.rest.tagging import check_tag_keys, check_tags
from portico.model.client_certificate import KIND as CLIENT_CERTIFICATE
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, NotFoundException

_ARN = re.compile(r"arn:[a-z-]+:apigateway:(?P<region>[a-z0-9-]+)::(?P<path>/.+)")
_STAGE = re.compile(r"/restapis/([^/]+)/stages/([^/]+)")
_OWN = re.compile(r"/(restapis|clientcertificates|vpclinks)/([^/]+)")
"""What belongs to the account, by the folder that it is in."""
_KINDS = {"restapis": "restapi", "clientcertificates": CLIENT_CERTIFICATE, "vpclinks": VPC_LINK}
_MISSING = {
    "stage": "Invalid stage identifier specified",
    CLIENT_CERTIFICATE: NO_CERTIFICATE,
    VPC_LINK: "Invalid Vpc Link identifier specified",
}


class _Tagged(NamedTuple):
    """Where the tagged document is stored."""

    kind: str
    scope: str
    key: str


@operation("TagResource")
def tag_resource(call: Call) -> Document:
    place, document = _require_tagged(call)
    check_tags(call.params["tags"])
    document["tags"] = {**document.get("tags", {}), **call.params["tags"]}
    check_tags(document["tags"])
    call.unit.put(*place, document)
    return {}


@operation("UntagResource")
def untag_resource(call: Call) -> Document:
    place, document = _require_tagged(call)
    check_tag_keys(call.params["tagKeys"])
    left = {key: value for key, value in document.pop("tags", {}).items() if key not in call.params["tagKeys"]}
    if left:
        document["tags"] = left
    call.unit.put(*place, document)
    return {}


@operation("GetTags")
def get_tags(call: Call) -> Document:
    """All tags: the API reference calls `limit` and `position` of this operation not currently supported."""
    _, document = _require_tagged(call)
    return {"tags": document.get("tags", {})}


def _require_tagged(call: Call) -> tuple[_Tagged, Document]:
    place = _place(call)
    document = call.unit.get(*place)
    if document is None:
        api = f"Invalid API identifier specified {call.realm.account_id}:{place.key}"
        raise NotFoundException(_MISSING.get(place.kind, api))
    return place, document


def _place(call: Call) -> _Tagged:
    arn = _ARN.fullmatch(call.params["resourceArn"])
    if arn is None or arn["region"] != call.realm.region:
        raise BadRequestException("Invalid ARN specified in the request")
    if own := _OWN.fullmatch(arn["path"]):
        return _Tagged(_KINDS[own[1]], "", own[2])
    if stage := _STAGE.fullmatch(arn["path"]):
        return _Tagged("stage", stage[1], stage[2])
    raise BadRequestException(f"Tags of {arn['path']} are not supported yet")
