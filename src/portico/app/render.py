"""`portico render`: one mapping template with one request, at the terminal; step by step if asked.

The request is an event as a REST API hands it to a function (payload format 1.0), of which everything may be left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portico.kernel.errors import PorticoError
from portico.kernel.stack import with_room
from portico.lang.environment import new_overrides
from portico.lang.errors import BudgetExceeded
from portico.lang.vtl import compile_template
from portico.lang.vtl.javatypes import NOTHING
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering

WIDTH: Final = 100
"""Characters of a value that a step shows."""


class RenderError(PorticoError):
    """A file or an option that cannot be read."""


@dataclass(frozen=True)
class Request:
    """What a template is rendered with: lang's Environment, made of an event and of what options say instead."""

    body: str = ""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    header_lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    context_values: Mapping[str, Any] = field(default_factory=dict)
    """`$context`, maps in it as maps."""
    overrides: dict[str, Any] = field(default_factory=new_overrides)

    @property
    def headers(self) -> Mapping[str, str]:
        return {name: values[-1] for name, values in self.header_lists.items() if values}

    def header_values(self, name: str) -> Sequence[str]:
        exact = self.header_lists.get(name)
        if exact is not None:
            return exact
        found = (values for known, values in self.header_lists.items() if known.lower() == name.lower())
        return next(found, ())

    def response_header_values(self, name: str) -> Sequence[str]:
        return ()

    def context(self, path: str) -> object:
        value: Any = self.context_values
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def context_map(self, path: str) -> dict[str, Any] | None:
        value = self.context(path) if path else self.context_values
        return dict(value) if isinstance(value, Mapping) else None


def request_of(
    event: Mapping[str, Any],
    *,
    body: str | None = None,
    headers: Sequence[str] = (),
    variables: Sequence[str] = (),
    context: Sequence[str] = (),
) -> Request:
    """The request of an event, with what options say: `name: value` or `name=value` each. Raises RenderError."""
    told = Request(
        body=_body(event) if body is None else body,
        path_parameters=_texts(event, "pathParameters"),
        query=_lists(event, "queryStringParameters", "multiValueQueryStringParameters"),
        header_lists=_lists(event, "headers", "multiValueHeaders"),
        stage_variables=_texts(event, "stageVariables") | dict(_pair(text, "=") for text in variables),
        context_values=_member(event, "requestContext"),
    )
    for text in headers:
        name, value = _pair(text, ":")
        told.header_lists[name] = [value]  # type: ignore[index]
    for text in context:
        path, value = _pair(text, "=")
        *outer, last = path.split(".")
        inner: Any = told.context_values
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return told


def read_text(path: str, stdin: Callable[[], str]) -> str:
    """A file's text, or standard input for `-`. Raises RenderError."""
    try:
        return stdin() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(f"{path}: {error}") from None


def read_event(path: str, stdin: Callable[[], str]) -> dict[str, Any]:
    """An event from a file. Raises RenderError."""
    try:
        event = json.loads(read_text(path, stdin))
    except ValueError as error:
        raise RenderError(f"{path}: {error}") from None
    if not isinstance(event, dict):
        raise RenderError(f"{path}: an event is a JSON object")
    return event


@with_room
def render(source: str, name: str, request: Request, tell: Callable[[str], None] | None = None) -> bytes:
    """What a template comes to; `tell` hears of every step. Raises TemplateError and EvaluationError with the place."""
    trace = None if tell is None else _Trace(tell, Rendering(request))
    return compile_template(source, name, trace=trace).render_bytes(request)


def overridden(request: Request) -> list[str]:
    """What the template put into requestOverride and responseOverride, a line each."""
    run = Rendering(request)
    return [
        f"{name}.{key} = {text_of(run, value)}"
        for name, override in request.overrides.items()
        for key, value in override.items()
        if value != {}
    ]


class _Trace:
    """A line for each step: where, what, its value."""

    def __init__(self, tell: Callable[[str], None], run: Rendering) -> None:
        self._tell = tell
        self._run = run

    def __call__(self, line: int, column: int, what: str, value: Any) -> Any:
        place = f"{line}:{column}"
        shown = f"{what:<40} {self._shown(what, value)}".rstrip()
        self._tell(f"{place:>7}  {shown}")
        return value

    def _shown(self, what: str, value: Any) -> str:
        if value is ...:
            return ""
        if value is None or value is NOTHING:
            return "nothing"
        if value == what:
            return "has no value, printed as it is written"
        if isinstance(value, str):
            return _cut(json.dumps(value, ensure_ascii=False))
        try:
            return _cut(text_of(self._run, value))
        except BudgetExceeded:
            return "(too large to show)"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}… ({len(text)} characters)"


def _body(event: Mapping[str, Any]) -> str:
    body = event.get("body")
    if not isinstance(body, str):
        return "" if body is None else json.dumps(body)
    return base64.b64decode(body).decode("utf-8", "replace") if event.get("isBase64Encoded") is True else body


def _member(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name) or {}
    if not isinstance(value, dict):
        raise RenderError(f"the event's {name} is no object")
    return dict(value)


def _texts(event: Mapping[str, Any], name: str) -> dict[str, str]:
    return {key: str(value) for key, value in _member(event, name).items()}


def _lists(event: Mapping[str, Any], single: str, several: str) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {key: [value] for key, value in _texts(event, single).items()}
    for key, values in _member(event, several).items():
        found[key] = [str(value) for value in values] if isinstance(values, list) else [str(values)]
    return found


def _pair(text: str, separator: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found or not name.strip():
        raise RenderError(f"{text!r} is not NAME{separator}VALUE")
    return name.strip(), value.strip() if separator == ":" else value
