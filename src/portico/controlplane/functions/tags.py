"""Tags of functions, by their ARN: TagResource, UntagResource, ListTags."""

import re
from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.names import parse
from portico.controlplane.functions.record import require, save
from portico.controlplane.functions.tagging import check_tags
from portico.controlplane.operation import Call, operation
from portico.ports.store import Document

_OTHER: Final = re.compile(r"[^:]*:[^:]*:lambda:[^:]*:[^:]*:(?!function:)([^:]*):.*")
"""The ARN of something that is no function."""


@operation("TagResource", service="lambda")
def tag_resource(call: Call) -> Document:
    name, function = _require_tagged(call)
    function["tags"] = {**function["tags"], **call.params["Tags"]}
    check_tags(function["tags"])
    save(call, name, function)
    return {}


@operation("UntagResource", service="lambda")
def untag_resource(call: Call) -> Document:
    name, function = _require_tagged(call)
    gone = call.params["TagKeys"]
    function["tags"] = {key: value for key, value in function["tags"].items() if key not in gone}
    save(call, name, function)
    return {}


@operation("ListTags", service="lambda", writes=False)
def list_tags(call: Call) -> Document:
    _, function = _require_tagged(call)
    return {"Tags": function["tags"]}


def _require_tagged(call: Call) -> tuple[str, Document]:
    arn = call.params["Resource"]
    if other := _OTHER.fullmatch(arn):
        raise InvalidParameterValueException(f"Tags of a {other[1]} are not supported by Portico.")
    name, qualifier = parse(arn, call.realm)
    if qualifier is not None:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    return name, require(call, name)
