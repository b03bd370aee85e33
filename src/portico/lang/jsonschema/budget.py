"""What one validation may cost: documents come from strangers, and a worker has other requests to serve."""

from typing import Any, Final

from portico.lang.errors import BudgetExceeded
from portico.lang.jsonschema import equality

STEPS: Final = 12_000_000
"""Steps of one validation: a character that a pattern looks at is one, any other check is CHECK. About 0.3 s."""
CHECK: Final = 4

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
    spend(budget, equality.size(values) * CHECK)
    return equality.same_twice(values)


class Among:
    """The values of an `enum`."""

    __slots__ = ("_containers", "_keys")

    def __init__(self, values: list[Any]) -> None:
        self._keys = frozenset(map(equality.key, values))
        self._containers = any(isinstance(value, dict | list) for value in values)

    def __call__(self, value: Any, budget: Budget) -> bool:
        if isinstance(value, dict | list):
            if not self._containers:
                return False
            spend(budget, equality.size(value) * CHECK)
        return equality.key(value) in self._keys
