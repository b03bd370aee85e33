"""However deep a loop is called, its calls do not map and unmap memory all the time."""

import resource

from portico.kernel.stack import with_room

DEPTHS = 400
CALLS = 100


def leaf() -> None:
    pass


def branch() -> None:
    leaf()


def faults_at(depth: int) -> int:
    """Pages that the system had to find for calls made from there: memory that is mapped anew costs at least one."""
    if depth:
        return faults_at(depth - 1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(CALLS):
        branch()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


@with_room
def most_faults() -> int:
    return max(faults_at(depth) for depth in range(DEPTHS))


def test_with_room_no_depth_is_worse_than_others() -> None:
    assert most_faults() < CALLS


def test_what_is_called_with_room_is_given_and_gives_what_it_would() -> None:
    def told(*args: int, **named: int) -> tuple[tuple[int, ...], dict[str, int]]:
        return args, named

    assert with_room(told)(1, 2, three=3) == ((1, 2), {"three": 3})
