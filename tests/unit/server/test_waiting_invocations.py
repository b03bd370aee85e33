"""Many functions that take long, and somebody who edits an API meanwhile."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lambda_scene import FakeFunctions
from portico.controlplane.answering import Handled, Invoking
from portico.controlplane.operation import Deferred
from portico.ports.functions import Caller, Invocable, InvocationType
from portico.server.asking import IN_FLIGHT, ControlApplication
from portico.server.control import Control, ControlParts
from portico.wire.aws.faults import AwsError
from portico.wire.http1 import HeaderTable, Memory, Request, Response, parse_request


class Visitor:
    """A client connection that can be waited for."""

    source_ip, scheme, forwarded, port, closing = "127.0.0.1", b"http", b"", 4566, False

    def __init__(self) -> None:
        self.answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def answer(self, data: bytes) -> None:
        self.answered.set_result(data)


def handle(request: Request) -> Handled | Invoking:
    """What asks for `/invoke` waits for a function."""
    if request.target != "/invoke":
        return Handled(Response(200, (), b"edited"), 0)
    deferred = Deferred(
        Invocable("arn:f", Caller()),
        b"{}",
        InvocationType.REQUEST_RESPONSE,
        answer=lambda answer: {"Payload": answer.payload},
        fail=lambda failure: AwsError(failure.cause),
    )
    return Invoking(deferred, lambda make: Response(200, (), make()["Payload"]), lambda error: Response(error.status))


class Process:
    """A control process without a socket, a database or workers."""

    def __init__(self) -> None:
        self.functions = FakeFunctions()
        unused: Any = lambda *_: None  # noqa: E731
        self.control = Control(
            ControlParts(
                handle=handle,
                catch_up=lambda: 0,
                meters=list,
                refuse_metrics=unused,
                open_door=self._open_door,
                listen=unused,
                functions=self.functions,  # type: ignore[arg-type]
                tryout=unused,
                bell=Path(),
                functions_bell=Path(),
                workers=0,
                closes=(),
                observer=unused,
            )
        )

    def _open_door(self, application: ControlApplication, _connections: object) -> Any:
        self._application = application
        return SimpleNamespace()

    def ask(self, target: str) -> Visitor:
        visitor = Visitor()
        head = parse_request(f"GET {target} HTTP/1.1\r\nHost: here".encode(), HeaderTable(), Memory())
        self._application.begin(visitor, head)  # type: ignore[arg-type]
        return visitor


def test_whoever_waits_for_a_function_takes_neither_a_thread_nor_a_turn() -> None:
    async def scene() -> None:
        process = Process()
        waiting = []
        for _ in range(2 * IN_FLIGHT):
            waiting.append(process.ask("/invoke"))
            await process.ask("/restapis").answered  # behind it on the same threads
        while len(process.functions.calls) < 2 * IN_FLIGHT:
            await asyncio.wait_for(process.ask("/restapis").answered, 10)
        assert not any(visitor.answered.done() for visitor in waiting)
        for call in process.functions.calls:
            call.answer(b'"done"')
        for answer in await asyncio.gather(*(visitor.answered for visitor in waiting)):
            assert answer.endswith(b'"done"')

    asyncio.run(asyncio.wait_for(scene(), 20))
