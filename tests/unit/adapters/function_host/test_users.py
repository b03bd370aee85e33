"""Users of functions: stable, and nobody else's."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portico.adapters.function_host import users as users_module
from portico.adapters.function_host.launch import LaunchError
from portico.adapters.function_host.users import Users


def test_a_function_has_the_same_user_for_ever(tmp_path: Path) -> None:
    first = Users(tmp_path / "uids").of("pets")
    Users(tmp_path / "uids").of("orders")
    assert Users(tmp_path / "uids").of("pets") == first


def test_no_two_functions_have_the_same_also_when_two_processes_ask(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(40)]
    both = [Users(tmp_path / "uids"), Users(tmp_path / "uids")]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda name: both[len(name) % 2].of(name), names))
    assert len(set(found)) == len(names)
    assert min(found) > both[0].first


def test_two_servers_have_different_users(tmp_path: Path) -> None:
    one, other = (tmp_path / "one", tmp_path / "other")
    one.mkdir()
    other.mkdir()
    assert Users(one / "uids").of("pets") != Users(other / "uids").of("pets")


def test_a_container_with_few_users_gets_smaller_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users_module, "_exists", lambda user: user < 65_536)
    assert 40_000 < Users(tmp_path / "uids").of("pets") < 60_000


def test_there_is_an_end_of_users(tmp_path: Path) -> None:
    (tmp_path / "uids").write_text(json.dumps({f"f{number}": number for number in range(1, 100_000)}))
    with pytest.raises(LaunchError, match="no users left"):
        Users(tmp_path / "uids").of("one more")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "uids").write_text("{")
    with pytest.raises(LaunchError, match="cannot be kept"):
        Users(tmp_path / "uids").of("pets")
