"""A function's code as a zip. The same files make the same bytes, so that what did not change is not sent again."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portico.app.dev.problems import ProjectError
from portico.app.dev.project import FUNCTION_FILE, OWN_FOLDER

IGNORED: Final = frozenset({"__pycache__", ".git", ".DS_Store", ".pytest_cache", ".mypy_cache", "4913", OWN_FOLDER})
"""No code. `4913` is what vim tries a folder with."""
_ENDINGS: Final = (".pyc", "~", ".swp", ".swo", ".swx", ".tmp", ".bak")
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can tell."""
_QUICK: Final = 1
"""Level of compression: it is sent over the loopback."""


def is_ignored(name: str) -> bool:
    """Whether a file or folder of that name is an editor's or a tool's."""
    return name in IGNORED or name.endswith(_ENDINGS) or name.startswith((".#", "#"))


def packed(code: Path, packages: Path | None) -> bytes:
    """The code, over what it requires. Raises OSError where a file goes away meanwhile, ProjectError for a name that is
    no text: a zip has none such."""
    files = dict(_files(packages)) if packages else {}
    files |= dict(_files(code))
    files.pop(FUNCTION_FILE, None)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as archive:
        for name in sorted(files):
            _add(archive, name, files[name])
    return body.getvalue()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """What is in it, by its path inside; links that lead inside are links, what others lead to is content."""
    for path in _walk(folder, folder.resolve(), frozenset()):
        name = path.relative_to(folder).as_posix()
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ProjectError.at(folder, f"the name {os.fsencode(name)!r} is not in UTF-8") from None
        yield name, path


def _walk(folder: Path, root: Path, above: frozenset[Path]) -> Iterator[Path]:
    above |= {folder.resolve()}
    for path in sorted(folder.iterdir()):
        if is_ignored(path.name):
            continue
        if path.is_dir() and not _leads_inside(path, root):
            if path.resolve() not in above:
                yield from _walk(path, root, above)
        elif path.is_file() or path.is_dir():
            yield path


def _leads_inside(path: Path, root: Path) -> bool:
    return path.is_symlink() and path.resolve().is_relative_to(root)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    if path.is_symlink() and path.is_dir():
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, os.path.relpath(path.resolve(), path.parent.resolve()))
        return
    executable = path.stat().st_mode & 0o111
    entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    archive.writestr(entry, path.read_bytes())
