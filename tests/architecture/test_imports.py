"""The floors: who imports whom is checked by import-linter, with the contracts of pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_contracts_of_the_floors_are_kept() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    if not linter.exists():
        pytest.skip("NOT RUN: import-linter is not installed")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stdout + ran.stderr


WORKER = """
import sys
import portico.app.worker
names = ("botocore", "sqlite3", "psycopg", "yaml", "boto3", "rich", "typer", "cryptography")
print(*sorted(name for name in names if name in sys.modules))
"""


def test_a_worker_loads_no_service_model_no_database_and_no_yaml() -> None:
    ran = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=240)
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr
