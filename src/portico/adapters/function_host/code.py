"""Functions' code on the disk: each zip unpacked once, in a folder with its digest's name, for reading only.

`<data>/functions/code/<digest>/`. A folder with such a name is whole. The cache is good as long as the machine runs:
after a power failure a folder may have its name and not its content, so a new boot begins with an empty one.
"""

import os
import secrets
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from portico.adapters.function_host.launch import LaunchError

MOST_BYTES: Final = 262_144_000
"""Lambda's quota of a deployment package, unzipped."""
MOST_ENTRIES: Final = 100_000
_CHUNK: Final = 1 << 20
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_LONGEST_LINK: Final = 4096


class CodeCache:
    def __init__(self, directory: Path, read_code: Callable[[str], bytes]) -> None:
        """`read_code` gives a zip by its digest. Raises LaunchError where the directory cannot be used."""
        self._directory = directory
        self._read_code = read_code
        try:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o711)  # functions that are other users come through to their own, and see no others
            _forget_earlier_boots(directory)
        except OSError as error:
            raise LaunchError(f"the functions' code cannot be kept in {directory}: {error.strerror}") from error

    def unpacked(self, digest: str) -> Path:
        """The folder with the zip's content; unpacks it the first time. Raises LaunchError."""
        folder = self._directory / digest
        if folder.is_dir():
            return folder
        draft = self._directory / f".{digest}.{secrets.token_hex(4)}"
        try:
            draft.mkdir(mode=0o755)
            unpack(self._read_code(digest), draft)
            _name(draft, folder)
        except OSError as error:
            raise LaunchError(f"the function's code cannot be unpacked into {folder}: {error.strerror}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return folder

    def keep_only(self, digests: frozenset[str]) -> None:
        for folder in self._directory.iterdir():
            if folder.is_dir() and folder.name not in digests and not folder.name.startswith("."):
                doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
                os.rename(folder, doomed)
                shutil.rmtree(doomed, ignore_errors=True)


def unpack(code: bytes, folder: Path) -> None:
    """Unpack a zip into an empty folder. Raises LaunchError where it is broken, too large or leads outside.

    Files become 0644, or 0755 where the zip says that anybody may execute them. Links are made when all files are
    there, so that no file is written through one, and must lead to somewhere inside.
    """
    try:
        with zipfile.ZipFile(BytesIO(code)) as archive:
            _unpack_all(archive, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise LaunchError(f"the function's zip cannot be unpacked: {error}") from error


def _unpack_all(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise LaunchError(f"the function's zip has more than {MOST_ENTRIES} entries")
    left = MOST_BYTES
    links = []
    for entry in entries:
        target = folder.joinpath(*_parts(entry.filename))
        mode = entry.external_attr >> 16
        if entry.is_dir():
            target.mkdir(mode=0o755, parents=True, exist_ok=True)
        elif stat.S_ISLNK(mode):
            links.append((entry, target))
        elif stat.S_ISREG(mode) or not stat.S_IFMT(mode):
            with archive.open(entry) as source:
                left -= _write(source, target, 0o755 if mode & 0o111 else 0o644, left)
        else:
            raise LaunchError(f"the function's zip has {entry.filename!r}, which is neither a file nor a folder")
    for entry, target in links:
        _link(archive, entry, target)
    for entry, target in links:
        if not target.resolve().is_relative_to(folder.resolve()):
            raise LaunchError(f"the function's zip has the link {entry.filename!r}, which leads outside")


def _parts(name: str) -> Iterator[str]:
    if name.startswith("/") or "\0" in name:
        raise LaunchError(f"the function's zip has {name!r}, which is not a path inside")
    for part in name.split("/"):
        if part == "..":
            raise LaunchError(f"the function's zip has {name!r}, which leads outside")
        if part not in ("", "."):
            yield part


def _write(source: IO[bytes], target: Path, mode: int, limit: int) -> int:
    """How many bytes there were; counted while they come, because a zip may say anything of its sizes."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    size = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise LaunchError(f"the function's zip is larger than {MOST_BYTES} bytes when it is unpacked")
            file.write(chunk)
    return size


def _link(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    if entry.file_size > _LONGEST_LINK:
        raise LaunchError(f"the function's zip has the link {entry.filename!r}, which is too long")
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    target.symlink_to(os.fsdecode(archive.read(entry)))


def _name(draft: Path, folder: Path) -> None:
    try:
        os.rename(draft, folder)
    except OSError:
        if not folder.is_dir():  # somebody else was quicker, and the content is the same
            raise


def _forget_earlier_boots(directory: Path) -> None:
    mark = directory / "boot"
    try:
        boot = _BOOT.read_text()
    except FileNotFoundError:
        boot = "unknown"
    if mark.is_file() and mark.read_text() == boot:
        return
    for folder in directory.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    mark.write_text(boot)
