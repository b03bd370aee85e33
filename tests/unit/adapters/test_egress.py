"""Which addresses are called, by every way to write them."""

import pytest

from portico.adapters.egress import EgressPolicy


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "::ffff:0.0.0.0",
    ],
)
def test_never(address: str) -> None:
    assert not EgressPolicy().allows(address, 80)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "192.0.2.1", "::1", "2001:db8::1", "fd12::1", "::ffff:10.0.0.1"]
)
def test_as_a_rule(address: str) -> None:
    assert EgressPolicy([4566]).allows(address, 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_own_ports_of_the_local_host(address: str) -> None:
    assert not EgressPolicy([4566]).allows(address, 4566)


def test_own_ports_under_any_address_of_this_host() -> None:
    policy = EgressPolicy([4566])
    assert policy.allows("192.0.2.7", 4566)
    assert policy.allows("192.0.2.7", 4566, "192.0.2.8")
    assert not policy.allows("192.0.2.7", 4566, "192.0.2.7")
    assert not policy.allows("192.0.2.7", 4566, "::ffff:192.0.2.7")
    assert policy.allows("192.0.2.7", 4567, "192.0.2.7")
