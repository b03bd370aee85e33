"""The unix sockets in a data directory, by which the processes of one node reach each other."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_BACKLOG: Final = 128


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name for `path` that fits in a socket address (107 bytes), however deep the data directory is."""
    if sys.platform != "linux":
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def bind(path: Path) -> socket.socket:
    """A listening place at `path` for this user alone. It takes a predecessor's place at once: nobody finds none."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_name(draft) as name:
        listener.bind(name)
    draft.chmod(0o600)
    listener.listen(_BACKLOG)
    draft.replace(path)
    return listener


def connected(path: Path) -> socket.socket:
    """A connection, not blocking. Raises OSError: a unix socket is there at once or not at all."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        with short_name(path) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection
