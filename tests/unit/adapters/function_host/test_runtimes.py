"""Which program runs a function, on machines that have this and that."""

import os
import sys
from pathlib import Path

import pytest

from portico.adapters.function_host.launch import LaunchError
from portico.adapters.function_host.runtimes import Runtimes
from portico.model.function import FunctionVersion

OWN = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def version(runtime: str, **variables: str) -> FunctionVersion:
    return FunctionVersion(version="$LATEST", code="0" * 64, runtime=runtime, memory_size=200, environment=variables)


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs, empty."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def test_a_python_of_portico_s_own_version_is_portico_s_own(path: Path, tmp_path: Path) -> None:
    found = Runtimes().of(version(OWN), tmp_path)
    assert os.path.samefile(found.command[0], os.path.realpath(sys.executable))
    assert found.command[1:3] == ("-S", "{runtime}/python_runtime.py")
    assert found.substitute == ""
    assert sys.base_prefix in found.readable


def test_another_python_is_looked_for_by_its_name(path: Path, tmp_path: Path) -> None:
    program(
        path,
        "python3.99",
        '[[3, 99], "/opt/py/bin/python3.99", "/opt/py", "/opt/py", "/opt/py/site", "/opt/py/site"]',
    )
    found = Runtimes().of(version("python3.99"), tmp_path)
    assert found.command == ("/opt/py/bin/python3.99", "-S", "{runtime}/python_runtime.py", "/opt/py/site")
    assert found.substitute == ""


OLDER = '[[3, 98], "/x", "/x", "/x", "/x", "/x"]'


@pytest.mark.parametrize("says", [None, "pyenv: python3.99: command not found", OLDER])
def test_without_it_portico_s_own_is_used_and_said(path: Path, tmp_path: Path, says: str | None) -> None:
    if says is not None:
        program(path, "python3.99", says)
    found = Runtimes().of(version("python3.99"), tmp_path)
    assert os.path.samefile(found.command[0], os.path.realpath(sys.executable))
    assert found.substitute.startswith(f"Python {sys.version_info[0]}.{sys.version_info[1]} (")


def test_node_of_the_very_version_is_preferred(path: Path, tmp_path: Path) -> None:
    program(path, "node", '["22.1.0", "/opt/node22/bin/node"]')
    program(path, "node20", '["20.9.0", "/opt/node20/bin/node"]')
    found = Runtimes().of(version("nodejs20.x"), tmp_path)
    assert found.command == ("/opt/node20/bin/node", "--max-old-space-size=180", "{runtime}/nodejs/main.cjs")
    assert (found.readable, found.substitute) == (("/opt/node20",), "")


def test_another_node_runs_it_and_is_said(path: Path, tmp_path: Path) -> None:
    program(path, "node", '["22.1.0", "/opt/node22/bin/node"]')
    assert Runtimes().of(version("nodejs20.x"), tmp_path).substitute == "Node.js 22 (/opt/node22/bin/node)"


def test_without_node_the_operator_is_told_what_is_missing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"nodejs20\.x.* needs Node.js, and there is no node on the server's PATH"):
        Runtimes().of(version("nodejs20.x"), tmp_path)


@pytest.mark.parametrize("runtime", ["provided", "provided.al2", "provided.al2023"])
def test_provided_runs_the_zip_s_own_bootstrap(path: Path, tmp_path: Path, runtime: str) -> None:
    (tmp_path / "bootstrap").touch()
    assert Runtimes().of(version(runtime), tmp_path).command == ("{task}/bootstrap",)


def test_provided_without_a_bootstrap_is_lambda_s_error(path: Path, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"Couldn't find valid bootstrap\(s\)") as raised:
        Runtimes().of(version("provided.al2023"), tmp_path)
    assert raised.value.error_type == "Runtime.InvalidEntrypoint"


@pytest.mark.parametrize(
    "runtime", ["java21", "dotnet8", "ruby3.3", "go1.x", "python2.7", "nodejs", "provided.al2024", ""]
)
def test_what_is_not_served_is_refused_with_what_is(path: Path, tmp_path: Path, runtime: str) -> None:
    with pytest.raises(LaunchError, match=r"served are python3\.x, nodejsX\.x, provided"):
        Runtimes().of(version(runtime), tmp_path)


def test_our_own_bootstraps_are_born_with_their_connection_and_others_connect(path: Path, tmp_path: Path) -> None:
    program(path, "node", '["22.1.0", "/opt/node22/bin/node"]')
    (tmp_path / "bootstrap").touch()
    runtimes = ["python3.12", "nodejs22.x", "provided", "provided.al2023"]
    assert [Runtimes().of(version(one), tmp_path).inherits for one in runtimes] == [True, True, False, False]
    assert not Runtimes().of(version("python3.12", AWS_LAMBDA_EXEC_WRAPPER="/var/task/wrap.sh"), tmp_path).inherits


def test_a_wrapper_script_starts_the_runtime(path: Path, tmp_path: Path) -> None:
    found = Runtimes().of(version(OWN, AWS_LAMBDA_EXEC_WRAPPER="/var/task/wrap.sh"), tmp_path)
    assert found.command[0] == "{task}/wrap.sh"
    assert found.command[2] == "-S"


def test_a_custom_runtime_has_no_wrapper(path: Path, tmp_path: Path) -> None:
    (tmp_path / "bootstrap").touch()
    assert Runtimes().of(version("provided", AWS_LAMBDA_EXEC_WRAPPER="/x"), tmp_path).command == ("{task}/bootstrap",)
