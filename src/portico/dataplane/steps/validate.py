"""Request validation: required parameters, then the body against the model of its media type (semantics section 15).

A body is judged by the model for its Content-Type, without its parameters and `application/json` where there is none,
else by that of `$default`; where there is neither it is not looked at (guide: "Request validation for REST APIs"). An
empty body is no JSON (docs/decisions/0035-validation-as-in-the-field.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import view_of
from portico.dataplane.fault import BAD_REQUEST_BODY, BAD_REQUEST_PARAMETERS, Fault
from portico.dataplane.media_types import media_type
from portico.dataplane.models import Unreadable, parse
from portico.lang.errors import BudgetExceeded
from portico.lang.jsonschema import Schema

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

UNREADABLE: Final = "[Unknown error parsing request body]"
"""AWS's words for a body that is no JSON, an empty one too, as gateway responses and logs in the field have them."""

Present = Callable[["Exchange"], bool]


class RequiredParameters:
    """A method's required parameters, by the order of their full names: headers, path, query string (fact 51)."""

    __slots__ = ("_parameters",)

    def __init__(self, names: Mapping[str, bool], path_parameters: tuple[str, ...]) -> None:
        required = sorted(name for name, needed in names.items() if needed)
        self._parameters = [(name.split(".", 3)[3], _presence(name, path_parameters)) for name in required]

    def check(self, exchange: Exchange) -> None:
        """The Step. Raises the 400 that lists what is missing or blank."""
        missing = [name for name, present in self._parameters if not present(exchange)]
        if missing:
            listed = f"[{', '.join(missing)}]"
            message = f"Missing required request parameters: {listed}"
            raise Fault(BAD_REQUEST_PARAMETERS, message=message, validation=listed)


def _presence(full_name: str, path_parameters: tuple[str, ...]) -> Present:
    """Whether a request has a parameter, and it is not blank."""
    location, name = full_name.split(".", 3)[2:]
    if location == "header":
        key = name.lower().encode("latin-1", "replace")
        return lambda exchange: bool((exchange.head.value(key) or b"").strip())
    if location == "querystring":
        return lambda exchange: any(value.strip() for value in view_of(exchange).query.get(name, ()))
    there = name in path_parameters
    return lambda exchange: there


class BodyValidation:
    """The models of a method's request bodies."""

    __slots__ = ("_by_header", "_by_type", "_default", "_details")

    def __init__(self, schemas: Mapping[str, Schema], *, details: bool) -> None:
        """`schemas` by media type or `$default`; with `details` a refusal says what is wrong."""
        self._by_type = {name.lower(): schema for name, schema in schemas.items()}
        self._default = self._by_type.pop("$default", None)
        self._by_header: dict[str | None, Schema] = dict(self._by_type.items())
        if (usual := self._by_type.get(media_type(None), self._default)) is not None:
            self._by_header[None] = usual
        self._details = details

    def check(self, exchange: Exchange) -> None:
        """The Step. Raises the 400 of a body that is no JSON or not what the model says."""
        content_type = exchange.head.section.digest.content_type
        schema = self._by_header.get(content_type)
        if schema is None:
            schema = self._by_type.get(media_type(content_type), self._default)
            if schema is None:
                return
        try:
            value = parse(exchange.body or b"")
            if schema.accepts(value):
                return
        except Unreadable as error:
            told = f"[{error}]" if str(error) else UNREADABLE
            raise Fault(BAD_REQUEST_BODY, cause=str(error), validation=told) from None
        except BudgetExceeded as error:
            raise Fault(BAD_REQUEST_BODY, cause=str(error), validation=f"[{error}]") from None
        raise Fault(BAD_REQUEST_BODY, validation=schema.errors(value) if self._details else None)
