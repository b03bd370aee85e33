"""The endpoint configuration of an API: its type, its IP address type, its VPC endpoints, and what goes together."""

from portico.controlplane.patch import Edit
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

ENDPOINT_TYPES = ("REGIONAL", "EDGE", "PRIVATE")
_IP_ADDRESS_TYPES = ("ipv4", "dualstack")


def endpoint_configuration(asked: Document | None) -> Document:
    """The configuration of a new API with AWS's defaults: EDGE over ipv4, PRIVATE over dualstack (recorded fact 19).

    `asked` is the call's `endpointConfiguration`. Raises BadRequestException where its parts do not go together.
    """
    asked = asked or {}
    types = asked.get("types")
    configuration: Document = {"types": ["EDGE"] if types is None else list(types)}
    default = "dualstack" if "PRIVATE" in configuration["types"] else "ipv4"
    configuration["ipAddressType"] = asked.get("ipAddressType") or default
    if asked.get("vpcEndpointIds"):
        configuration["vpcEndpointIds"] = list(asked["vpcEndpointIds"])
    check_endpoint(configuration)
    return configuration


def check_endpoint(configuration: Document) -> None:
    """Raises BadRequestException in AWS's words (recorded facts 19 and 22) where the parts do not go together."""
    types = configuration["types"]
    if not types:
        raise BadRequestException("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(types) > 1:
        raise BadRequestException("Cannot create an api with multiple Endpoint Types.")
    if types == ["PRIVATE"]:
        if configuration["ipAddressType"] == "ipv4":
            raise BadRequestException("Only dualstack ipAddressType is supported for Private APIs.")
    elif configuration.get("vpcEndpointIds"):
        raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")


# Patch actions on an API's document


def replace_type(document: Document, edit: Edit) -> None:
    """An API has one type: whatever the path names (clients send the old type, or an index) the value takes its place.

    Becoming PRIVATE makes the addresses dualstack (recorded fact 20).
    """
    configuration = document["endpointConfiguration"]
    configuration["types"] = [_endpoint_type(edit.value)]
    if edit.value == "PRIVATE":
        configuration["ipAddressType"] = "dualstack"


def add_type(document: Document, edit: Edit) -> None:
    types = document["endpointConfiguration"]["types"]
    if _endpoint_type(edit.keys[0]) not in types:
        types.append(edit.keys[0])


def remove_type(document: Document, edit: Edit) -> None:
    types = document["endpointConfiguration"]["types"]
    if _endpoint_type(edit.keys[0]) in types:
        types.remove(edit.keys[0])


def replace_ip_address_type(document: Document, edit: Edit) -> None:
    if edit.value not in _IP_ADDRESS_TYPES:
        raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
    document["endpointConfiguration"]["ipAddressType"] = edit.value


def add_vpc_endpoint(document: Document, edit: Edit) -> None:
    ids = document["endpointConfiguration"].setdefault("vpcEndpointIds", [])
    if edit.value and edit.value not in ids:
        ids.append(edit.value)


def remove_vpc_endpoint(document: Document, edit: Edit) -> None:
    configuration = document["endpointConfiguration"]
    left = [one for one in configuration.pop("vpcEndpointIds", []) if one != edit.value]
    if left:
        configuration["vpcEndpointIds"] = left


def _endpoint_type(value: str | None) -> str:
    if value not in ENDPOINT_TYPES:
        raise BadRequestException(f"Invalid EndpointTypes specified. Valid options are {','.join(ENDPOINT_TYPES)}")
    return value
