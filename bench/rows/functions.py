"""Functions: what AWS_PROXY costs next to HTTP_PROXY, how many calls a second, cold starts, calls side by side."""

import io
import os
import socket
import statistics
import sys
import time
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from bench import definitions, peers
from bench.context import Bench
from bench.definitions import Deployed, Paths
from bench.portico_server import Portico, connect, get, portico, request
from bench.processes import family, load_core, server_core
from bench.verdict import BenchError, Finding, judge
from bench.wrk import Target, compare, measure

WORKER_SHARE: Final = 1.5
TOGETHER: Final = 3.0
PER_SECOND: Final = 3_000
COLD_SECONDS: Final = 0.120
SIDE_BY_SIDE: Final = 50
SIDE_BY_SIDE_SECONDS: Final = 0.250
_CODE: Final = f"""\
import time

ANSWER = {{"statusCode": 200, "headers": {{"Content-Type": "application/json"}}, "body": {definitions.PET!r}}}

def at_once(event, context):
    return ANSWER

def asleep(event, context):
    time.sleep(0.1)
    return ANSWER
"""
_ROLE: Final = "arn:aws:iam::000000000000:role/bench"


def functions(bench: Bench) -> list[Finding]:
    """A Python function that returns at once, through the gateway."""
    return [*_costs(bench), *_speed(bench)]


def _costs(bench: Bench) -> list[Finding]:
    """With the server's processes on one core, and instances, as backends, on the other."""
    with ExitStack() as stack:
        backend = stack.enter_context(peers.backend(bench.room("backend")))
        server = stack.enter_context(portico(bench.folder / "data", core=server_core()))
        deployed = _deploy(server, "warm", "at_once", definitions.pets(backend))
        _move_instances(server)
        called = server.target("AWS_PROXY", deployed.host, f"/{definitions.STAGE}/warm")
        serving = (server.pid("worker"), server.pid("functions"))
        targets = [
            replace(called, family=serving),
            server.target("HTTP_PROXY", deployed.host, f"/{definitions.STAGE}/pets/1"),
        ]
        costs = compare(targets, bench.seconds(5), bench.times(3, 1), bench.say)
    function, proxy = costs["AWS_PROXY"], costs["HTTP_PROXY"]
    share, together = function.worker_cpu / proxy.worker_cpu, function.cpu / proxy.worker_cpu
    of = f"HTTP_PROXY {proxy.worker_cpu:.1f} µs"
    return [
        Finding(
            "AWS_PROXY to a warm function: CPU of the worker per request",
            f"at most {WORKER_SHARE} of HTTP_PROXY",
            f"{share:.2f} ({function.worker_cpu:.1f} µs)",
            judge(share <= WORKER_SHARE),
            of,
        ),
        Finding(
            "AWS_PROXY to a warm function: CPU of worker and functions process per request",
            f"at most {TOGETHER} of HTTP_PROXY",
            f"{together:.2f} ({function.cpu:.1f} µs)",
            judge(together <= TOGETHER),
            of,
            note="the function's own process is not counted",
        ),
    ]


def _move_instances(server: Portico) -> None:
    """To the load generator's core: who starts instances, before there is one."""
    for pid in family(server.pid("functions"))[1:]:
        os.sched_setaffinity(pid, {load_core()})


def _speed(bench: Bench) -> list[Finding]:
    """On all cores, the load generator beside."""
    with portico(bench.folder / "speed") as server:
        deployed = _deploy(server, "warm", "at_once", {})
        target = server.target("AWS_PROXY", deployed.host, f"/{definitions.STAGE}/warm")
        measure(target, bench.seconds(2))
        runs = [_told(target, bench, number) for number in range(bench.times(3, 1))]
        rate = statistics.median(runs)
        colds = [_cold(server, bench, number) for number in range(bench.times(7, 2))]
        waits = _side_by_side(server, bench)
    return [
        Finding(
            "AWS_PROXY to a warm function: requests per second, two cores, the load generator on them too",
            f"at least {PER_SECOND}",
            f"{rate:.0f}",
            judge(rate >= PER_SECOND),
            note=f"runs of {', '.join(f'{run:.0f}' for run in runs)}",
        ),
        Finding(
            "The first call of an empty Python function, through the gateway",
            f"at most {COLD_SECONDS * 1000:.0f} ms",
            f"{max(colds) * 1000:.0f} ms",
            judge(max(colds) <= COLD_SECONDS),
            note=f"longest of {len(colds)}, of a function each; median {statistics.median(colds) * 1000:.0f} ms",
        ),
        Finding(
            f"{SIDE_BY_SIDE} calls at a time of a function that sleeps 100 ms, once warm",
            f"at most {SIDE_BY_SIDE_SECONDS * 1000:.0f} ms",
            f"{max(waits) * 1000:.0f} ms",
            judge(max(waits) <= SIDE_BY_SIDE_SECONDS),
            note=f"from the first request to the last answer, longest of {len(waits)}",
        ),
    ]


def _told(target: Target, bench: Bench, number: int) -> float:
    bench.say(f"functions at full speed, {number + 1}")
    return measure(target, bench.seconds(5)).per_second


def _cold(server: Portico, bench: Bench, number: int) -> float:
    bench.say(f"cold start {number + 1}")
    deployed = _deploy(server, f"cold{number}", "at_once", {})
    began = time.perf_counter()
    status, _ = get(server.gateway, f"/{definitions.STAGE}/cold{number}", deployed.host)
    if status != 200:
        raise BenchError(f"a cold function answers {status}")
    return time.perf_counter() - began


def _side_by_side(server: Portico, bench: Bench) -> list[float]:
    deployed = _deploy(server, "asleep", "asleep", {})
    asked = request(deployed.host, f"/{definitions.STAGE}/asleep")
    connections = [connect(server.gateway) for _ in range(SIDE_BY_SIDE)]
    try:
        bench.say(f"{SIDE_BY_SIDE} sleeping functions")
        _ask_all(connections, asked)
        return [_ask_all(connections, asked) for _ in range(bench.times(5, 2))]
    finally:
        for connection in connections:
            connection.close()


def _ask_all(connections: Sequence[socket.socket], asked: bytes) -> float:
    began = time.perf_counter()
    for connection in connections:
        connection.sendall(asked)
    for connection in connections:
        answer = b""
        while definitions.PET.encode() not in answer:
            piece = connection.recv(65_536)
            if not piece or b" 200 " not in (answer + piece)[:15]:
                raise BenchError(f"a sleeping function answers {(answer + piece)[:80]!r}")
            answer += piece
    return time.perf_counter() - began


def _deploy(server: Portico, name: str, handler: str, paths: Paths) -> Deployed:
    """A function and an API that calls it at /NAME, with the permission that takes."""
    client = server.client("lambda")
    function = client.create_function(
        FunctionName=name,
        Runtime=f"python3.{sys.version_info.minor}",
        Role=_ROLE,
        Handler=f"app.{handler}",
        Timeout=10,
        Code={"ZipFile": _zipped(_CODE)},
    )["FunctionArn"]
    client.add_permission(
        FunctionName=name, StatementId="bench", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    operation: dict[str, Any] = {
        "responses": {"200": {"description": "OK"}},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
        },
    }
    return definitions.deploy(server.client(), {**paths, f"/{name}": {"get": operation}}, name)


def _zipped(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", code)
    return buffer.getvalue()
