"""What may be a tag: the rules of the API reference for every operation that takes `tags`."""

import re
from collections.abc import Iterable, Mapping

from portico.wire.aws.faults import BadRequestException, LimitExceededException

MAX_TAGS = 50
MAX_KEY = 128
MAX_VALUE = 256
"""Guide, "Tag restrictions": 50 user-created tags a resource, keys of 1 to 128 characters, values of at most 256."""

_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
"""Letters, numbers and blanks in any language, and `. : / = + - @ _` (guide, "Tag naming conventions")."""


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises BadRequestException for a key or value that no resource can carry, LimitExceededException for too many."""
    for key, value in tags.items():
        _check_key(key)
        if len(value) > MAX_VALUE or not _TEXT.fullmatch(value):
            raise BadRequestException(f"Invalid tag value specified for tag key: {key}")
    if len(tags) > MAX_TAGS:
        raise LimitExceededException(f"The number of tags exceeds the limit of {MAX_TAGS} tags per resource")


def check_tag_keys(keys: Iterable[str]) -> None:
    """Raises BadRequestException for a key that no resource can carry."""
    for key in keys:
        _check_key(key)


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= MAX_KEY or not _TEXT.fullmatch(key):
        raise BadRequestException(f"Invalid tag key specified: {key}")
    if key.lower().startswith("aws:"):
        raise BadRequestException("Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)")
