"""Media types as API Gateway reads them: parameters are of no account, and only the first of Accept's counts."""

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(256)
def media_type(header: str | None, default: str = "application/json") -> str:
    """The type alone, in lower case: `application/json` of `Application/JSON; charset=utf-8, text/html`."""
    if not header:
        return default
    return header.partition(",")[0].partition(";")[0].strip().lower() or default


class BinaryTypes:
    """An API's `binaryMediaTypes`, with their wildcards."""

    __slots__ = ("_exact", "_families", "everything", "none")

    def __init__(self, types: Iterable[str]) -> None:
        lower = [entry.lower() for entry in types]
        self.everything = "*/*" in lower
        self.none = not lower
        self._exact = frozenset(lower)
        self._families = tuple(entry[:-1] for entry in lower if entry.endswith("/*") and entry != "*/*")

    def match(self, header: str | None) -> bool:
        """Whether a Content-Type, or the first type of an Accept, is binary. An absent header never is."""
        if header is None or self.none:
            return False
        if self.everything:
            return True
        name = media_type(header, "")
        return name in self._exact or name.startswith(self._families)
