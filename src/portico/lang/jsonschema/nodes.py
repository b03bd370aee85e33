"""Keywords, read: each schema of a document as one Node, references followed.

Keywords that draft 4 does not know are ignored, as AWS's validator ignores them; CreateModel has refused them before.
Nodes form a graph, because schemas may refer to themselves. What would go in circles without going on in the document
(`{"allOf": [{"$ref": "#"}]}`) is refused here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from portico.lang.ecmaregex import EcmaPattern, compile_ecma
from portico.lang.errors import NotBuilt, SourceError
from portico.lang.jsonschema.budget import Among
from portico.lang.jsonschema.references import Location, References, escape, name_of

NODE_LIMIT: Final = 6_000
"""Schemas that one model may come to, those that it refers to included: half a second to compile."""
TOTAL_LIMIT: Final = 20_000
"""Schemas that documents which share their Nodes may come to: 40 MB."""
WEIGHT_LIMIT: Final = 20_000
"""Checks that one value may take, schemas that are reached in several ways counted each time."""
TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")


class Node:
    """One schema. Members are None, or empty, where a keyword is absent; `ref` excludes all others."""

    __slots__ = (
        "additional",
        "additional_items",
        "all_of",
        "any_of",
        "dependencies",
        "enum",
        "exclusive_maximum",
        "exclusive_minimum",
        "format",
        "items",
        "max_items",
        "max_length",
        "max_properties",
        "maximum",
        "min_items",
        "min_length",
        "min_properties",
        "minimum",
        "multiple_of",
        "not_",
        "one_of",
        "pattern",
        "pattern_properties",
        "place",
        "properties",
        "ref",
        "required",
        "types",
        "unique",
        "used",
        "weight",
    )

    def __init__(self, place: Location) -> None:
        self.place = place
        self.used = 0
        """How many other schemas lead here."""
        self.weight = 0
        """Checks that one value takes here, those of its members and items not counted; 0 before it was weighed."""
        self.ref: Node | None = None
        self.types: tuple[str, ...] = ()
        self.enum: Among | None = None
        self.minimum: int | float | None = None
        self.maximum: int | float | None = None
        self.exclusive_minimum = self.exclusive_maximum = False
        self.multiple_of: int | float | None = None
        self.min_length: int | None = None
        self.max_length: int | None = None
        self.pattern: EcmaPattern | None = None
        self.format: str | None = None
        self.min_items: int | None = None
        self.max_items: int | None = None
        self.unique = False
        self.items: Node | tuple[Node, ...] | None = None
        self.additional_items: Node | bool = True
        self.min_properties: int | None = None
        self.max_properties: int | None = None
        self.required: tuple[str, ...] = ()
        self.properties: dict[str, Node] = {}
        self.pattern_properties: list[tuple[EcmaPattern, Node]] = []
        self.additional: Node | bool = True
        self.dependencies: dict[str, tuple[str, ...] | Node] = {}
        self.all_of: tuple[Node, ...] = ()
        self.any_of: tuple[Node, ...] = ()
        self.one_of: tuple[Node, ...] = ()
        self.not_: Node | None = None

    def beside(self) -> Iterator["Node"]:
        """The Nodes that judge the very same value."""
        if self.ref is not None:
            yield self.ref
        yield from self.all_of
        yield from self.any_of
        yield from self.one_of
        if self.not_ is not None:
            yield self.not_
        yield from (need for need in self.dependencies.values() if isinstance(need, Node))

    def below(self) -> Iterator["Node"]:
        """The Nodes that judge its members or items."""
        yield from self.properties.values()
        yield from (node for _, node in self.pattern_properties)
        for single in (self.additional, self.additional_items):
            if isinstance(single, Node):
                yield single
        if isinstance(self.items, tuple):
            yield from self.items
        elif self.items is not None:
            yield self.items


class Nodes:
    """Reads documents that may refer to each other. What several of them lead to is read once."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._nodes: dict[tuple[str, str], Node] = {}
        self._new: dict[tuple[str, str], Node] = {}
        """Those of the document that is being read."""
        self._waiting: list[Node] = []

    def root(self, uri: str) -> Node:
        """The Node of a document, and with it all that it leads to.

        Raises SourceError for a reference that leads nowhere, a keyword of the wrong form, a circle, and too many
        schemas, NotBuilt for a pattern that is not run.
        """
        self._new, self._waiting = {}, []
        root = self.node(self.enter(Location(uri, "", uri)))
        self.finish()
        if self._nodes and _reach(root) > NODE_LIMIT:
            raise _too_many(root.place)
        if len(self._nodes) + len(self._new) > TOTAL_LIMIT:
            raise SourceError(name_of(root.place), f"models of more than {TOTAL_LIMIT} schemas are not compiled")
        self._nodes |= self._new
        return root

    def enter(self, place: Location) -> Location:
        schema = self._references.at(place)
        return self._references.enter(schema, place) if isinstance(schema, dict) else place

    def node(self, place: Location) -> Node:
        key = place.uri, place.pointer
        known = self._nodes.get(key) or self._new.get(key)
        if known is None:
            known = self._new[key] = Node(place)
            self._waiting.append(known)
            if len(self._new) > NODE_LIMIT:
                raise _too_many(place)
        known.used += 1
        return known

    def finish(self) -> None:
        """Read what was met and not read yet, until nothing is."""
        while self._waiting:
            node = self._waiting.pop()
            schema = self._references.at(node.place)
            if not isinstance(schema, dict):
                raise SourceError(name_of(node.place), "a schema is an object")
            try:
                self._read(node, schema)
            except (TypeError, ValueError, AttributeError) as error:
                raise SourceError(name_of(node.place), f"a keyword has a value of the wrong form: {error}") from None
        weighing = _Weighing()
        for node in self._new.values():
            weighing.weigh(node)

    def _read(self, node: Node, schema: Mapping[str, Any]) -> None:
        reference = schema.get("$ref")
        if isinstance(reference, str):
            node.ref = self.node(self._references.resolve(reference, node.place))
            return
        _read_plain(node, schema)
        _read_object(node, schema)
        self._read_schemas(node, schema)

    def _read_schemas(self, node: Node, schema: Mapping[str, Any]) -> None:
        node.properties = {name: self._child(node, "properties", name) for name in _members(schema, "properties")}
        node.pattern_properties = [
            (compile_ecma(name), self._child(node, "patternProperties", name))
            for name in _members(schema, "patternProperties")
        ]
        node.dependencies = {
            name: _names(need) if isinstance(need, list | str) else self._child(node, "dependencies", name)
            for name, need in _members(schema, "dependencies").items()
        }
        node.additional = self._switch(node, schema, "additionalProperties")
        node.additional_items = self._switch(node, schema, "additionalItems")
        node.items = self._items(node, schema.get("items"))
        node.all_of = self._list(node, schema, "allOf")
        node.any_of = self._list(node, schema, "anyOf")
        node.one_of = self._list(node, schema, "oneOf")
        node.not_ = self._child(node, "not") if "not" in schema else None

    def _child(self, node: Node, *steps: str) -> Node:
        pointer = "".join(f"/{escape(step)}" for step in steps)
        return self.node(self.enter(node.place._replace(pointer=node.place.pointer + pointer)))

    def _switch(self, node: Node, schema: Mapping[str, Any], keyword: str) -> Node | bool:
        value = schema.get(keyword, True)
        return value if isinstance(value, bool) else self._child(node, keyword)

    def _items(self, node: Node, items: Any) -> Node | tuple[Node, ...] | None:
        if isinstance(items, list):
            return tuple(self._child(node, "items", str(index)) for index in range(len(items)))
        return None if items is None else self._child(node, "items")

    def _list(self, node: Node, schema: Mapping[str, Any], keyword: str) -> tuple[Node, ...]:
        return tuple(self._child(node, keyword, str(index)) for index in range(len(schema.get(keyword, ()))))


