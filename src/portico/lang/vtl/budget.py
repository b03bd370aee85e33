"""What one rendering may cost, so that no template and no payload can hold a worker or its memory.

A step is about one reference or directive, a third of a microsecond; what works on large texts is charged for their
length. Texts of any size that are still referred to are counted, those that are not any more are forgotten.
"""

from sys import getrefcount, getsizeof
from typing import Any

from portico.lang.errors import BudgetExceeded

STEP_LIMIT = 1_000_000
OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of a rendered template, characters of any text made on the way: AWS's payload quota."""
MEMORY_LIMIT = 20 * 1024 * 1024
"""Bytes of texts that a rendering may hold on to, and of the lists and maps that it makes."""
SMALL = 256
"""Characters of a text that is not worth counting."""
CALL_LIMIT = 20
"""Macros inside each other: Velocity's default."""
DEFINE_LIMIT = 2
"""Renderings of one `#define` inside each other: Velocity's default. What goes deeper prints nothing."""
LOOP_LIMIT = 1000
"""Turns of one `#foreach`: AWS's quota. Velocity stops without a word, hasNext still true."""
_IN_LIST_ONLY = 3
"""References to a text that nobody else has: the list's, the loop's and the call's."""


class Budget:
    """What is left of it."""

    __slots__ = ("_held", "_kept", "_texts", "left")

    def __init__(self) -> None:
        self.left = STEP_LIMIT
        self._texts: list[str] = []
        self._held = 0
        self._kept = 0

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise BudgetExceeded(f"the template takes more than {STEP_LIMIT} steps")

    def made(self, text: str) -> str:
        """A text that was made on the way. Raises BudgetExceeded where it is too large or too many are held."""
        if len(text) > SMALL:
            self._hold(text)
        return text

    def admit(self, size: int) -> None:
        """Raise BudgetExceeded before a text of `size` characters is made, where that is too large."""
        if size > OUTPUT_LIMIT:
            raise BudgetExceeded(f"the template makes a text of more than {OUTPUT_LIMIT} characters")
        if size > SMALL:
            self.spend(size >> 10)

    def keep(self, size: int) -> None:
        """Bytes that a list or map grows by. They are not given back."""
        self._kept += size
        if self._kept > MEMORY_LIMIT:
            raise BudgetExceeded(f"the template makes lists and maps of more than {MEMORY_LIMIT} bytes")

    def keep_value(self, value: Any) -> None:
        self.keep(128 + (getsizeof(value) if type(value) is str else 0))

    def _hold(self, text: str) -> None:
        self.admit(len(text))
        self._texts.append(text)
        self._held += getsizeof(text)
        if self._held > MEMORY_LIMIT:
            self._forget()

    def _forget(self) -> None:
        self.spend(len(self._texts) // 4)
        self._texts = [text for text in self._texts if getrefcount(text) > _IN_LIST_ONLY]
        self._held = sum(map(getsizeof, self._texts))
        if self._held > MEMORY_LIMIT:
            raise BudgetExceeded(f"the template holds texts of more than {MEMORY_LIMIT} bytes")
