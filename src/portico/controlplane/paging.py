"""`limit` and `position`: how API Gateway pages its collections.

A position is opaque to the caller. It names the last entry that was handed out, not an offset, so that a definition
created or deleted between two pages neither repeats an entry nor hides one.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

DEFAULT_LIMIT = 25
MAX_LIMIT = 500
"""Both from the API reference of every Get…s operation; more than the most is served as the most."""


def page(entries: Iterable[tuple[str, Document]], params: Mapping[str, Any]) -> Document:
    """One page of a collection: `{"items": [...]}`, with `position` where more follows.

    `entries` are (sort key, document) in any order, the keys unique and not empty; the answer is in the order of the
    keys. `params` are the call's, of which `limit` and `position` count. Raises BadRequestException for a limit below 1
    and for a position that was never handed out.
    """
    ordered = sorted(entries, key=lambda entry: entry[0])
    after = params.get("position")
    if after:
        last = _decode(after)
        ordered = [entry for entry in ordered if entry[0] > last]
    limit = _limit(params.get("limit"))
    answer: Document = {"items": [document for _, document in ordered[:limit]]}
    if len(ordered) > limit:
        answer["position"] = _encode(ordered[limit - 1][0])
    return answer


def _limit(asked: int | None) -> int:
    if asked is None:
        return DEFAULT_LIMIT
    if asked < 1:
        raise BadRequestException("Invalid limit specified, must be at least 1")
    return min(asked, MAX_LIMIT)


def _encode(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _decode(position: str) -> str:
    try:
        return base64.b64decode(position.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise BadRequestException("Invalid position parameter specified") from error
