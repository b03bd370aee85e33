"""What takes long is done in slices, so that others are served in between. Adapter: the event loop's `call_soon`."""

from collections.abc import Callable
from typing import Protocol


class Turns(Protocol):
    def __call__(self, go_on: Callable[[], None], /) -> object:
        """Call `go_on`, which does not raise, when whoever else is ready has had a turn; never before this returns."""
        ...


def nobodys_turn(_go_on: Callable[[], None], /) -> None:
    raise AssertionError("what is only compiled takes no turns")
