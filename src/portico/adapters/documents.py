"""How every store adapter writes a Document down: JSON, members in the order in which they were put.

One encoding for all of them, so that what an operation reads back does not depend on where it was kept.
"""

from typing import Any

import msgspec

from portico.ports.store import Document, StoreUnavailable

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(dict[str, Any])


def encode(document: Document) -> str:
    """The JSON text of a Document. Raises TypeError on a value that JSON has no form for."""
    return _ENCODER.encode(document).decode()


def decode(text: str | bytes) -> Document:
    """A new Document from its text. Raises StoreUnavailable: text that we did not write means a damaged database."""
    try:
        return _DECODER.decode(text)
    except msgspec.MsgspecError as error:
        raise StoreUnavailable(f"the database holds a document that cannot be read: {error}") from error
