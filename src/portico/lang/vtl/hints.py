"""What a template's author may not have meant, in words. Only a rendering that is traced asks.

$root.limt                  .limt leads nowhere: did you mean limit?
$util.escapeJavascript(…)   escapeJavascript() is no method of $util; did you mean escapeJavaScript()?
$input.json('$.a.nme')      $.a has no nme; there are id, label
$root.total / 2             7 / 2 is a whole number, as both of them are
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from portico.lang.jsonpath import MISSING, follow
from portico.lang.vtl.javatypes import NOTHING, ArrayList, Collection, Entry, JavaIterator, View
from portico.lang.vtl.methods import TABLES
from portico.lang.vtl.operators import NUMBERS
from portico.lang.vtl.runtime import Input, Rendering, Util, path_of
from portico.lang.vtl.signatures import VARIADIC

INDEX: Final = "[]"
"""The name of a step that is an index."""
SHOWN: Final = 12
"""Names that are listed where one of them was meant."""
_ORDERS: Final = ("<", "<=", ">", ">=")
_KINDS: Final[dict[type, str]] = {
    Input: "$input",
    Util: "$util",
    str: "a text",
    bool: "a boolean",
    Entry: "an entry",
    **dict.fromkeys(NUMBERS, "a number"),
    **dict.fromkeys((list, ArrayList, View, range), "a list"),
    Collection: "a set",
    dict: "a map",
}


def of_step(run: Rendering, owner: Any, name: str, arguments: Sequence[Any] | None, value: Any) -> str | None:
    """Why `owner.name`, or with arguments `owner.name(…)`, has no value. None where it has one, or `owner` has none."""
    if owner is None or owner is NOTHING:
        return None
    if type(owner) is Input and arguments and isinstance(arguments[0], str):
        return _of_input(run, name, arguments[0], value)
    if value is not None:
        return None
    if isinstance(owner, Mapping) and (arguments is None or (name in (INDEX, "get") and len(arguments) == 1)):
        return _of_map(owner, name if arguments is None else arguments[0])
    if arguments is None:
        method = f"; {name}() is a method" if (name, 0) in TABLES.get(type(owner), {}) else ""
        return f".{name} leads nowhere: {_kind(owner)} has no members{method}"
    return _of_method(owner, name, arguments)


def of_context(run: Rendering, path: str, value: Any) -> str | None:
    """The same of `$context.path`."""
    return None if value is not None else _walked(run.env.context_map("") or {}, path.split("."), "$context")


def of_calculation(operator: str, left: Any, right: Any, value: Any) -> str | None:
    """What is not as on paper."""
    whole = type(left) is int and type(right) is int
    if operator in _ORDERS and not (type(left) in NUMBERS and type(right) in NUMBERS):
        return f"{_kind(left)} {operator} {_kind(right)} is never true"
    if value is None:
        return f"{_kind(left)} {operator} {_kind(right)} has no value"
    if operator == "/" and whole and left % right:
        return f"{left} / {right} is a whole number, as both of them are"
    if operator == "+" and isinstance(value, str) and not (isinstance(left, str) and isinstance(right, str)):
        return f"{_kind(left)} + {_kind(right)} is a text: one behind the other"
    return None


def of_loop(items: Any) -> str | None:
    """What a `#foreach` makes of what is no list."""
    if isinstance(items, Mapping):
        return "of a map the values are gone through; .keySet() has its keys, .entrySet() both"
    return None if isinstance(items, list | tuple | range | JavaIterator) else f"{_kind(items)} has no turns"


def _of_input(run: Rendering, name: str, argument: str, value: Any) -> str | None:
    if name == "params" and value == "":
        return _of_parameter(run, argument)
    if (name, value) not in (("json", '""'), ("path", None)):
        return None
    if run.document is MISSING or isinstance(run.document, str):
        return "the payload is no JSON, so that no path finds anything in it"
    keys = path_of(run, argument).keys
    if keys is None:
        return f"nothing in the payload is at {argument}" if value is None else None
    return _walked(run.document, keys, "$")


def _of_parameter(run: Rendering, name: str) -> str | None:
    known = {f"in the {place}": list(found) for place, found in run.params().items() if found}
    if any(name in names for names in known.values()):
        return None
    listed = "; ".join(f"{place} {_listed(names)}" for place, names in known.items())
    return f"the request has no parameter {name}; {f'there are {listed}' if listed else 'it has none'}"


def _walked(document: Any, keys: Iterable[Any], place: str) -> str | None:
    """The first of `keys` that cannot be followed, and what there is instead."""
    for key in keys:
        found = follow(document, (key,))
        if found is MISSING and isinstance(document, Mapping):
            return f"{place} has no {key}; {_there(document, key)}"
        if found is MISSING and isinstance(document, list) and isinstance(key, int):
            return f"{place} has no [{key}]; it has {len(document)}"
        if found is MISSING:
            return f"{place} is {_kind(document)} and has no {key}"
        document, place = found, f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}"
    return f"{place} is null" if document is None else None


def _of_map(owner: Mapping[Any, Any], key: Any) -> str:
    if key in owner:
        return f".{key} is null"
    return f".{key} leads nowhere: {_there(owner, key)}"


def _of_method(owner: Any, name: str, arguments: Sequence[Any]) -> str | None:
    table = TABLES.get(type(owner), {})
    counts = sorted(count for known, count in table if known == name)
    if len(arguments) in counts or VARIADIC in counts:
        unsuitable = ", ".join(map(_kind, arguments)) or "no argument"
        return f"{name}() of {_kind(owner)} has no value for {unsuitable}"
    if counts:
        return f"{name}() of {_kind(owner)} takes {' or '.join(map(str, counts))} arguments, not {len(arguments)}"
    near = _near(name, {known for known, _ in table})
    return f"{name}() is no method of {_kind(owner)}" + (f"; did you mean {near}()?" if near else "")


def _there(known: Iterable[Any], name: Any) -> str:
    names = [one for one in known if isinstance(one, str)]
    near = _near(str(name), names)
    if near:
        return f"did you mean {near}?"
    return f"there are {_listed(names)}" if names else "it is empty"


def _near(name: str, known: Iterable[str]) -> str | None:
    """The one that may have been meant: in another case, or with other letters."""
    by_case = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), by_case, 1, 0.8)
    return by_case[found[0]] if found else None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _kind(value: Any) -> str:
    return "nothing" if value is None or value is NOTHING else _KINDS.get(type(value), "an object")
