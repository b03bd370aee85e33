"""A function's zip: what it is called, and whether it may be unpacked.

It is judged by its table of contents first, then by unpacking it once into nothing, piece by piece: what a zip says of
its sizes may be a lie, and what is kept must unpack on every host. This happens before the operation's transaction.
"""

import hashlib
import io
import re
import stat
import zipfile
import zlib
from base64 import b64decode, b64encode
from typing import Final, NamedTuple

from portico.controlplane.bodies import MAX_UPLOAD, RequestEntityTooLargeException
from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.packagetree import LeadsOut, PackageTree
from portico.controlplane.operation import Params

MAX_ZIPPED: Final = 50 * 1024 * 1024
MAX_UNZIPPED: Final = 250 * 1024 * 1024
"""Bytes: Lambda's quotas of a deployment package (guide, "Lambda quotas")."""
MAX_ENTRIES: Final = 100_000
"""Ours: AWS's own bound is not known. The largest trees of node_modules that fit into 250 MB have some tens of
thousands; beyond this the table of contents alone would take more memory than the code."""
_LONGEST_LINK: Final = 4096
"""Bytes of a symbolic link's target: the longest path of Linux."""
_PIECE: Final = 256 * 1024
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
_DRIVE: Final = re.compile(r"[A-Za-z]:")

_UNREADABLE: Final = "Could not unzip uploaded file. Please check your file, then try to upload again."
_EMPTY: Final = "Uploaded file must be a non-empty zip"
_TOO_LARGE: Final = f"Unzipped size must be smaller than {MAX_UNZIPPED} bytes"


class Package(NamedTuple):
    """A zip that may be kept."""

    body: bytes
    sha256: str
    """In base64, as AWS's CodeSha256."""

    @property
    def digest(self) -> str:
        """In hexadecimal digits, as it is kept."""
        return digest_of(self.sha256)


def digest_of(sha256: str) -> str:
    return b64decode(sha256).hex()


def prepare_create(params: Params) -> Params:
    """CreateFunction's, with `Package` where it has code. Raises as `accept` does."""
    return _with_package(params, params["Code"], "CreateFunction")


def prepare_update(params: Params) -> Params:
    """UpdateFunctionCode's."""
    return _with_package(params, params, "UpdateFunctionCode")


def _with_package(params: Params, code: Params, operation: str) -> Params:
    body = code.pop("ZipFile", None)
    if body is None:
        return params
    if len(body) > MAX_ZIPPED:
        raise RequestEntityTooLargeException(
            f"Request must be smaller than {MAX_UPLOAD} bytes for the {operation} operation"
        )
    return {**params, "Package": accept(body)}


def accept(body: bytes) -> Package:
    """The zip, checked. Raises InvalidParameterValueException with AWS's sentence."""
    if not body:
        raise InvalidParameterValueException(_EMPTY)
    if body.count(b"PK\x01\x02") > MAX_ENTRIES:  # of the table of contents: no zip has more entries than these
        raise InvalidParameterValueException(f"The zip has more than {MAX_ENTRIES} entries.")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _check(archive)
    except (zipfile.BadZipFile, ValueError, EOFError, OverflowError, NotImplementedError, zlib.error):
        raise InvalidParameterValueException(_UNREADABLE) from None
    return Package(body, b64encode(hashlib.sha256(body).digest()).decode())


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if not entries:
        raise InvalidParameterValueException(_EMPTY)
    if any(one.compress_type not in _METHODS or one.flag_bits & _ENCRYPTED for one in entries):
        raise InvalidParameterValueException(_UNREADABLE)
    tree = PackageTree()
    for one in entries:
        _check_place(one.filename)
        tree.add(one)
    if sum(one.file_size for one in entries) > MAX_UNZIPPED:
        raise InvalidParameterValueException(_TOO_LARGE)
    for one in entries:
        _unpack(archive, one, tree)
    try:
        tree.check_links()
    except LeadsOut as error:
        raise InvalidParameterValueException(f"The zip has a link that leads out of it: {error.name[:256]}") from None


def _check_place(name: str) -> None:
    """Nothing is unpacked beside the folder that the function gets."""
    parts = name.replace("\\", "/").split("/")
    if not name or name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts:
        raise InvalidParameterValueException(f"The zip has an entry that leads out of it: {name[:256]}")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, tree: PackageTree) -> None:
    """Into nothing. No entry gives more than the size it told: `zipfile` reads no further and compares checksums."""
    with archive.open(entry) as file:
        if stat.S_ISLNK(entry.external_attr >> 16) and not entry.is_dir():
            tree.link(entry.filename, _read_link(entry.filename, file.read(_LONGEST_LINK + 1)))
        while file.read(_PIECE):
            pass


def _read_link(name: str, target: bytes) -> str:
    text = target.decode("utf-8", "surrogateescape")
    if not text or len(target) > _LONGEST_LINK or text.startswith("/") or "\0" in text:
        raise InvalidParameterValueException(f"The zip has a link that leads out of it: {name[:256]}")
    return text
