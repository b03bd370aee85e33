"""What a service model demands of parameters, and AWS's sentence for each that is not met (recorded facts 2 to 6).

    2 validation errors detected: Value 'x' at 'createRestApiInput.name' failed to satisfy constraint: …; Value …

Members of the body are named under the input, labels and query parameters bare, and the body's come first. Lambda names
all of them bare.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple, NoReturn

from portico.wire.aws.faults import AwsError
from portico.wire.aws.model import OperationModel
from portico.wire.aws.recorded import BARE, ENUM_ORDERS, OPEN_ENUMS
from portico.wire.aws.shapes import BODY, Member, Shape


class ValidationException(AwsError):
    """Parameters of the right types that break the model's rules. AWS's models do not list it, yet AWS answers it."""

    code = "ValidationException"
    status = 400


class _Manner(NamedTuple):
    """How a service speaks of its members."""

    service: str
    bare: bool

    def spell(self, member: str) -> str:
        return member[0].lower() + member[1:] if self.bare else member

    def judges_enum(self, shape: Shape) -> bool:
        return (self.service, shape.name) not in OPEN_ENUMS


def check(operation: OperationModel, params: dict[str, Any]) -> None:
    """Raises ValidationException naming every demand that `params` does not meet."""
    manner = _Manner(operation.service, operation.service in BARE)
    members = operation.input.members.values()
    inside = [member for member in members if member.location == BODY]
    bare = [member for member in members if member.location != BODY]
    prefix = "" if manner.bare else f"{operation.input_name}."
    found = [*_members(inside, params, prefix, manner), *_members(bare, params, "", manner)]
    if found:
        refuse(*found)


def refuse(*sentences: str) -> NoReturn:
    """Raises the ValidationException of sentences that `unmet` made."""
    plural = "s" if len(sentences) > 1 else ""
    raise ValidationException(f"{len(sentences)} validation error{plural} detected: {'; '.join(sentences)}")


def unmet(value: Any, where: str, demand: str) -> str:
    """The sentence for one demand that `value` does not meet."""
    return f"Value '{_printed(value)}' at '{where}' failed to satisfy constraint: {demand}"


def _members(members: list[Member], values: dict[str, Any], prefix: str, manner: _Manner) -> Iterator[str]:
    for member in members:
        value = values.get(member.name)
        where = prefix + manner.spell(member.name)
        if value is not None:
            yield from _value(member.shape, value, where, manner)
        elif member.required:
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"


def _value(shape: Shape, value: Any, where: str, manner: _Manner) -> Iterator[str]:
    yield from (unmet(value, where, demand) for demand in _demands(shape, value, manner))
    if shape.kind == "structure":
        yield from _members(list(shape.members.values()), value, f"{where}.", manner)
    elif shape.kind == "list":
        yield from _elements(shape, value, where, manner)
    elif shape.kind == "map":
        yield from _keys(shape, value, where, manner)
        yield from chain.from_iterable(
            _value(shape.element, item, f"{where}.{key}.member", manner) for key, item in value.items()
        )


def _elements(shape: Shape, values: list[Any], where: str, manner: _Manner) -> Iterator[str]:
    """A list of scalars is reported whole with its elements' demand (fact 3), one of structures by index (fact 4)."""
    if shape.element.kind in ("structure", "list", "map"):
        for index, item in enumerate(values, 1):
            yield from _value(shape.element, item, f"{where}.{index}.member", manner)
        return
    demands = dict.fromkeys(chain.from_iterable(_demands(shape.element, item, manner) for item in values))
    if demands:
        yield unmet(values, where, f"Member must satisfy constraint: [{', '.join(demands)}]")


def _keys(shape: Shape, values: dict[str, Any], where: str, manner: _Manner) -> Iterator[str]:
    """A map is reported whole with its keys' demands: "Value '{a-b=c}' at 'environment.variables' …"."""
    demands = dict.fromkeys(chain.from_iterable(_demands(shape.key, key, manner) for key in values))
    if demands:
        yield unmet(values, where, f"Map keys must satisfy constraint: [{', '.join(demands)}]")


def _printed(value: Any) -> str:
    """As Java prints it."""
    if isinstance(value, list):
        return f"[{', '.join(_printed(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_printed(item)}' for key, item in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _demands(shape: Shape, value: Any, manner: _Manner) -> Iterator[str]:
    if manner.judges_enum(shape):
        yield from _enum(shape, value)
    yield from _pattern(shape, value)
    yield from _bounds(shape, value)


def _enum(shape: Shape, value: Any) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        order = ENUM_ORDERS.get(frozenset(shape.enum), shape.enum)
        yield f"Member must satisfy enum value set: [{', '.join(order)}]"


def _pattern(shape: Shape, value: Any) -> Iterator[str]:
    if shape.pattern is not None and shape.pattern.fullmatch(value) is None:
        yield f"Member must satisfy regular expression pattern: {shape.pattern_text}"


def _bounds(shape: Shape, value: Any) -> Iterator[str]:
    """`min` and `max` bound the length of what has one, and the value of a number."""
    sized = isinstance(value, str | bytes | list | dict)
    measure, measured = ("have length", len(value)) if sized else ("have value", value)
    if shape.minimum is not None and measured < shape.minimum:
        yield f"Member must {measure} greater than or equal to {shape.minimum}"
    if shape.maximum is not None and measured > shape.maximum:
        yield f"Member must {measure} less than or equal to {shape.maximum}"
