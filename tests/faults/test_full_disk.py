"""A disk without room, for the data directory or only for the workers' copy of the state: what is deployed is served,
what cannot be stored is refused, and all of it is told. Once there is room again nobody has to restart anything.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract_scene import Mock
from edge_scene import play
from fault_scene import Site, asking, heard, standing, within
from function_host_scene import function, hosting
from portico.kernel.observe import LogLinesDropped
from portico.ports.functions import FailureKind, InvocationType

RECOVERED = within(5.0)
ROOM = 24 * 1024 * 1024
"""Bytes: a worker's meters take four million."""


class Disk:
    """A small file system of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Until not a byte more fits."""
        with self._ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0700", "none", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("NOT RUN: mounting a small file system takes root, and a kernel that lets it")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def on(disk: Disk, folder: Path) -> None:
    """Where the server's data directory will be."""
    (folder / "data").symlink_to(disk.path / "data")
    (disk.path / "data").mkdir(mode=0o700)


@play
async def test_functions_go_on_on_a_full_disk(disk: Disk) -> None:
    """Their lines are dropped and told, what cannot be kept is refused; with room again both are as before."""
    async with hosting(disk.path) as host:
        host.stand(function("hello"))
        assert (await host.do("hello", "print before")).answer is not None
        host.logs.flush()
        disk.fill()
        for word in ("print lost", "chatter 1000", "raise"):
            called = await host.do("hello", word, tail=True)
            assert called.answer is not None
            assert b"REPORT RequestId: " in called.answer.log
        event = await host.do("hello", kind=InvocationType.EVENT)
        assert event.kind is FailureKind.UNAVAILABLE or (event.answer is not None and event.answer.status == 202)
        host.logs.flush()
        assert host.said(LogLinesDropped)
        disk.free()
        assert (await host.do("hello", "print behind")).answer is not None
        assert {"before", "behind"} <= set(host.log("hello"))
        assert (await host.do("hello", kind=InvocationType.EVENT)).answer is not None


def soon(happened: Callable[[], object]) -> None:
    end = time.monotonic() + RECOVERED
    while not happened():
        assert time.monotonic() < end, f"not within {RECOVERED} s"
        time.sleep(0.02)


def variable(site: Site, api: Mock, colour: str) -> bool:
    """Whether UpdateStage answered 2xx. A clear refusal is a 503."""
    client = site.client()
    edit = {"op": "replace", "path": "/variables/colour", "value": colour}
    try:
        client.update_stage(restApiId=api.id, stageName="prod", patchOperations=[edit])
    except client.exceptions.ServiceUnavailableException:
        return False
    return True


def test_a_full_disk_stops_no_request_and_refuses_changes(tmp_path: Path, disk: Disk) -> None:
    on(disk, tmp_path)
    with standing(tmp_path) as site:
        api = Mock(site.client(), "$stageVariables.colour")
        api.deploy(colour="red")
        with asking(site, api.id) as clients:
            disk.fill()
            assert not variable(site, api, "blue" * 100)
            assert heard(clients.more(200)) == {(200, "red")}
            soon(lambda: site.told("LogLinesDropped"))
            disk.free()
            soon(lambda: variable(site, api, "green"))
            clients.wait_for(lambda one: one.text == "green")
        assert heard(clients.outcomes) == {(200, "red"), (200, "green")}


def test_a_server_starts_on_a_full_disk_and_serves_what_is_deployed(tmp_path: Path, disk: Disk) -> None:
    on(disk, tmp_path)
    with standing(tmp_path) as site:
        api = Mock(site.client(), "$stageVariables.colour")
        api.deploy(colour="red")
        site.stop()
        disk.fill()
        site.start()
        assert site.everywhere(api.id, "/") == {(200, "red")}
        disk.free()
        soon(lambda: variable(site, api, "green"))
        assert site.everywhere(api.id, "/") == {(200, "green")}


def test_a_change_that_the_workers_copy_has_no_room_for_acts_as_soon_as_it_has(tmp_path: Path, disk: Disk) -> None:
    on(disk, tmp_path)
    with standing(tmp_path, "--database", f"sqlite:///{tmp_path / 'elsewhere.db'}") as site:
        api = Mock(site.client(), "$stageVariables.colour")
        api.deploy(colour="red")
        disk.fill()
        long = "blue" * 100
        assert variable(site, api, long), "it is stored"
        assert site.everywhere(api.id, "/") == {(200, "red")}
        soon(lambda: site.told("ChangesNotApplied"))
        told = site.told("ChangesNotApplied")
        assert [one["role"] for one in told] == ["control"] and "No space left" in told[0]["reason"]
        disk.free()
        soon(lambda: site.everywhere(api.id, "/") == {(200, long)})
