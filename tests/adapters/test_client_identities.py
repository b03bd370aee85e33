"""A backend that asks who calls: what it is shown, and what becomes of calls that have nothing to show."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from certificates import asking, server_tls
from edge_scene import play
from portico.adapters import client_identities
from portico.adapters.client_identities import ClientIdentities
from portico.adapters.http_client import HttpClient
from portico.ports.changes import Change
from portico.ports.upstream import FailureKind, Origin
from portico.wire.http1 import HeaderTable
from portico.wire.self_signed import new_private_key, self_signed
from upstream_scene import Wire, answering, backend, calling


class Pair(NamedTuple):
    private_key: str
    certificate: str


def _pair() -> Pair:
    key = new_private_key()
    return Pair(key, self_signed(key, time.time() - 60))


MINE, OTHERS = _pair(), _pair()
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


def change(identity: str, pair: Pair | None, seq: int = 1) -> Change:
    value = None if pair is None else {"privateKey": pair.private_key, "certificate": pair.certificate}
    return Change(seq, "clientcertificate", identity, value)


class Stage(NamedTuple):
    server: ssl.SSLContext
    """Lets nobody in but the holder of MINE."""
    identities: ClientIdentities
    """`mine` and `others` stand."""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    server, _ = server_tls(tmp_path)
    folder = tmp_path / "localhost.pem"
    identities = ClientIdentities(lambda: ssl.create_default_context(cafile=str(folder)))
    identities.apply([change("mine", MINE), change("others", OTHERS), Change(1, "stage", "a/b", {})])
    return Stage(asking(server, MINE.certificate), identities)


async def telling(wire: Wire) -> None:
    """Answers with the subject of who called."""
    while await wire.request():
        shown = wire.writer.get_extra_info("peercert")
        name = dict(part[0] for part in shown["subject"])["commonName"].encode()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(name), name))


@VERSIONS
@play
async def test_a_backend_sees_who_calls(stage: Stage, version: ssl.TLSVersion) -> None:
    stage.server.minimum_version = stage.server.maximum_version = version
    async with (
        backend(telling, tls=stage.server, name="localhost") as server,
        calling(identities=stage.identities) as caller,
    ):
        for _ in range(2):
            assert (await caller.get(server.origin._replace(identity="mine"))).body == b"ApiGateway"
        assert server.connections == 1


@VERSIONS
@pytest.mark.parametrize("identity", ["", "others"])
@play
async def test_nobody_else_gets_in(stage: Stage, version: ssl.TLSVersion, identity: str) -> None:
    stage.server.minimum_version = stage.server.maximum_version = version
    async with (
        backend(telling, tls=stage.server, name="localhost", verify=False) as server,
        calling(identities=stage.identities) as caller,
    ):
        called = await caller.get(server.origin._replace(identity=identity))
        assert called.failure is not None
        assert server.requests == []


@play
async def test_the_backend_is_verified_as_ever(stage: Stage) -> None:
    stage.identities.reset([change("mine", MINE)])
    strict = ClientIdentities()
    strict.apply([change("mine", MINE)])
    async with backend(telling, tls=stage.server, name="localhost") as server, calling(identities=strict) as caller:
        called = await caller.get(server.origin._replace(identity="mine"))
        assert called.kind is FailureKind.TLS
        assert called.failure is not None
        assert "CERTIFICATE_VERIFY_FAILED" in called.failure.cause
        assert (await caller.get(server.origin._replace(identity="mine", verify=False))).body == b"ApiGateway"


@play
async def test_connections_are_not_shared_between_identities(stage: Stage) -> None:
    stage.server.verify_mode = ssl.CERT_OPTIONAL

    async def script(wire: Wire) -> None:
        told = b"known" if wire.writer.get_extra_info("peercert") else b"anyone"
        while await wire.request():
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told))

    async with (
        backend(script, tls=stage.server, name="localhost", verify=False) as server,
        calling(identities=stage.identities) as caller,
    ):
        for identity in ("", "mine", "", "mine"):
            body = (await caller.get(server.origin._replace(identity=identity))).body
            assert body == (b"known" if identity else b"anyone")
        assert server.connections == 2


UNKNOWN: list[Callable[[ClientIdentities], None]] = [
    lambda identities: identities.apply([change("mine", None, 2)]),
    lambda identities: identities.reset([change("others", OTHERS, 2)]),
    lambda identities: identities.apply([Change(2, "clientcertificate", "mine", {"certificate": "c"})]),
    lambda identities: identities.apply([Change(2, "clientcertificate", "mine", {**MINE._asdict(), "more": 1})]),
]


@pytest.mark.parametrize("forget", UNKNOWN)
@play
async def test_without_its_certificate_nothing_is_sent(
    stage: Stage, forget: Callable[[ClientIdentities], None]
) -> None:
    async with backend(answering(), name="localhost") as server, calling(identities=stage.identities) as caller:
        forget(stage.identities)
        called = await caller.get(server.origin._replace(secure=True, identity="mine"))
        assert called.kind is FailureKind.TLS
        assert called.failure is not None
        assert called.failure.cause == "the client certificate mine is not known here"


@play
async def test_what_is_no_certificate_fails_its_calls(stage: Stage) -> None:
    stage.identities.apply([change("mine", Pair("no key", "no certificate"), 2)])
    async with backend(answering(), name="localhost") as server, calling(identities=stage.identities) as caller:
        assert (await caller.get(server.origin._replace(secure=True, identity="mine"))).kind is FailureKind.TLS


def test_a_context_is_made_once_and_forgotten_with_its_certificate(stage: Stage) -> None:
    client = HttpClient(HeaderTable(), identities=stage.identities)
    origin = Origin(True, "b", 443, verify=False, identity="mine")
    first = client.tls(origin)
    assert client.tls(origin) is first
    assert client.tls(origin._replace(verify=True)) is not first
    stage.identities.apply([change("mine", MINE, 2)])
    assert client.tls(origin) is not first
    assert client.tls(origin._replace(secure=False)) is None


def test_no_file_with_a_key_stays(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.setattr(client_identities.tempfile, "tempdir", str(folder))
    stage.identities.context("mine", verify=False)
    assert list(folder.iterdir()) == []
