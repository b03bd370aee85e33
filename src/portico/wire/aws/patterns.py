"""The patterns of service models, which are Java's, for `re`.

They mean the same to both, but that Java's classes are ASCII, and that `re` knows no `\\p{L}`: tags and user names may
have letters of every language. In the models such a property always stands within a class, `[\\p{L}\\p{N}_]`.
"""

import re
import sys
import unicodedata
from functools import cache
from itertools import groupby
from typing import Final

_PROPERTY: Final = re.compile(r"\\p\{([LMNPSZC])\}")


def compile_pattern(pattern: str) -> "re.Pattern[str]":
    return re.compile(_PROPERTY.sub(lambda found: _members()[found[1]], pattern), re.ASCII)


@cache
def _members() -> dict[str, str]:
    """What a class holds of each of Unicode's categories. Made in 0.2 s when the first pattern asks for one."""
    made: dict[str, list[str]] = {}
    for category, points in groupby(range(sys.maxunicode + 1), lambda point: unicodedata.category(chr(point))[0]):
        found = list(points)
        made.setdefault(category, []).append(f"\\U{found[0]:08x}-\\U{found[-1]:08x}")
    return {category: "".join(ranges) for category, ranges in made.items()}
