"""The Makefile as a newcomer meets it: what it tells of itself, and what of a machine that lacks something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELL = ("sh", "dirname", "cat", "cksum", "head", "id")
"""All that a bare machine is sure to have."""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="NOT RUN: no make here")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The folder of a repository on a machine with a shell and no Python: its programs are in `bin`."""
    (tmp_path / "bin").mkdir()
    for name in SHELL:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    (tmp_path / "tools").mkdir()
    for name in ("tools/install.sh", "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make(folder: Path, *words: str, path: str | None = None) -> tuple[int, str]:
    """Exit status and everything that was said."""
    command = [str(shutil.which("make")), "--no-print-directory", *words]
    environ = {"PATH": path or str(folder / "bin"), "HOME": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode, done.stdout


def test_make_alone_tells_of_every_target() -> None:
    status, told = make(ROOT, path=os.environ["PATH"])
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    targets = [line.split()[1] for line in told.splitlines() if line.startswith("  make ") and "=" not in line]
    assert (status, targets) == (0, phony.split()[1:])


def test_a_machine_without_python_is_told_so(bare: Path) -> None:
    status, told = make(bare, "install")
    assert status == 2
    assert told.splitlines()[0] == "Portico needs Python 3.11 or newer; here is no python3."


def test_an_old_python_is_refused(bare: Path) -> None:
    program(bare, "python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    status, told = make(bare, "install")
    assert status == 2
    assert told.splitlines()[0] == "Portico needs Python 3.11 or newer; here is Python 3.9.2."
    assert "make install PYTHON=" in told
    assert not (bare / ".venv").exists()


def test_a_python_without_ensurepip_is_told_what_to_install(bare: Path) -> None:
    """Debian's, to somebody who is not root, or where there is no apt-get."""
    script = 'case "$2" in *ensurepip*) exit 1;; *version_info*2*) echo 3.12;; esac'
    program(bare, "python3.12", script)
    status, told = make(bare, "run")
    assert status == 2
    assert told.splitlines()[:2] == [
        "python3.12 cannot make virtual environments: it lacks ensurepip.",
        "On Debian and Ubuntu: sudo apt-get install python3.12-venv",
    ]


def test_what_is_installed_is_not_installed_again(bare: Path) -> None:
    """The mark in .venv says of which folder and which pyproject.toml it is."""
    program(bare, "python3", 'case "$*" in *venv*) exit 1;; esac')
    (bare / ".venv" / "bin").mkdir(parents=True)
    (bare / ".venv" / "bin" / "python").symlink_to(bare / "bin" / "python3")
    sums = subprocess.run(["cksum"], stdin=(bare / "pyproject.toml").open(), capture_output=True, text=True, check=True)
    (bare / ".venv" / "installed").write_text(f"{bare}\n{sums.stdout}")
    assert make(bare, "install") == (0, "")
    with (bare / "pyproject.toml").open("a") as pyproject:
        pyproject.write("# changed\n")
    status, told = make(bare, "install")
    assert status == 2
    assert "python3" in told
