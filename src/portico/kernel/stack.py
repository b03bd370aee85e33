"""Room on the interpreter's stack.

CPython keeps the frames of Python functions in chunks of 16 KB (`_PyThreadState_PushFrame`), and gives a chunk back to
the system as soon as its first frame is left. A loop whose calls happen to cross the end of a chunk maps and unmaps
memory with each of them: measured, a template of nested arguments takes 7 s there instead of 0.25.
"""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_SLOTS: Final = 70_000
"""Words of 8 bytes. The chunk that they need is the next power of two, 1 MB: what is left of it, 488 KB, is the room,
some 4000 frames. Nothing touches the slots themselves, so that they cost addresses and no memory."""


def with_room(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, called on a chunk of the stack that holds whatever it calls in turn."""

    def on_its_chunk(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    on_its_chunk.__code__ = on_its_chunk.__code__.replace(co_stacksize=_SLOTS)
    return on_its_chunk
