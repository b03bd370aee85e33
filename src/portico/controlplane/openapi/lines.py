"""The line of a document on which what a JSON pointer names stands. Used where an error is told, not before."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from portico.controlplane.openapi.place import RefusedPlace
from portico.controlplane.openapi.reading import compose

_GAP = re.compile(r"[\s,:]*")
_DECODER = json.JSONDecoder()


@contextmanager
def naming_the_line(body: bytes) -> Iterator[None]:
    """What is refused inside says on which line of `body`, a document that was read, it stands."""
    try:
        yield
    except RefusedPlace as refused:
        line = line_of(body.decode("utf-8-sig"), refused.pointer)
        raise refused if line is None else refused.on_line(line) from None


def line_of(text: str, pointer: str) -> int | None:
    """Counted from 1; the line of the nearest value around it where it came out of a merge. None for no such text.

    `text` has been read before: its size and depth are within bounds.
    """
    path = [segment.replace("~1", "/").replace("~0", "~") for segment in pointer.split("/")[1:]]
    try:
        found = _in_json(text, path) if text.lstrip()[:1] in ("{", "[") else _in_yaml(text, path)
    except (ValueError, IndexError, yaml.YAMLError):
        return None
    return found + 1


def _in_yaml(text: str, path: list[str]) -> int:
    child: yaml.Node | None = compose(text)
    line = 0
    for segment in [*path, ""]:
        if child is None:
            break
        line, child = child.start_mark.line, _yaml_child(child, segment)
    return line


def _yaml_child(node: yaml.Node, segment: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == segment), None)
    if isinstance(node, yaml.SequenceNode) and segment.isdecimal() and int(segment) < len(node.value):
        child: yaml.Node = node.value[int(segment)]
        return child
    return None


def _in_json(text: str, path: list[str]) -> int:
    offset = _next(text, 0)
    for segment in path:
        child = _json_child(text, offset, segment)
        if child is None:
            break
        offset = child
    return text.count("\n", 0, offset)


def _json_child(text: str, offset: int, segment: str) -> int | None:
    """Where the member or item of the value at `offset` begins. The values before it are read past."""
    opening, at, index = text[offset], _next(text, offset + 1), 0
    if opening not in "{[":
        return None
    while text[at] not in "}]":
        name: object = str(index)
        if opening == "{":
            name, at = _scan(text, at)
        if name == segment:
            return at
        _, at = _scan(text, at)
        index += 1
    return None


def _scan(text: str, at: int) -> tuple[object, int]:
    """The value that begins there, and where the next one does."""
    value, end = _DECODER.raw_decode(text, at)
    return value, _next(text, end)


def _next(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    assert found is not None, "the pattern takes nothing, too"
    return found.end()
