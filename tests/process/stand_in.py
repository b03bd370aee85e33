"""A server whose children do almost nothing, under the real supervisor: for tests of processes alone.

    python stand_in.py DIRECTORY WORKERS [functions]

Workers answer `GET /` with their process id, over the real Connection, Door and drain; `GET /wait` when there is a file
`go` in DIRECTORY. A file `broken` lets new workers die before they are ready, `unfit` lets them say that they never
will be.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

from portico.adapters import json_log
from portico.kernel.errors import PorticoError
from portico.kernel.observe import ServerReady
from portico.ports.client import Client
from portico.server.accepting import Door
from portico.server.children import CONTROL, Ready
from portico.server.connections import Connections
from portico.server.loop import run
from portico.server.protocol import Connection
from portico.server.sockets import Listeners, bound_address
from portico.server.supervisor import Duties, Supervisor
from portico.server.takeover import CHECK, NotReplaced, become, try_out
from portico.server.worker import Worker, WorkerParts
from portico.settings import Address
from portico.wire.http1 import Head, HeaderTable

HANDED = "STAND_IN_HANDED"


class Answered:
    """A request that was answered when it came."""

    wants_body = False
    body_limit = 0

    def on_body(self, body: bytes) -> None: ...
    def on_body_too_large(self) -> None: ...
    def gone(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Introductions:
    def __init__(self, directory: Path) -> None:
        self._go = directory / "go"

    def begin(self, client: Client, head: Head) -> Answered:
        if head.target == b"/wait":
            self._answer_later(client)
        else:
            self._answer(client)
        return Answered()

    def _answer_later(self, client: Client) -> None:
        if self._go.exists():
            self._answer(client)
        else:
            asyncio.get_running_loop().call_later(0.005, self._answer_later, client)

    def _answer(self, client: Client) -> None:
        connection = b"close" if client.closing else b"keep-alive"
        text = str(os.getpid()).encode()
        client.answer(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: %b\r\n\r\n%b" % (len(text), connection, text)
        )


def child(directory: Path, role: str, slot: int, sockets: list[socket.socket], ready: Ready) -> int:
    if role != CONTROL and (directory / "unfit").exists():
        raise PorticoError("this worker will never be fit")
    if role != CONTROL and (directory / "broken").exists():
        return 3

    observer = json_log.observer("json")

    async def life() -> int:
        connections = Connections()
        table = HeaderTable()
        door = Door(
            sockets,
            lambda: Connection(Introductions(directory), connections, table, observer),
            None,
            connections,
            observer,
        )
        parts = WorkerParts(
            slot=slot,
            door=door,
            connections=connections,
            follow=lambda: 0,
            bell=directory / "bell",
            sweeps=(connections.sweep,),
            report=lambda: None,
            beat=lambda: None,
            closes=(),
            observer=observer,
            drain_seconds=5.0,
        )
        return await Worker(parts).serve(ready)

    return run(life, observer)


def main(directory: Path, workers: int) -> int:
    if CHECK in sys.argv:
        return 0
    handed = json.loads(os.environ.get(HANDED, "null"))
    here = Address("127.0.0.1", 0)
    listeners = Listeners.inherited(handed["listeners"]) if handed else Listeners.open([here], [here], workers)
    observer = json_log.observer("json")

    def on_ready(seconds: float) -> None:
        addresses = [
            [str(bound_address(one)) for one in listeners.control],
            [str(bound_address(listeners.gateway[0][0]))],
        ]
        observer(ServerReady(tuple(addresses[0]), tuple(addresses[1]), "", seconds))

    def replace_program(handed: dict[str, object]) -> str:
        command = (sys.executable, __file__, str(directory), str(workers))
        environment = {**os.environ, HANDED: json.dumps(handed)}
        try:
            try_out(command, environment)
            become(command, environment)
        except NotReplaced as error:
            return str(error)

    duties = Duties(
        lambda *told: child(directory, *told), observer, on_ready, replace_program, 5.0, "functions" in sys.argv
    )
    supervisor = Supervisor(duties, listeners)
    if handed:
        supervisor.take_over(handed)
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
