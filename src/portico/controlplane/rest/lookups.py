"""Finding what a call names, with AWS's words for what is not there.

The words depend on the family, not on what is really missing: below `/resources` an unknown API is an unknown resource
(recorded fact 9), and a read by id names the thing even where its API is unknown (recorded fact 10).
"""

from portico.controlplane.operation import Call
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import NotFoundException


def require_api(call: Call) -> Document:
    """The API that `restApiId` names. Raises NotFoundException in the words of recorded fact 8."""
    api_id = call.params["restApiId"]
    document = call.unit.get("restapi", "", api_id)
    if document is None:
        raise NotFoundException(f"Invalid API identifier specified {call.realm.account_id}:{api_id}")
    return document


def require(call: Call, kind: str, key: str, message: str) -> Document:
    """The `kind` called `key` inside the API that `restApiId` names. Raises NotFoundException(`message`)."""
    document = call.unit.get(kind, call.params["restApiId"], key)
    if document is None:
        raise NotFoundException(message)
    return document


def require_resource(call: Call, resource_id: str | None = None) -> Document:
    """The resource with that id, by default the call's `resourceId`. An unknown API answers the same."""
    return require(call, "resource", resource_id or call.params["resourceId"], "Invalid Resource identifier specified")


def method_where(unit: Unit, api_id: str, member: str, value: str) -> tuple[str, str] | None:
    """The verb and path of a method whose `member` is `value`, if there is one.

    The resource made last is looked at first, as a refusal of AWS names it (recorded fact 44).
    """
    for _, resource in reversed(unit.find("resource", api_id)):
        for verb, method in resource.get("resourceMethods", {}).items():
            if method.get(member) == value:
                return verb, resource["path"]
    return None
