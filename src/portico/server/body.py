"""A request's body while it is collected: bytes in, pieces kept, what follows it given back."""

from typing import Final

from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import CHUNKED

BODY_STRIDE: Final = 16 * 1024
"""Bytes of a body within `body_seconds`: slower is a client that holds us up."""
MOST_PIECES: Final = 256
"""Pieces of a body that are kept apart: a client that sends two bytes at a time costs 50 for each of them."""


class Body:
    """A body being collected, by length or by chunks."""

    __slots__ = ("decoder", "joined", "left", "limit", "pieces", "size", "stride")

    def __init__(self, length: int, limit: int) -> None:
        self.decoder = ChunkedDecoder() if length == CHUNKED else None
        self.left = length
        self.limit = limit
        self.pieces: list[bytes] = []
        self.joined = 0
        """How many of the first pieces were joined already."""
        self.size = 0
        self.stride = BODY_STRIDE

    def feed(self, data: bytes) -> bytes | None:
        """None while more is to come, else the bytes that followed the body. Raises ProtocolError."""
        if self.decoder is not None:
            piece = b"".join(self.decoder.feed(data))
            self.pieces.append(piece)
            self.size += len(piece)
            return self.decoder.rest if self.decoder.done else None
        piece, rest = (data, b"") if len(data) <= self.left else (data[: self.left], data[self.left :])
        self.pieces.append(piece)
        self.size += len(piece)
        self.left -= len(piece)
        return None if self.left else rest

    def join_pieces(self) -> None:
        self.pieces[self.joined :] = [b"".join(self.pieces[self.joined :])]
        self.joined += 1

    @property
    def too_large(self) -> bool:
        return self.size > self.limit or self.left > self.limit
