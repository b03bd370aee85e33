"""Methods of lists, maps, sets and arrays."""

from collections.abc import Iterable
from typing import Any

from portico.lang.environment import Overrides
from portico.lang.errors import EvaluationError
from portico.lang.vtl.javatypes import NOTHING, ArrayList, Collection, Entry, JavaIterator, View
from portico.lang.vtl.operators import same
from portico.lang.vtl.runtime import Rendering
from portico.lang.vtl.signatures import ANY, ENTRIES, ITEMS, SCALAR, WHOLE, Table, method


def key_of(key: Any) -> Any:
    """A key as a map can have it. Raises EvaluationError for lists and the like."""
    if key is None or key is NOTHING:
        return None
    if SCALAR is not None and type(key) not in SCALAR:
        raise EvaluationError("the key of a map is a text, a number or a boolean")
    return key


def put(run: Rendering, entries: dict[Any, Any], key: Any, value: Any) -> Any:
    """The value that was there before."""
    before = entries.get(key)
    if type(entries) is Overrides and before is not None and not isinstance(before, dict):
        raise EvaluationError(f"{key} is overridden a second time: an override is final")
    run.changed(entries, value)
    entries[key] = _stored(value)
    return before


def set_item(run: Rendering, items: list[Any], at: int, value: Any) -> Any:
    before = _item(run, items, at)
    run.changed(items, value)
    items[at] = _stored(value)
    return before


def _stored(value: Any) -> Any:
    return None if value is NOTHING else value


def _item(_run: Rendering, items: Any, at: int) -> Any:
    if not 0 <= at < len(items):
        raise EvaluationError(f"index {at} of a list of {len(items)}")
    return items[at]


def _add(run: Rendering, items: list[Any], value: Any) -> bool:
    run.changed(items, value)
    items.append(_stored(value))
    return True


def _insert(run: Rendering, items: list[Any], at: int, value: Any) -> str:
    if not 0 <= at <= len(items):
        raise EvaluationError(f"index {at} of a list of {len(items)}")
    run.spend(len(items) >> 8)
    run.changed(items, value)
    items.insert(at, _stored(value))
    return ""


def _add_all(run: Rendering, items: list[Any], more: Iterable[Any]) -> bool:
    added = list(more)
    run.spend(len(added))
    for value in added:
        _add(run, items, value)
    return bool(added)


def _remove(run: Rendering, items: list[Any], what: Any) -> Any:
    """By position where `what` is a whole number, else the first that is equal to it."""
    run.mutated = True
    if type(what) is int:
        found = _item(run, items, what)
        del items[what]
        return found
    at = _position(run, items, what)
    if at >= 0:
        del items[at]
    return at >= 0


def _insert_all(run: Rendering, items: list[Any], at: int, more: Iterable[Any]) -> bool:
    added = list(more)
    for place, value in enumerate(added, at):
        _insert(run, items, place, value)
    return bool(added)


def _remove_all(run: Rendering, items: list[Any], those: Any) -> bool:
    return _keep_only(run, items, [item for item in items if not _contains(run, those, item)])


def _retain_all(run: Rendering, items: list[Any], those: Any) -> bool:
    return _keep_only(run, items, [item for item in items if _contains(run, those, item)])


def _keep_only(run: Rendering, items: list[Any], kept: list[Any]) -> bool:
    """Whether anything was taken away."""
    run.mutated = True
    fewer = len(kept) < len(items)
    items[:] = kept
    return fewer


def _clear(run: Rendering, value: Any) -> str:
    run.mutated = True
    value.clear()
    return ""


def _position(run: Rendering, items: Any, value: Any) -> int:
    value = _stored(value)
    run.spend(len(items) >> 2)
    return next((at for at, item in enumerate(items) if _equal(run, item, value)), -1)


def _last_position(run: Rendering, items: Any, value: Any) -> int:
    value = _stored(value)
    run.spend(len(items) >> 2)
    return next((at for at in range(len(items) - 1, -1, -1) if _equal(run, items[at], value)), -1)


def _equal(run: Rendering, item: Any, value: Any) -> bool:
    if type(item) is str or type(value) is str or item is None or value is None:
        return type(item) is type(value) and bool(item == value)
    return same(run, item, value)


def _contains(run: Rendering, items: Any, value: Any) -> bool:
    if type(items) is range:
        return type(value) is int and value in items
    return _position(run, items, value) >= 0


