"""More than a worker can do, asked all at once and without mercy: who is served is served soon, and who is not is told.

How much of its peak a worker keeps, and how long who waits, `make bench` measures (row `overload`). Here is what holds
on a machine that is busy with other tests: nothing is lost, nothing waits, and it is over when it is over.
"""

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from contract_scene import REGION, Mock
from fault_scene import standing
from portico.server.overload import CALM_SECONDS
from running_server import PATIENCE

CLIENTS = 400
SECONDS = 2.0
WORK = "$context.requestId $util.escapeJavaScript($input.params('id')), " * 3000
"""A millisecond and more for each request: all clients together wait for half a second, if nobody is refused."""


class Client(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    def __init__(self, request: bytes, statuses: Counter[bytes], waits: list[float]) -> None:
        self._request = request
        self._statuses = statuses
        self._waits = waits
        self._got = b""
        self._asked = 0.0
        self.lost = False
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._got, self._asked = b"", time.monotonic()
        self._transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length or 0):
            self._statuses[head[9:12]] += 1
            if head[9:12] == b"200":
                self._waits.append(time.monotonic() - self._asked)
            if not self.stopped:
                self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = not self.stopped


class Storm(NamedTuple):
    statuses: Counter[bytes]
    waits: list[float]
    """Of who was served, in seconds."""
    lost: int
    """Connections."""
    seconds: float

    @property
    def in_line(self) -> float:
        """How long everybody would wait for their turn if nobody were refused, as fast as they are served now."""
        return CLIENTS * self.seconds / self.statuses[b"200"]


async def storm(address: str, request: bytes) -> Storm:
    statuses, waits = Counter[bytes](), list[float]()
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    began = loop.time()
    made = [
        await loop.create_connection(lambda: Client(request, statuses, waits), host, int(port)) for _ in range(CLIENTS)
    ]
    await asyncio.sleep(SECONDS)
    end = loop.time() + PATIENCE
    while not statuses[b"503"] and loop.time() < end:  # noqa: ASYNC110  longer where others have the processor, too
        await asyncio.sleep(0.05)
    for transport, client in made:
        client.stopped = True
        transport.close()
    return Storm(statuses, waits, sum(client.lost for _, client in made), loop.time() - began)


@contextmanager
def processors_apart(process: int) -> Iterator[None]:
    """`process` has one of the processors, this one has others: who shares one with a storm is not the storm's target.

    What runs beside these tests may still share it; then only long turns tell a worker of overload.
    """
    mine = os.sched_getaffinity(0)
    if len(mine) < 2:
        pytest.skip("NOT RUN: needs a second processor, for who asks")
    theirs = min(mine)
    os.sched_setaffinity(process, {theirs})
    os.sched_setaffinity(0, mine - {theirs})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def test_a_storm_is_weathered(tmp_path: Path) -> None:
    with standing(tmp_path) as site, processors_apart(site.pid("worker")):
        api = Mock(site.client(), WORK)
        api.deploy()
        site.call(api.id, "/")
        request = f"GET /prod/ HTTP/1.1\r\nHost: {api.id}.execute-api.{REGION}.localhost\r\n\r\n".encode()
        told = asyncio.run(storm(site.gateway.partition("//")[2], request))
        assert told.lost == 0
        assert told.statuses.keys() == {b"200", b"503"}
        assert statistics.median(told.waits) < told.in_line / 2
        end = time.monotonic() + PATIENCE
        while not site.told("OverloadEnded"):
            assert time.monotonic() < end
            time.sleep(CALM_SECONDS / 10)
        assert sum(one["requests"] for one in site.told("RequestsRefused")) >= told.statuses[b"503"]
        assert {site.call(api.id, "/").status for _ in range(20)} == {200}
