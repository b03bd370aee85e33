"""Files that are there whole or not at all, also after the power failed. Everything made here is the owner's alone."""

import os
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Make `data` the content of `path`: a reader sees the old content or the new, never a part. Raises OSError.

    The caller decides when to `sync_directory`, because one call serves many files.
    """
    draft = path.with_name(path.name + ".tmp")
    write(draft, data)
    os.replace(draft, path)


def write(path: Path, data: bytes) -> None:
    """Write a file that nobody reads yet, mode 0600, and wait until the disk has it. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until the disk has the directory's names: a rename is not safe before. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: Path) -> bool:
    """Make a directory, mode 0700, unless it is there. True where it was made. Raises OSError."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        return False
    sync_directory(directory.parent)
    return True
