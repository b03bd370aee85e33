"""Schemas of OpenAPI 3.1, JSON Schema 2020-12, as the draft 4 that models are written in.

What draft 4 says in other words is put into them, what restricts nothing and has no word there is left away. A keyword
that restricts and that draft 4 does not have is refused: a validator would pass over it, and take bodies that the
document forbids.
"""

from collections.abc import Callable
from typing import Any

from portico.controlplane.openapi.place import Place

Tree = dict[str, Any]

_UNKNOWN = (
    "$dynamicRef",
    "contains",
    "else",
    "if",
    "maxContains",
    "minContains",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_SAYINGS = ("title", "description")
_PLAIN_DATA = ("const", "default", "dependentRequired", "enum")
"""Members whose value is no schema, whatever it looks like."""
_LEFT_AWAY = frozenset(
    (
        "$comment",
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "deprecated",
        "discriminator",
        "example",
        "examples",
        "externalDocs",
        "readOnly",
        "summary",
        "writeOnly",
        "xml",
    )
)
"""They tell people and programs about a value, and allow all that is allowed without them (2020-12, "annotations")."""


def to_draft_4(schema: Place) -> Any:
    """The schema in draft 4. Raises BadRequestException, naming the place, for what draft 4 cannot say."""
    node = schema.value
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    if not isinstance(node, dict):
        return node
    for keyword in _UNKNOWN:
        if keyword in node:
            place = schema.child(keyword, node[keyword])
            raise place.refuse(f"models are of JSON Schema draft 4, which has no '{keyword}'")
    kept = {name: value for name, value in node.items() if name not in _LEFT_AWAY and not name.startswith("x-")}
    tree = {name: _member(schema.child(name, value), name) for name, value in kept.items()}
    if "$defs" in tree and "definitions" in tree:
        raise schema.refuse("definitions stand in one place, '$defs' or 'definitions'")
    for keyword, rewrite in _REWRITTEN.items():
        if keyword in node:
            rewrite(tree)
    return _beside_reference(tree) if "$ref" in tree else tree


def _beside_reference(tree: Tree) -> Tree:
    """Draft 4 passes over what stands beside a reference, 2020-12 does not."""
    beside = {name: value for name, value in tree.items() if name not in ("$ref", *_SAYINGS)}
    return {"allOf": [{"$ref": tree["$ref"]}, beside]} if beside else tree


def _member(place: Place, keyword: str) -> Any:
    if keyword in _PLAIN_DATA:
        return place.value
    if keyword == "$ref" and isinstance(place.value, str):
        return _renamed(place.value)
    if keyword in _MAPS and isinstance(place.value, dict):
        return {name: to_draft_4(place.child(name, value)) for name, value in place.value.items()}
    if isinstance(place.value, list):
        return [to_draft_4(place.child(str(index), value)) for index, value in enumerate(place.value)]
    if isinstance(place.value, bool) and keyword not in _SCHEMAS:
        return place.value
    return to_draft_4(place)


_MAPS = ("properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies")
_SCHEMAS = ("items", "not")
"""Keywords whose schema may be true or false in 2020-12, and must be an object in draft 4."""


def _renamed(target: str) -> str:
    """Where a reference into `$defs` leads in draft 4. A property may be called `$defs`, too."""
    names = target.split("/")
    for index in range(2, len(names)):  # `#/$defs` would be the document's own, which has none
        if names[index] == "$defs" and names[index - 1] not in _MAPS:
            names[index] = "definitions"
    return "/".join(names)


def _definitions(tree: Tree) -> None:
    tree["definitions"] = tree.pop("$defs")


def _const(tree: Tree) -> None:
    tree["enum"] = [tree.pop("const")]


def _limit(exclusive: str, inclusive: str) -> Callable[[Tree], None]:
    """A number as exclusive limit becomes a limit with a flag; of two limits the stricter one stands."""
    stricter = max if exclusive == "exclusiveMinimum" else min

    def rewrite(tree: Tree) -> None:
        bound = tree[exclusive]
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            return
        other = tree.get(inclusive, bound)
        tree[inclusive] = stricter(bound, other)
        tree[exclusive] = tree[inclusive] == bound

    return rewrite


def _dependent(tree: Tree) -> None:
    """Both keywords at once; the second time there is nothing left to do."""
    schemas, required = tree.pop("dependentSchemas", {}), tree.pop("dependentRequired", {})
    both = {name: {"allOf": [schemas[name], {"required": required[name]}]} for name in schemas.keys() & required.keys()}
    tree["dependencies"] = {**tree.get("dependencies", {}), **schemas, **required, **both}


def _tuple(tree: Tree) -> None:
    """`items` of 2020-12 is for what comes after the prefix."""
    rest = tree.pop("items", None)
    tree["items"] = tree.pop("prefixItems")
    if rest is not None:
        tree["additionalItems"] = False if rest == {"not": {}} else rest


_REWRITTEN: dict[str, Callable[[Tree], None]] = {
    "$defs": _definitions,
    "const": _const,
    "exclusiveMinimum": _limit("exclusiveMinimum", "minimum"),
    "exclusiveMaximum": _limit("exclusiveMaximum", "maximum"),
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "prefixItems": _tuple,
}
