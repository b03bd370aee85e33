"""What an Exchange knows of a function's answer, in the place where it knows of a backend's."""

from collections.abc import Iterable
from typing import Final

import msgspec

from portico.ports.functions import FunctionAnswer
from portico.wire.http1 import Header, Section, header_line

NO_HEADERS: Final = Section(1, [])
_NO_ANSWER: Final = FunctionAnswer(b"")


class FunctionHead(msgspec.Struct, eq=False, gc=False):
    """`status` is Lambda's; `code` is what the function's own answer says, None before it is read."""

    answer: FunctionAnswer = _NO_ANSWER
    section: Section = NO_HEADERS
    code: int | None = None

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> list[Header]:
        return self.section.headers

    def value(self, name: bytes) -> bytes | None:
        """The last value of the header with this lower-case name."""
        return self.section.value(name)


def section_of(headers: Iterable[tuple[bytes, bytes]]) -> Section:
    """A header section of our own making, for mappings to read."""
    return Section(1, [Header(raw, value, header_line(raw, raw, value)) for raw, value in headers])
