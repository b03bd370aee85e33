"""What CreateModel refuses in a schema: every keyword of the wrong form, and every one that draft 4 does not know.

AWS tells of each in the same words, one after the other, without a place; those of unknown keywords name them. Seen in
the field are both, two wrong lengths told as two errors, `required: []` and an `enum` that holds a value twice.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from portico.lang.ecmaregex import compile_ecma
from portico.lang.errors import NotBuilt, SourceError
from portico.lang.jsonschema.equality import same_twice
from portico.lang.jsonschema.nodes import TYPES
from portico.lang.jsonschema.references import children
from portico.lang.jsontext import encode

INVALID: Final = "Invalid model schema specified"

_URI: Final = re.compile(r"[\w\-.!~*'();:@&=+$,/?#\[\]%]*")


def syntax_errors(schema: Any) -> Iterator[str]:
    """AWS's words for all that is wrong with a parsed schema, the outer schemas first. None where nothing is."""
    if not isinstance(schema, dict):
        yield INVALID
        return
    waiting = [schema]
    for each in waiting:
        yield from _errors_of(each)
        waiting += [child for _, child in children(each) if isinstance(child, dict)]


def _errors_of(schema: Mapping[str, Any]) -> Iterator[str]:
    unknown = sorted(schema.keys() - _KEYWORDS.keys())
    if unknown:
        yield f"{INVALID}. Unsupported keyword(s): {encode(unknown)}"
    for keyword in sorted(schema.keys() & _KEYWORDS.keys()):
        if not _KEYWORDS[keyword](schema[keyword]):
            yield INVALID
    for keyword, other in (("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")):
        if keyword in schema and other not in schema:
            yield INVALID


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _anything(_value: Any) -> bool:
    return True


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def _schema(value: Any) -> bool:
    return isinstance(value, dict)


def _schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_schema, value))


def _named_schemas(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_schema, value.values()))


def _schema_or_boolean(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _items(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and all(map(_schema, value)))


def _names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value)) and len(set(value)) == len(value)


def _enum(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and not same_twice(value)


def _type(value: Any) -> bool:
    names = [value] if isinstance(value, str) else value
    return _names(names) and set(names) <= set(TYPES)


def _divisor(value: Any) -> bool:
    return _number(value) and value > 0


def _pattern(value: Any) -> bool:
    """What is a pattern and is not run here is AWS's to take, and a deployment's to refuse."""
    try:
        compile_ecma(value)
    except NotBuilt:
        return True
    except (SourceError, TypeError):
        return False
    return True


def _patterned_schemas(value: Any) -> bool:
    return _named_schemas(value) and all(map(_pattern, value))


def _dependencies(value: Any) -> bool:
    return isinstance(value, dict) and all(_schema(need) or _names(need) for need in value.values())


def _uri(value: Any) -> bool:
    return isinstance(value, str) and _URI.fullmatch(value) is not None


_KEYWORDS: Final[dict[str, Callable[[Any], bool]]] = {
    "$ref": _uri,
    "$schema": _uri,
    "additionalItems": _schema_or_boolean,
    "additionalProperties": _schema_or_boolean,
    "allOf": _schemas,
    "anyOf": _schemas,
    "default": _anything,
    "definitions": _named_schemas,
    "dependencies": _dependencies,
    "description": _text,
    "enum": _enum,
    "exclusiveMaximum": _boolean,
    "exclusiveMinimum": _boolean,
    "format": _text,
    "id": _uri,
    "items": _items,
    "maxItems": _count,
    "maxLength": _count,
    "maxProperties": _count,
    "maximum": _number,
    "minItems": _count,
    "minLength": _count,
    "minProperties": _count,
    "minimum": _number,
    "multipleOf": _divisor,
    "not": _schema,
    "oneOf": _schemas,
    "pattern": _pattern,
    "patternProperties": _patterned_schemas,
    "properties": _named_schemas,
    "required": _names,
    "title": _text,
    "type": _type,
    "uniqueItems": _boolean,
}
