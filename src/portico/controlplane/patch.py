"""JSON Patch as API Gateway does it: a table per family says which path takes which operation, and what that does.

    TABLE = PatchTable(
        Refusal.BY_OPERATION,
        Rule("/description", {"replace": text("description")}),
        Rule("/binaryMediaTypes/{type}", {"add": list_add("binaryMediaTypes"), "remove": list_remove(...)}),
        map_rule("requestParameters", as_boolean, "Invalid parameter name specified"),
    )
    TABLE.apply(document, call.params.get("patchOperations"))

A pattern's `{name}` stands for exactly one segment of the path and is handed to the action unescaped (`~1` is `/`,
`~0` is `~`). Values are always strings on the wire, or absent. Operations are applied one after the other to the
caller's copy of the document, so that a refused patch leaves nothing behind.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from portico.ports.store import Document
from portico.wire.aws.faults import AwsError, BadRequestException, NotFoundException


class Edit(NamedTuple):
    """One patch operation that met a rule."""

    op: str
    path: str
    keys: tuple[str, ...]
    """What the pattern's `{…}` stood for, in order and unescaped."""
    value: str | None
    source: str | None
    """The `from` of a copy."""


Action = Callable[[Document, Edit], None]
Convert = Callable[[str | None], Any]


class Refusal(Enum):
    """How a family words the refusal of an operation that its table does not hold."""

    PATH_LIST = "path list"
    """With the list of paths: resources, models, validators, documentation parts, API keys (recorded fact 14)."""
    BY_OPERATION = "by operation"
    """An unknown path by its name, a known one by the operations that it takes (recorded fact 15)."""
    BY_PATH = "by path"
    """By the path's name in both cases: gateway responses (recorded fact 93)."""


class Rule:
    """`pattern` takes the operations of `actions`. `wrong_op` is its own wording for any other operation."""

    __slots__ = ("_segments", "actions", "pattern", "wrong_op")

    def __init__(self, pattern: str, actions: Mapping[str, Action], *, wrong_op: str | None = None) -> None:
        self.pattern = pattern
        self.actions = actions
        self.wrong_op = wrong_op
        self._segments = pattern.split("/")

    def match(self, path: str) -> tuple[str, ...] | None:
        """The unescaped segments that the placeholders stand for, None where the path is another one."""
        segments = path.split("/")
        if len(segments) != len(self._segments):
            return None
        keys = []
        for wanted, found in zip(self._segments, segments, strict=True):
            if wanted.startswith("{"):
                if not found:
                    return None
                keys.append(unescape(found))
            elif wanted != found:
                return None
        return tuple(keys)


class PatchTable:
    """The paths that a family can patch. Rules are tried in order; the first whose pattern fits decides."""

    def __init__(self, refusal: Refusal, *rules: Rule) -> None:
        self._refusal = refusal
        self._rules = rules

    def apply(self, document: Document, operations: Iterable[Mapping[str, str]] | None) -> None:
        """Change `document` in place, operation by operation.

        `operations` is the call's `patchOperations`. Raises BadRequestException for what the table does not hold,
        and whatever an action raises.
        """
        for operation in operations or ():
            self._apply_one(document, operation)

    def _apply_one(self, document: Document, operation: Mapping[str, str]) -> None:
        op, path = operation.get("op") or "", operation.get("path")
        if path is None:
            raise BadRequestException("Invalid patch path null")  # recorded fact 16
        rule, keys = self._find(path)
        action = rule.actions.get(op) if rule else None
        if action is None:
            raise self._refuse(op, path, rule)
        action(document, Edit(op, path, keys, operation.get("value"), operation.get("from")))

    def _find(self, path: str) -> tuple[Rule | None, tuple[str, ...]]:
        for rule in self._rules:
            keys = rule.match(path)
            if keys is not None:
                return rule, keys
        return None, ()

    def _refuse(self, op: str, path: str, rule: Rule | None) -> AwsError:
        if self._refusal is Refusal.PATH_LIST:
            return self._refuse_with_list(op, path)
        if rule is None or (self._refusal is Refusal.BY_PATH and rule.wrong_op is None):
            return invalid_path(path)
        supported = ", ".join(rule.actions)
        return BadRequestException(rule.wrong_op or f"Invalid patch operation specified. Must be one of: [{supported}]")

    def _refuse_with_list(self, op: str, path: str) -> AwsError:
        # An operation that no path of the family takes is reported before an unknown path. AWS writes two blanks.
        lead = f"Invalid patch path  '{path}' specified for op '{op}'."
        if not any(op in rule.actions for rule in self._rules):
            return BadRequestException(f"{lead} Please choose supported operations")
        paths = ", ".join(rule.pattern for rule in self._rules)
        return BadRequestException(f"{lead} Must be one of: [{paths}]")


