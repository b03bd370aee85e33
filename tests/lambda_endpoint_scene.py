"""Another Lambda's HTTP API that believes no signature, and a caller behind it.

async with another_lambda() as api, calling(api) as caller:
    api.answers(200, b'"hello"')
    called = await caller.invoke(b"{}")
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from edge_scene import until
from function_scene import HELLO, Called, Listening
from portico.adapters.egress import Anywhere
from portico.adapters.http_client import HttpClient
from portico.adapters.lambda_endpoint import LambdaEndpoint
from portico.ports.functions import Invocable, InvocationType
from portico.wire import sigv4
from portico.wire.http1 import HeaderTable, Request
from upstream_scene import Wire, backend

CREDENTIALS = sigv4.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/token==")
NOW = 1_750_000_000.0


class AnotherLambda:
    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self.next: asyncio.Queue[list[bytes] | None] = asyncio.Queue()

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        """What becomes of the next request. `X_Amz_Executed_Version="1"` is that header."""
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} Told\r\nContent-Length: {len(body)}\r\n{told}\r\n"
        self.next.put_nowait([head.encode() + (body if status != 204 else b"")])

    def streams(self, *pieces: bytes, **headers: str) -> None:
        """An event stream in such pieces, each a chunk in a packet of its own."""
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{told}\r\n"
        self.next.put_nowait([head.encode(), *(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces), b"0\r\n\r\n"])

    def hangs_up(self) -> None:
        self.next.put_nowait(None)

    async def script(self, wire: Wire) -> None:
        while data := await wire.request():
            request = read(data)
            sigv4.verify(sigv4.read_claim(request), request, CREDENTIALS.secret_access_key, NOW)
            self.requests.append(request)
            pieces = await self.next.get()
            if pieces is None:
                wire.reset()
                return
            await wire.send_slowly(pieces)


def read(data: bytes) -> Request:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    return Request(method, target, headers, body)


@asynccontextmanager
async def another_lambda(path: str = "") -> AsyncIterator[AnotherLambda]:
    api = AnotherLambda()
    async with backend(api.script) as server:
        api.url = f"http://127.0.0.1:{server.origin.port}{path}"
        yield api


class LambdaCaller:
    """The adapter under test. The client's clock stands still until `wait`."""

    def __init__(self, url: str) -> None:
        self.time = 1000.0
        client = HttpClient(HeaderTable(), Anywhere(), clock=lambda: self.time)
        self.endpoint = LambdaEndpoint(url, CREDENTIALS, clock=lambda: NOW, client=client)

    def begin(
        self,
        event: bytes = b"{}",
        *,
        invocable: Invocable = HELLO,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> Called:
        called = Called()
        called.call = self.endpoint.to(invocable, Listening(), 29.0).invoke(event, called, kind, trace_id)
        return called

    async def invoke(self, event: bytes = b"{}", **how: Any) -> Called:
        """An invocation, once it is over."""
        called = self.begin(event, **how)
        await called.over.wait()
        return called

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.endpoint.sweep()


@asynccontextmanager
async def calling(api: AnotherLambda) -> AsyncIterator[LambdaCaller]:
    caller = LambdaCaller(api.url)
    try:
        yield caller
    finally:
        caller.endpoint.close()
        pool: Any = caller.endpoint.destination
        await until(lambda: not pool.connections and not pool._dialing)
