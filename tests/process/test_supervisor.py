"""The supervisor with stand-in children: births, deaths, restarts and the end."""

import http.client
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from running_server import PATIENCE, RunningServer, get

STAND_IN = str(Path(__file__).with_name("stand_in.py"))
BORN = "ProcessReady"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer([sys.executable, STAND_IN, str(tmp_path), "2"]) as running:
        yield running


def gateway(server: RunningServer) -> str:
    return str(server.wait_for("ServerReady")["gateway"][0])


def workers(server: RunningServer, role: str = "worker") -> dict[int, int]:
    """The newest process of each slot."""
    return {told["slot"]: told["process"] for told in server.seen if (told["event"], told.get("role")) == (BORN, role)}


def test_every_worker_answers_and_a_stop_leaves_nobody(server: RunningServer) -> None:
    address = gateway(server)
    assert {int(get(address)[1]) for _ in range(64)} == set(workers(server).values())
    server.signal(signal.SIGTERM)
    server.wait_for("ServerStopped")
    assert server.end() == 0
    for process in workers(server).values():
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    with pytest.raises(ConnectionRefusedError):
        get(address)


@pytest.mark.parametrize("role", ["worker", "control"])
def test_a_killed_child_is_replaced_and_the_others_go_on(server: RunningServer, role: str) -> None:
    address = gateway(server)
    before = workers(server)
    victim = workers(server, role)[0]
    server.signal(signal.SIGKILL, victim)
    died = server.wait_for("ProcessDied", process=victim)
    assert (died["role"], died["how"], died["respawn_seconds"]) == (role, "killed by SIGKILL", 0.0)
    server.wait_for("ProcessReady", role=role, slot=0)
    after = workers(server)
    assert after[1] == before[1]
    assert (after[0] != before[0]) == (role == "worker")
    assert {int(get(address)[1]) for _ in range(64)} == set(after.values())


def test_connections_that_wait_for_a_dead_worker_are_served_by_its_successor(server: RunningServer) -> None:
    address = gateway(server)
    for process in workers(server).values():
        server.signal(signal.SIGSTOP, process)
    waiting = [http.client.HTTPConnection(address, timeout=PATIENCE) for _ in range(32)]
    for connection in waiting:
        connection.request("GET", "/")
    for process in workers(server).values():
        server.signal(signal.SIGKILL, process)
    assert [connection.getresponse().status for connection in waiting] == [200] * 32
    for connection in waiting:
        connection.close()


def test_a_worker_that_dies_young_again_and_again_is_paused(server: RunningServer, tmp_path: Path) -> None:
    address = gateway(server)
    (tmp_path / "broken").touch()
    server.signal(signal.SIGKILL, workers(server)[0])
    pauses = [server.wait_for("ProcessDied", slot=0)["respawn_seconds"] for _ in range(4)]
    assert pauses == [0.0, 0.1, 0.2, 0.4]
    (tmp_path / "broken").unlink()
    server.wait_for("ProcessReady", slot=0)
    assert get(address)[0] == 200


def test_a_server_whose_workers_are_unfit_ends(tmp_path: Path) -> None:
    (tmp_path / "unfit").touch()
    with RunningServer([sys.executable, STAND_IN, str(tmp_path), "1"]) as server:
        assert server.end() == 1
    assert server.text == ["portico: this worker will never be fit\n"]


def test_a_restart_renews_every_process_and_loses_no_request(server: RunningServer) -> None:
    address = gateway(server)
    before = workers(server)
    over = threading.Event()
    statuses: list[int] = []

    def ask() -> None:
        while not over.is_set():
            statuses.append(get(address)[0])

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    for _ in range(2):
        server.signal(signal.SIGHUP)
        server.wait_for("RestartFinished")
    over.set()
    for client in clients:
        client.join(PATIENCE)
    assert set(statuses) == {200}
    after = workers(server)
    assert not set(after.values()) & set(before.values())
    assert {int(get(address)[1]) for _ in range(64)} == set(after.values())


