"""Who counts as being on this machine."""

import pytest

from portico.wire.http1 import Request
from portico.wire.loopback import stays_here


def asked(peer: str, *hosts: str) -> bool:
    return stays_here(Request("GET", "/", tuple(("Host", host) for host in hosts), peer=peer))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4566", "127.0.0.1:4566", "127.9.9.9", "[::1]:4566", "[::1]"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.0.2", "::1"])
def test_the_loopback_asked_by_its_name(peer: str, host: str) -> None:
    assert asked(peer, host)


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "fe80::1", "2001:db8::1", "0.0.0.0", ""])
def test_other_peers_may_write_what_they_like(peer: str) -> None:
    assert not asked(peer, "localhost:4566")


@pytest.mark.parametrize(
    "host", ["rebound.example:4566", "localhost.example", "192.0.2.1:4566", "[2001:db8::1]:1", "", "["]
)
def test_a_proxy_or_a_browser_here_asks_for_somebody_else(host: str) -> None:
    assert not asked("127.0.0.1", host)


def test_one_host_is_meant() -> None:
    assert not asked("127.0.0.1")
    assert not asked("127.0.0.1", "localhost", "localhost")
