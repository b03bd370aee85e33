"""Where each of AWS's extensions may stand. One that stands elsewhere would be ignored, so it is refused.

An extension is a protection, or it changes what an API does; a document that carries one which Portico does not read
would be served as something else than its author wrote. So every key that begins with `x-amazon-apigateway-` is looked
up here, wherever it is in the document, except below keys of other vendors: those are inert, authors keep YAML anchors
there.
"""

from typing import Any

from portico.controlplane.openapi.place import Place

_PREFIX = "x-amazon-apigateway-"


Segments = tuple[str, ...]

_ROOT: Segments = ()
PATH_ITEM: Segments = ("paths", "*")
_OPERATION: Segments = ("paths", "*", "*")
_SCHEMES: tuple[Segments, ...] = (("securityDefinitions", "*"), ("components", "securitySchemes", "*"))

_APPLIED: dict[str, tuple[Segments, ...]] = {
    "any-method": (PATH_ITEM,),
    "api-key-source": (_ROOT,),
    "auth": (_OPERATION,),
    "authorizer": _SCHEMES,
    "authtype": _SCHEMES,
    "binary-media-types": (_ROOT,),
    "endpoint-access-mode": (_ROOT,),
    "endpoint-configuration": (_ROOT,),
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
    "documentation": ((_ROOT,), "was not imported: documentation parts are not built yet"),
    "importexport-version": ((_ROOT,), "is for HTTP APIs"),
    "tag-value": ((("tags", "*"),), "is for HTTP APIs"),
}
"""Neither a protection nor behaviour of a REST API: AWS passes over them in silence, Portico tells its operator."""


def refuse_misplaced(place: Place, at: Segments = _ROOT) -> list[str]:
    """Refuse the first extension of AWS below `place` that nothing reads. Returns the notes on the inert ones.

    `at` is where `place` counts as standing: a path item that a reference reached counts as one under `paths`.
    """
    notes: list[str] = []
    _walk(place, at, notes)
    return notes


def _walk(place: Place, at: Segments, notes: list[str]) -> None:
    if isinstance(place.value, dict):
        for name, value in place.value.items():
            _visit(place.child(name, value), name, at, notes)
    elif isinstance(place.value, list):
        for index, value in enumerate(place.value):
            _walk(place.child(str(index), value), (*at, "*"), notes)


def _visit(place: Place, name: str, at: Segments, notes: list[str]) -> None:
    if name.startswith(_PREFIX):
        notes.extend(_judge(place, name, at))
        if name != f"{_PREFIX}any-method":  # its members are an operation's; those of the others their reader checks
            return
    if not name.startswith("x-") or name.startswith(_PREFIX):
        _walk(place, (*at, name), notes)


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
