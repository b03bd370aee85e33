"""What one rendering may cost, so that no template and no payload can hold a worker or its memory.

A step is what a reference or directive of a loop takes, about 30 ns; calls and what works on large texts are charged
for their time, by `spend`. Texts, lists and maps that are still referred to are counted, those that are no more are
forgotten.
"""

from sys import getrefcount, getsizeof
from typing import Any

from portico.lang.errors import BudgetExceeded

STEP_LIMIT = 15_000_000
"""About half a second."""
STEPS_A_UNIT = 16
"""`spend` counts in half microseconds."""
OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of a rendered template, characters of any text made on the way: AWS's payload quota."""
MEMORY_LIMIT = 20 * 1024 * 1024
"""Bytes of texts that a rendering may hold on to, and as many of lists and maps."""
SMALL = 64
"""Characters of a text that is not worth counting."""
MEMBER_SIZE = 256
"""Bytes of a list or map for each of its members: with a small text."""
CALL_LIMIT = 20
"""Macros inside each other: Velocity's default."""
DEFINE_LIMIT = 2
"""Renderings of one `#define` inside each other: Velocity's default. What goes deeper prints nothing."""
LOOP_LIMIT = 1000
"""Turns of one `#foreach`: AWS's quota. Velocity stops without a word, hasNext still true."""
_OURS = 3
"""References to something that nobody else has: those of the container, of the loop and of the call that counts."""


class Budget:
    """What is left of it."""

    __slots__ = ("_containers", "_held", "_kept", "_made", "_texts", "left")

    def __init__(self) -> None:
        self.left = STEP_LIMIT
        self._texts: list[str] | None = None
        self._containers: list[Any] | None = None
        self._held = self._kept = self._made = 0

    # Time

    def spend(self, units: int) -> None:
        """Half microseconds. Raises BudgetExceeded."""
        self.left -= units * STEPS_A_UNIT
        if self.left < 0:
            self.overspent()

    def overspent(self) -> None:
        raise BudgetExceeded(f"the template takes more than {STEP_LIMIT} steps")

    # Texts

    def made(self, text: str) -> str:
        """A text that was made on the way. Raises BudgetExceeded where it is too large or too many are held."""
        if len(text) > SMALL:
            self._hold(text)
        return text

    def admit(self, size: int) -> None:
        """Raise BudgetExceeded before a text of `size` characters is made, where that is too large."""
        if size > OUTPUT_LIMIT:
            raise BudgetExceeded(f"the template makes a text of more than {OUTPUT_LIMIT} characters")
        if size > 4096:
            self.spend(size >> 11)

    def _hold(self, text: str) -> None:
        self.admit(len(text))
        if self._texts is None:
            self._texts = []
        self._texts.append(text)
        self._held += getsizeof(text)
        if self._held > MEMORY_LIMIT:
            self._count_texts()

    def _count_texts(self) -> None:
        self._count_containers()  # those that nobody refers to any more refer to texts
        texts, self._texts = self._texts or [], None
        self.spend(len(texts) // 4)
        self._texts = [text for text in texts if getrefcount(text) > _OURS]
        self._held = sum(map(getsizeof, self._texts))
        if self._held > MEMORY_LIMIT:
            raise BudgetExceeded(f"the template holds texts of more than {MEMORY_LIMIT} bytes")

    # Lists and maps

    def keep(self, container: Any, members: int) -> Any:
        """A list or map that was made, or that grew by so many members. Raises BudgetExceeded."""
        if self._containers is None:
            self._containers = []
        self._containers.append(container)
        self._kept += MEMBER_SIZE * (1 + members)
        if self._kept > MEMORY_LIMIT:
            self._count_containers()
        return container

    def keep_made(self, size: int) -> None:
        """Bytes of lists and maps inside each other, which cannot be looked through and are not given back."""
        self._made += size
        if self._made > MEMORY_LIMIT:
            self._too_many()

    def _count_containers(self) -> None:
        if self._containers is None:
            return
        known = {id(container): container for container in self._containers}
        self._containers = None
        self.spend(len(known) // 4)
        self._containers = [container for container in known.values() if getrefcount(container) > _OURS]
        self._kept = sum(MEMBER_SIZE * (1 + len(container)) for container in self._containers)
        if self._kept + self._made > MEMORY_LIMIT:
            self._too_many()

    def _too_many(self) -> None:
        raise BudgetExceeded(f"the template makes lists and maps of more than {MEMORY_LIMIT} bytes")
