"""multipleOf, exactly: 0.3 is a multiple of 0.1, though their binary forms are not."""

from decimal import Decimal
from fractions import Fraction


def is_multiple(value: int | float, divisor: int | float) -> bool:
    """Whether `value` is a whole number of `divisor`s, both read as the decimals that they are written as."""
    if isinstance(value, int) and isinstance(divisor, int):
        return value % divisor == 0
    return _exact(value) % _exact(divisor) == 0


def _exact(number: int | float) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(Decimal(repr(number)))
