"""The bytes of the state directory. Both sides read through this page, so both distrust the disk alike.

A line is the CRC-32 of its body in 8 lower-case hex digits, a space, the body, a newline. The body of a log's line is
JSON [seq, kind, key, value]. `head` is one such line; it also carries the CRC-32 of all bytes of the log that count, so
that a whole line cannot get lost, doubled or exchanged.
"""

import hashlib
import re
from pathlib import Path
from zlib import crc32

import msgspec

from portico.kernel.errors import PorticoError
from portico.ports.changes import Change

_DIGEST = re.compile("[0-9a-f]{64}")
_LOG_NAME = re.compile(r"standing-([0-9]{1,18})\.log")


class StateError(PorticoError):
    """The state directory cannot be read or written."""


class StateAbsent(StateError):
    """No state has been written yet."""


class StateCorrupt(StateError):
    """What is on the disk is not what was written there."""


class Head(msgspec.Struct, frozen=True):
    """How far the state goes: `length` bytes of file `log`, whose CRC-32 is `crc`, are Standing as of Change `seq`."""

    log: str
    length: int
    crc: int
    seq: int
    database: str
    """The identity of the database that this is a copy of."""


_HEAD = msgspec.json.Decoder(Head)
_CHANGE = msgspec.json.Decoder(Change)
_ENCODER = msgspec.json.Encoder()


def encode_head(head: Head) -> bytes:
    return _seal(_ENCODER.encode(head))


def encode_change(change: Change) -> bytes:
    """The log's line for a Change."""
    return _seal(_ENCODER.encode(change))


def decode_change(line: bytes) -> Change:
    """The Change of a line without its newline. Raises StateCorrupt."""
    try:
        return _CHANGE.decode(_unseal(line))
    except msgspec.MsgspecError as error:
        raise StateCorrupt(f"a line of the log is not a Change: {error}") from error


def decode_changes(lines: bytes) -> list[Change]:
    """Every Change of whole lines, in order. Raises StateCorrupt."""
    if not lines:
        return []
    if not lines.endswith(b"\n"):
        raise StateCorrupt("the log ends within a line")
    return [decode_change(line) for line in lines[:-1].split(b"\n")]


def is_digest(text: object) -> bool:
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def matches(body: bytes, digest: str) -> bool:
    return hashlib.sha256(body).hexdigest() == digest


def head_path(directory: Path) -> Path:
    return directory / "head"


def log_name(number: int) -> str:
    return f"standing-{number}.log"


def log_number(name: str) -> int | None:
    """The n of standing-n.log, None for any other name."""
    found = _LOG_NAME.fullmatch(name)
    return int(found[1]) if found else None


def snapshot_path(directory: Path, digest: str) -> Path:
    return directory / "snapshots" / digest[:2] / f"{digest}.json"


def read_head(directory: Path) -> Head:
    """Raises StateAbsent, StateCorrupt, StateError."""
    path = head_path(directory)
    try:
        line = path.read_bytes()
    except FileNotFoundError:
        if _has_changes(directory):
            raise StateCorrupt(f"{path}: is missing although there are logs") from None
        raise StateAbsent(f"{path}: no state has been written yet") from None
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
    try:
        if not line.endswith(b"\n"):
            raise StateCorrupt("ends too early")
        return _HEAD.decode(_unseal(line[:-1]))
    except (StateCorrupt, msgspec.MsgspecError) as error:
        raise StateCorrupt(f"{path}: is damaged: {error}") from error


def read_log(directory: Path, head: Head, after: Head | None = None) -> list[Change]:
    """The Changes that `head` vouches for; with an older head `after` of the same log only those that follow it.

    Raises StateCorrupt, StateError. Reads no further than `head` says: the writer may be appending.
    """
    start, crc = (after.length, after.crc) if after else (0, 0)
    path = directory / head.log
    lines = _read(path, start, head.length - start)
    if crc32(lines, crc) != head.crc:
        raise StateCorrupt(f"{path}: its first {head.length} bytes are not those that were written")
    return decode_changes(lines)


def read_snapshot(directory: Path, digest: str) -> bytes:
    """The canonical JSON of a Snapshot, exactly. Raises StateCorrupt, StateError."""
    if not is_digest(digest):
        raise StateCorrupt(f"{digest!r} is not the digest of a Snapshot")
    path = snapshot_path(directory, digest)
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise StateCorrupt(f"{path}: is missing") from None
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
    if not matches(body, digest):
        raise StateCorrupt(f"{path}: does not match its digest")
    return body


def _has_changes(directory: Path) -> bool:
    """Whether something was written. An empty log is there for a moment before the very first head."""
    try:
        return any(path.stat().st_size for path in directory.glob("standing-*.log"))
    except OSError:
        return False


def _read(path: Path, start: int, length: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(start)
            lines = file.read(length)
    except FileNotFoundError:
        raise StateCorrupt(f"{path}: is missing") from None
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
    if len(lines) < length:
        raise StateCorrupt(f"{path}: is shorter than the {start + length} bytes that were written")
    return lines


def _seal(body: bytes) -> bytes:
    return b"%08x %s\n" % (crc32(body), body)


def _unseal(line: bytes) -> bytes:
    body = line[9:]
    if line[:9] != b"%08x " % crc32(body):
        raise StateCorrupt("a line does not match its checksum")
    return body
