"""How members of values are found: properties, indices and the methods that a template may call.

As in Java a method is chosen by name and by the types of its arguments. Calling one that is not there is no error: the
reference then has no value. A method that a Java object would answer with an exception raises EvaluationError. Nothing
here reaches a class: `.class`, `getClass()` and `forName()` are not there.
"""

from collections.abc import Mapping
from typing import Any

from portico.lang.errors import EvaluationError
from portico.lang.vtl import containers, numbers, strings, utilities
from portico.lang.vtl.containers import key_of
from portico.lang.vtl.javatypes import NOTHING, ArrayList, Collection, Entry, JavaIterator, View
from portico.lang.vtl.operators import same
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Input, Rendering, Util, path_of
from portico.lang.vtl.scopes import Broken, Defined, ForeachScope
from portico.lang.vtl.signatures import ANY, TEXT, VARIADIC, Method, Table, method


def call(run: Rendering, value: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    """`value.name(arguments)`; None where there is no such method. Raises EvaluationError."""
    if type(value) is Defined:
        value = text_of(run, value)
    run.left -= 20
    if run.left < 0:
        run.overspent()
    table = TABLES.get(type(value)) or (containers.MAP if isinstance(value, Mapping) else {})
    key = (name, len(arguments))
    found = table.get(key) or table.get((name, VARIADIC)) or _OBJECT.get(key)
    if found is None or value is None or value is NOTHING:
        return None
    for argument, wanted in zip(arguments, found.types, strict=False):
        if wanted is not None and type(argument) not in wanted:
            return None
    return found.run(run, value, *arguments)


def property_of(run: Rendering, value: Any, name: str) -> Any:
    """`value.name`: the member of a map, or what a Java getter answers; None where there is neither."""
    if isinstance(value, Mapping):
        return value.get(name) if name != "class" else None
    if type(value) is ForeachScope:
        return value.get(name)
    getter = _GETTERS.get((type(value), name))
    return call(run, value, getter, ()) if getter is not None else None


def index_of(run: Rendering, value: Any, key: Any) -> Any:
    """`value[key]`: Java's `get(key)`, but that a negative key is counted from the end: Velocity adds the size.

    Raises EvaluationError where there is no size: of all that can be none Velocity makes this alone an error.
    """
    if type(key) is int and key < 0 and value is not None and value is not NOTHING:
        if not isinstance(value, list | tuple | range | Mapping):
            raise EvaluationError(f"[{key}] of what has no size()")
        key += len(value)
    return call(run, value, "get", (key,))


def set_property(run: Rendering, value: Any, name: str, new: Any) -> None:
    """`#set($value.name = new)`. What has no such member stays as it is."""
    if isinstance(value, dict):
        containers.put(run, value, name, new)
    elif type(value) is ForeachScope:
        run.keep_made(256)
        value.values[name] = new


def set_index(run: Rendering, value: Any, key: Any, new: Any) -> None:
    """`#set($value[key] = new)`: Java's `set` of a list, `put` of a map."""
    if isinstance(value, dict):
        containers.put(run, value, key_of(key), new)
    elif isinstance(value, list) and type(key) is int:
        containers.set_item(run, value, key + len(value) if key < 0 else key, new)


def _json(run: Rendering, value: Input, path: str) -> str:
    return value.run.json(path_of(run, path))


def _path(run: Rendering, value: Input, path: str) -> Any:
    return value.run.value(path_of(run, path))


def _break(_run: Rendering, value: ForeachScope) -> Any:
    raise Broken(value)


def _next(_run: Rendering, value: JavaIterator) -> Any:
    try:
        return value.next()
    except StopIteration:
        raise EvaluationError("next() of an iterator that has no more") from None


_OBJECT: Table = {
    ("toString", 0): method(text_of),
    ("equals", 1): method(lambda run, value, other: same(run, value, other), ANY),
}
_INPUT: Table = {
    ("json", 1): method(_json, TEXT),
    ("path", 1): method(_path, TEXT),
    ("params", 0): method(lambda _, value: value.run.params()),
    ("params", 1): method(lambda _, value, name: value.run.param(name), TEXT),
    ("getBody", 0): method(lambda _, value: value.run.body),
}
_ITERATOR: Table = {
    ("hasNext", 0): method(lambda _, value: value.more),
    ("next", 0): method(_next),
}
_ENTRY: Table = {
    ("getKey", 0): method(lambda _, entry: entry.key),
    ("getValue", 0): method(lambda _, entry: entry.value),
}
_SCOPE: Table = {
    ("stop", 0): method(_break),
    ("get", 1): method(lambda _, scope, name: scope.get(name), TEXT),
    ("hasNext", 0): method(lambda _, scope: scope.get("hasNext")),
    ("isFirst", 0): method(lambda _, scope: scope.get("first")),
    ("isLast", 0): method(lambda _, scope: scope.get("last")),
    ("getIndex", 0): method(lambda _, scope: scope.get("index")),
    ("getCount", 0): method(lambda _, scope: scope.get("count")),
}
TABLES: dict[type, Table] = {
    Input: _INPUT,
    Util: utilities.UTIL,
    str: strings.STRING,
    bool: numbers.BOOLEAN,
    **dict.fromkeys((int,), numbers.INTEGER),
    **dict.fromkeys(numbers.DOUBLES, numbers.DOUBLE),
    **dict.fromkeys((list, ArrayList), containers.LIST),
    **dict.fromkeys((View, tuple, range), containers.VIEW),
    Collection: containers.COLLECTION,
    dict: containers.MAP,
    Entry: _ENTRY,
    JavaIterator: _ITERATOR,
    ForeachScope: _SCOPE,
}
"""Of each type of value its methods, by name and number of arguments."""

_GETTERS: dict[tuple[type, str], str] = {
    (Input, "body"): "getBody",
    (str, "empty"): "isEmpty",
    (str, "blank"): "isBlank",
    (str, "bytes"): "getBytes",
    (Entry, "key"): "getKey",
    (Entry, "value"): "getValue",
    **{(kind, "empty"): "isEmpty" for kind in (list, ArrayList, View, Collection, range)},
}

__all__ = ["TABLES", "Method", "call", "index_of", "property_of", "set_index", "set_property"]
