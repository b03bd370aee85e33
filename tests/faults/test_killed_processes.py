"""kill -9 of each process of a server, while clients ask: only what was under way is lost, and it comes back whole."""

import os
import signal
import time
from pathlib import Path

from contract_scene import Mock
from fault_scene import SERVES_AGAIN, Site, asking, heard, standing
from running_server import PATIENCE

SERVED = (200, "served")


def deployed(site: Site) -> Mock:
    api = Mock(site.client(), "served")
    api.deploy()
    return api


def gone(pid: int) -> bool:
    """Zombies are gone too: whoever adopts them may take its time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_without_control_nothing_is_lost(tmp_path: Path) -> None:
    with standing(tmp_path) as site:
        api = deployed(site)
        with asking(site, api.id) as clients:
            site.kill("control")
            assert heard(clients.more()) == {SERVED}
        assert heard(clients.outcomes) == {SERVED}
        assert [one["id"] for one in site.client().get_rest_apis()["items"]] == [api.id]


def test_without_a_worker_what_it_had_accepted_is_lost_and_the_rest_waits(tmp_path: Path) -> None:
    with standing(tmp_path, workers=2) as site:
        api = deployed(site)
        with asking(site, api.id, threads=4) as clients:
            clients.more()
            for slot in (0, 1):
                site.kill("worker", slot)
                assert heard(clients.more()) == {SERVED}
        lost = [one for one in clients.outcomes if (one.status, one.text) != SERVED]
        assert all(one.status == 0 for one in lost), "never a wrong answer"
        assert len(lost) <= 2 * 4, "one for each client and each kill"


def test_without_the_supervisor_everybody_leaves_and_a_restart_serves(tmp_path: Path) -> None:
    with standing(tmp_path, workers=2) as site:
        api = deployed(site)
        children = [site.pid("control"), site.pid("worker", 0), site.pid("worker", 1)]
        with asking(site, api.id) as clients:
            clients.more()
            site.kill("supervisor")
            began = time.monotonic()
            site.start()
            back = clients.wait_for(lambda one: (one.status, one.text) == SERVED)
            assert back.ended - began < SERVES_AGAIN
            assert heard(clients.more()) == {SERVED}
        assert {one.status for one in clients.outcomes} <= {0, 200}
        end = time.monotonic() + PATIENCE
        while not all(map(gone, children)) and time.monotonic() < end:
            time.sleep(0.02)
        assert [pid for pid in children if not gone(pid)] == []
        assert site.client().get_rest_api(restApiId=api.id)["id"] == api.id


def test_an_orphan_that_still_holds_the_port_is_waited_for(tmp_path: Path) -> None:
    """A worker that does not run at the moment, because the machine is busy, cannot let go of its sockets yet."""
    with standing(tmp_path) as site:
        api = deployed(site)
        orphan = site.pid("worker")
        os.kill(orphan, signal.SIGSTOP)
        waker = os.fork()
        if not waker:
            time.sleep(1.0)
            os.kill(orphan, signal.SIGCONT)
            os._exit(0)
        site.kill("supervisor")
        began = time.monotonic()
        site.start()
        assert site.everywhere(api.id, "/") == {SERVED}
        assert time.monotonic() - began < SERVES_AGAIN
        os.waitpid(waker, 0)
