"""The account."""

import pytest

from refusing import bare, refused
from wire_client import client_for

FRESH = {
    "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
    "features": ["UsagePlans"],
    "apiKeyVersion": "4",
}
ROLE = "arn:aws:iam::000000000000:role/logs"


@pytest.fixture
def client():
    return client_for()


def patch(client, *operation):
    edit = dict(zip(("op", "path", "value"), operation, strict=False))
    return bare(client.update_account(patchOperations=[edit]))


def test_a_fresh_account(client):
    assert bare(client.get_account()) == FRESH


def test_the_role_comes_and_goes(client):
    assert patch(client, "replace", "/cloudwatchRoleArn", ROLE) == {**FRESH, "cloudwatchRoleArn": ROLE}
    assert bare(client.get_account()) == {**FRESH, "cloudwatchRoleArn": ROLE}
    assert patch(client, "replace", "/cloudwatchRoleArn", "") == FRESH


def test_usage_plans_are_there_to_stay(client):
    assert patch(client, "add", "/features", "UsagePlans") == FRESH
    with refused("BadRequestException", "Usage Plans cannot be disabled once enabled"):
        patch(client, "remove", "/features", "UsagePlans")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (("replace", "/cloudwatchRoleArn", "me"), "The role ARN is not well formed"),
        (("add", "/cloudwatchRoleArn", ROLE), "Invalid patch operation specified. Must be one of: [replace]"),
        (("add", "/features", "Flying"), "Invalid feature specified: Flying"),
        (("remove", "/features", "Flying"), "Invalid feature specified: Flying"),
        (("replace", "/throttleSettings/rateLimit", "1"), "Invalid patch path /throttleSettings/rateLimit"),
    ],
)
def test_what_update_refuses(client, operation, message):
    with refused("BadRequestException", message):
        patch(client, *operation)
    assert bare(client.get_account()) == FRESH