def _contains_all(run: Rendering, items: Any, values: Any) -> bool:
    run.spend(len(values))
    return all(_contains(run, items, value) for value in values)


def _sub_list(run: Rendering, items: Any, start: int, end: int) -> Any:
    if not 0 <= start <= end <= len(items):
        raise EvaluationError(f"subList({start}, {end}) of a list of {len(items)}")
    return run.keep(ArrayList(items[start:end]), end - start)


def _key_set(run: Rendering, entries: Any) -> Any:
    run.spend(len(entries) >> 4)
    return run.keep(Collection(entries), len(entries) >> 4)


def _values(run: Rendering, entries: Any) -> Any:
    run.spend(len(entries) >> 3)
    return run.keep(Collection(entries.values()), len(entries) >> 4)


def _entry_set(run: Rendering, entries: Any) -> Any:
    run.spend(len(entries))
    return run.keep(Collection([Entry(key, value) for key, value in entries.items()]), len(entries))


def _get(_run: Rendering, entries: Any, key: Any) -> Any:
    return entries.get(key) if key is None or type(key) in _KEYS else None


def _get_or_default(_run: Rendering, entries: Any, key: Any, default: Any) -> Any:
    return entries.get(key, default) if key is None or type(key) in _KEYS else default


def _put(run: Rendering, entries: Any, key: Any, value: Any) -> Any:
    return put(run, entries, key_of(key), value) if isinstance(entries, dict) else None


def _put_if_absent(run: Rendering, entries: Any, key: Any, value: Any) -> Any:
    before = _get(run, entries, key)
    if before is None:
        _put(run, entries, key, value)
    return before


def _put_all(run: Rendering, entries: Any, more: Any) -> str:
    run.spend(len(more))
    for key, value in list(more.items()):
        _put(run, entries, key, value)
    return ""


def _remove_key(run: Rendering, entries: Any, key: Any) -> Any:
    run.mutated = True
    return entries.pop(key_of(key), None)


def _contains_value(run: Rendering, entries: Any, value: Any) -> bool:
    return _position(run, list(entries.values()), value) >= 0


_KEYS = SCALAR or frozenset()
COLLECTION: Table = {
    ("size", 0): method(lambda _, items: len(items)),
    ("isEmpty", 0): method(lambda _, items: not items),
    ("contains", 1): method(_contains, ANY),
    ("containsAll", 1): method(_contains_all, ITEMS),
    ("iterator", 0): method(lambda _, items: JavaIterator(items)),
    ("toArray", 0): method(lambda run, items: View(_sub_list(run, items, 0, len(items)))),
}
"""Of sets, which have no order that one could count by: `keySet()[0]` leads nowhere."""
VIEW: Table = {
    **COLLECTION,
    ("get", 1): method(_item, WHOLE),
    ("indexOf", 1): method(_position, ANY),
    ("lastIndexOf", 1): method(_last_position, ANY),
    ("subList", 2): method(_sub_list, WHOLE, WHOLE),
}
LIST: Table = {
    **VIEW,
    ("add", 1): method(_add, ANY),
    ("add", 2): method(_insert, WHOLE, ANY),
    ("addAll", 1): method(_add_all, ITEMS),
    ("addAll", 2): method(_insert_all, WHOLE, ITEMS),
    ("removeAll", 1): method(_remove_all, ITEMS),
    ("retainAll", 1): method(_retain_all, ITEMS),
    ("set", 2): method(set_item, WHOLE, ANY),
    ("remove", 1): method(_remove, ANY),
    ("clear", 0): method(_clear),
}
MAP: Table = {
    ("size", 0): method(lambda _, entries: len(entries)),
    ("isEmpty", 0): method(lambda _, entries: not entries),
    ("get", 1): method(_get, ANY),
    ("getOrDefault", 2): method(_get_or_default, ANY, ANY),
    ("put", 2): method(_put, ANY, ANY),
    ("putIfAbsent", 2): method(_put_if_absent, ANY, ANY),
    ("putAll", 1): method(_put_all, ENTRIES),
    ("remove", 1): method(_remove_key, ANY),
    ("clear", 0): method(_clear),
    ("containsKey", 1): method(lambda _, entries, key: (key is None or type(key) in _KEYS) and key in entries, ANY),
    ("containsValue", 1): method(_contains_value, ANY),
    ("keySet", 0): method(_key_set),
    ("values", 0): method(_values),
    ("entrySet", 0): method(_entry_set),
}
