"""What may be a tag of a function, beyond what the service model says of keys and values."""

from collections.abc import Mapping
from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException

MAX_TAGS: Final = 50
"""Guide, "Using tags on Lambda functions"; keys that begin with `aws:` are AWS's own."""


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterValueException."""
    for key in tags:
        if not key or key.lower().startswith("aws:"):
            raise InvalidParameterValueException(f"Invalid tag key: {key}")
    if len(tags) > MAX_TAGS:
        raise InvalidParameterValueException(f"The number of tags exceeds the limit of {MAX_TAGS} tags per function.")
