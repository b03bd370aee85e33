"""Messages of AWS event streams, written: read back by botocore, and by our own reader."""

import pytest
from botocore.eventstream import EventStreamBuffer

from portico.wire.aws import eventstream


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(256)) * 300])
def test_what_is_written_is_what_botocore_reads(payload: bytes) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.event("PayloadChunk", payload, "application/octet-stream"))
    buffer.add_data(eventstream.exception("ServiceException", b"{}"))
    event, exception = buffer
    assert event.payload == payload
    assert event.headers == {
        ":event-type": "PayloadChunk",
        ":content-type": "application/octet-stream",
        ":message-type": "event",
    }
    assert exception.headers == {
        ":exception-type": "ServiceException",
        ":content-type": "application/json",
        ":message-type": "exception",
    }


def test_a_message_to_the_byte() -> None:
    """By the format's description: lengths, the checksum of the lengths, a header of type 7, the checksum of all."""
    written = eventstream.message((":a", "b"), payload=b"{}")
    assert written[:8].hex() == "0000001900000007"
    assert written[12:19].hex() == "023a61" + "07" + "0001" + "62"
    assert written[19:21] == b"{}"
    assert len(written) == 25
