"""Several machines that stand for one origin, as behind a load balancer: called in turns, the dead passed over.

Nobody is asked whether it lives. A machine that no connection can be opened to is passed over for a few seconds, and
the call that found it out, of which nothing was sent yet, goes to the next one. Where all are passed over they are
tried all the same: they may be back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from portico.adapters.http_call import Call
from portico.ports.upstream import UpstreamCall, UpstreamRequest

if TYPE_CHECKING:
    from portico.adapters.http_pool import Pool


class Group:
    """A Destination that is several Pools."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self._pools = pools
        self._turn = 0

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, /) -> UpstreamCall:
        pool = self.next(())
        assert pool is not None, "a group has at least one machine"
        call = GroupCall(pool, method, request, plan, context, pool.client.now + plan.timeout)
        call.group = self
        call.tried = [pool]
        call.arm(asyncio.get_running_loop())
        pool.start(call)
        return call

    def next(self, tried: Sequence[Pool]) -> Pool | None:
        """Whose turn it is, but for those that were tried; None where all were."""
        pools, now = self._pools, self._pools[0].now()
        self._turn = turn = (self._turn + 1) % len(pools)
        order = [pool for pool in (*pools[turn:], *pools[:turn]) if pool not in tried]
        return next((pool for pool in order if pool.shunned_until <= now), order[0] if order else None)


class GroupCall(Call):
    """A call that another machine may be asked to answer, as long as nothing was sent."""

    __slots__ = ("group", "tried")
    group: Group
    tried: list[Pool]

    def moves_on(self) -> bool:
        other = None if self.over else self.group.next(self.tried)
        if other is None:
            return False
        self.tried.append(other)
        self.pool = other
        other.start(self)
        return True
