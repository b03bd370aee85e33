"""Zips of functions' code, made in memory."""

import io
import zipfile
from hashlib import sha256

LINK = 0o120777 << 16
EXECUTABLE = 0o100755 << 16
PLAIN = 0o100644 << 16


def zipped(files: dict[str, str | bytes], modes: dict[str, int] | None = None) -> bytes:
    """Everything executable, unless `modes` (external attributes by name) says otherwise."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (modes or {}).get(name, EXECUTABLE)
            archive.writestr(entry, content)
    return buffer.getvalue()


def digest(code: bytes) -> str:
    return sha256(code).hexdigest()
