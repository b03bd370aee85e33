"""A request as the mapping languages see it, made of plain dicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portico.lang.environment import new_overrides


@dataclass
class FakeEnvironment:
    body: str = ""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    header_lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    response_header_lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    context_values: Mapping[str, object] = field(default_factory=dict)
    """By path: `identity.sourceIp`."""
    overrides: dict[str, Any] = field(default_factory=new_overrides)

    @property
    def headers(self) -> Mapping[str, str]:
        return {name: values[-1] for name, values in self.header_lists.items()}

    def header_values(self, name: str) -> Sequence[str]:
        return _found(self.header_lists, name)

    def response_header_values(self, name: str) -> Sequence[str]:
        return _found(self.response_header_lists, name)

    def context(self, path: str) -> object:
        return self.context_values.get(path)

    def context_map(self, path: str) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        prefix = f"{path}." if path else ""
        for name, value in self.context_values.items():
            if name.startswith(prefix):
                *outer, last = name.removeprefix(prefix).split(".")
                inner = found
                for part in outer:
                    inner = inner.setdefault(part, {})
                inner[last] = value
        return found or None


def _found(headers: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    if name in headers:
        return headers[name]
    return next((values for key, values in headers.items() if key.lower() == name.lower()), ())
