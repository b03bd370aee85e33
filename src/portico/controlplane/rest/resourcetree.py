"""The rules of the path tree: what a resource may be called, below what, and beside what."""

import re
from collections import defaultdict
from collections.abc import Iterator

from portico.controlplane.patch import Edit
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, ConflictException, NotFoundException

_PATH_PART = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")


class _Siblings:
    """The resources below one, by id and by name: a wide tree is not searched for each that is added."""

    __slots__ = ("_ids", "_variable", "names")

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        """By id."""
        self._ids: dict[str, str] = {}
        self._variable: str | None = None
        """The id of the one that is called `{…}`."""

    def check(self, resource_id: str, name: str) -> None:
        """Raises ConflictException or BadRequestException where another stands in the way."""
        if self._ids.get(name, resource_id) != resource_id:
            raise ConflictException(f"Another resource with the same parent already has this name: {name}")
        if name.startswith("{") and self._variable not in (None, resource_id):
            sibling = self.names[self._variable]
            raise BadRequestException(
                f"A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
            )

    def add(self, resource_id: str, name: str) -> None:
        """New, or under a new name."""
        self.remove(resource_id)
        self.names[resource_id] = name
        self._ids[name] = resource_id
        if name.startswith("{"):
            self._variable = resource_id

    def remove(self, resource_id: str) -> None:
        name = self.names.pop(resource_id, None)
        if name is not None:
            del self._ids[name]
        if self._variable == resource_id:
            self._variable = None


class ResourceTree:
    """All resources of one API, loaded once. `nodes` holds their documents by id.

    A resource's parent and name change through `place`, `rename` and `reparent` only: the tree keeps who stands below
    whom, so that an import of thousands of resources looks at each place once.
    """

    def __init__(self, unit: Unit, api_id: str) -> None:
        self._unit = unit
        self._api_id = api_id
        self.nodes: dict[str, Document] = dict(unit.find("resource", api_id))
        self._below: defaultdict[str, _Siblings] = defaultdict(_Siblings)
        for node in self.nodes.values():
            if "parentId" in node:
                self._below[node["parentId"]].add(node["id"], node["pathPart"])

    def place(self, resource: Document) -> None:
        """Take a resource with its parent and name into the tree, new or at its new place.

        Raises BadRequestException and ConflictException where it cannot stand there (recorded facts 30, 33 and 34).
        """
        name = resource["pathPart"]
        if not name:
            raise BadRequestException("Resource's path part must be specified")
        if not _PATH_PART.fullmatch(name):
            raise BadRequestException(
                "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
                "beginning and the end."
            )
        _check_below(self.nodes[resource["parentId"]].get("pathPart", ""))
        beside = self._below[resource["parentId"]]
        beside.check(resource["id"], name)
        if self._below[resource["id"]].names:
            _check_below(name)
        beside.add(resource["id"], name)
        self.nodes[resource["id"]] = resource

    def subtree(self, resource_id: str) -> Iterator[Document]:
        """The resource and all below it, parents before children."""
        waiting = [resource_id]
        while waiting:
            node_id = waiting.pop()
            yield self.nodes[node_id]
            waiting.extend(self._below[node_id].names)

    def save_from(self, resource: Document) -> None:
        """Store a resource that may have moved and all below it, with the paths that they have now."""
        for node in self.subtree(resource["id"]):
            if "parentId" in node:
                parent_path = self.nodes[node["parentId"]]["path"]
                node["path"] = f"{parent_path.rstrip('/')}/{node['pathPart']}"
            self._unit.put("resource", self._api_id, node["id"], node)

    def rename(self, resource: Document, edit: Edit) -> None:
        """Patch action: the value becomes the resource's name."""
        if "parentId" not in resource:
            raise BadRequestException("Root resource cannot update its pathPart.")
        resource["pathPart"] = edit.value or ""
        self.place(resource)

    def reparent(self, resource: Document, edit: Edit) -> None:
        """Patch action: the resource moves, with all below it, under the resource that the value names."""
        if "parentId" not in resource:
            raise BadRequestException("Root resource cannot update its parentId.")
        if edit.value not in self.nodes:
            raise NotFoundException("Invalid Resource identifier specified")
        if any(node["id"] == edit.value for node in self.subtree(resource["id"])):
            raise BadRequestException("Resources cannot be cyclical.")
        self._below[resource["parentId"]].remove(resource["id"])
        resource["parentId"] = edit.value
        self.place(resource)


def _check_below(parent_name: str) -> None:
    if parent_name.endswith("+}"):
        raise BadRequestException(f"Cannot create a child of a resource with a greedy path variable: {parent_name}")
