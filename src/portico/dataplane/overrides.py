"""What templates put into `$context.requestOverride` and `responseOverride`: it takes the place of what is mapped.

Overrides act when their template is rendered. What the request's template sets of responseOverride is there for the
response (recorded facts 135 and 136).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.lang.jsontext import to_text

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_UNSAFE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS: Final = re.compile(r"[2-5][0-9]{2}")


def overrides_of(exchange: Exchange) -> dict[str, Any] | None:
    """What the templates of a request have set so far; None where none of them looked at the overrides."""
    view = exchange.view
    return None if view is None else view.__dict__.get("overrides")


def request_overrides(exchange: Exchange, kind: str) -> dict[str, list[str]]:
    """By name the values of `requestOverride.<kind>`: header, querystring or path. Raises a Fault."""
    overrides = overrides_of(exchange)
    return {} if overrides is None else _values(overrides["requestOverride"], "requestOverride", kind)


def override_headers(lines: list[bytes], headers: dict[str, list[str]]) -> list[bytes]:
    """Header lines with those of an override in the place of others of the same name. Raises a Fault."""
    names = {name.lower().encode("latin-1", "replace") for name in headers}
    kept = [line for line in lines if line.partition(b":")[0].lower() not in names]
    return kept + [_line(name, ",".join(values)) for name, values in headers.items()]


def response_override(exchange: Exchange) -> tuple[int | None, dict[str, list[str]]]:
    """The status, where a template set one that can be a status, and the headers of `responseOverride`."""
    overrides = overrides_of(exchange)
    if overrides is None:
        return None, {}
    found = overrides["responseOverride"]
    status = to_text(found.get("status")) if isinstance(found, dict) else ""
    return int(status) if _STATUS.fullmatch(status) else None, _values(found, "responseOverride", "header")


def _values(override: Any, name: str, kind: str) -> dict[str, list[str]]:
    found = override.get(kind, {}) if isinstance(override, dict) else None
    if not isinstance(found, dict):
        raise Fault(API_CONFIGURATION_ERROR, cause=f"$context.{name}.{kind} was set to something that is no map")
    return {to_text(key): _texts(value) for key, value in found.items() if value is not None}


def _texts(value: Any) -> list[str]:
    return [to_text(item) for item in value] if isinstance(value, list | tuple) else [to_text(value)]


def _line(name: str, value: str) -> bytes:
    if _NAME.fullmatch(name) is None or _UNSAFE.search(value):
        raise Fault(
            API_CONFIGURATION_ERROR, cause=f"a template overrides the header {name!r} with what no header can be"
        )
    return f"{name}: {value}\r\n".encode("latin-1", "replace")