def _read_plain(node: Node, schema: Mapping[str, Any]) -> None:
    """The keywords of single values and of lists."""
    node.types = _types(schema.get("type"))
    enum = schema.get("enum")
    node.enum = Among(list(enum)) if enum is not None else None
    node.minimum, node.maximum = _number(schema, "minimum"), _number(schema, "maximum")
    node.exclusive_minimum = schema.get("exclusiveMinimum") is True
    node.exclusive_maximum = schema.get("exclusiveMaximum") is True
    node.multiple_of = _number(schema, "multipleOf")
    if node.multiple_of is not None and node.multiple_of <= 0:
        raise ValueError("multipleOf must be above zero")
    node.min_length, node.max_length = _count(schema, "minLength"), _count(schema, "maxLength")
    pattern = schema.get("pattern")
    node.pattern = compile_ecma(pattern) if pattern is not None else None
    form = schema.get("format")
    node.format = form if isinstance(form, str) else None
    node.min_items, node.max_items = _count(schema, "minItems"), _count(schema, "maxItems")
    node.unique = schema.get("uniqueItems") is True


def _read_object(node: Node, schema: Mapping[str, Any]) -> None:
    node.min_properties, node.max_properties = _count(schema, "minProperties"), _count(schema, "maxProperties")
    node.required = tuple(sorted(set(_names(schema.get("required", ())))))


