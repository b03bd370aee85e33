"""The sweep: who is late is closed, and nobody else has to wait for that."""

import asyncio

from edge_scene import play, until
from portico.server.connections import SLICE, Connections


class Waiting:
    """A connection with a deadline, and what became of it."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.closed = 0

    idle = True

    def on_deadline(self) -> None:
        self.closed += 1
        self.deadline = 0.0

    def close_after_answer(self) -> None: ...

    def cut(self) -> None: ...


def swept(*deadlines: float) -> tuple[Connections, list[Waiting]]:
    connections = Connections()
    waiting = [Waiting(connections.now + deadline if deadline else 0.0) for deadline in deadlines]
    for one in waiting:
        assert connections.admit(one, "192.0.2.1")
    connections.sweep()
    return connections, waiting


@play
async def test_only_who_is_late_is_closed() -> None:
    _, (late, early, busy) = swept(-1.0, 60.0, 0.0)
    assert (late.closed, early.closed, busy.closed) == (1, 0, 0)


@play
async def test_thousands_are_closed_in_slices_with_turns_of_the_loop_between() -> None:
    _, waiting = swept(*[-1.0] * (3 * SLICE + 1))
    seen = []
    while not all(one.closed for one in waiting):
        seen.append(sum(one.closed for one in waiting))
        await asyncio.sleep(0)
    assert seen == [SLICE, 2 * SLICE, 3 * SLICE]


@play
async def test_who_goes_on_before_its_turn_is_left_alone() -> None:
    connections, waiting = swept(*[-1.0] * (2 * SLICE))
    saved = next(one for one in waiting if not one.closed)
    saved.deadline = connections.now + 60.0
    await until(lambda: sum(one.closed for one in waiting) == 2 * SLICE - 1)
    await asyncio.sleep(0)
    assert not saved.closed
    connections.sweep()
    assert {one.closed for one in waiting if one is not saved} == {1}
