"""Folders that functions share, proven from inside; with namespaces, and where there are none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from confinement_scene import CONFINEMENTS, Confined, Obedient, a_data_dir, confined_by
from portico.adapters.function_host.launch import LaunchError
from portico.model.function import FileSystem
from unprivileged import folder_for_everybody

SHARED = FileSystem(access_point="fsap-0123456789abcdef0", path="/mnt/pets")
DENIED = {"PermissionError", "FileNotFoundError"}


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with folder_for_everybody() as folder:
        data = a_data_dir(folder)
        (data / "files").mkdir(mode=0o700)
        (data / "files" / SHARED.access_point).mkdir(mode=0o700)
        yield data


@pytest.fixture(params=CONFINEMENTS)
def confined(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Confined]:
    with confined_by(request.param, data_dir) as scene:
        yield scene


def sharing(confined: Confined, name: str) -> Obedient:
    return confined.start(name, file_systems=(SHARED,), environment={"FILES": "/mnt/pets", "FILE": "/mnt/pets/rex"})


def test_what_one_writes_the_other_reads_and_changes(confined: Confined, data_dir: Path) -> None:
    one, other = sharing(confined, "pets"), sharing(confined, "orders")
    assert one.does("open(os.environ['FILE'], 'w').write('Rex')") == 3
    assert other.does("open(os.environ['FILE'], 'a').write('!')") == 1
    assert one.does("open(os.environ['FILES'] + '/rex').read()") == "Rex!"
    assert (data_dir / "files" / SHARED.access_point / "rex").read_text() == "Rex!"


def test_it_is_where_lambda_has_it_or_where_a_variable_says(confined: Confined, data_dir: Path) -> None:
    where = sharing(confined, "pets").does("os.environ['FILES']")
    folder = str(data_dir / "files" / SHARED.access_point)
    assert where == ("/mnt/pets" if confined.abilities.private_roots else os.path.realpath(folder))


def test_who_does_not_mount_it_does_not_see_it(confined: Confined) -> None:
    where = sharing(confined, "pets").does("os.environ['FILES']")
    stranger = confined.start("stranger")
    assert stranger.does(f"os.listdir({where!r})") in DENIED
    assert stranger.does(f"open({where!r} + '/x', 'w')") in DENIED


def test_nothing_beside_it_can_be_written(confined: Confined) -> None:
    one = sharing(confined, "pets")
    assert one.does("open(os.environ['FILES'] + '/../x', 'w')") in DENIED | {"OSError"}
    assert one.does("os.unlink(os.environ['FILES'] + '/../../credentials')") in DENIED | {"OSError"}


def test_a_link_of_the_operator_s_is_followed(confined: Confined, data_dir: Path) -> None:
    point = data_dir / "files" / SHARED.access_point
    point.rmdir()
    with folder_for_everybody() as elsewhere:
        point.symlink_to(elsewhere)
        sharing(confined, "pets").does("open(os.environ['FILE'], 'w').write('Rex')")
        assert (elsewhere / "rex").read_text() == "Rex"


def test_one_that_is_gone_is_told(confined: Confined, data_dir: Path) -> None:
    (data_dir / "files" / SHARED.access_point).rmdir()
    with pytest.raises(LaunchError, match="fsap-0123456789abcdef0 is not there any more"):
        sharing(confined, "pets")
