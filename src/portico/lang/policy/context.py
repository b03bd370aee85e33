"""What a request says of itself: the values that conditions and policy variables read."""

from collections.abc import Mapping, Sequence

Value = str | bool | int | float
Context = Mapping[str, Value | Sequence[Value]]
"""Condition key in lower case (`aws:sourceip`) to its value, or to a list for keys that have several."""


def values(context: Context, key: str) -> Sequence[str]:
    """The texts of a key; none where it is missing or an empty list, which conditions do not tell apart."""
    found = context.get(key)
    if found is None:
        return ()
    if isinstance(found, str | bool | int | float):
        return (_text(found),)
    return [_text(one) for one in found]


def single(context: Context, key: str) -> str | None:
    """The value that a policy variable stands for: keys with several values have none (guide: IAM, "Variables")."""
    found = values(context, key)
    return found[0] if len(found) == 1 else None


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
