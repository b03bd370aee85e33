"""Doing something as an ordinary user, because permissions do not bind root."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from portico.kernel.errors import PorticoError

NOBODY = 65534


@contextmanager
def folder_for_everybody() -> Iterator[Path]:
    """A folder that every user may walk into and write to, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


def as_nobody(work: Callable[[], object]) -> str:
    """The text of the PorticoError that `work` raises in a child without privileges."""
    answer, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            work()
            os.write(tell, b"it worked")
        except PorticoError as error:
            os.write(tell, str(error).encode())
        except BaseException as error:
            os.write(tell, f"not foreseen: {error!r}".encode())
        finally:
            os._exit(0)
    os.close(tell)
    with open(answer, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told
