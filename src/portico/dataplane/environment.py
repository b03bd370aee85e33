"""An Exchange as mappings and templates see it: lang's Environment, decoded on first use and only then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from portico.dataplane.context import READABLE
from portico.dataplane.context_maps import context_map
from portico.dataplane.headers import HIDDEN
from portico.lang.environment import new_overrides

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.notes import Notes


def parse_query(query: bytes) -> dict[str, list[str]]:
    """Parameters by name, decoded once, every value in order. A semicolon splits as `&` does (known issues page)."""
    parameters: dict[str, list[str]] = {}
    text = query.decode("latin-1").replace(";", "&")
    read = unquote_plus if "%" in text or "+" in text else str
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            parameters.setdefault(read(name), []).append(read(value))
    return parameters


class RequestView:
    """The request side. `ResponseView` adds the backend's answer."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @cached_property
    def path_parameters(self) -> Mapping[str, str]:
        """Still percent-encoded, as recorded fact 111 has it."""
        exchange = self._exchange
        names = exchange.route.parameter_names if exchange.route is not None else ()
        return {name: value.decode("latin-1") for name, value in zip(names, exchange.captures, strict=False)}

    @cached_property
    def query(self) -> Mapping[str, Sequence[str]]:
        return parse_query(self._exchange.query)

    @cached_property
    def _headers(self) -> dict[str, tuple[str, ...]]:
        """Shared by all requests with the same headers."""
        digest: Notes = self._exchange.head.section.digest
        try:
            return digest.texts
        except AttributeError:
            found: dict[str, list[str]] = {}
            for header in self._exchange.head.headers:
                if header.name not in HIDDEN:
                    found.setdefault(header.raw.decode(), []).append(header.value.decode("latin-1"))
            digest.texts = {name: tuple(values) for name, values in found.items()}
            return digest.texts

    def header_values(self, name: str) -> Sequence[str]:
        exact = self._headers.get(name)
        if exact is not None:
            return exact
        lower = name.lower()
        return [value for raw, values in self._headers.items() if raw.lower() == lower for value in values]

    @cached_property
    def headers(self) -> Mapping[str, str]:
        return {name: values[-1] for name, values in self._headers.items()}

    @property
    def stage_variables(self) -> Mapping[str, str]:
        return self._exchange.program.stage.variables

    def context(self, path: str) -> object:
        getter = READABLE.get(path)
        return None if getter is None else getter(self._exchange)

    def context_map(self, path: str) -> dict[str, Any] | None:
        return context_map(self._exchange, path)

    @cached_property
    def overrides(self) -> dict[str, Any]:
        return new_overrides()

    @property
    def body(self) -> str:
        """Bytes that are not UTF-8 become U+FFFD (recorded fact 140)."""
        return (self._exchange.body or b"").decode("utf-8", "replace")

    def response_header_values(self, name: str) -> Sequence[str]:
        return ()


class ResponseView(RequestView):
    """The same request once its backend has answered."""

    @cached_property
    def overrides(self) -> dict[str, Any]:
        """Those of the request's own view: what its template set is there for the response's (recorded fact 136)."""
        exchange = self._exchange
        if exchange.view is None:
            exchange.view = RequestView(exchange)
        return exchange.view.overrides

    @property
    def body(self) -> str:
        return self._exchange.payload.decode("utf-8", "replace")

    def response_header_values(self, name: str) -> Sequence[str]:
        backend = self._exchange.backend
        if backend is None:
            return ()
        lower = name.lower().encode("latin-1", "replace")
        return [header.value.decode("latin-1") for header in backend.headers if header.name == lower]
