"""A function's code as a zip: what is in it, and that the same files make the same bytes."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from dev_scene import write
from portico.adapters.function_host.code import unpack
from portico.app.dev.package import packed
from portico.app.dev.problems import ProjectError


def names(code: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(code)).namelist()


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    for place in ("one", "other"):
        for name in ("b.py", "a/c.py", "a/b.py") if place == "one" else ("a/b.py", "a/c.py", "b.py"):
            write(tmp_path / place / name, name)
        os.utime(tmp_path / place / "b.py", (1, 1) if place == "one" else None)
    assert packed(tmp_path / "one", None) == packed(tmp_path / "other", None)


def test_what_tools_and_editors_leave_is_not_code(tmp_path: Path) -> None:
    for name in (
        *("app.py", "node_modules/left-pad/index.js", ".env", "function.toml"),
        *("__pycache__/app.cpython-311.pyc", "app.py~", ".app.py.swp", "4913", "#app.py#", ".git/HEAD"),
    ):
        write(tmp_path / name, "")
    assert names(packed(tmp_path, None)) == [".env", "app.py", "node_modules/left-pad/index.js"]


def test_the_code_lies_over_what_it_requires(tmp_path: Path) -> None:
    write(tmp_path / "packages" / "greeting.py", "of others")
    write(tmp_path / "packages" / "app.py", "of others")
    write(tmp_path / "code" / "app.py", "own")
    archive = zipfile.ZipFile(io.BytesIO(packed(tmp_path / "code", tmp_path / "packages")))
    assert {name: archive.read(name) for name in archive.namelist()} == {"app.py": b"own", "greeting.py": b"of others"}


def test_programs_stay_programs_and_links_inside_stay_links(tmp_path: Path) -> None:
    code = tmp_path / "code"
    write(code / "bootstrap", "#!/bin/sh")
    (code / "bootstrap").chmod(0o755)
    write(code / "node_modules" / ".store" / "pad" / "index.js", "pad")
    (code / "node_modules" / "pad").symlink_to(code / "node_modules" / ".store" / "pad")
    write(tmp_path / "shared" / "words.py", "words")
    (code / "shared").symlink_to(tmp_path / "shared")
    (code / "shared.py").symlink_to("../shared/words.py")
    (code / "broken").symlink_to("nowhere")
    unpack(packed(code, None), _made(tmp_path / "unpacked"))
    there = tmp_path / "unpacked"
    assert os.access(there / "bootstrap", os.X_OK)
    assert os.readlink(there / "node_modules" / "pad") == ".store/pad"
    assert (there / "node_modules" / "pad" / "index.js").read_text() == "pad"
    assert [(there / name).read_text() for name in ("shared/words.py", "shared.py")] == ["words", "words"]
    assert not (there / "broken").is_symlink()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.timeout(10)
def test_a_name_that_no_zip_can_have_is_told(tmp_path: Path) -> None:
    write(tmp_path / "app.py", "")
    (tmp_path / os.fsdecode(b"p\xe4ts.txt")).write_text("latin-1")
    with pytest.raises(ProjectError, match=r"the name b'p\\xe4ts.txt' is not in UTF-8"):
        packed(tmp_path, None)


def test_links_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "shared" / "words.py", "")
    (tmp_path / "shared" / "back").symlink_to(tmp_path)
    write(tmp_path / "code" / "app.py", "")
    (tmp_path / "code" / "shared").symlink_to(tmp_path / "shared")
    assert "shared/words.py" in names(packed(tmp_path / "code", None))