def _types(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else tuple(value)
    for name in names:
        if name not in TYPES:
            raise ValueError(f"there is no type {name!r}")
    every = {*names, "integer"} if "number" in names else set(names)
    return tuple(sorted(every))


def _number(schema: Mapping[str, Any], keyword: str) -> int | float | None:
    value = schema.get(keyword)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise TypeError(f"{keyword} is no number")


def _count(schema: Mapping[str, Any], keyword: str) -> int | None:
    value = _number(schema, keyword)
    if value is None:
        return None
    if value != int(value) or value < 0:
        raise ValueError(f"{keyword} is no count")
    return int(value)


def _names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a list of names holds something else")
    return names


def _members(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    members = schema.get(keyword, {})
    if not isinstance(members, dict):
        raise TypeError(f"{keyword} is no object")
    return members


def _too_many(place: Location) -> SourceError:
    return SourceError(name_of(place), f"a model of more than {NODE_LIMIT} schemas is not compiled")


def _reach(root: Node) -> int:
    """How many Nodes a Node leads to, itself included."""
    met, waiting = {id(root)}, [root]
    while waiting:
        node = waiting.pop()
        for other in (*node.beside(), *node.below()):
            if id(other) not in met:
                met.add(id(other))
                waiting.append(other)
    return len(met)


class _Weighing:
    """What it costs to judge one value by a Node and all that stand beside it, which must be no circle."""

    def __init__(self) -> None:
        self._way: set[int] = set()
        self._stack: list[tuple[Node, Iterator[Node]]] = []

    def weigh(self, start: Node) -> None:
        """Depth first along `beside`. Raises SourceError for a circle, NotBuilt for what is too heavy."""
        self._enter(start)
        while self._stack:
            node, rest = self._stack[-1]
            following = next(rest, None)
            if following is not None:
                self._enter(following)
            else:
                self._leave(node)

    def _enter(self, node: Node) -> None:
        if id(node) in self._way:
            raise SourceError(name_of(node.place), "it refers to itself without going on in the document")
        if not node.weight:
            self._way.add(id(node))
            self._stack.append((node, node.beside()))

    def _leave(self, node: Node) -> None:
        self._stack.pop()
        self._way.discard(id(node))
        own = 1 + len(node.properties) + len(node.required) + len(node.dependencies)
        node.weight = own + sum(other.weight for other in node.beside())
        if node.weight > WEIGHT_LIMIT:
            raise NotBuilt(name_of(node.place), f"one value would take more than {WEIGHT_LIMIT} checks")
