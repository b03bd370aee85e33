"""What may be a tag of a function: the rules that Lambda's guide and API reference give."""

import re
from collections.abc import Mapping
from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException

MAX_TAGS: Final = 50
MAX_KEY: Final = 128
MAX_VALUE: Final = 256
_TEXT: Final = re.compile(r"[\w\s.:/=+\-@]*")
"""Letters, digits and blanks of any language, and `. : / = + - @ _`."""


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterValueException."""
    for key, value in tags.items():
        if not 1 <= len(key) <= MAX_KEY or not _TEXT.fullmatch(key) or key.lower().startswith("aws:"):
            raise InvalidParameterValueException(f"Invalid tag key: {key}")
        if len(value) > MAX_VALUE or not _TEXT.fullmatch(value):
            raise InvalidParameterValueException(f"Invalid value of the tag with the key {key}")
    if len(tags) > MAX_TAGS:
        raise InvalidParameterValueException(f"The number of tags exceeds the limit of {MAX_TAGS} tags per function.")
