"""A policy's JSON, read so that nothing in it can be overlooked: a member that comes twice or is unknown is refused."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from portico.lang.errors import SourceError

LENGTH_LIMIT: Final = 20 * 1024
"""Characters of a document: Lambda's quota for a function's policy, the largest of those that Portico keeps (API
Gateway's is 8 192, a managed IAM policy's 6 144)."""
VALUES_LIMIT: Final = 2_000
"""Values of one list, and statements of one policy: more than the largest document has room for in earnest."""


class PolicyError(SourceError):
    """A text that is not a policy, or asks for something that could not be enforced."""


class NumberText(str):
    """A JSON number as it was written: conditions compare it as text, and no precision is lost."""

    __slots__ = ()


def read_document(document: str | Mapping[str, Any], limit: int = LENGTH_LIMIT) -> dict[str, Any]:
    """The object that a policy is; numbers become NumberText. Raises PolicyError."""
    text = document if isinstance(document, str) else _written(document)
    if len(text) > limit:
        raise PolicyError("", f"a policy has at most {limit} characters")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=NumberText,
            parse_float=NumberText,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise PolicyError("", f"not JSON: {error}") from None
    if type(value) is not dict:
        raise PolicyError("", "a policy is a JSON object")
    return value


def _written(document: Mapping[str, Any]) -> str:
    """Already decoded JSON as text again: one reader, one set of limits."""
    try:
        return json.dumps(document, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PolicyError("", f"not JSON: {error}") from None


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members with one name, readers of JSON disagree which counts: neither does."""
    found = dict(members)
    if len(found) != len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise PolicyError("", f"the member {twice!r} comes twice")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def members(place: str, value: Any, known: Iterable[str]) -> dict[str, Any]:
    """`value` as an object with no other members than `known`."""
    found = mapping(place, value)
    for name in found:
        if name not in known:
            raise PolicyError(place, f"unknown element {name!r}")
    return found


def mapping(place: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise PolicyError(place, "must be a JSON object")
    return value


def listed(place: str, value: Any) -> list[tuple[str, Any]]:
    """One bare value, or each of a list, with its place. An empty list says nothing, and is refused."""
    if type(value) is not list:
        return [(place, value)]
    if not 0 < len(value) <= VALUES_LIMIT:
        raise PolicyError(place, f"must have between 1 and {VALUES_LIMIT} values")
    return [(f"{place}[{at}]", one) for at, one in enumerate(value)]


def text(place: str, value: Any) -> str:
    """A JSON string with at least one character."""
    if type(value) is not str or not value:
        raise PolicyError(place, "must be a string that is not empty")
    return value


def texts(place: str, value: Any) -> list[tuple[str, str]]:
    return [(at, text(at, one)) for at, one in listed(place, value)]
