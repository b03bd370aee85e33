"""From a backend's answer to the method's: selection, mapped headers, template, content handling (non-proxy types)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from portico.dataplane.binary import readable_payload, response_payload
from portico.dataplane.environment import ResponseView
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.headers import mapped_name
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.overrides import override_headers, overrides_of, response_override
from portico.dataplane.templates import ResponseTemplates
from portico.lang.errors import EvaluationError
from portico.lang.mapping import Phase, compile_source, parse_source, parse_target
from portico.lang.selection import compile_selection
from portico.model.rest import IntegrationResponse, Method

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

JSON_LINE: Final = b"Content-Type: application/json\r\n"
"""Every integration response without a Content-Type of its own (known issues page)."""


_FINAL: Final = re.compile("[2-5][0-9]{2}")
"""Statuses that end an exchange: a client would go on waiting after a 1xx."""


class _Headers:
    """The mapped headers of one integration response: the constant ones as lines, the others as sources."""

    __slots__ = ("_dynamic", "_static", "constant")

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._static: list[bytes] = []
        self._dynamic = []
        for target_text, source_text in parameters.items():
            target = parse_target(target_text, Phase.RESPONSE)
            source = parse_source(source_text, Phase.RESPONSE)
            name = mapped_name(target.name)
            if name is None:
                continue
            if source.kind == "static":
                self._static += [_line(name, source.name)] if source.name else []
            else:
                self._dynamic.append((name, compile_source(source)))
        self.constant = not self._dynamic
        typed_later = any(name.lower() == "content-type" for name, _ in self._dynamic)
        if not typed_later and not _typed(self._static):
            self._static.insert(0, JSON_LINE)

    def lines(self, view: ResponseView | None) -> list[bytes]:
        lines = list(self._static)
        if view is None or self.constant:
            return lines
        for name, source in self._dynamic:
            try:
                value = source(view)
            except EvaluationError as error:
                raise Fault(API_CONFIGURATION_ERROR, cause=str(error)) from None
            if value is not None:
                lines.append(_line(name, value if isinstance(value, str) else ",".join(value)))
        if not _typed(lines):
            lines.insert(0, JSON_LINE)
        return lines


def _typed(lines: list[bytes]) -> bool:
    return any(line.lower().startswith(b"content-type:") for line in lines)


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("latin-1", "replace")


def _overridden(exchange: Exchange) -> bool:
    """Let the templates' responseOverride act, if there is any; whether there is."""
    if overrides_of(exchange) is None:
        return False
    status, headers = response_override(exchange)
    if status is not None:
        exchange.status = status
    if headers:
        sent = {mapped: values for name, values in headers.items() if (mapped := mapped_name(name)) is not None}
        exchange.lines = override_headers(exchange.lines, sent)
    return True


class _Row:
    """One integration response, compiled."""

    __slots__ = ("_binary", "_handling", "_may_be_binary", "headers", "status", "templates")

    def __init__(self, response: IntegrationResponse, binary: BinaryTypes) -> None:
        self.status = int(response.status_code)
        self.headers = _Headers(response.response_parameters)
        self.templates = ResponseTemplates(response.response_templates)
        self._binary = binary
        self._may_be_binary = not binary.none
        self._handling = response.content_handling

    def apply(self, exchange: Exchange) -> bool:
        """Make the answer; True where nothing of the request but its Accept had a part in it."""
        accept = exchange.head.section.digest.accept
        template = self.templates.choose(accept)
        constant = template is not None and template.constant is not None
        view = None if constant and self.headers.constant else ResponseView(exchange)
        exchange.status = self.status
        if self._may_be_binary and template is not None and view is not None:
            exchange.payload = self._converted(readable_payload, exchange, accept)
        exchange.lines = self.headers.lines(view)
        if template is not None:
            exchange.content = template.render(view) if view is not None else template.constant or b""
        else:
            exchange.content = self._converted(response_payload, exchange, accept)
        return not _overridden(exchange) and view is None

    def _converted(self, conversion: Callable[..., bytes], exchange: Exchange, accept: str | None) -> bytes:
        backend = exchange.backend
        sent = None
        for header in backend.headers if backend is not None else ():
            if header.name == b"content-type":
                sent = header.value.decode("latin-1")
        return conversion(
            exchange.payload,
            binary=self._binary.match(sent),
            wanted=self._binary.match(accept),
            handling=self._handling,
        )


def _no_row(undeclared: str | None, status: int, told: str) -> Fault:
    """Nothing answers: no row matches, or one whose status the method does not declare. The words are AWS's."""
    words = (
        f"No match for output mapping and no default output mapping configured. Endpoint Response Status Code: {status}"
        if undeclared is None
        else f"Output mapping refers to an invalid method response: {undeclared}"
    )
    cause = f"no integration response of a declared status for {told}"
    return Fault(API_CONFIGURATION_ERROR, cause=cause, words=f"Execution failed due to configuration error: {words}")


class IntegrationResponses:
    """All integration responses of a method. Their selection is by status (HTTP, MOCK) or, with `messages`, by the
    error message of a Lambda function."""

    __slots__ = ("_selection",)

    def __init__(
        self,
        method: Method,
        responses: Mapping[str, IntegrationResponse],
        binary: BinaryTypes,
        *,
        messages: bool = False,
    ) -> None:
        """Raises lang's errors for a pattern, mapping or template that cannot be compiled."""
        declared = {status for status in method.method_responses if _FINAL.fullmatch(status)}
        rows = [
            (
                response.selection_pattern,
                _Row(response, binary) if response.status_code in declared else response.status_code,
            )
            for response in responses.values()
        ]
        self._selection = compile_selection(rows, messages=messages)

    def select(self, status: int) -> _Row:
        """The row for a backend's status. Raises the 500 of an API that has none, or none that its method declares."""
        row = self._selection.select_status(status)
        if not isinstance(row, _Row):
            raise _no_row(row, status, str(status))
        return row

    def apply_message(self, exchange: Exchange, message: str | None) -> None:
        """Answer with the row for a function's error message; None where it has none. Raises as `select` does."""
        try:
            row = self._selection.select(message)
        except EvaluationError as error:
            raise Fault(API_CONFIGURATION_ERROR, cause=str(error)) from None
        if not isinstance(row, _Row):
            status = 200 if exchange.backend is None else exchange.backend.status
            raise _no_row(row, status, "a success" if message is None else repr(message[:200]))
        row.apply(exchange)

    def apply(self, exchange: Exchange, status: int) -> bool:
        """Answer with the row for `status`; True where only the request's Accept had a part in the answer."""
        return self.select(status).apply(exchange)
