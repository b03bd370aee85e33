"""The request that a template is rendered with: an event, and what options say instead."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portico.kernel.errors import PorticoError
from portico.lang.environment import new_overrides


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
        context_values=deepcopy(_member(event, "requestContext")),  # the event stays as it is
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
