"""What tests of several folders share."""

from collections.abc import Iterator

import pytest

from postgres_scene import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests that leave it as it is. Those that stop, pause or kill one start their own."""
    with postgres_server() as server:
        yield server
