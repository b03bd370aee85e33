"""A worker that may open no more files: who is connected is served, nothing spins, and newcomers are served as soon as
somebody leaves."""

import http.client
import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from certificates import server_tls
from contract_scene import REGION, Mock
from fault_scene import Site, standing
from running_server import PATIENCE

ALLOWED = 90
CROWD = 150
WATCHED = 1.0
"""Seconds in which the worker's CPU time is looked at."""
_TICK = os.sysconf("SC_CLK_TCK")


class Guest:
    """A client on a connection that it keeps."""

    def __init__(self, site: Site, api: str, tls: ssl.SSLContext | None) -> None:
        address, port = site.gateway.partition("//")[2].split(":")
        if tls is None:
            self._connection = http.client.HTTPConnection(address, int(port), timeout=PATIENCE)
        else:
            self._connection = http.client.HTTPSConnection("localhost", int(port), timeout=PATIENCE, context=tls)
        self._host = {"Host": f"{api}.execute-api.{REGION}.localhost"}

    def ask(self) -> tuple[int, str]:
        self._connection.request("GET", "/prod/", headers=self._host)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()

    def leave(self) -> None:
        self._connection.close()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def crowd(site: Site) -> Iterator[None]:
    """More connections than the worker has descriptors, whoever takes them."""
    address, port = site.gateway.partition("//")[2].split(":")
    with ExitStack() as stack:
        for _ in range(CROWD):
            stack.enter_context(socket.create_connection((address, int(port))))
        yield


@pytest.mark.parametrize("secure", [False, True], ids=["in the clear", "TLS"])
def test_the_guests_that_are_there_are_served_and_nothing_spins(tmp_path: Path, secure: bool) -> None:
    limit = ("sh", "-c", f'ulimit -n {ALLOWED} && exec "$@"', "sh")
    client_side, options = None, list[str]()
    if secure:
        _, client_side = server_tls(tmp_path)
        options = [f"--tls-{what}={tmp_path / 'localhost.pem'}" for what in ("cert", "key")]
    with standing(tmp_path, *options, before=limit) as site:
        api = Mock(site.client(), "served")
        api.deploy()
        assert site.told("FewDescriptors")
        guest = Guest(site, api.id, client_side)
        assert guest.ask() == (200, "served")
        worker = site.pid("worker")
        with crowd(site):
            before, end = cpu_seconds(worker), time.monotonic() + WATCHED
            while time.monotonic() < end:
                assert guest.ask() == (200, "served")
                time.sleep(0.02)
            assert cpu_seconds(worker) - before < WATCHED / 2
        guest.leave()
        end = time.monotonic() + PATIENCE
        while not served(site, api.id, client_side):
            assert time.monotonic() < end, "nobody new is served, although everybody has left"
        assert not site.told("ProcessDied")


def served(site: Site, api: str, tls: ssl.SSLContext | None) -> bool:
    newcomer = Guest(site, api, tls)
    try:
        return newcomer.ask() == (200, "served")
    except OSError:
        return False
    finally:
        newcomer.leave()
