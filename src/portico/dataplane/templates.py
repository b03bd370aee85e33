"""Body templates of an integration: which one is used, and what happens where there is none (semantics section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from portico.dataplane.fault import API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, Fault
from portico.dataplane.media_types import media_type
from portico.lang.errors import EvaluationError
from portico.lang.vtl import Template, compile_template

if TYPE_CHECKING:
    from portico.lang.environment import Environment

JSON: Final = "application/json"


class BodyTemplate:
    """One template. `constant` is its output where no request changes it."""

    __slots__ = ("_template", "constant")

    def __init__(self, source: str, name: str) -> None:
        plain = "$" not in source and "#" not in source
        self._template: Template | None = None if plain else compile_template(source, name)
        self.constant: bytes | None = source.encode() if plain else None

    def render(self, view: Environment) -> bytes:
        if self._template is None:
            return self.constant or b""
        try:
            return self._template.render_bytes(view)
        except EvaluationError as error:
            raise Fault(API_CONFIGURATION_ERROR, cause=str(error)) from None


def compile_templates(sources: Mapping[str, str | None], place: str) -> dict[str, BodyTemplate | None]:
    """Templates by media type; None for an entry without text, which passes the payload through.

    Raises lang's SourceError with `place` and the media type in its text.
    """
    return {
        name.lower(): BodyTemplate(source, f"{place} {name}") if source else None for name, source in sources.items()
    }


class RequestTemplates:
    """An integration's request templates with its passthrough behaviour."""

    __slots__ = ("_passthrough", "_templates")

    def __init__(self, sources: Mapping[str, str | None], passthrough: str) -> None:
        self._templates = compile_templates(sources, "request template")
        self._passthrough = passthrough

    def choose(self, content_type: str | None) -> BodyTemplate | None:
        """The template for a request; None where the body passes as it is. Raises the 415 of AWS's rules."""
        name = media_type(content_type)
        if name in self._templates:
            return self._templates[name]
        if self._passthrough == "NEVER" or (self._passthrough == "WHEN_NO_TEMPLATES" and self._templates):
            raise Fault(UNSUPPORTED_MEDIA_TYPE)
        return None


class ResponseTemplates:
    """An integration response's templates, chosen by the client's Accept."""

    __slots__ = ("_templates", "single")

    def __init__(self, sources: Mapping[str, str | None]) -> None:
        self._templates = compile_templates(sources, "response template")
        self.single = len(self._templates) <= 1
        """Whether every Accept gets the same."""

    def choose(self, accept: str | None) -> BodyTemplate | None:
        """By the first type of Accept, else application/json's, else the first one; None: the payload passes."""
        templates = self._templates
        if not templates:
            return None
        name = media_type(accept)
        if name in templates:
            return templates[name]
        return templates[JSON] if JSON in templates else next(iter(templates.values()))
