"""Zips that are taken, and zips that are not: broken, bombs, and those that lead out of their folder."""

import base64
import hashlib
import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from lambda_scene import zipped
from portico.controlplane.functions import package, packagetree
from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.package import accept

UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
EMPTY = "Uploaded file must be a non-empty zip"
TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes"


def refused(body: bytes) -> str:
    with pytest.raises(InvalidParameterValueException) as raised:
        accept(body)
    return raised.value.message


def written(write: Callable[[zipfile.ZipFile], None], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        write(archive)
    return body.getvalue()


def link(name: str, target: str) -> bytes:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return written(lambda archive: archive.writestr(entry, target))


def test_a_package_is_called_by_its_digest() -> None:
    body = zipped(app__py="x = 1", lib__js="1")
    accepted = accept(body)
    assert accepted.body == body
    assert accepted.digest == hashlib.sha256(body).hexdigest()
    assert accepted.sha256 == base64.b64encode(hashlib.sha256(body).digest()).decode()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_folders_and_links_inside_are_fine(method: int) -> None:
    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("bin/", "")
        archive.writestr("bin/tool", "#!")
        archive.writestr("a..b/..c", "dots are no way out")

    accept(written(write, method))
    accept(link("node_modules/.bin/tool", "../tool/cli.js"))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", EMPTY),
        (written(lambda archive: None), EMPTY),
        (b"not a zip", UNREADABLE),
        (zipped()[:-10], UNREADABLE),
        (zipped().replace(b"PK\x03\x04", b"PK\x03\x05"), UNREADABLE),
        (written(lambda archive: archive.writestr("a", "b"), zipfile.ZIP_BZIP2), UNREADABLE),
        (written(lambda archive: archive.writestr("a", "b"), zipfile.ZIP_LZMA), UNREADABLE),
    ],
    ids=["nothing", "no entries", "text", "cut", "no local header", "bzip2", "lzma"],
)
def test_what_is_no_zip_that_can_be_unpacked(body: bytes, sentence: str) -> None:
    assert refused(body) == sentence


def test_what_was_changed_on_its_way_is_noticed() -> None:
    body = bytearray(written(lambda archive: archive.writestr("a.txt", "A" * 20), zipfile.ZIP_STORED))
    body[body.index(b"AAAA")] = 66
    assert refused(bytes(body)) == UNREADABLE


def test_an_encrypted_entry_is_not_taken() -> None:
    body = bytearray(zipped())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(magic) + at] |= 1
    assert refused(bytes(body)) == UNREADABLE


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "a\\..\\up", "C:\\up", "\\up", "C:up", ".."])
def test_an_entry_that_leads_out_is_refused(name: str) -> None:
    def write(archive: zipfile.ZipFile) -> None:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, "x")

    assert refused(written(write)) == f"The zip has an entry that leads out of it: {name}"


@pytest.mark.parametrize("target", ["/etc", "../..", "../../x", "a/../../../x"])
def test_a_link_that_leads_out_is_refused(target: str) -> None:
    assert refused(link("bin/x", target)) == "The zip has a link that leads out of it: bin/x"


def tree(*entries: tuple[str, int, str]) -> bytes:
    """A zip of (name, mode, content)."""

    def write(archive: zipfile.ZipFile) -> None:
        for name, mode, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)

    return written(write)


FILE, LINK, PIPE = 0o100644, 0o120777, 0o010644


@pytest.mark.parametrize(
    "entries",
    [
        [("pipe", PIPE, "")],
        [("n" * 256, FILE, "")],
        [("é" * 128, FILE, "")],
        [("/".join(["d" * 200] * 11), FILE, "")],
        [("a", FILE, ""), ("a/b", FILE, "")],
        [("a/b", FILE, ""), ("a", FILE, "")],
        [("a/", 0, ""), ("a", FILE, "")],
        [("a", LINK, "b"), ("a", LINK, "c")],
        [("a", LINK, "b"), ("b/", 0, ""), ("a/x", FILE, "")],
        [(".", FILE, "")],
    ],
)
def test_what_no_host_can_unpack_is_not_kept(entries: list[tuple[str, int, str]]) -> None:
    assert refused(tree(*entries)) == UNREADABLE


def test_a_name_that_comes_twice_is_its_last_content() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        accept(tree(("a", FILE, "1"), ("a", FILE, "2"), ("d/", 0, ""), ("d/", 0, ""), ("d/./x", FILE, "")))


@pytest.mark.parametrize(
    "links",
    [
        [("d/up", "../d"), ("d/out", "up/../../x")],
        [("here", "."), ("out", "here/../x")],
        [("one", "two"), ("two", "one")],
        [("self", "self/x")],
    ],
)
def test_a_link_that_leads_out_by_way_of_another_is_refused(links: list[tuple[str, str]]) -> None:
    body = tree(*((name, LINK, target) for name, target in links))
    assert refused(body).startswith("The zip has a link that leads out of it: ")


def test_links_may_follow_each_other_inside() -> None:
    accept(tree(("lib/v1/x", FILE, ""), ("lib/current", LINK, "v1"), ("x", LINK, "lib/current/../current/x")))


def test_folders_that_are_only_part_of_a_path_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packagetree, "MOST_PLACES", 5)
    accept(tree(("a/b/c/d/e", FILE, "")))
    assert refused(tree(("a/b/c/d/e/f", FILE, ""))) == UNREADABLE


# Bombs


def test_a_bomb_that_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_UNZIPPED", 1000)
    fits = written(lambda archive: archive.writestr("a", bytes(1000)))
    bursts = written(lambda archive: [archive.writestr(name, bytes(501)) for name in "ab"] and None)
    accept(fits)
    assert refused(bursts) == TOO_LARGE


def test_a_bomb_that_lies_about_its_size_is_read_no_further_than_it_says() -> None:
    body = bytearray(written(lambda archive: archive.writestr("a", bytes(1_000_000))))
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        body[body.index(magic) + at : body.index(magic) + at + 4] = struct.pack("<I", 10)
    assert refused(bytes(body)) == UNREADABLE


def test_entries_that_share_their_bytes_count_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_UNZIPPED", 100_000)
    whole = written(lambda archive: archive.writestr("a", bytes(60_000)))
    start = whole.index(b"PK\x01\x02")
    entry = whole[start : whole.index(b"PK\x05\x06")]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    assert refused(whole[:start] + entry * 2 + end) == TOO_LARGE


def test_more_entries_than_anybody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_ENTRIES", 2)
    accept(zipped(a="", b=""))
    assert refused(zipped(a="", b="", c="")) == "The zip has more than 2 entries."
