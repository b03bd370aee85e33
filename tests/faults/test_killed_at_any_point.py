"""kill -9 at random points of CreateDeployment and UpdateStage, while clients ask.

Whatever was answered with 2xx is there: in what is served, in what the control plane says, in the database. What was
not answered is there whole or not at all. Nobody is ever answered a mix of two versions, or an error.
"""

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from contract_scene import STAGE, Mock
from fault_scene import Clients, Site, asking, chance, heard, rounds, standing, versioned
from running_server import PATIENCE

ROUNDS = rounds(8, 100)


def moments(rng: random.Random, call: float) -> Iterator[float]:
    """Seconds after a call's start at which to kill: spread over twice the time that `call` says one takes, so that
    some come before its answer and some after. More than ROUNDS where all calls so far ended alike: then over longer,
    as one may take longer meanwhile."""
    while True:
        spread = [2 * call * step / (ROUNDS - 1) for step in range(ROUNDS)]
        rng.shuffle(spread)
        yield from spread
        call *= 2


class State(NamedTuple):
    version: int
    colour: str

    @property
    def answer(self) -> tuple[int, str]:
        return 200, f"v{self.version} {self.colour}"


class Call(threading.Thread):
    """A call of the control plane, made while something happens to it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call
        self.answered = False

    def run(self) -> None:
        try:
            self._call()
        except (BotoCoreError, ClientError):
            return
        self.answered = True


def change(api: Mock, state: State, number: int) -> tuple[State, Callable[[], Any]]:
    """What a round tries: in turns a deployment and a new value of the stage's variable."""
    if number % 2:
        after = state._replace(colour=f"c{number}")
        return after, lambda: api.update_stage("/variables/colour", after.colour)
    after = state._replace(version=number)
    api.edit(f"v{number} $stageVariables.colour")
    return after, api.deploy


def interrupted(site: Site, call: Call, role: str, delay: float) -> None:
    call.start()
    time.sleep(delay)
    site.kill(role)
    if role == "supervisor":
        site.start(2)
    call.join(PATIENCE)
    assert not call.is_alive()


def stored(site: Site, api: Mock) -> State:
    """What the database's file says, without asking Portico."""
    with closing(sqlite3.connect(f"file:{site.data / 'portico.db'}?mode=ro", uri=True)) as database:
        ((value,),) = database.execute("SELECT value FROM standing WHERE key = ?", (f"{api.id}/{STAGE}",)).fetchall()
        record = json.loads(value)
        ((body,),) = database.execute("SELECT body FROM snapshot WHERE digest = ?", (record["snapshot"],)).fetchall()
    version = bytes(body).decode().partition("$stageVariables.colour")[0].rpartition("v")[2]
    return State(int(version), record["variables"]["colour"])


def settled(site: Site, api: Mock, allowed: set[State]) -> State:
    """The one state that all workers serve, the control plane tells and the database has."""
    end = time.monotonic() + PATIENCE
    while len(seen := site.everywhere(api.id, "/")) > 1:
        assert time.monotonic() < end, f"two versions are served: {seen}"
    state = next((one for one in allowed if one.answer in seen), None)
    assert state is not None, f"{seen} is served, which is none of {allowed}"
    assert stored(site, api) == state
    assert site.client().get_stage(restApiId=api.id, stageName=STAGE)["variables"] == {"colour": state.colour}
    return state


def answers(clients: Clients) -> set[tuple[int, str]]:
    """What clients were answered since this was asked last. Connections may be lost with a worker."""
    told = {one for one in heard(clients.outcomes) if one[0]}
    clients.outcomes.clear()
    return told


@pytest.mark.timeout(600)
def test_a_stage_serves_the_old_or_the_new_and_what_was_answered_is_there(tmp_path: Path) -> None:
    rng = chance()
    with standing(tmp_path, workers=2) as site:
        api = versioned(site.client())
        api.deploy(colour="c0")
        state, answered = State(0, "c0"), []
        began = time.monotonic()
        api.deploy()
        delays = moments(rng, time.monotonic() - began)
        with asking(site, api.id) as clients:
            for number in range(1, 3 * ROUNDS):
                if number > ROUNDS and len(set(answered)) == 2:
                    break
                after, act = change(api, state, number)
                role = "control" if number % 3 else "supervisor"  # who dies young too often is started after a pause
                call = Call(act)
                interrupted(site, call, role, next(delays))
                before = state
                state = settled(site, api, {after} if call.answered else {before, after})
                assert answers(clients) <= {before.answer, after.answer}
                answered.append(call.answered)
        site.stop()
        site.start(2)
        assert site.everywhere(api.id, "/") == {state.answer}
    print(f"{sum(answered)} of {len(answered)} calls were answered")
    assert {True, False} == set(answered), "the kills came too early or too late to tell anything"
