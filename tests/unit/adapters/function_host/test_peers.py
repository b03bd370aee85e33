"""Whose a connection on the loopback is."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from portico.adapters.function_host import peers
from unprivileged import NOBODY


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening


ASK = [pytest.param(peers.owner_of, id="either way"), pytest.param(peers._listed, id="by the list")]


@pytest.mark.parametrize("ask", ASK)
def test_our_own_connection_is_ours(listener: socket.socket, ask: type(peers.owner_of)) -> None:  # type: ignore[valid-type]
    with socket.create_connection(listener.getsockname()) as ours:
        assert ask(ours.getsockname(), listener.getsockname()) == (os.geteuid(), os.fstat(ours.fileno()).st_ino)


@pytest.mark.parametrize("ask", ASK)
def test_another_users_connection_is_that_users(listener: socket.socket, ask: type(peers.owner_of)) -> None:  # type: ignore[valid-type]
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: only root can become another user")
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.close(tell)
        os.setuid(NOBODY)
        wire = socket.socket()
        wire.connect(listener.getsockname())
        os.read(told, 1)
        os._exit(0)
    connection, peer = listener.accept()
    assert ask(peer, listener.getsockname()).user == NOBODY
    connection.close()
    os.close(tell)
    os.close(told)
    os.waitpid(child, 0)


@pytest.mark.parametrize("ask", ASK)
def test_a_connection_that_is_not_there_is_nobodys(listener: socket.socket, ask: type(peers.owner_of)) -> None:  # type: ignore[valid-type]
    assert ask(("127.0.0.1", 1), listener.getsockname()) is None


def test_a_socket_is_whose_process_has_it_open() -> None:
    with socket.socket() as ours:
        inode = os.fstat(ours.fileno()).st_ino
        assert peers.held(inode, [os.getpid()])
        assert not peers.held(inode, [os.getppid()])
    assert not peers.held(inode, [os.getpid()])
