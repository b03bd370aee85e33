"""Tags, by the ARN of what carries them: an API or a stage."""

import re
from typing import NamedTuple

from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.tagging import check_tag_keys, check_tags
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, NotFoundException

_ARN = re.compile(r"arn:[a-z-]+:apigateway:(?P<region>[a-z0-9-]+)::(?P<path>/.+)")
_API = re.compile(r"/restapis/([^/]+)")
_STAGE = re.compile(r"/restapis/([^/]+)/stages/([^/]+)")


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
        raise NotFoundException(
            "Invalid stage identifier specified"
            if place.kind == "stage"
            else f"Invalid API identifier specified {call.realm.account_id}:{place.key}"
        )
    return place, document


def _place(call: Call) -> _Tagged:
    arn = _ARN.fullmatch(call.params["resourceArn"])
    if arn is None or arn["region"] != call.realm.region:
        raise BadRequestException("Invalid ARN specified in the request")
    if api := _API.fullmatch(arn["path"]):
        return _Tagged("restapi", "", api[1])
    if stage := _STAGE.fullmatch(arn["path"]):
        return _Tagged("stage", stage[1], stage[2])
    raise BadRequestException(f"Tags of {arn['path']} are not supported yet")
