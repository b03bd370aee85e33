"""Frames are the same however the socket cuts them, and whatever is not a frame is an error, never a guess."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire import function_frames as frames
from portico.wire.function_frames import FrameError, FrameKind, FrameReader

told = st.tuples(st.sampled_from(FrameKind), st.integers(0, 2**64 - 1), st.binary(max_size=60))


def read(pieces: list[bytes]) -> list[tuple[FrameKind, int, bytes]]:
    reader = FrameReader()
    return [one for piece in pieces for one in reader.feed(piece)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(at)]


@given(st.lists(told, max_size=8), st.lists(st.integers(0, 10_000), max_size=12))
def test_frames_are_the_same_however_they_are_cut(sent: list[tuple[FrameKind, int, bytes]], places: list[int]) -> None:
    data = b"".join(frames.frame(*one) for one in sent)
    assert read(cut(data, places)) == sent
    assert read([data[at : at + 1] for at in range(len(data))]) == sent


@given(st.integers(0, 2**64 - 1), st.binary(max_size=60), st.binary(max_size=255), st.binary(max_size=60))
def test_an_invoke_has_its_three_parts(call: int, head: bytes, trace: bytes, event: bytes) -> None:
    ((kind, number, content),) = read([frames.invoke(call, frames.head_block(head), trace, event)])
    assert (kind, number) == (FrameKind.INVOKE, call)
    assert frames.split_invoke(content) == (head, trace, event)


@given(st.integers(0, 2**64 - 1), st.binary(max_size=60), st.binary(max_size=60))
def test_an_answer_has_its_two_parts(call: int, head: bytes, payload: bytes) -> None:
    ((kind, number, content),) = read([frames.answer(call, head, payload)])
    assert (kind, number) == (FrameKind.ANSWER, call)
    assert frames.split(content) == (head, payload)


@given(st.binary(max_size=80), st.lists(st.integers(0, 10_000), max_size=6))
def test_garbage_is_refused_however_it_is_cut(garbage: bytes, places: list[int]) -> None:
    assert refused([garbage]) == refused(cut(garbage, places))


def refused(pieces: list[bytes]) -> bool:
    try:
        read(pieces)
    except FrameError:
        return True
    return False


@given(st.binary(max_size=80))
def test_parts_of_garbage_are_whole_or_an_error(garbage: bytes) -> None:
    for take in (frames.split, frames.split_invoke):
        try:
            parts = take(garbage)
        except FrameError:
            continue
        assert sum(map(len, parts)) + (4 if take is frames.split else 5) == len(garbage)


@pytest.mark.parametrize("length", [0, 8, frames.LONGEST + 1, 2**32 - 1])
def test_a_length_that_no_frame_has(length: int) -> None:
    with pytest.raises(FrameError):
        FrameReader().feed(length.to_bytes(4, "big"))
