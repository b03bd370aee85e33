"""Event streams, checked against botocore's own reader and one message of the specification's making."""

import struct
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from portico.wire.aws import eventstream
from portico.wire.aws.eventstream_reader import EventStreamError, Message, MessageReader


def header(name: str, kind: int, value: bytes) -> bytes:
    return bytes((len(name.encode()),)) + name.encode() + bytes((kind,)) + value


def text(name: str, value: str) -> bytes:
    return header(name, 7, struct.pack("!H", len(value.encode())) + value.encode())


def message(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return body + struct.pack("!I", zlib.crc32(body))


ALL_TYPES = b"".join(
    (
        header("true", 0, b""),
        header("false", 1, b""),
        header("byte", 2, b"x"),
        header("short", 3, b"xx"),
        header("integer", 4, b"xxxx"),
        header("long", 5, b"x" * 8),
        header("bytes", 6, b"\0\2xx"),
        text(":event-type", "PayloadChunk"),
        header("timestamp", 8, b"x" * 8),
        header("uuid", 9, b"x" * 16),
    )
)

words = st.text(min_size=1, max_size=20)
messages = st.lists(st.tuples(st.dictionaries(words, words, max_size=3), st.binary(max_size=80)), max_size=4)


def encoded(sent: list[tuple[dict[str, str], bytes]]) -> bytes:
    return b"".join(message(b"".join(map(text, headers, headers.values())), payload) for headers, payload in sent)


@given(sent=messages, size=st.integers(1, 60))
def test_messages_are_read_however_they_are_cut(sent: list[tuple[dict[str, str], bytes]], size: int) -> None:
    data = encoded(sent)
    reader = MessageReader()
    found = [one for at in range(0, len(data), size) for one in reader.feed(data[at : at + size])]

    assert found == [Message(*one) for one in sent]
    assert reader.clean


@given(sent=messages)
def test_they_are_what_botocore_reads(sent: list[tuple[dict[str, str], bytes]]) -> None:
    data = encoded(sent)
    theirs = EventStreamBuffer()
    theirs.add_data(data)
    assert [(one.headers, one.payload) for one in theirs] == [tuple(one) for one in MessageReader().feed(data)]


@given(sent=messages)
def test_they_are_what_our_own_writer_writes(sent: list[tuple[dict[str, str], bytes]]) -> None:
    written = [eventstream.message(*headers.items(), payload=payload) for headers, payload in sent]
    assert b"".join(written) == encoded(sent)


def test_headers_of_other_types_are_passed_over() -> None:
    (found,) = MessageReader().feed(message(ALL_TYPES, b"payload"))
    assert found == ({":event-type": "PayloadChunk"}, b"payload")


def test_the_smallest_message_of_the_specification() -> None:
    (found,) = MessageReader().feed(bytes.fromhex("000000100000000005c248eb7d98c8ff"))
    assert found == ({}, b"")


def test_a_stream_that_ends_in_a_message_is_not_clean() -> None:
    reader = MessageReader()
    assert reader.feed(message(b"", b"payload")[:-1]) == []
    assert not reader.clean


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unseen(at: int, bit: int) -> None:
    data = bytearray(message(ALL_TYPES, b"payload"))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(EventStreamError):
        MessageReader().feed(bytes(data))


@pytest.mark.parametrize(
    "headers",
    [
        b"\x09name",
        b"\x01n",
        b"\x01n\x0a",
        b"\x01n\x07",
        b"\x01n\x07\x00",
        b"\x01n\x07\x00\x09short",
        b"\x01n\x05short",
        b"\x01n\x07\x00\x01\xff",
        b"\x01\xff\x07\x00\x01x",
    ],
)
def test_headers_that_are_none(headers: bytes) -> None:
    with pytest.raises(EventStreamError):
        MessageReader().feed(message(headers, b""))


@pytest.mark.parametrize(("length", "headers"), [(15, 0), (16, 1), (2**32 - 1, 0)])
def test_lengths_that_no_message_has(length: int, headers: int) -> None:
    prelude = struct.pack("!II", length, headers)
    with pytest.raises(EventStreamError):
        MessageReader().feed(prelude + struct.pack("!I", zlib.crc32(prelude)))
