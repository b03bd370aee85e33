"""What requests and deployments leave behind in the memory of a server: nothing that grows with their number.

`make bench` does the same with a million requests and a thousand deployments (rows `memory`).
"""

import socket
from contextlib import closing
from pathlib import Path

from contract_scene import REGION
from fault_scene import Site, standing, versioned
from running_server import PATIENCE

FIRST = 4_000
REQUESTS = 20_000
BATCH = 20
"""Requests that come at once: so few that a slow machine serves them in one turn, even where its worker has just been
kept from the next ones by a deployment and takes that for overload."""
DEPLOYMENTS = 50
MORE = 1.05
SLACK = 1_000_000
"""Bytes: a page here and there, at the size of an idle worker."""


def resident(pid: int) -> int:
    """Bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def ask(site: Site, api: str, count: int) -> None:
    """So many requests, pipelined, half of them with a query of their own."""
    address, port = site.gateway.partition("//")[2].split(":")
    lines = f"Host: {api}.execute-api.{REGION}.localhost\r\nX-Color: red\r\n\r\n"
    with closing(socket.create_connection((address, int(port)), PATIENCE)) as connection:
        for first in range(0, count, BATCH):
            targets = [f"/prod/?n={first + one}" if one % 2 else "/prod/" for one in range(BATCH)]
            connection.sendall("".join(f"GET {target} HTTP/1.1\r\n{lines}" for target in targets).encode())
            receive(connection, BATCH)


def receive(connection: socket.socket, answers: int) -> None:
    got = b""
    while got.count(b"HTTP/1.1 200 OK\r\n") < answers or not got.endswith(b"end"):
        data = connection.recv(1 << 18)
        assert data and b"HTTP/1.1 5" not in data
        got += data


def test_a_worker_is_as_large_after_many_requests_and_deployments_as_after_a_few(tmp_path: Path) -> None:
    with standing(tmp_path) as site:
        api = versioned(site.client())
        api.edit("end")
        api.deploy(colour="red")
        worker = site.pid("worker")
        ask(site, api.id, FIRST)
        few = resident(worker)
        ask(site, api.id, REQUESTS - FIRST)
        many = resident(worker)
        assert many <= few * MORE + SLACK, f"{few} bytes after {FIRST} requests, {many} after {REQUESTS}"
        for number in range(DEPLOYMENTS):
            api.edit(f"{number} end")
            api.deploy()
            ask(site, api.id, 5 * BATCH)
        deployed = resident(worker)
        assert deployed <= few * MORE + SLACK, f"{few} bytes before, {deployed} after {DEPLOYMENTS} deployments"
