"""The instances of one version of a function, as of one revision: which of them serves which call.

A call takes the instance that was idle last. Where none is, it waits for one that is started for it, or that becomes
free first. An instance that fails before its first event is tried once more within the call that waited for it, as
Lambda does; that call then ends as the second try ends.
"""

import asyncio
import secrets
import time
from collections import deque
from typing import Final, Protocol

from portico.adapters.function_host import environment
from portico.adapters.function_host.instance import Instance, Setting, State
from portico.adapters.function_host.invocation import Invocation, Load
from portico.adapters.function_host.launch import Launcher, Prepared
from portico.adapters.function_host.verdicts import UNHANDLED, Verdict
from portico.kernel.observe import FunctionFailed, InstanceFailed
from portico.ports.functions import FailureKind, FunctionAnswer, FunctionFailure

PATIENCE_SECONDS: Final = 0.05
"""A call waits no longer for an instance that has answered and does not come back, but has one started."""


ROOM_SECONDS: Final = 1.0
"""A call waits so long where the fleet has no room: mostly somebody has answered and is about to be idle."""


class Place(Protocol):
    """What a pool asks of the fleet that it belongs to."""

    launcher: Launcher
    region: str

    def enter(self, invocation: Invocation, load: Load) -> str | None:
        """Count a call in. Why it is throttled; None where it is not."""
        ...

    def leave(self, invocation: Invocation, load: Load) -> None: ...

    def make_room(self) -> bool:
        """Whether one more instance may be started."""
        ...

    def emptied(self, pool: "Pool") -> None:
        """The last instance of a pool that takes no calls any more is gone."""
        ...


class Pool:
    """For one thread, on a running loop."""

    def __init__(self, place: Place, setting: Setting, load: Load) -> None:
        self._place = place
        self.setting = setting
        self._load = load
        self.instances: set[Instance] = set()
        self.idle: list[Instance] = []
        """Who was idle last is last."""
        self._waiting: deque[Invocation] = deque()
        self._retired = False
        self._prepared: asyncio.Future[Prepared] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def invoke(self, invocation: Invocation) -> FunctionFailure | None:
        """Have it served: its receiver is told what comes of it. A failure where it is refused at once."""
        throttled = self._place.enter(invocation, self._load)
        if throttled is not None:
            return FunctionFailure(FailureKind.THROTTLED, throttled)
        if self.idle:
            self.idle.pop().assign(invocation)
            return None
        invocation.asked = self.setting.clock.monotonic()
        self._waiting.append(invocation)
        self._start_wanted()
        return None

    def retire(self) -> None:
        """Take no new calls: those that wait are served, then every instance ends."""
        self._retired = True
        while self.idle:
            self.idle.pop().end()
        if not self.instances:
            self._place.emptied(self)

    def sweep(self, now: float, idle_since: float) -> None:
        """End who has been idle since then, and help calls that wait for an instance which does not come back."""
        while self.idle and self.idle[0].since <= idle_since:
            self.idle.pop(0).end()
        if self._waiting and now - self._waiting[0].asked >= PATIENCE_SECONDS:
            self._start_wanted(patient=False)
            if not self._coming(patient=False):
                self._throttle(now)

    # What instances say

    def free(self, instance: Instance) -> None:
        if self._waiting:
            instance.assign(self._waiting.popleft())
        elif self._retired:
            instance.end()
        else:
            instance.rest()
            self.idle.append(instance)

    def away(self, instance: Instance) -> None:
        self.idle.remove(instance)

    def settled(self, invocation: Invocation) -> None:
        self._place.leave(invocation, self._load)

    def stillborn(self, instance: Instance, verdict: Verdict) -> None:
        if not self._waiting:
            self._tell(verdict.message)
            return
        invocation = self._waiting.popleft()
        if self._place.make_room():
            self._start(invocation)
        else:
            self._give_up(invocation, verdict.message, verdict)

    def unstartable(self, instance: Instance, reason: str, verdict: Verdict | None) -> None:
        self.instances.discard(instance)
        self._prepared = None
        if instance.invocation is not None:
            self._give_up(instance.invocation, reason, verdict)
        if self._coming():
            return
        self._tell(reason)
        while self._waiting:
            self._give_up(self._waiting.popleft(), reason, verdict)
        self._check_empty()

    def gone(self, instance: Instance) -> None:
        self.instances.discard(instance)
        if instance in self.idle:
            self.idle.remove(instance)
        if self._waiting:
            self._start_wanted()
        self._check_empty()

    # Starting

    def _start_wanted(self, *, patient: bool = True) -> None:
        """Start an instance for each call that waits for none yet, where there is room."""
        while len(self._waiting) > self._coming(patient=patient) and self._place.make_room():
            self._start()

    def _coming(self, *, patient: bool = True) -> int:
        """How many instances will be free without anything further."""
        return sum(
            1
            for one in self.instances
            if (one.state is State.STARTING and one.invocation is None) or (patient and one.state is State.FINISHING)
        )

    def _start(self, bound: Invocation | None = None) -> None:
        version = self.setting.version
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version.version}]{secrets.token_hex(16)}"
        instance = Instance(self.setting, self, stream, bound)
        self.instances.add(instance)
        if self._prepared is None:
            loop = asyncio.get_running_loop()
            self._prepared = loop.run_in_executor(
                self.setting.executor, self._place.launcher.prepare, version, self.setting.name
            )
        variables = environment.variables(self._place.region, stream)
        task = asyncio.create_task(instance.start(self._prepared, variables))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Ends without an instance

    def _throttle(self, now: float) -> None:
        """No instance can be started for those who wait, and nobody has come free for long."""
        failure = FunctionFailure(FailureKind.THROTTLED, "there is room for no further instance: all are busy")
        while self._waiting and now - self._waiting[0].asked >= ROOM_SECONDS:
            invocation = self._waiting.popleft()
            self._place.leave(invocation, self._load)
            invocation.receiver.on_failure(invocation.call, failure)

    def _give_up(self, invocation: Invocation, reason: str, verdict: Verdict | None) -> None:
        """End a call that no instance will serve. With a verdict it is the function's fault, else this server's."""
        self._place.leave(invocation, self._load)
        if verdict is None:
            invocation.receiver.on_failure(invocation.call, FunctionFailure(FailureKind.UNAVAILABLE, reason))
            return
        name, number, request_id = self.setting.name, self.setting.version.version, invocation.request_id
        self.setting.observer(FunctionFailed(name, number, request_id, verdict.type, verdict.message))
        answer = FunctionAnswer(verdict.payload(request_id), UNHANDLED, number)
        invocation.receiver.on_answer(invocation.call, answer)

    def _tell(self, reason: str) -> None:
        self.setting.observer(InstanceFailed(self.setting.name, self.setting.version.version, reason))

    def _check_empty(self) -> None:
        if self._retired and not self.instances and not self._waiting:
            self._place.emptied(self)
