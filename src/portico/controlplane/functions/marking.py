"""`Marker` and `MaxItems`: how Lambda pages its lists.

A marker is opaque to the caller. It names the last entry that was handed out, so that what is created or deleted
between two pages neither repeats an entry nor hides one.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.operation import Params
from portico.ports.store import Document

MOST: Final = 50
"""Entries of a page, however many are asked for (API reference, ListFunctions: "returns up to 50 items")."""


def page(member: str, entries: Iterable[tuple[str, Document]], params: Params) -> Document:
    """One page of (sort key, document): `{member: [...]}`, with `NextMarker` where more follows. No key is empty, and
    none is there twice.

    Raises InvalidParameterValueException for a marker that was never handed out.
    """
    ordered = sorted(entries, key=lambda entry: entry[0])
    after = params.get("Marker")
    if after:
        last = _decode(after)
        ordered = [entry for entry in ordered if entry[0] > last]
    most = min(params.get("MaxItems") or MOST, MOST)
    answer: Document = {member: [document for _, document in ordered[:most]]}
    if len(ordered) > most:
        answer["NextMarker"] = base64.urlsafe_b64encode(ordered[most - 1][0].encode()).decode()
    return answer


def _decode(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidParameterValueException("Invalid Marker value.") from error
