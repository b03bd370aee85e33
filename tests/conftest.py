"""What tests of several folders share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from postgres_scene import PostgresServer, postgres_server

# The same examples every time, however long they take: a suite that passed passes again. To look for new ones:
# pytest --hypothesis-profile search
settings.register_profile("again", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("again")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests that leave it as it is. Those that stop, pause or kill one start their own."""
    with postgres_server() as server:
        yield server
