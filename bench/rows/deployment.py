"""How soon a deployment is served, and whether the requests of others notice it."""

import socket
import statistics
import threading
import time
from contextlib import ExitStack
from typing import Any, Final

from bench import definitions, peers
from bench.context import Bench
from bench.definitions import Deployed, Paths
from bench.portico_server import PATIENCE, Portico, connect, portico, request
from bench.processes import cpu_seconds, server_core
from bench.steady_load import Steadied, steady
from bench.verdict import BenchError, Finding, judge
from bench.wrk import measure

SERVED_WITHIN: Final = 0.2
METHODS: Final = 500
DEPLOYMENTS: Final = 300
P99_MORE: Final = 5.0
HALF: Final = 0.5
"""Of the worker's core."""
_TRIES: Final = 10
_LOOK_EVERY: Final = 0.0005
_PACE: Final = 0.1
"""Seconds from one deployment to the next under load."""


def deployment(bench: Bench) -> list[Finding]:
    """From the CreateDeployment call to the first request that the new version answers."""
    served, answered = [], []
    with portico(bench.folder / "data", core=server_core()) as server:
        client = server.client()
        deployed = definitions.deploy(client, _versioned(METHODS))
        place = _place(client, deployed.api)
        with Watch(server, deployed) as watch:
            for number in range(1, bench.times(_TRIES, 2) + 1):
                bench.say(f"deployment {number}")
                _edit(client, place, f"version {number}")
                began = time.monotonic()
                client.create_deployment(restApiId=deployed.api, stageName=definitions.STAGE)
                answered.append(time.monotonic() - began)
                served.append(watch.await_answer(f"version {number}") - began)
    what = f"A deployment of {METHODS} methods: from the call to the first request it serves"
    bound = f"at most {SERVED_WITHIN * 1e3:.0f} ms"
    tries = f"longest of {len(served)}"
    return [
        _in_time(what, bound, served, f"{tries}, watched by a client that does not wait for the call's answer"),
        _in_time(
            what.replace("first request it serves", "call's answer"), bound, answered, f"{tries}, barrier included"
        ),
    ]


def _in_time(what: str, bound: str, took: list[float], note: str) -> Finding:
    note = f"{note}; median {statistics.median(took) * 1e3:.0f} ms"
    return Finding(what, bound, f"{max(took) * 1e3:.0f} ms", judge(max(took) <= SERVED_WITHIN), note=note)


def _versioned(methods: int) -> Paths:
    """`GET /version`, and as many mocks as make `methods` with it."""
    paths = {f"/kind{number}": {"get": definitions.mocked()} for number in range(methods - 1)}
    return {"/version": {"get": definitions.mocked("version 0")}, **paths}


def _place(client: Any, api: str) -> dict[str, str]:
    pages = client.get_paginator("get_resources").paginate(restApiId=api, PaginationConfig={"PageSize": 500})
    resource = next(one["id"] for page in pages for one in page["items"] if one["path"] == "/version")
    return {"restApiId": api, "resourceId": resource, "httpMethod": "GET", "statusCode": "200"}


def _edit(client: Any, place: dict[str, str], version: str) -> None:
    change = {"op": "replace", "path": "/responseTemplates/application~1json", "value": version}
    client.update_integration_response(**place, patchOperations=[change])


class Watch:
    """A client that asks for the version all the time, on a connection of its own, and notes when it changed."""

    def __init__(self, server: Portico, deployed: Deployed) -> None:
        self._connection = connect(server.gateway)
        self._request = request(deployed.host, f"/{definitions.STAGE}/version")
        self._seen: dict[str, float] = {}
        self._news = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join(PATIENCE)
        self._connection.close()

    def await_answer(self, version: str) -> float:
        """When it was answered first. Raises BenchError."""
        with self._news:
            if not self._news.wait_for(lambda: version in self._seen, 10.0):
                raise BenchError(f"{version} is never served")
            return self._seen[version]

    def _look(self) -> None:
        while not self._over:
            self._connection.sendall(self._request)
            version = _body(self._connection).decode()
            if version not in self._seen:
                with self._news:
                    self._seen[version] = time.monotonic()
                    self._news.notify_all()
            time.sleep(_LOOK_EVERY)


def _body(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += _some(connection)
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += _some(connection)
    return body


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise BenchError("the server closed the watching client's connection")
    return data


def redeployments(bench: Bench) -> list[Finding]:
    """Deployment after deployment of an API that a load asks for at a rate that half a core of the worker can serve."""
    with ExitStack() as stack:
        backend = stack.enter_context(peers.backend(bench.room("backend")))
        server = stack.enter_context(portico(bench.folder / "data", core=server_core()))
        client = server.client()
        deployed = definitions.deploy(client, {**_versioned(30), **definitions.pets(backend)})
        path = f"/{definitions.STAGE}/pets/1"
        bench.say("what the worker can do")
        target = server.target("Portico", deployed.host, path)
        measure(target, bench.seconds(2))
        cost = measure(target, bench.seconds(4))
        rate = HALF * 1e6 / cost.worker_cpu
        asked = request(deployed.host, path)
        with steady(address=server.gateway, request=asked, rate=rate, connections=64) as load:
            bench.say("half of that, without a deployment")
            busy = _calm(server, bench.seconds(10))
            load.mark("deployments")
            count = bench.times(DEPLOYMENTS, 10)
            _deploy_often(bench, client, deployed.api, count)
            return [_undisturbed(count, rate, busy, load.finish())]


def _calm(server: Portico, seconds: float) -> float:
    """The part of its core that the worker needs for the load alone."""
    time.sleep(0.5)
    worker = [server.pid("worker")]
    before, began = cpu_seconds(worker), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(worker) - before) / (time.monotonic() - began)


def _deploy_often(bench: Bench, client: Any, api: str, count: int) -> None:
    place, began = _place(client, api), time.monotonic()
    for number in range(count):
        bench.say(f"deployment {number + 1} of {count} under load")
        _edit(client, place, f"version {number}")
        client.create_deployment(restApiId=api, stageName=definitions.STAGE)
        time.sleep(max(0.0, began + (number + 1) * _PACE - time.monotonic()))


def _undisturbed(count: int, rate: float, busy: float, load: Steadied) -> Finding:
    calm, deploying = load.phases["start"], load.phases["deployments"]
    more = deploying["p99"] - calm["p99"]
    note = (
        f"p99 {deploying['p99']:.1f} ms next to {calm['p99']:.1f} ms without, longest {deploying['max']:.0f} next "
        f"to {calm['max']:.0f}; {load.per_second:.0f} of {rate:.0f} requests per second kept the worker {busy:.0%} "
        f"busy; lost: {load.how_lost()}; each deployment changed one of 34 methods"
    )
    return Finding(
        f"{count} deployments at half load: requests lost, and more p99",
        f"0 and at most {P99_MORE:.0f} ms",
        f"{load.losses} and {more:.1f} ms",
        judge(load.losses == 0, more <= P99_MORE),
        note=note,
    )
