"""Where each of AWS's extensions may stand. One that stands elsewhere would be ignored, so it is refused.

An extension is a protection, or it changes what an API does; a document that carries one which Portico does not read
would be served as something else than its author wrote. So every key that begins with `x-amazon-apigateway-` is looked
up here, wherever it is in the document, except below keys of other vendors: those are inert, authors keep YAML anchors
there; and except in the path items of version 3.1 that nothing refers to.
"""

from typing import Any

from portico.controlplane.openapi.place import Place

_PREFIX = "x-amazon-apigateway-"


Segments = tuple[str, ...]

_ROOT: Segments = ()
_PATH_ITEM: Segments = ("paths", "*")
_OPERATION: Segments = ("paths", "*", "*")
_PATH_ITEMS: Segments = ("components", "pathItems")
_SCHEMES: tuple[Segments, ...] = (("securityDefinitions", "*"), ("components", "securitySchemes", "*"))

_LONGEST = 4
_ELSEWHERE = ("#/x-", "#/components/pathItems/")
"""Where things stand that mean something only where a reference fetches them."""

_APPLIED: dict[str, tuple[Segments, ...]] = {
    "any-method": (_PATH_ITEM,),
    "api-key-source": (_ROOT,),
    "auth": (_OPERATION,),
    "authorizer": _SCHEMES,
    "authtype": _SCHEMES,
    "binary-media-types": (_ROOT,),
    "documentation": (_ROOT,),
    "endpoint-access-mode": (_ROOT,),
    "endpoint-configuration": (_ROOT, ("servers", "*")),
    "gateway-responses": (_ROOT,),
    "integration": (_OPERATION,),
    "integrations": (("components",),),
    "minimum-compression-size": (_ROOT,),
    "policy": (_ROOT,),
    "request-validator": (_ROOT, _OPERATION),
    "request-validators": (_ROOT,),
    "security-policy": (_ROOT,),
}

_INERT: dict[str, tuple[tuple[Segments, ...], str]] = {
    "cors": ((_ROOT,), "is for HTTP APIs: a REST API answers CORS requests by its own methods"),
    "importexport-version": ((_ROOT,), "is for HTTP APIs"),
    "tag-value": ((("tags", "*"),), "is for HTTP APIs"),
}
"""Neither a protection nor behaviour of a REST API: AWS passes over them in silence, Portico tells its operator."""


def refuse_misplaced(root: Place) -> list[str]:
    """Refuse the first extension of AWS in the document that nothing reads. Returns the notes on the inert ones."""
    search = _Search()
    search.walk(root, _ROOT)
    return search.notes


class _Search:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self._followed: set[tuple[str, Segments]] = set()

    def walk(self, place: Place, at: Segments) -> None:
        """`at` is where the place counts as standing: what a reference fetches from below a vendor's key, or from the
        path items of version 3.1, counts as standing at the reference.
        """
        if (place.reference() or "").startswith(_ELSEWHERE):
            place = place.resolved()
            # No place deeper than the longest pattern is anyone's, so a circle of references ends here.
            if (place.pointer, at[:_LONGEST]) in self._followed:
                return
            self._followed.add((place.pointer, at[:_LONGEST]))
        if isinstance(place.value, dict):
            for name, value in place.value.items():
                self._visit(place.child(name, value), name, at)
        elif isinstance(place.value, list):
            for index, value in enumerate(place.value):
                self.walk(place.child(str(index), value), (*at, "*"))

    def _visit(self, place: Place, name: str, at: Segments) -> None:
        if name.startswith(_PREFIX):
            self.notes.extend(_judge(place, name, at))
        # The any-method's members are an operation's; those of the other extensions their reader checks.
        below = (*at, name)
        if below != _PATH_ITEMS and (not name.startswith("x-") or name == f"{_PREFIX}any-method"):
            self.walk(place, below)


def _judge(place: Place, name: str, at: Segments) -> list[str]:
    short = name.removeprefix(_PREFIX)
    if any(_fits(at, pattern) for pattern in _APPLIED.get(short, ())):
        return []
    patterns, why = _INERT.get(short, ((), ""))
    if any(_fits(at, pattern) for pattern in patterns):
        return [f"{name} {why}"]
    if short in _APPLIED or short in _INERT:
        raise place.refuse(f"{name} has no effect in this place")
    raise place.refuse(f"the extension {name} is not supported")


def _fits(at: Segments, pattern: Segments) -> bool:
    return len(at) == len(pattern) and all(p in ("*", s) for s, p in zip(at, pattern, strict=True))


def refuse_unknown_members(place: Place, known: dict[str, Any] | frozenset[str]) -> None:
    """Refuse a member of an extension's object that nothing reads: it would be configured and not obeyed."""
    for name, value in place.mapping().items():
        if name not in known and not name.startswith("x-"):
            raise place.child(name, value).refuse(f"'{name}' is not supported here")
