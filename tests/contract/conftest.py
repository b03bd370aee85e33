"""One server with two workers and one backend for all of the contract suites: each test makes APIs of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from contract_scene import Backend, Scene, running


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with running(tmp_path_factory.mktemp("contract")) as scene:
        yield scene


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    with Backend() as backend:
        yield backend


@pytest.fixture(scope="session")
def client(scene: Scene) -> Any:
    """boto3's client, with the root credentials."""
    return scene.client()
