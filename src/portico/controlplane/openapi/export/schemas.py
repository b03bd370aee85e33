"""Models as the named schemas of a document: references by address become references inside the document."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from portico.controlplane.openapi.export.order import in_aws_order
from portico.controlplane.openapi.export.source import Source
from portico.controlplane.openapi.export.writing import Tree
from portico.controlplane.openapi.locations import Documentation
from portico.controlplane.openapi.sayings import MODEL, custom, standard

_ADDRESS = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([A-Za-z0-9]+)(?:#(/.*)?)?")


class Schemas:
    """The models of one API that are JSON, under a document's way of referring to them (`#/definitions/`)."""

    def __init__(self, source: Source, prefix: str) -> None:
        self._prefix = prefix
        self._unneeded = source.unneeded
        self._trees = {model.name: tree for model in source.snapshot.models if (tree := _parsed(model.schema))}
        _document(self._trees, source.documentation)

    def __contains__(self, name: str) -> bool:
        return name in self._trees

    def reference(self, name: str) -> Tree:
        return {"$ref": f"{self._prefix}{name}"}

    def written(self, used: Iterable[str]) -> Tree:
        """All of them but those that nobody needs; `used` are the names that methods refer to."""
        needed = self._reached([*used, *(name for name in self._trees if name not in self._unneeded)])
        return in_aws_order({name: self._rewritten(self._trees[name], name, top=True) for name in needed})

    def _reached(self, names: list[str]) -> set[str]:
        """The names, and those of the models that they lead to."""
        reached: set[str] = set()
        waiting = [name for name in names if name in self._trees]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(other for other in _addressed(self._trees[name]) if other in self._trees)
        return reached

    def _rewritten(self, node: Any, name: str, *, top: bool = False) -> Any:
        if isinstance(node, list):
            return [self._rewritten(item, name) for item in node]
        if not isinstance(node, dict):
            return node
        tree = {key: self._rewritten(value, name) for key, value in node.items() if not (top and key == "$schema")}
        if isinstance(node.get("$ref"), str):
            tree["$ref"] = self._target(node["$ref"], name)
        return tree

    def _target(self, reference: str, name: str) -> str:
        """Where a reference of the model `name` leads in the document. What leads elsewhere stays as it is."""
        if reference.startswith("#"):
            return f"{self._prefix}{name}{reference[1:]}"
        found = _ADDRESS.fullmatch(reference)
        return f"{self._prefix}{found[1]}{found[2] or ''}" if found and found[1] in self._trees else reference


def _parsed(schema: str | None) -> Tree | None:
    """The schema's object; None for a model of anything but JSON."""
    try:
        tree = json.loads(schema or "")
    except ValueError:
        return None
    return tree if isinstance(tree, dict) else None


def _addressed(node: Any) -> Iterator[str]:
    """The names of the models that a schema refers to."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found = _ADDRESS.fullmatch(one["$ref"]) if isinstance(one.get("$ref"), str) else None
            if found:
                yield found[1]
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())


def _document(trees: dict[str, Tree], documentation: Documentation) -> None:
    """Put what parts say of a model, or of a property of one, over what its schema says (guide: MODEL entities)."""
    for name, properties in documentation.models():
        model, *path = name.split(".")
        node: Any = trees.get(model)
        for step in path:
            properties_of = node.get("properties") if isinstance(node, dict) else None
            node = properties_of.get(step) if isinstance(properties_of, dict) else None
        if isinstance(node, dict):
            node.update({**standard(properties, MODEL), **custom(properties)})
