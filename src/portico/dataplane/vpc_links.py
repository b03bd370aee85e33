"""VPC links: from an integration to the machines that an operator put behind the load balancer of its link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from portico.lang.errors import EvaluationError
from portico.lang.uri import substitute

if TYPE_CHECKING:
    from portico.dataplane.integration import Spec


class NoWay(EvaluationError):
    """A VPC link that leads nowhere: its methods are not served."""


def link_machines(spec: Spec) -> Sequence[tuple[str, int | None]]:
    """Host and port of each machine; none where the integration names no link.

    Raises NoWay, and UnknownStageVariable.
    """
    integration = spec.integration
    if integration.connection_type != "VPC_LINK":
        return ()
    link_id = substitute(integration.connection_id or "", spec.variables)
    arns = spec.vpc_links.get(link_id)
    if arns is None:
        raise NoWay(f"the VPC link {link_id!r} is not known")
    machines: list[tuple[str, int | None]] = []
    for arn in arns:
        known = spec.ports.link_targets.get(arn)
        if not known:
            raise NoWay(f"the VPC link {link_id!r} leads to {arn}, for which no --vpc-link-target is given")
        machines += known
    return machines
