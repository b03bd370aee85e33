"""Which VPC links the methods of a Snapshot lead through, under a stage's variables."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from portico.lang.errors import EvaluationError
from portico.lang.uri import substitute
from portico.model.rest import Integration, Snapshot
from portico.ports.store import Unit

KIND = "vpclink"


class LinkUse(NamedTuple):
    """A method and the link that it leads through."""

    method: str
    resource_id: str
    link_id: str


def link_uses(snapshot: Snapshot, variables: Mapping[str, str]) -> Iterator[LinkUse]:
    """In the Snapshot's order. What names no link, because the stage lacks the variable, is none."""
    for resource in snapshot.resources:
        for verb, method in resource.resource_methods.items():
            link_id = _link_id(method.method_integration, variables)
            if link_id is not None:
                yield LinkUse(verb, resource.id, link_id)


def targets_of(unit: Unit, uses: Iterable[LinkUse]) -> dict[str, tuple[str, ...]]:
    """The ARNs behind each link; a link that is not there is left out."""
    found = {use.link_id: unit.get(KIND, "", use.link_id) for use in uses}
    return {link_id: tuple(link["targetArns"]) for link_id, link in sorted(found.items()) if link is not None}


def _link_id(integration: Integration | None, variables: Mapping[str, str]) -> str | None:
    if integration is None or integration.connection_type != "VPC_LINK":
        return None
    try:
        return substitute(integration.connection_id or "", variables)
    except EvaluationError:
        return None
