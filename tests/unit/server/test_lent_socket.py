"""A Connection whose socket the application writes to by itself: when it may, and whose time runs meanwhile."""

from typing import Any

import pytest

from edge_scene import Edge, Scripted, get
from portico.server.connections import ConnectionLimits


class Kernel:
    """What the kernel says of what the client has not acknowledged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unacknowledged = 100_000
        monkeypatch.setattr("portico.server.protocol._in_kernel", lambda _: self.unacknowledged)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


class Socket:
    def fileno(self) -> int:
        return 42


def asked(**how: Any) -> Edge:
    """A client that has asked for something, and waits for it."""
    edge = Edge(Scripted(), limits=ConnectionLimits(stalled_seconds=60), **how)
    edge.transport._extra["socket"] = Socket()
    edge.receive(get("/large"))
    return edge


def test_the_descriptor_of_its_socket() -> None:
    assert asked().connection.lend_socket() == 42


def test_not_under_tls() -> None:
    assert asked(secure=True).connection.lend_socket() is None


def test_not_while_bytes_of_before_are_unsent() -> None:
    edge = asked()
    edge.transport.unsent = 1
    assert edge.connection.lend_socket() is None


def test_not_when_it_closes_or_is_lost() -> None:
    edge = asked()
    edge.transport.abort()
    assert edge.connection.lend_socket() is None
    edge.lose()
    assert edge.connection.lend_socket() is None


def test_time_runs_while_its_client_takes_nothing(kernel: Kernel) -> None:
    edge = asked()
    edge.connection.lend_socket()
    edge.wait(1000)
    edge.connection.stalled(True)
    edge.wait(59)
    assert edge.transport.ended == ""
    edge.wait(2)
    assert edge.transport.ended == "abort"


def test_time_stands_still_when_its_client_takes_again(kernel: Kernel) -> None:
    edge = asked()
    edge.connection.lend_socket()
    for _ in range(3):
        edge.connection.stalled(True)
        edge.wait(59)
        edge.connection.stalled(False)
        edge.wait(1000)
    edge.connection.end()
    assert (edge.transport.ended, edge.receive(get("/next")), edge.application.targets) == (
        "",
        b"",
        ["/large", "/next"],
    )


def test_what_its_client_takes_of_the_kernels_bytes_counts(kernel: Kernel) -> None:
    edge = asked()
    edge.connection.lend_socket()
    edge.connection.stalled(True)
    for _ in range(3):
        kernel.unacknowledged -= 16 * 1024
        edge.wait(61)
        assert edge.transport.ended == ""
    kernel.unacknowledged -= 16 * 1024 - 1
    edge.wait(61)
    assert edge.transport.ended == "abort"


def test_nothing_behind_it_is_served_before_its_end() -> None:
    edge = asked()
    edge.connection.lend_socket()
    assert edge.receive(get("/next")) == b""
    assert edge.application.targets == ["/large"]
    edge.connection.end()
    assert edge.application.targets == ["/large", "/next"]


def test_a_client_that_has_gone_is_told_as_gone() -> None:
    edge = asked()
    edge.connection.lend_socket()
    edge.connection.cut()
    assert (edge.transport.ended, edge.asked[0].told) == ("abort", [])
    edge.lose()
    assert edge.asked[0].told == ["gone"]


def test_a_socket_that_was_lent_is_closed_like_any_other(kernel: Kernel) -> None:
    edge = asked()
    edge.connection.close_after_answer()
    edge.connection.lend_socket()
    edge.connection.end()
    edge.wait(3)
    assert edge.transport.ended == "abort", "closed, and then waited for no longer than a lingering client"
