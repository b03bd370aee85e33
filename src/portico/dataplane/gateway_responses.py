"""Gateway responses: what a client is told of a Fault, with AWS's defaults and what the API made of them.

Source: semantics section 21 and corrections.md 1 to 5. A customised type acts with all it sets; what it leaves out is
the built-in default (recorded fact 91). A type that is not customised takes DEFAULT_4XX's or DEFAULT_5XX's.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import view_of
from portico.dataplane.fault import (
    API_CONFIGURATION_ERROR,
    FUNCTION_ERROR,
    INTEGRATION_FAILURE,
    INTEGRATION_TIMEOUT,
    INTERNAL,
    MALFORMED_ANSWER,
    REQUEST_TOO_LARGE,
    WRONG_VERB,
    Fault,
    Kind,
)
from portico.dataplane.headers import gateway_name
from portico.dataplane.media_types import media_type
from portico.lang.errors import EvaluationError, SourceError
from portico.lang.mapping import Mapped, Phase, compile_source, parse_source, parse_target
from portico.lang.simple import SimpleTemplate, compile_simple
from portico.model.rest import GatewayResponse, Snapshot

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_SPACED: Final = frozenset(
    {API_CONFIGURATION_ERROR, INTEGRATION_FAILURE, INTEGRATION_TIMEOUT, INTERNAL, MALFORMED_ANSWER}
    | {FUNCTION_ERROR, WRONG_VERB}
)
"""Kinds whose built-in body has a blank behind the colon (corrections.md 1; recorded: 36 bytes, not 35)."""
_JSON: Final = "application/json"


class _Custom:
    """One customised gateway response, compiled."""

    __slots__ = ("_headers", "_templates", "status")

    def __init__(self, definition: GatewayResponse) -> None:
        self.status = _status(definition)
        self._headers: list[tuple[str, Mapped]] = []
        for target, source in definition.response_parameters.items():
            compiled = compile_source(parse_source(source, Phase.GATEWAY_RESPONSE))
            name = gateway_name(parse_target(target, Phase.GATEWAY_RESPONSE).name)
            if name is not None:
                self._headers.append((name, compiled))
        self._templates: dict[str, SimpleTemplate] = {
            name.lower(): compile_simple(source) for name, source in definition.response_templates.items()
        }

    def lines(self, exchange: Exchange) -> list[bytes]:
        lines = []
        for name, source in self._headers:
            value = source(view_of(exchange))
            if value is not None:
                text = value if isinstance(value, str) else ",".join(value)
                lines.append(f"{name}: {text}\r\n".encode("latin-1", "replace"))
        return lines

    def content(self, exchange: Exchange) -> tuple[str, bytes] | None:
        """The content type and text of the template for the client's Accept; None where there is no template."""
        if not self._templates:
            return None
        accept = exchange.head.value(b"accept")
        wanted = media_type(None if accept is None else accept.decode("latin-1"))
        name = (
            wanted if wanted in self._templates else _JSON if _JSON in self._templates else next(iter(self._templates))
        )
        return name, self._templates[name].render(view_of(exchange)).encode()


class GatewayResponses:
    """All gateway responses of an API. Compiled when the first Fault needs one."""

    __slots__ = ("_compiled", "_definitions")

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        definitions = () if snapshot is None else snapshot.gateway_responses
        self._definitions = {definition.response_type: definition for definition in definitions}
        self._compiled: dict[str, _Custom] = {}

    def check(self) -> None:
        """Compile them all. Raises lang's SourceError."""
        for definition in self._definitions.values():
            _Custom(definition)

    def answer(self, exchange: Exchange, fault: Fault) -> None:
        """Make `fault` the Exchange's answer."""
        kind = fault.kind
        exchange.status = kind.status
        if kind is REQUEST_TOO_LARGE:  # plain text, and no customisation applies: corrections.md 2
            exchange.lines = [b"Content-Type: text/plain\r\n"]
            exchange.content = (kind.message or "").encode()
            return
        custom = self._custom(kind)
        try:
            content = None if custom is None else custom.content(exchange)
            lines = [] if custom is None else custom.lines(exchange)
        except EvaluationError:
            content, lines = None, []
        if custom is not None and custom.status is not None:
            exchange.status = custom.status
        name, exchange.content = content or (_JSON, _default_content(fault))
        own = [f"Content-Type: {name}\r\n".encode(), b"x-amzn-ErrorType: %b\r\n" % kind.error_type.encode()]
        mapped = {_name(line) for line in lines}
        exchange.lines = [line for line in own if _name(line) not in mapped] + lines

    def _custom(self, kind: Kind) -> _Custom | None:
        if not self._definitions:
            return None
        for name in (kind.name, kind.family):
            definition = self._definitions.get(name)
            if definition is not None:
                compiled = self._compiled.get(name)
                if compiled is None:
                    try:
                        compiled = self._compiled[name] = _Custom(definition)
                    except SourceError:
                        return None
                return compiled
        return None


def _status(definition: GatewayResponse) -> int | None:
    """Raises SourceError for a status that cannot end an exchange: a client would go on waiting after a 1xx."""
    text = definition.status_code
    if not text:
        return None
    if re.fullmatch("[2-5][0-9]{2}", text) is None:
        raise SourceError(f"status code {text!r}", "it is none from 200 to 599")
    return int(text)


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].lower()


def _default_content(fault: Fault) -> bytes:
    """`{"message":$context.error.messageString}`, AWS's built-in template."""
    separators = (",", ": ") if fault.kind in _SPACED else (",", ":")
    return json.dumps({"message": fault.message}, separators=separators, ensure_ascii=False).encode()
