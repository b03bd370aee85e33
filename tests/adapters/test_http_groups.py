"""Machines behind a VPC link: called in turns, the dead passed over, all under the name of the URI."""

import asyncio
import socket
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from certificates import server_tls
from edge_scene import play, until
from portico.adapters import http_pool
from portico.adapters.egress import EgressPolicy
from portico.adapters.http_client import HttpClient
from portico.adapters.http_pool import IDLE_SECONDS, SHUNNED_SECONDS
from portico.ports.upstream import FailureKind, Origin
from portico.wire.http1 import HeaderTable
from upstream_scene import OK, Backend, Wire, answering, answering_once, backend, calling


def through(*machines: Backend | int, secure: bool = False, host: str = "pets.example.com") -> Origin:
    """An origin that is these backends, or ports where nobody listens."""
    ports = [each if isinstance(each, int) else each.origin.port for each in machines]
    return Origin(secure, host, 80, via=tuple(("127.0.0.1", port) for port in ports))


def closed_port() -> int:
    """A port on which nobody listens: it was ours a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def saying(text: str) -> Any:
    return answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text.encode()))


@asynccontextmanager
async def three() -> AsyncIterator[list[Backend]]:
    async with backend(saying("a")) as a, backend(saying("b")) as b, backend(saying("c")) as c:
        yield [a, b, c]


@play
async def test_machines_are_called_in_turns() -> None:
    async with three() as machines, calling() as caller:
        heard = [(await caller.get(through(*machines))).body.decode() for _ in range(9)]
        assert Counter(heard) == {"a": 3, "b": 3, "c": 3}
        assert heard[:3] == heard[3:6] == heard[6:]
        assert [machine.connections for machine in machines] == [1, 1, 1]


@play
async def test_a_dead_machine_costs_nobody_an_answer_and_is_passed_over_for_a_while() -> None:
    async with backend(saying("alive")) as alive, calling() as caller:
        dead = closed_port()
        origin = through(alive, dead)
        for _ in range(6):
            assert (await caller.get(origin)).body == b"alive"
        pool = caller.client._pool(through(dead))
        assert pool.shunned_until == caller.time + SHUNNED_SECONDS
        dialled = []
        pool.dial = dialled.append
        for _ in range(4):
            await caller.get(origin)
        assert dialled == []
        caller.wait(SHUNNED_SECONDS)
        caller.send(origin)
        caller.send(origin)
        assert len(dialled) == 1, "it is tried again"


@play
async def test_a_machine_that_comes_back_has_its_turns_again() -> None:
    port = closed_port()
    async with backend(saying("a")) as a, calling() as caller:
        origin = through(a, port)
        assert {(await caller.get(origin)).body for _ in range(4)} == {b"a"}
        server = await asyncio.start_server(_answer_back, "127.0.0.1", port)
        caller.wait(SHUNNED_SECONDS)
        assert {(await caller.get(origin)).body for _ in range(4)} == {b"a", b"back"}
        server.close()


async def _answer_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nback")
    writer.close()


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@play
async def test_where_all_are_dead_each_is_tried_once(method: bytes) -> None:
    async with calling() as caller:
        origin = through(closed_port(), closed_port())
        for _ in range(2):
            called = await caller.get(origin, method=method)
            assert called.kind is FailureKind.CONNECT
            assert called.told == ["failure"]


@play
async def test_a_post_goes_to_the_next_machine_because_nothing_was_sent() -> None:
    async with backend(saying("a")) as a, calling() as caller:
        for _ in range(2):
            called = await caller.get(through(closed_port(), a), method=b"POST", body=b"order")
            assert called.body == b"a"
        assert all(request.startswith(b"POST") for request in a.requests)


@play
async def test_what_was_sent_is_not_sent_to_another() -> None:
    async with backend(answering_once(then="reset")) as broken, backend(saying("a")) as a, calling() as caller:
        kinds = [(await caller.get(through(broken, a))).kind for _ in range(4)]
        assert Counter(kinds) == {FailureKind.CLOSED: 2, None: 2}
        assert len(broken.requests) == 2


@play
async def test_a_machine_that_answers_no_dial_is_left_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = http_pool.Pool._connect_to

    async def hang(pool: Any, address: str) -> Any:
        if pool.origin.via == (("127.0.0.1", 9),):
            await asyncio.Event().wait()
        return await connect(pool, address)

    monkeypatch.setattr(http_pool.Pool, "_connect_to", hang)
    monkeypatch.setattr(http_pool, "NEXT_ADDRESS_SECONDS", 0.01)
    async with backend(saying("a")) as a, calling() as caller:
        for _ in range(2):
            assert (await caller.get(through(9, a))).body == b"a"


@play
async def test_a_short_timeout_is_kept() -> None:
    async def never(wire: Wire) -> None:
        await wire.closed()

    async with backend(never) as silent, calling() as caller:
        called = await caller.get(through(silent), timeout=0.05)
        assert called.kind is FailureKind.TIMEOUT


@play
async def test_a_call_that_was_given_up_goes_nowhere_else() -> None:
    async with backend(saying("a")) as a, calling() as caller:
        dead = caller.send(through(closed_port(), a))
        other = caller.send(through(closed_port(), a))
        for called in (dead, other):
            assert called.call is not None
            called.call.cancel()
        pools = list(caller.client._pools.values())
        await until(lambda: not any(pool._dialing for pool in pools))
        assert dead.told == other.told == []
        assert a.requests == []


@play
async def test_metadata_is_not_called_through_a_link_either() -> None:
    async with calling() as caller:
        called = await caller.get(Origin(False, "pets", 80, via=(("169.254.169.254", 80),)))
        assert called.kind is FailureKind.FORBIDDEN


@play
async def test_the_control_port_is_not_called_through_a_link_either() -> None:
    async with backend(answering()) as control, calling(EgressPolicy([control.origin.port])) as caller:
        assert (await caller.get(through(control))).kind is FailureKind.FORBIDDEN
        assert control.requests == []


# TLS


@play
async def test_tls_is_for_the_name_of_the_uri(tmp_path: Path) -> None:
    names: list[str | None] = []
    server, client = server_tls(tmp_path, "pets.example.com")
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    async with backend(answering(OK), tls=server) as machine, calling(trust=client) as caller:
        assert (await caller.get(through(machine, secure=True))).body == b"ok"
        assert names == ["pets.example.com"]
        wrong = await caller.get(through(machine, secure=True, host="toys.example.com"))
        assert wrong.kind is FailureKind.TLS
        assert wrong.failure is not None
        assert "CERTIFICATE_VERIFY_FAILED" in wrong.failure.cause


@play
async def test_a_certificate_that_does_not_fit_is_no_reason_to_call_somebody_else(tmp_path: Path) -> None:
    server, client = server_tls(tmp_path, "pets.example.com")
    other, _ = server_tls(tmp_path, "other.example.com")
    async with (
        backend(answering(), tls=server) as good,
        backend(answering(), tls=other) as bad,
        calling(trust=client) as caller,
    ):
        origin = through(good, bad, secure=True)
        kinds = [(await caller.get(origin)).kind for _ in range(4)]
        assert Counter(kinds) == {None: 2, FailureKind.TLS: 2}


@play
async def test_names_and_machines_share_no_connection() -> None:
    """What goes to a machine under one name is not mixed with what goes there under another, or directly."""
    async with backend(saying("a")) as a, calling() as caller:
        for origin in (through(a), through(a, host="toys"), a.origin, through(a)):
            assert (await caller.get(origin)).body == b"a"
        assert a.connections == 3


def test_a_group_is_kept_for_its_routes_and_a_while_without_one() -> None:
    now = [1000.0]
    client = HttpClient(HeaderTable(), clock=lambda: now[0])
    origin = through(1, 2)
    group = weakref.ref(client.to(origin))
    assert client.to(origin) is group()
    now[0] += IDLE_SECONDS + 1
    client.sweep()
    assert group() is None
    held = client.to(origin)
    now[0] += IDLE_SECONDS + 1
    client.sweep()
    assert client.to(origin) is held


# Backends that are elsewhere


@play
async def test_a_name_leads_to_the_machines_that_the_operator_named_for_it() -> None:
    async with backend(saying("a")) as a, backend(saying("b")) as b:
        backends = {
            ("pets.example", None): [("127.0.0.1", a.origin.port)],
            ("pets.example", 81): [("127.0.0.1", b.origin.port)],
            ("127.0.0.1", None): [("localhost", None)],
        }
        async with calling(backends=backends) as caller:
            for host, port, heard in (("PETS.example", 80, b"a"), ("pets.example", 81, b"b"), ("127.0.0.1", 0, b"a")):
                called = await caller.get(Origin(False, host, port or a.origin.port))
                assert called.body == heard, (host, port)
            assert (await caller.get(through(b, host="pets.example"))).body == b"b", "a VPC link leads where it leads"
            assert (await caller.get(Origin(False, "toys.invalid", 80))).kind is FailureKind.RESOLVE


@play
async def test_metadata_is_not_called_under_another_name_either() -> None:
    async with calling(backends={("pets.example", None): [("169.254.169.254", 80)]}) as caller:
        assert (await caller.get(Origin(False, "pets.example", 80))).kind is FailureKind.FORBIDDEN
