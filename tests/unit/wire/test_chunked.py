"""The chunked coding: both ways, at every split, and against those who write it wrongly."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import cpu_seconds
from portico.wire.chunked import LAST_CHUNK, ChunkedDecoder, chunk
from portico.wire.http1 import ProtocolError


def decoded(*pieces: bytes) -> tuple[bytes, bool, bytes]:
    """(body, whether it is complete, what followed it)."""
    decoder = ChunkedDecoder()
    body = b"".join(part for piece in pieces for part in decoder.feed(piece))
    return body, decoder.done, decoder.rest


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n", b"01234567890123456789"),
        (b'5;a\r\nhello\r\n0;b=c;d="e;\\"f"\r\n\r\n', b"hello"),
        (b"5 ; a = b\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
        (b"1\r\n0\r\n0\r\nExpires: never\r\nX-Empty:\r\n\r\n", b"0"),
    ],
)
def test_a_whole_message(data: bytes, body: bytes) -> None:
    assert decoded(data + b"NEXT") == (body, True, b"NEXT")
    for at in range(len(data)):
        assert decoded(data[:at], data[at:] + b"NEXT") == (body, True, b"NEXT")
        assert decoded(data[:at])[1] is False
    assert decoded(*[bytes([byte]) for byte in data]) == (body, True, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"g\r\n",
        b"-5\r\nhello\r\n",
        b"+5\r\nhello\r\n",
        b"0x5\r\nhello\r\n",
        b"5 \r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"5\nhello\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhello \r\n0\r\n\r\n",
        b"5;\r\nhello\r\n",
        b"5;=b\r\nhello\r\n",
        b"5;a=\r\nhello\r\n",
        b'5;a="b\r\nhello\r\n',
        b"5;a\x00\r\nhello\r\n",
        b"5;a\nb\r\nhello\r\n",
        b"5 a\r\nhello\r\n",
        b"1000000000000000\r\n",
        b"0\r\nno colon\r\n\r\n",
        b"0\r\n folded: x\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\nX: y\nZ: z\r\n\r\n",
        b"0\r\n: y\r\n\r\n",
    ],
)
def test_what_is_wrong_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decoded(data + b"\r\n\r\n")
    with pytest.raises(ProtocolError):
        decoded(*[bytes([byte]) for byte in data + b"\r\n\r\n"])


@pytest.mark.parametrize("line", [b"5;" + b"a" * 1100, b"0\r\nX: " + b"a" * 1100, b"0" * 20])
def test_no_line_is_waited_for_without_end(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decoded(*[bytes([byte]) for byte in line + b"\r\n"])


@pytest.mark.parametrize("more", [b"1;" + b"a" * 900 + b"\r\nx\r\n", b"0\r\n" + (b"X: " + b"a" * 900 + b"\r\n") * 20])
def test_extensions_and_trailers_are_bounded(more: bytes) -> None:
    with pytest.raises(ProtocolError):
        decoded(*[more] * 20)


def test_nothing_behind_the_end_is_read() -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"0\r\n\r\n5\r\nhello\r\n") == []
    assert decoder.done and decoder.rest == b"5\r\nhello\r\n"


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.lists(st.integers(0, 500), max_size=6))
def test_round_trip(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(chunk, parts)) + LAST_CHUNK
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert decoded(*pieces) == (b"".join(parts), True, b"")


_TOKENS = [b"0", b"1", b"a", b"\r\n", b"\r", b"\n", b";", b"x", b":", b" ", b'"', b"=", b"\x00"]
_SHAPED = st.lists(st.sampled_from(_TOKENS), max_size=30)


@given(_SHAPED.map(b"".join) | st.binary(max_size=60), st.integers(0, 60))
def test_a_split_anywhere_changes_nothing(data: bytes, at: int) -> None:
    def outcome(*pieces: bytes) -> tuple[bytes, bool, bytes] | None:
        try:
            return decoded(*pieces)
        except ProtocolError:
            return None

    data += b"\r\n\r\n"
    assert outcome(data) == outcome(data[:at], data[at:])


@pytest.mark.parametrize("filling", [b" ", b";a", b";a=b", b"\\\\", b"a"])
def test_no_line_costs_more_than_its_bytes(filling: bytes) -> None:
    line = b'5;a="' + filling * (1000 // len(filling)) + b"\x00\r\n"

    def refused() -> None:
        for _ in range(10):
            with pytest.raises(ProtocolError):
                decoded(line)

    assert cpu_seconds(refused, 0.5) < 0.5
