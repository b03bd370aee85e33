"""`x-amazon-apigateway-integration`: what PutIntegration and PutIntegrationResponse would be called with.

Entries of a map that are not strings are left out with AWS's warning (recorded fact 95). A member that a REST API does
not have is refused, except HTTP APIs' payload format 1.0, which is how REST APIs call anyway.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from portico.controlplane.openapi.extensions import refuse_unknown_members
from portico.controlplane.openapi.place import Place
from portico.controlplane.openapi.reading import shown
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_TYPES = ("HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "MOCK")
_BODIES = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
_DEFAULT = "default"
_OWN_KEYS = frozenset(("type", "payloadFormatVersion", "responses"))
_RESPONSE_MEMBERS = frozenset(("statusCode", "responseParameters", "responseTemplates", "contentHandling"))


class Spot(NamedTuple):
    """Which method an integration belongs to, for AWS's messages, and where its warnings go."""

    path: str
    verb: str
    warnings: list[str]


def _tls(place: Place) -> Document:
    refuse_unknown_members(place, frozenset({"insecureSkipVerification"}))
    return {name: value.flag() for name, value in place.members()}


_READERS: dict[str, tuple[str, Callable[[Place], Any]]] = {
    "uri": ("uri", Place.text),
    "httpMethod": ("integrationHttpMethod", lambda place: _verb(place.text())),
    "credentials": ("credentials", Place.text),
    "connectionType": ("connectionType", lambda place: place.choice("INTERNET", "VPC_LINK")),
    "connectionId": ("connectionId", Place.text),
    "passthroughBehavior": ("passthroughBehavior", lambda place: place.text().upper()),
    "contentHandling": ("contentHandling", lambda place: place.choice(*_BODIES)),
    "timeoutInMillis": ("timeoutInMillis", Place.integer),
    "cacheNamespace": ("cacheNamespace", Place.text),
    "cacheKeyParameters": ("cacheKeyParameters", Place.texts),
    "tlsConfig": ("tlsConfig", _tls),
    "responseTransferMode": ("responseTransferMode", lambda place: place.choice("BUFFERED", "STREAM")),
    "integrationTarget": ("integrationTarget", Place.text),
}
"""Member of the extension -> parameter of PutIntegration, and how it is read."""
_MAPS = ("requestParameters", "requestTemplates")
_KNOWN = frozenset(_READERS) | frozenset(_MAPS) | _OWN_KEYS


def _verb(word: str) -> str:
    """Verbs are upper case; exported documents write the any-method's own name for ANY."""
    return "ANY" if word == "x-amazon-apigateway-any-method" else word.upper()


def read_integration(place: Place, spot: Spot) -> Document:
    """Parameters of PutIntegration, and under `responses` a list of those of PutIntegrationResponse."""
    if not isinstance(place.value, dict) or not isinstance(place.value.get("type"), str):
        raise _malformed(spot)
    refuse_unknown_members(place, _KNOWN)
    _check_payload_format(place)
    integration: Document = {"type": _type(place)}
    for member, (parameter, read) in _READERS.items():
        if (value := place.get(member)) is not None:
            if read is Place.text and isinstance(value.value, dict | list):
                raise _malformed(spot)
            integration[parameter] = read(value)
    for member in _MAPS:
        if entries := _strings(place, member, spot):
            integration[member] = entries
    integration["responses"] = _responses(place.get("responses"), spot)
    return integration


def _malformed(spot: Spot) -> BadRequestException:
    """AWS's words, as its users quote them from the real service."""
    return BadRequestException(
        f"Unable to parse API definition because of a malformed integration at path {spot.path}."
    )


def _type(place: Place) -> str:
    kind = place.get("type")
    assert kind is not None
    return kind.choice(*_TYPES)


def _check_payload_format(place: Place) -> None:
    version = place.get("payloadFormatVersion")
    if version is not None and version.text() not in ("1.0", "1"):
        raise version.refuse("REST APIs have payload format 1.0 only")


def _strings(place: Place, member: str, spot: Spot) -> dict[str, str]:
    """A map of strings; what is none is warned of and dropped."""
    kept: dict[str, str] = {}
    entries = place.get(member)
    for name, value in entries.mapping().items() if entries is not None else ():
        if isinstance(value, str):
            kept[name] = value
        else:
            spot.warnings.append(
                f"Invalid format for '{member}'. Expected type string for property '{name}' of resource "
                f"'{spot.path}' and method '{spot.verb}' but got '{shown(value)}'"
            )
    return kept


def _responses(place: Place | None, spot: Spot) -> list[Document]:
    by_status: dict[str, Document] = {}
    for pattern, response in place.members() if place is not None else ():
        document = _response(pattern, response, spot)
        status = document["statusCode"]
        if status in by_status:
            spot.warnings.append(
                f"More than one integration response of resource '{spot.path}' and method '{spot.verb}' has status "
                f"code {status}: the one for '{pattern}' replaces the one before"
            )
        by_status[status] = document
    return list(by_status.values())


def _response(pattern: str, place: Place, spot: Spot) -> Document:
    """The key is the selection pattern; `default` stands for none (recorded fact 99)."""
    refuse_unknown_members(place, _RESPONSE_MEMBERS)
    status = place.get("statusCode")
    if status is None:
        raise place.refuse("'statusCode' is missing")
    response: Document = {"statusCode": status.text()}
    if pattern != _DEFAULT:
        response["selectionPattern"] = pattern
    if (handling := place.get("contentHandling")) is not None:
        response["contentHandling"] = handling.choice(*_BODIES)
    for member in ("responseParameters", "responseTemplates"):
        if entries := _strings(place, member, spot):
            response[member] = entries
    return response
