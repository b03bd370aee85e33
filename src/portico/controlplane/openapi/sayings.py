"""What OpenAPI has words for of what documentation says: the members of each entity that parts and documents share.

A part may say anything; what OpenAPI has no word for stays in `x-amazon-apigateway-documentation`. AWS's own extensions
never come out of a part: documentation must not define an integration or an authorizer.
"""

from typing import Any

from portico.controlplane.openapi.locations import Properties

_AWS = "x-amazon-"

_TEXTS = ("title", "summary", "description", "termsOfService")
_OBJECTS = ("contact", "license", "externalDocs")
_FORMS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(_OBJECTS, dict),
    "tags": list,
    "example": (str, int, float, bool, list, dict),
}
"""Member -> what it must be to be a member of an OpenAPI document."""

INFO = ("description", "termsOfService", "contact", "license")
API = ("tags", "externalDocs")
METHOD = ("tags", "summary", "description", "externalDocs")
DESCRIBED = ("description",)
RESOURCE = ("summary", "description")
MODEL = ("title", "description", "example", "externalDocs")


def standard(properties: Properties, members: tuple[str, ...]) -> dict[str, Any]:
    """Those of `members` that the part states in OpenAPI's form."""
    return {name: properties[name] for name in members if isinstance(properties.get(name), _FORMS[name])}


def custom(properties: Properties) -> dict[str, Any]:
    """The part's `x-` members."""
    return {name: value for name, value in properties.items() if name.startswith("x-") and not name.startswith(_AWS)}
