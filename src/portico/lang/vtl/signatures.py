"""What the tables of methods are made of."""

from collections.abc import Callable
from typing import Any, NamedTuple

from portico.lang.jsontext import Double
from portico.lang.vtl.javatypes import ArrayList, Collection, View

Types = frozenset[type] | None
"""The types that an argument may have; None: any, nothing included."""

ANY: Types = None
TEXT: Types = frozenset({str})
WHOLE: Types = frozenset({int})
NUMBER: Types = frozenset({int, float, Double})
SCALAR: Types = frozenset({str, bool, int, float, Double})
"""What `$util` takes for a string. Maps and lists give nothing, as recorded (test_sqs_amz_json_protocol)."""
ITEMS: Types = frozenset({list, ArrayList, View, Collection, range})
ENTRIES: Types = frozenset({dict})

VARIADIC = -1
"""The number of arguments of a method that takes any."""


class Method(NamedTuple):
    run: Callable[..., Any]
    """Takes the Rendering, the value, the arguments."""
    types: tuple[Types, ...]


Table = dict[tuple[str, int], Method]


def method(run: Callable[..., Any], *types: Types) -> Method:
    return Method(run, types)
