"""What a service model demands of parameters, and AWS's sentence for each that is not met (recorded facts 2 to 6).

    2 validation errors detected: Value 'x' at 'createRestApiInput.name' failed to satisfy constraint: …; Value …

Members of the body are named under the input, labels and query parameters bare, and the body's come first.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final

from portico.wire.aws.faults import AwsError
from portico.wire.aws.model import OperationModel
from portico.wire.aws.recorded import ENUM_ORDERS
from portico.wire.aws.shapes import BODY, Member, Shape


class ValidationException(AwsError):
    """Parameters of the right types that break the model's rules. AWS's models do not list it, yet AWS answers it."""

    code = "ValidationException"
    status = 400


def check(operation: OperationModel, params: dict[str, Any]) -> None:
    """Raises ValidationException naming every demand that `params` does not meet."""
    members = operation.input.members.values()
    inside = [member for member in members if member.location == BODY]
    bare = [member for member in members if member.location != BODY]
    found = [*_members(inside, params, f"{operation.input_name}."), *_members(bare, params, "")]
    if found:
        plural = "s" if len(found) > 1 else ""
        raise ValidationException(f"{len(found)} validation error{plural} detected: {'; '.join(found)}")


def _members(members: list[Member], values: dict[str, Any], prefix: str) -> Iterator[str]:
    for member in members:
        value = values.get(member.name)
        where = prefix + member.name
        if value is not None:
            yield from _value(member.shape, value, where)
        elif member.required:
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"


def _value(shape: Shape, value: Any, where: str) -> Iterator[str]:
    for demand in _unmet(shape, value):
        yield f"Value '{_printed(value)}' at '{where}' failed to satisfy constraint: {demand}"
    if shape.kind == "structure":
        yield from _members(list(shape.members.values()), value, f"{where}.")
    elif shape.kind == "list":
        yield from _elements(shape, value, where)
    elif shape.kind == "map":
        yield from chain.from_iterable(
            _value(shape.element, item, f"{where}.{key}.member") for key, item in value.items()
        )


def _elements(shape: Shape, values: list[Any], where: str) -> Iterator[str]:
    """A list of scalars is reported whole with its elements' demand (fact 3), one of structures by index (fact 4)."""
    if shape.element.kind in ("structure", "list", "map"):
        for index, item in enumerate(values, 1):
            yield from _value(shape.element, item, f"{where}.{index}.member")
        return
    demands = dict.fromkeys(chain.from_iterable(_unmet(shape.element, item) for item in values))
    if demands:
        demanded = f"Member must satisfy constraint: [{', '.join(demands)}]"
        yield f"Value '{_printed(values)}' at '{where}' failed to satisfy constraint: {demanded}"


def _printed(value: Any) -> str:
    """As Java prints it."""
    if isinstance(value, list):
        return f"[{', '.join(_printed(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_printed(item)}' for key, item in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unmet(shape: Shape, value: Any) -> Iterator[str]:
    return (demand for rule in _RULES for demand in rule(shape, value))


def _enum(shape: Shape, value: Any) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        order = ENUM_ORDERS.get(frozenset(shape.enum), shape.enum)
        yield f"Member must satisfy enum value set: [{', '.join(order)}]"


def _pattern(shape: Shape, value: Any) -> Iterator[str]:
    if shape.pattern is not None and shape.pattern.fullmatch(value) is None:
        yield f"Member must satisfy regular expression pattern: {shape.pattern.pattern}"


def _bounds(shape: Shape, value: Any) -> Iterator[str]:
    """`min` and `max` bound the length of what has one, and the value of a number."""
    sized = isinstance(value, str | bytes | list | dict)
    measure, measured = ("have length", len(value)) if sized else ("have value", value)
    if shape.minimum is not None and measured < shape.minimum:
        yield f"Member must {measure} greater than or equal to {shape.minimum}"
    if shape.maximum is not None and measured > shape.maximum:
        yield f"Member must {measure} less than or equal to {shape.maximum}"


_RULES: Final[tuple[Callable[[Shape, Any], Iterator[str]], ...]] = (_enum, _pattern, _bounds)
