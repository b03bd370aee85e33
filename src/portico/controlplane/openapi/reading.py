"""From the bytes of an import to a tree of plain values, bounded before anything is built from it.

The tree holds dicts with string keys, lists, strings, ints, finite floats, booleans and None, and nothing is shared:
YAML's aliases are expanded, under a budget. AWS's variables (`${AWS::Region}` …) are replaced on the way.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from portico.controlplane.operation import Realm
from portico.wire.aws.faults import BadRequestException

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # a PyYAML built without libyaml: the same answers, slower
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

MAX_BYTES = 6 * 1024 * 1024
"""AWS's limit of a definition file (the limits page: 6 MB)."""
MAX_DEPTH = 100
MAX_NODES = 400_000
"""About one value per 15 bytes of the largest file; what aliases expand to counts too."""
MAX_ALIASES = 50
"""Of collections: what SnakeYAML, AWS's own parser by its messages, allows of a document by default."""
_MAX_TEXT = 2 * MAX_BYTES
"""Characters of all texts, those that aliases repeat included."""
_MAX_NUMBER = 100
"""Characters of a number in YAML, whose base 60 (`1:30`) takes time that is quadratic in them."""

_NOT_OPENAPI = "Invalid OpenAPI input."
"""AWS's whole answer to junk (recorded fact 94)."""
_AWS_VARIABLE = re.compile(r"\$\{(AWS::(?:AccountId|Partition|Region))\}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"


def aws_variables(realm: Realm) -> dict[str, str]:
    """The values of AWS's variables where a document is imported (guide: "AWS variables for OpenAPI import")."""
    return {"AWS::AccountId": realm.account_id, "AWS::Partition": "aws", "AWS::Region": realm.region}


class Unreadable(BadRequestException):
    """Text that is neither JSON nor YAML, in AWS's words, which say no more."""

    def __init__(self, reason: str) -> None:
        super().__init__(_NOT_OPENAPI)
        self.reason = reason
        """What is wrong and on which line, for the operator."""


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    return f"{getattr(error, 'problem', None) or 'it is no YAML'}: line {mark.line + 1} column {mark.column + 1}"


def invalid(why: str = "") -> BadRequestException:
    """AWS's answer to a document that is none, and ours with the reason where AWS's words are not known."""
    return BadRequestException(f"{_NOT_OPENAPI} {why}".rstrip())


def parse(body: bytes) -> Any:
    """What the parsers make of the document, to be `settled`. Takes seconds for the largest YAML. Raises
    BadRequestException for what is neither JSON nor YAML, names a key twice, or is too large.
    """
    if len(body) > MAX_BYTES:
        raise invalid(f"The definition is larger than {MAX_BYTES} bytes.")
    try:
        text = body.decode("utf-8-sig")
        return _json(text) if text.lstrip()[:1] in ("{", "[") else _yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise Unreadable(_reason(error)) from error


def settled(raw: Any, variables: Mapping[str, str]) -> dict[str, Any]:
    """What was parsed, as the tree that this module promises. `variables` holds the values of AWS::AccountId,
    AWS::Partition and AWS::Region. Raises BadRequestException for what is no mapping or too large, and for values that
    are not plain.
    """
    tree = _Settling(variables).settle(raw, 0)
    if not isinstance(tree, dict):
        raise invalid()
    return tree


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        times = Counter(name for name, _ in pairs)
        raise invalid(f"The key '{next(name for name in times if times[name] > 1)}' is given twice in one object.")
    return document


def _yaml(text: str) -> Any:
    _measure(text)
    return yaml.load(text, Loader=_Loader)  # noqa: S506  a subclass of the safe loader


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text that was parsed before, with their lines."""
    node: yaml.Node | None = yaml.compose(text, Loader=_SafeLoader)
    return node


def _measure(text: str) -> None:
    """Depth and aliases from the parser's events, before a tree is composed: libyaml composes recursively."""
    depth = aliases = 0
    collections: set[str] = set()
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if event.anchor is not None:
                collections.add(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += event.anchor in collections
        if depth > MAX_DEPTH:
            raise invalid(f"The definition is nested more than {MAX_DEPTH} levels deep on line {_line(event)}.")
        if aliases > MAX_ALIASES:
            raise invalid(
                f"The definition uses more than {MAX_ALIASES} aliases of collections up to line {_line(event)}."
            )


def _line(part: yaml.Event | yaml.Node) -> int:
    mark: Any = part.start_mark
    return int(mark.line) + 1


class _Loader(_SafeLoader):
    """The safe loader without timestamps (`version: 2022-04-12` is text), with merges counted and keys unique."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._flattened: set[int] = set()
        self._merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge `<<` into the mapping. Merges of merges multiply, so what they make counts against the budget."""
        if id(node) in self._flattened:
            return
        self._flattened.add(id(node))
        keys: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE and keys.setdefault(key.value, key) is not key:
                raise invalid(f"The key '{key.value}' is given twice in one mapping, again on line {_line(key)}.")
        super().flatten_mapping(node)
        self._merged += len(node.value)
        if self._merged > MAX_NODES:
            raise invalid("The definition's merges make it too large.")


def _bounded(kind: str) -> Callable[[_Loader, yaml.ScalarNode], Any]:
    """PyYAML's own constructor of that kind of number, for numbers of a bounded length."""
    construct = _SafeLoader.yaml_constructors[f"tag:yaml.org,2002:{kind}"]

    def bounded(loader: _Loader, node: yaml.ScalarNode) -> Any:
        if len(node.value) > _MAX_NUMBER:
            raise invalid(f"The number on line {_line(node)} has more than {_MAX_NUMBER} characters.")
        return construct(loader, node)

    return bounded


for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _bounded(_kind))


class _Settling:
    """Copies a tree into plain values with string keys, counting what it copies."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._nodes = 0
        self._text = 0

    def settle(self, value: Any, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise invalid(f"The definition holds more than {MAX_NODES} values or is nested too deep.")
        if isinstance(value, dict):
            return self._settle_mapping(value, depth)
        if isinstance(value, list):
            return [self.settle(item, depth + 1) for item in value]
        if isinstance(value, str):
            return self._settle_text(value)
        if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        raise invalid()

    def _settle_mapping(self, mapping: dict[Any, Any], depth: int) -> dict[str, Any]:
        settled: dict[str, Any] = {}
        for key, value in mapping.items():
            name = self._counted(key) if isinstance(key, str) else shown(key)
            if name in settled:
                raise invalid(f"The key '{name}' is given twice in one mapping.")
            settled[name] = self.settle(value, depth + 1)
        return settled

    def _settle_text(self, text: str) -> str:
        if "${AWS::" in text:
            text = _AWS_VARIABLE.sub(lambda found: self._variables[found[1]], text)
        return self._counted(text)

    def _counted(self, text: str) -> str:
        """The text, if it is some: half a pair of surrogates (`"\\ud800"`) cannot be written anywhere."""
        self._text += len(text)
        if self._text > _MAX_TEXT:
            raise invalid("The definition's aliases make it too large.")
        if not text.isascii() and _SURROGATE.search(text):
            raise invalid()
        return text


def shown(value: Any) -> str:
    """A scalar as AWS writes it in names and messages: YAML's integer 200 is "200", true is "true" (fact 95, 99)."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