def invalid_path(path: str) -> BadRequestException:
    """The refusal of a path that only an action can find out to be wrong."""
    return BadRequestException(f"Invalid patch path {path}")


def unescape(segment: str) -> str:
    """One segment of a JSON pointer in plain text (RFC 6901, section 4)."""
    return segment.replace("~1", "/").replace("~0", "~")


# Values


def as_text(value: str | None) -> str | None:
    return value


def as_boolean(value: str | None) -> bool:
    """Anything but "true" is false, an absent value too (recorded facts 41, 47 and 83)."""
    return (value or "").lower() == "true"


# Actions


def text(member: str) -> Action:
    """Set `member`; an absent or empty value takes it away, as AWS leaves empty texts out of its answers."""

    def act(document: Document, edit: Edit) -> None:
        if edit.value:
            document[member] = edit.value
        else:
            document.pop(member, None)

    return act


def boolean(member: str) -> Action:
    def act(document: Document, edit: Edit) -> None:
        document[member] = as_boolean(edit.value)

    return act


def drop(member: str) -> Action:
    """Take `member` away; it need not be there."""

    def act(document: Document, edit: Edit) -> None:
        document.pop(member, None)

    return act


def map_set(member: str, convert: Convert = as_text) -> Action:
    """Set the entry that the pattern's last placeholder names, whether or not it was there."""

    def act(document: Document, edit: Edit) -> None:
        document.setdefault(member, {})[edit.keys[-1]] = convert(edit.value)

    return act


def map_replace(member: str, convert: Convert, missing: str) -> Action:
    """Replace an entry. Raises NotFoundException(`missing`) where there is none (recorded facts 49 and 93)."""

    def act(document: Document, edit: Edit) -> None:
        if edit.keys[-1] not in (document.get(member) or {}):
            raise NotFoundException(missing)
        document[member][edit.keys[-1]] = convert(edit.value)

    return act


def map_remove(member: str, missing: str, *, keep_empty: bool = False) -> Action:
    """Remove an entry, and with the last one the whole map unless `keep_empty`. Raises like `map_replace`."""

    def act(document: Document, edit: Edit) -> None:
        entries = document.get(member) or {}
        if edit.keys[-1] not in entries:
            raise NotFoundException(missing)
        del entries[edit.keys[-1]]
        if not entries and not keep_empty:
            del document[member]

    return act


def map_rule(member: str, convert: Convert, missing: str, *, keep_empty: bool = False) -> Rule:
    """`/member/{name}` with add, replace and remove, the usual rule of a map."""
    return Rule(
        f"/{member}/{{name}}",
        {
            "add": map_set(member, convert),
            "replace": map_replace(member, convert, missing),
            "remove": map_remove(member, missing, keep_empty=keep_empty),
        },
    )


def list_add(member: str) -> Action:
    """Append what the placeholder names unless the list holds it."""

    def act(document: Document, edit: Edit) -> None:
        entries = document.setdefault(member, [])
        if edit.keys[-1] not in entries:
            entries.append(edit.keys[-1])

    return act


def list_remove(member: str) -> Action:
    """Remove what the placeholder names, and with the last entry the whole list. An unknown entry is no error."""

    def act(document: Document, edit: Edit) -> None:
        document[member] = [entry for entry in document.get(member) or [] if entry != edit.keys[-1]]
        if not document[member]:
            del document[member]

    return act


def list_replace(member: str) -> Action:
    """The entry goes, the value is appended: the order of the others stays (recorded fact 25)."""
    remove, add = list_remove(member), list_add(member)

    def act(document: Document, edit: Edit) -> None:
        remove(document, edit)
        if edit.value:
            add(document, edit._replace(keys=(edit.value,)))

    return act
