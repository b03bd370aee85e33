"""What tests of operations begin with: a store, and boto3 against a control plane on it."""

import pytest

from portico.adapters.memory import MemoryStore
from wire_client import client_for, control_plane


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def client(store):
    return client_for(control_plane(store))
