"""What one validation may cost: documents come from strangers, and a worker has other requests to serve."""

from decimal import Context, Decimal
from typing import Any, Final

from portico.lang.errors import BudgetExceeded
from portico.lang.jsonschema import equality
from portico.lang.jsontext import encode

STEPS: Final = 12_000_000
"""Steps of one validation: a character that a pattern looks at is one, any other check is CHECK. About 0.3 s."""
CHECK: Final = 4

_WIDE: Final = Context(prec=800)
"""More digits than a quotient of two numbers of JSON can have."""

Budget = list[int]
"""The steps that are left, in a list so that all functions of a checker share it."""


class TooMuch(BudgetExceeded):
    """A document that would take more steps than one validation may."""

    def __init__(self) -> None:
        super().__init__(f"validating the document would take more than {STEPS} steps")


def spend(budget: Budget, steps: int) -> None:
    """Raises TooMuch."""
    budget[0] -= steps
    if budget[0] < 0:
        raise TooMuch


def has_twins(values: list[Any], budget: Budget) -> bool:
    """Whether any item of a list comes twice; every value in it is looked at once."""
    spend(budget, equality.size(values) * 3 * CHECK)
    return equality.same_twice(values)


class Among:
    """The values of an `enum`. `listed` is how messages show them."""

    __slots__ = ("_containers", "_keys", "listed", "texts")

    def __init__(self, values: list[Any]) -> None:
        self._keys = frozenset(map(equality.key, values))
        self._containers = any(isinstance(value, dict | list) for value in values)
        self.listed = encode(values)
        self.texts = frozenset(values) if all(isinstance(value, str) for value in values) else None
        """The values, where they are all texts."""

    def __call__(self, value: Any, budget: Budget) -> bool:
        if isinstance(value, dict | list):
            if not self._containers:
                return False
            spend(budget, equality.size(value) * CHECK)
        return equality.key(value) in self._keys


def is_multiple(value: int | float, divisor: int | float, budget: Budget) -> bool:
    """Whether `value` is a whole number of `divisor`s, both read as the decimals that they are written as.

    So 0.3 is a multiple of 0.1, though their binary forms are not.
    """
    if isinstance(value, int) and isinstance(divisor, int):
        return value % divisor == 0
    left, right = Decimal(repr(value)), Decimal(repr(divisor))
    spend(budget, (10 + max(0, left.adjusted() - right.adjusted())) * CHECK)
    return _WIDE.remainder(left, right) == 0
