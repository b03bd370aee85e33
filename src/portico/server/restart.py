"""A rolling restart, slot by slot: control first, then functions and each worker.

Control's successor may write the state directory only when its predecessor is gone, so it is forked then; meanwhile
its callers wait in the listening socket. The successor of a worker or of functions is ready before the old one is told
to leave: a worker's on the same sockets, that of functions on a socket of its own under the same name.
"""

from collections import deque
from collections.abc import Callable, Iterable

from portico.server.children import CONTROL, Child
from portico.server.slots import Slot


class Restart:
    def __init__(
        self,
        began: float,
        slots: Iterable[Slot],
        fork: Callable[[Slot], Child],
        dismiss: Callable[[Child], None],
        retire: Callable[[Child], None],
    ) -> None:
        """`dismiss` tells a child to leave its slot, `retire` one that has left its slot already."""
        self.began = began
        """Monotonic: who was born before is old."""
        self._left = deque(slots)
        self._fork = fork
        self._dismiss = dismiss
        self._retire = retire

    def concerns(self, slot: Slot) -> bool:
        """Whether this slot is being renewed right now."""
        return bool(self._left) and self._left[0] is slot

    def go_on(self) -> bool:
        """Do what can be done now. True when every child is a new one."""
        while self._left:
            slot = self._left[0]
            renewed = self._renew_control(slot) if slot.role == CONTROL else self._replace(slot)
            if not renewed:
                return False
            self._left.popleft()
        return True

    def _renew_control(self, slot: Slot) -> bool:
        child = slot.child
        if child is None:
            return False  # it is gone, and its successor is due
        if child.born < self.began and not child.leaving:
            self._dismiss(child)
        return child.born >= self.began and child.ready

    def _replace(self, slot: Slot) -> bool:
        child = slot.child
        if child is None or child.born >= self.began:
            return child is not None and child.ready  # it died meanwhile, and was replaced then
        if slot.successor is None:
            slot.successor = self._fork(slot)
        if not slot.successor.ready:
            return False
        slot.child, slot.successor = slot.successor, None
        self._retire(child)
        return True
