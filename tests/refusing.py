"""Saying that a call is refused, and how.

with refused("NotFoundException", "Invalid Resource identifier specified"):
    client.get_resource(...)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

STATUS = {"BadRequestException": 400, "NotFoundException": 404, "ConflictException": 409, "LimitExceededException": 429}


@contextmanager
def refused(code: str, message: str) -> Iterator[None]:
    """The boto3 call in the block fails with exactly this error, its status and the `message` of a modelled error."""
    with pytest.raises(ClientError) as caught:
        yield
    answer: Any = caught.value.response
    assert answer["Error"] == {"Code": code, "Message": message}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == STATUS[code]


def bare(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what the transport added."""
    return {member: value for member, value in answer.items() if member != "ResponseMetadata"}


def status(answer: dict[str, Any]) -> int:
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])
