"""An API's models, compiled: the schemas that requests, and answers where a stage asks for it, are held to."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from portico.lang.errors import NotBuilt, SourceError
from portico.lang.jsonschema.nodes import read_nodes
from portico.lang.jsonschema.references import References
from portico.lang.jsonschema.schema import Schema
from portico.model.rest import Model

_URL: Final = "https://apigateway.amazonaws.com/restapis/{}/models/{}"

MOST_VALUES: Final = 500_000
"""Values of a document: parsed they take up to 64 MB."""


class Unreadable(Exception):
    """A body that is no JSON, or more of it than is parsed."""


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text[:20]} is not a number that fits")
    return value


_decode: Final = msgspec.json.Decoder().decode
_decode_steadily: Final = msgspec.json.Decoder(float_hook=_float).decode
"""msgspec takes 13 µs for a number like 1e300, a thousand times as long as for 1.5; Python's own float does not."""
SHORT: Final = 4096
"""Bytes of a document that msgspec may read all by itself, in 10 ms at the worst."""


def parse(body: bytes) -> Any:
    """The value of a body: strict JSON (RFC 8259) in UTF-8, of names that come twice the last. Raises Unreadable."""
    try:
        if len(body) <= SHORT:
            return _decode(body)
        if body.count(b",") + body.count(b"[") + body.count(b"{") <= MOST_VALUES:
            return _decode_steadily(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise Unreadable("") from None
    raise Unreadable(f"a document of more than {MOST_VALUES} values is not validated")


class Models:
    """The models of one Snapshot. Schemas are shared by the Routes that use them, and go with the last one."""

    def __init__(self, api_id: str, models: tuple[Model, ...]) -> None:
        self._api_id = api_id
        self._models = {model.name: model for model in models}
        self._references = References(dict(self._parsed()))
        self._schemas: WeakValueDictionary[str, Schema] = WeakValueDictionary()

    def _parsed(self) -> Any:
        for model in self._models.values():
            try:
                yield self._url(model.name), msgspec.json.decode(model.schema or "{}")
            except (msgspec.MsgspecError, RecursionError, ValueError):
                continue  # told when it is used: `schema` below, or a reference that leads nowhere

    def _url(self, name: str) -> str:
        return _URL.format(self._api_id, name)

    def schema(self, name: str) -> Schema:
        """The schema of a model. Raises SourceError for one that is none, NotBuilt for what would not be enforced."""
        known = self._schemas.get(name)
        if known is None:
            known = self._schemas[name] = self._compiled(name)
        return known

    def _compiled(self, name: str) -> Schema:
        model = self._models.get(name)
        if model is None:
            raise SourceError(f"model {name}", "the API has no model of this name")
        if "json" not in model.content_type.lower():
            raise NotBuilt(f"model {name}", f"only JSON is validated, and it is of {model.content_type}")
        if self._url(name) not in self._references:
            raise SourceError(f"model {name}", "its schema is no JSON")
        return Schema(read_nodes(self._references, self._url(name)))


@lru_cache(maxsize=2)
def models_of(api_id: str, models: tuple[Model, ...]) -> Models:
    """The Models of a Snapshot: read once for all of its methods."""
    return Models(api_id, models)
