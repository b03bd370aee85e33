"""Zips become folders: safely, once, whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from portico.adapters.function_host import code as code_module
from portico.adapters.function_host.code import CodeCache, unpack
from portico.adapters.function_host.launch import LaunchError
from zip_files import EXECUTABLE, LINK, PLAIN, digest, zipped


def test_files_and_folders_are_there_with_their_content(tmp_path: Path) -> None:
    unpack(zipped({"index.py": "a", "deep/er/near.py": "b", "empty/": ""}), tmp_path)
    assert (tmp_path / "index.py").read_text() == "a"
    assert (tmp_path / "deep/er/near.py").read_text() == "b"
    assert (tmp_path / "empty").is_dir()


def test_what_was_executable_is_executable_by_everybody_and_the_rest_is_readable(tmp_path: Path) -> None:
    modes = {"bootstrap": 0o100700 << 16, "data": 0o100600 << 16, "set": 0o104755 << 16, "none": 0}
    unpack(zipped(dict.fromkeys(modes, "x"), modes), tmp_path)
    found = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in modes}
    assert found == {"bootstrap": 0o755, "data": 0o644, "set": 0o755, "none": 0o644}


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/etc/out", "a/..", "//out"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(LaunchError, match=r"path inside|leads outside"):
        unpack(zipped({name: "x"}), folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_a_link_to_somewhere_inside_is_kept(tmp_path: Path) -> None:
    unpack(
        zipped({"bin/tool": "../lib/tool.js", "lib/tool.js": "x"}, {"bin/tool": LINK, "lib/tool.js": PLAIN}), tmp_path
    )
    assert (tmp_path / "bin/tool").read_text() == "x"
    assert (tmp_path / "bin/tool").is_symlink()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../out", "a/b/../../../../out"])
def test_a_link_that_leads_outside_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises((LaunchError, OSError)):
        unpack(zipped({"self": target}, {"self": LINK}), tmp_path)


def test_two_links_cannot_lead_outside_together(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "in"
    folder.mkdir(parents=True)
    files: dict[str, str | bytes] = {"one": ".", "two": "one/.."}
    with pytest.raises(LaunchError, match="leads outside"):
        unpack(zipped(files, dict.fromkeys(files, LINK)), folder)


def test_no_file_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = tmp_path / "in"
    outside.mkdir()
    folder.mkdir()
    with pytest.raises((LaunchError, OSError)):
        unpack(zipped({"d": str(outside), "d/file": "x"}, {"d": LINK, "d/file": EXECUTABLE}), folder)
    assert not list(outside.iterdir())


def test_a_device_or_a_pipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="neither a file nor a folder"):
        unpack(zipped({"pipe": ""}, {"pipe": 0o010644 << 16}), tmp_path)


def test_bytes_are_counted_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_module, "MOST_BYTES", 1000)
    with pytest.raises(LaunchError, match="larger than 1000 bytes when it is unpacked"):
        unpack(zipped({"a": bytes(600), "b": bytes(600)}), tmp_path)


def test_entries_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_module, "MOST_ENTRIES", 2)
    with pytest.raises(LaunchError, match="more than 2 entries"):
        unpack(zipped({"a": "", "b": "", "c": ""}), tmp_path)


@pytest.mark.parametrize("broken", [b"", b"PK", b"no zip at all", zipped({"a": "x" * 100})[:-30]])
def test_what_is_no_zip_is_refused(tmp_path: Path, broken: bytes) -> None:
    with pytest.raises(LaunchError, match="cannot be unpacked"):
        unpack(broken, tmp_path)


def test_a_damaged_file_in_a_zip_is_refused(tmp_path: Path) -> None:
    whole = bytearray(zipped({"a": os.urandom(1000)}))
    whole[200] ^= 0xFF
    with pytest.raises(LaunchError, match="cannot be unpacked"):
        unpack(bytes(whole), tmp_path)


# The cache


class Shelf:
    """Zips by digest, and how often they were asked for."""

    def __init__(self, *zips: bytes) -> None:
        self.zips = {digest(one): one for one in zips}
        self.read: list[str] = []

    def __call__(self, wanted: str) -> bytes:
        self.read.append(wanted)
        return self.zips[wanted]


def test_a_zip_is_unpacked_once(tmp_path: Path) -> None:
    shelf = Shelf(zipped({"index.py": "x"}))
    (wanted,) = shelf.zips
    folder = CodeCache(tmp_path / "code", shelf).unpacked(wanted)
    assert CodeCache(tmp_path / "code", shelf).unpacked(wanted) == folder
    assert (folder / "index.py").read_text() == "x"
    assert shelf.read == [wanted]


def test_a_zip_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    shelf = Shelf(zipped({"good": "x", "../bad": "x"}))
    (wanted,) = shelf.zips
    with pytest.raises(LaunchError):
        CodeCache(tmp_path / "code", shelf).unpacked(wanted)
    assert [one.name for one in (tmp_path / "code").iterdir()] == ["boot"]


def test_code_that_is_no_longer_wanted_is_removed(tmp_path: Path) -> None:
    shelf = Shelf(zipped({"a": ""}), zipped({"b": ""}))
    first, second = shelf.zips
    cache = CodeCache(tmp_path / "code", shelf)
    folders = [cache.unpacked(first), cache.unpacked(second)]
    cache.keep_only(frozenset({second}))
    assert [folder.is_dir() for folder in folders] == [False, True]


def test_after_a_boot_the_cache_is_empty(tmp_path: Path) -> None:
    shelf = Shelf(zipped({"a": ""}))
    (wanted,) = shelf.zips
    folder = CodeCache(tmp_path / "code", shelf).unpacked(wanted)
    (tmp_path / "code" / "boot").write_text("another boot")
    (folder / "a").unlink()  # as a power failure may leave it
    assert (CodeCache(tmp_path / "code", shelf).unpacked(wanted) / "a").is_file()