def test_a_kept_connection_is_told_to_close_before_its_worker_leaves(server: RunningServer) -> None:
    address = gateway(server)
    kept = http.client.HTTPConnection(address, timeout=PATIENCE)
    kept.request("GET", "/")
    worker = int(kept.getresponse().read())
    server.signal(signal.SIGHUP)
    server.wait_for("Draining", process=worker)
    kept.request("GET", "/")
    answer = kept.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (200, "close")


def test_a_stop_waits_for_the_request_under_way(server: RunningServer, tmp_path: Path) -> None:
    address = gateway(server)
    slow = http.client.HTTPConnection(address, timeout=PATIENCE)
    slow.request("GET", "/wait")
    assert get(address)[0] == 200
    server.signal(signal.SIGTERM)
    server.wait_for("Draining", connections=1)
    (tmp_path / "go").touch()
    assert slow.getresponse().status == 200
    slow.close()
    assert server.end() == 0


def test_a_stop_of_all_processes_together_is_a_stop(tmp_path: Path) -> None:
    """As systemd stops a service: those that nobody had dismissed yet leave by themselves."""
    with RunningServer([sys.executable, STAND_IN, str(tmp_path), "1", "functions"]) as server:
        slow = http.client.HTTPConnection(gateway(server), timeout=PATIENCE)
        slow.request("GET", "/wait")
        server.signal(signal.SIGTERM)
        server.wait_for("Draining", connections=1)
        functions = workers(server, "functions")[0]
        ended = os.pidfd_open(functions)
        server.signal(signal.SIGTERM, functions)
        assert select.select([ended], [], [], PATIENCE)[0]
        os.close(ended)
        (tmp_path / "go").touch()
        assert slow.getresponse().status == 200
        slow.close()
        assert server.end() == 0
        server.hear()
    assert not [told for told in server.seen if told["event"] == "ProcessDied"]


def test_a_second_wish_to_stop_is_not_patient(server: RunningServer) -> None:
    address = gateway(server)
    slow = http.client.HTTPConnection(address, timeout=PATIENCE)
    slow.request("GET", "/wait")
    server.signal(signal.SIGINT)
    server.wait_for("Draining", connections=1)
    server.signal(signal.SIGINT)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        slow.getresponse()
    assert server.end() == 0


def test_connections_that_wait_when_the_server_stops_are_served(server: RunningServer) -> None:
    address = gateway(server)
    for process in workers(server).values():
        server.signal(signal.SIGSTOP, process)
    waiting = [http.client.HTTPConnection(address, timeout=PATIENCE) for _ in range(32)]
    for connection in waiting:
        connection.request("GET", "/")
    server.signal(signal.SIGTERM)
    server.wait_for("ServerStopping")
    for process in workers(server).values():
        server.signal(signal.SIGCONT, process)
    assert [connection.getresponse().status for connection in waiting] == [200] * 32
    for connection in waiting:
        connection.close()
    assert server.end() == 0


def test_a_restart_whose_successor_dies_is_abandoned_and_what_runs_stays(server: RunningServer, tmp_path: Path) -> None:
    address = gateway(server)
    before = workers(server)
    (tmp_path / "broken").touch()
    server.signal(signal.SIGHUP)
    assert "exited with status 3" in server.wait_for("RestartAbandoned")["reason"]
    assert {int(get(address)[1]) for _ in range(64)} == set(before.values())
    (tmp_path / "broken").unlink()
    server.signal(signal.SIGHUP)
    server.wait_for("RestartFinished")


def test_children_die_with_a_killed_supervisor(server: RunningServer) -> None:
    address = gateway(server)
    server.signal(signal.SIGKILL)
    server.end()
    with pytest.raises(ConnectionRefusedError):  # their standard error is closed when the last of them is gone
        get(address)
