"""An API's models, compiled: the schemas that requests, and answers where a stage asks for it, are held to."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from portico.kernel.half_surrogates import without_halves
from portico.lang.errors import NotBuilt, SourceError
from portico.lang.jsonschema import Schema, Schemas
from portico.model.rest import Model, Snapshot

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
        whole = without_halves(body)
        if whole != body:
            return parse(whole)
        raise Unreadable("") from None
    raise Unreadable(f"a document of more than {MOST_VALUES} values is not validated")


class Models:
    """The models of one Snapshot."""

    def __init__(self, snapshot: Snapshot, schemas: Schemas | None = None) -> None:
        """`schemas` where they were read before."""
        self.snapshot = snapshot
        self._api_id = snapshot.api_id
        self._models = {model.name: model for model in snapshot.models}
        self.schemas = schemas or Schemas(dict(self._parsed()))

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
        model = self._models.get(name)
        if model is None:
            raise SourceError(f"model {name}", "the API has no model of this name")
        if "json" not in model.content_type.lower():
            raise NotBuilt(f"model {name}", f"only JSON is validated, and it is of {model.content_type}")
        if self._url(name) not in self.schemas:
            raise SourceError(f"model {name}", "its schema is no JSON")
        return self.schemas.schema(self._url(name))


class ModelShelf:
    """The Models of Snapshots whose Routes are being compiled. For one thread."""

    def __init__(self) -> None:
        self._last: Models | None = None
        self._living: WeakValueDictionary[tuple[str, tuple[Model, ...]], Schemas] = WeakValueDictionary()
        """Those that a Route somewhere holds bodies to. They go with the last of their Routes."""

    def of(self, snapshot: Snapshot) -> Models:
        """Read once for all Routes of a Snapshot, however far apart they are compiled."""
        if self._last is None or self._last.snapshot is not snapshot:
            key = (snapshot.api_id, snapshot.models)
            self._last = Models(snapshot, self._living.get(key))
            self._living[key] = self._last.schemas
        return self._last
