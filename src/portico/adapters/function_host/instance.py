"""One instance: a process that serves one invocation at a time, and everything that may become of it.

    STARTING ──next──▶ IDLE ──assign──▶ RUNNING ──response, error──▶ FINISHING ──next──▶ IDLE
        │                                  │                             │
        └─ exit, init error, 10 s          └─ exit, timeout, memory      └─ exit, timeout ──────▶ ENDING ──▶ gone

Its laws:
- An invocation is settled once: by the runtime, or by a Verdict of ours. What comes after that is refused.
- The clock of an invocation runs from when the runtime has the event until it asks for the next one.
- What failed at anything is ended: no invocation meets the remains of another that broke.
- An instance that exits is concluded when its connections are closed too, so that what it said last is heard.
"""

import asyncio
import math
import os
from collections.abc import Awaitable
from concurrent.futures import Executor
from contextlib import ExitStack, suppress
from enum import Enum, auto
from typing import Any, Final, NamedTuple, Protocol

from portico.adapters.function_host import runtime_http, verdicts
from portico.adapters.function_host.instance_log import InstanceLog, Report
from portico.adapters.function_host.invocation import Invocation
from portico.adapters.function_host.json_log import open_log
from portico.adapters.function_host.launch import LaunchError, Prepared, Started
from portico.adapters.function_host.runtime_api import RuntimeApi, RuntimeConnection, open_runtime_api
from portico.adapters.function_host.runtime_http import Head, Verb
from portico.adapters.function_host.verdicts import UNHANDLED, Verdict
from portico.kernel.clock import Clock
from portico.kernel.observe import FunctionFailed, InstanceFailed, Observer
from portico.model.function import FunctionVersion
from portico.ports.access_log import Sink
from portico.ports.functions import FunctionAnswer

INIT_SECONDS: Final = 10.0
"""Lambda's limit of the Init phase (guide, "Understanding the Lambda execution environment lifecycle")."""
_CONCLUDE_SECONDS: Final = 1.0
"""An instance that exited is concluded then at the latest, though a connection of it is still open somewhere."""
_TRUNCATED_SECONDS: Final = 0.5
"""A runtime that broke off within its response has most often died of something, which is told in that time."""
_MEGABYTE: Final = 1024 * 1024


class State(Enum):
    STARTING = auto()
    IDLE = auto()
    RUNNING = auto()
    FINISHING = auto()
    ENDING = auto()


# Looked up in its class a member costs 65 ns before Python 3.12, eleven times in an invocation.
_STARTING, _IDLE, _RUNNING, _FINISHING, _ENDING = State


class Setting(NamedTuple):
    """What all instances of one version of a function share."""

    name: str
    version: FunctionVersion
    log: Sink[Any]
    executor: Executor
    """For what blocks: starting and clearing away."""
    clock: Clock
    observer: Observer
    init_seconds: float


class Owner(Protocol):
    """Who keeps instances."""

    def free(self, instance: "Instance") -> None:
        """It asks for the next event: assign one, or let it be idle."""
        ...

    def away(self, instance: "Instance") -> None:
        """It was idle, and its `next` has gone: nothing can be assigned to it until it is free again."""
        ...

    def settled(self, invocation: Invocation) -> None:
        """An invocation is over."""
        ...

    def stillborn(self, instance: "Instance", verdict: Verdict) -> None:
        """It failed before it asked for its first event, and had no invocation yet."""
        ...

    def unstartable(self, instance: "Instance", reason: str, verdict: Verdict | None) -> None:
        """It could not be started: nothing of it is there. `verdict`: where that is the function's own fault."""
        ...

    def gone(self, instance: "Instance") -> None:
        """Its process is gone. Told once, of every instance that was started."""
        ...


class Instance:
    def __init__(self, setting: Setting, owner: Owner, stream: str, bound: Invocation | None = None) -> None:
        """`stream`: the last part of its log stream's name. `bound`: the invocation that it is started within."""
        self._setting = setting
        self._owner = owner
        self._stream = stream
        self.invocation = bound
        self.state = _STARTING
        self.since = setting.clock.monotonic()
        """When it came into its state."""
        self.deadline = math.inf
        self._timeout = float(setting.version.timeout)
        self._init: float | None = None
        """How long it took to start, in milliseconds, until that was reported."""
        self._poll: RuntimeConnection | None = None
        self._connections: set[RuntimeConnection] = set()
        self._api: RuntimeApi | None = None
        self._started: Started | None = None
        self._log: InstanceLog | None = None
        self.measured = 0.0
        """When its memory was looked at last."""
        self._memory = 0
        self._exit_verdict: Verdict | None = None
        self._concluded = False
        self._truncated = False

    # Starting

    async def start(self, prepared: Awaitable[Prepared], environment: dict[str, str]) -> None:
        """Start its process. The owner is told what comes of it."""
        try:
            await self._start(await prepared, environment)
        except LaunchError as error:
            verdict = Verdict(error.error_type, str(error)) if error.error_type else None
            self._give_up(str(error), verdict)
        except OSError as error:
            self._give_up(f"an instance cannot be started: {error}", None)

    def _give_up(self, reason: str, verdict: Verdict | None) -> None:
        self.state = _ENDING
        self._close_api()
        self._owner.unstartable(self, reason, verdict)

    async def _start(self, prepared: Prepared, environment: dict[str, str]) -> None:
        loop = asyncio.get_running_loop()
        api = self._api = await open_runtime_api(self, prepared.uid)
        with ExitStack() as its:
            connection = its.enter_context(api.connection()).fileno() if prepared.inherits else None
            reading, writing = os.pipe2(os.O_CLOEXEC)
            its.callback(os.close, writing)
            os.set_blocking(reading, False)
            try:
                self._started = await loop.run_in_executor(
                    self._setting.executor, prepared.start, api.address, writing, environment, connection
                )
            except BaseException:
                os.close(reading)
                raise
        setting = self._setting
        self._log = open_log(setting.name, setting.version, self._phase, setting.log, self._stream[-8:], reading)
        loop.add_reader(reading, self._read_log)
        if self.state is _ENDING:
            self._started.end()
        else:
            await self._let_in(api)
        loop.add_reader(self._started.exited, self._on_exit)

    async def _let_in(self, api: RuntimeApi) -> None:
        """Hear what the process says, before it is seen to have ended."""
        self.since = self._setting.clock.monotonic()
        self.deadline = self.since + (self._setting.init_seconds if self.invocation is None else self._timeout)
        if self.invocation is not None:
            self._tell_start(self.invocation)
        await api.serve()

    def _read_log(self) -> None:
        assert self._log is not None
        loop = asyncio.get_running_loop()
        if not self._log.read():
            loop.remove_reader(self._log.descriptor)
        elif pause := self._log.pause(self._setting.clock.monotonic()):
            loop.remove_reader(self._log.descriptor)
            loop.call_later(pause, self._read_log_on)

    def _read_log_on(self) -> None:
        if not self._concluded and self._log is not None:
            asyncio.get_running_loop().add_reader(self._log.descriptor, self._read_log)

    @property
    def _phase(self) -> str:
        """In which it is started, in Lambda's words."""
        return "init" if self.invocation is None else "invoke"

    # Work

    def assign(self, invocation: Invocation) -> None:
        """Have it serve an invocation. It must be free."""
        self.invocation = invocation
        self._tell_start(invocation)
        self._deliver(invocation)

    def _tell_start(self, invocation: Invocation) -> None:
        if self._log is not None:
            self._log.start(invocation.request_id, self._setting.version.version, invocation.tail)

    def _deliver(self, invocation: Invocation) -> None:
        clock = self._setting.clock
        poll, self._poll = self._poll, None
        assert poll is not None
        left = self._timeout
        if self.state is _IDLE:
            self.since = clock.monotonic()
            self.deadline = self.since + left
        else:  # its time runs since the process was started
            left = self.deadline - clock.monotonic()
        self.state = _RUNNING
        event = runtime_http.event(
            invocation.request_id,
            clock.now() + left,
            invocation.arn,
            invocation.trace_id,
            invocation.client_context,
            invocation.event,
        )
        poll.send(event)

    def rest(self) -> None:
        """Nothing to do for now."""
        self.state = _IDLE
        self.since = self._setting.clock.monotonic()

    def end(self) -> None:
        """End it now, whatever it does."""
        self.state = _ENDING
        self._close_api()
        if self._started is not None:
            self._started.end()

    # What the runtime says

    def holds(self, inode: int) -> bool:
        return self._started is not None and self._started.holds(inode)

    def on_connected(self, connection: RuntimeConnection) -> None:
        self._connections.add(connection)

    def on_lost(self, connection: RuntimeConnection) -> None:
        self._connections.discard(connection)
        if self._poll is connection:
            self._poll = None
            if self.state is _IDLE:  # it is expected to ask again
                self.state = _FINISHING
                self.deadline = self._setting.clock.monotonic() + self._timeout
                self._owner.away(self)
        if self._exit_verdict is not None and not self._connections:
            self._conclude()

    def refusal(self, head: Head) -> bytes | None:
        invocation = self.invocation
        if invocation is not None and head.request_id == invocation.request_id and self.state is _RUNNING:
            return None
        verb = head.verb
        if verb is Verb.NEXT:
            return None
        if verb is Verb.UNKNOWN:
            return runtime_http.NOT_FOUND
        if verb is Verb.INIT_ERROR:
            starting = self.state is _STARTING
            return None if starting else runtime_http.forbidden(self.state.name.title(), "InitError")
        if self.state is not _RUNNING or invocation is None:
            return runtime_http.forbidden(self.state.name.title(), "InvocationResponse")
        return runtime_http.INVALID_ID

    def on_next(self, connection: RuntimeConnection) -> bytes | None:
        if self.state in (_RUNNING, _ENDING) or self._poll is not None:
            return runtime_http.forbidden(self.state.name.title(), "Ready")
        self._poll = connection
        if self.state is _STARTING:
            self._init = (self._setting.clock.monotonic() - self.since) * 1000
            if not self.measure():
                return None
            if self._log is not None:
                self._log.initialised(self._init, self._phase)
            if self.invocation is not None:
                self._deliver(self.invocation)
                return None
        self.state = _IDLE
        self._owner.free(self)
        return None

    def on_response(self, body: bytes | None) -> bytes:
        if body is None:
            self._settle(verdicts.OVERSIZED)
            return runtime_http.TOO_LARGE
        invocation = self._take_invocation()
        tail = self._report(invocation.request_id, None)
        version = self._setting.version.version
        if invocation.streams:
            invocation.receiver.on_begin(invocation.call)
            if body:
                invocation.receiver.on_data(invocation.call, body)
            invocation.receiver.on_end(invocation.call, None, tail)
        else:
            invocation.receiver.on_answer(invocation.call, FunctionAnswer(body, None, version, tail))
        self._owner.settled(invocation)
        return runtime_http.ACCEPTED

    def on_error(self, body: bytes | None, error_type: str) -> bytes:
        self._settle(verdicts.reported(body, error_type))
        return runtime_http.TOO_LARGE if body is None else runtime_http.ACCEPTED

    def on_init_error(self, body: bytes | None, error_type: str) -> bytes:
        self._fail(verdicts.reported(body, error_type))
        return runtime_http.TOO_LARGE if body is None else runtime_http.ACCEPTED

    def on_stream(self, connection: RuntimeConnection) -> bool:
        invocation = self.invocation
        if invocation is None or not invocation.streams:
            return False
        invocation.streams_from(connection)
        return True

    def on_piece(self, data: bytes) -> None:
        if self.invocation is not None and self.invocation.began:
            self.invocation.receiver.on_data(self.invocation.call, data)

    def on_broken_stream(self) -> None:
        self._truncated = True
        self.deadline = min(self.deadline, self._setting.clock.monotonic() + _TRUNCATED_SECONDS)

    def on_stream_end(self, error: str | None) -> bytes:
        if self.invocation is None or not self.invocation.began:
            return runtime_http.forbidden(self.state.name.title(), "InvocationResponse")
        if error is not None:
            self._settle(verdicts.reported(error.encode(), ""))
            return runtime_http.ACCEPTED
        invocation = self._take_invocation()
        tail = self._report(invocation.request_id, None)
        invocation.receiver.on_end(invocation.call, None, tail)
        self._owner.settled(invocation)
        return runtime_http.ACCEPTED

    # What the clock says

    def sweep(self, now: float) -> None:
        if self.state is _IDLE:
            return
        if self._log is not None:
            self._log.tell_start()
        if now < self.deadline:
            return
        if self._exit_verdict is not None:
            self._conclude()
        elif self.state is not _ENDING:
            self._fail(self._late())

    def _late(self) -> Verdict:
        if self._truncated:
            return verdicts.TRUNCATED
        starting = self.state is _STARTING and self.invocation is None
        return verdicts.timed_out(self._setting.init_seconds if starting else self._timeout)

    @property
    def large(self) -> bool:
        """Whether it has used more than half of its memory."""
        return self._memory * 2 > self._setting.version.memory_size * _MEGABYTE

    def measure(self) -> bool:
        """Hold what it uses against its memory limit. False where it is beyond that, and ended."""
        self.measured = self._setting.clock.monotonic()
        if self._started is None or self.state is _ENDING:
            return False
        used = self._started.resident_bytes()
        self._memory = max(self._memory, used)
        if used <= self._setting.version.memory_size * _MEGABYTE:
            return True
        self._fail(verdicts.OUT_OF_MEMORY)
        return False

    # How it ends

    def _on_exit(self) -> None:
        assert self._started is not None
        outcome = self._started.outcome()
        if outcome is None:  # why it was never run comes before how it ended
            return
        asyncio.get_running_loop().remove_reader(self._started.exited)
        self._started.end()  # what it started itself
        self._exit_verdict = verdicts.never_ran(outcome.reason) if outcome.reason else verdicts.exited(outcome.code)
        self.deadline = self._setting.clock.monotonic() + _CONCLUDE_SECONDS
        if not self._connections:
            self._conclude()

    def _conclude(self) -> None:
        """The process is gone, and all that it had to say is heard."""
        if self._concluded:
            return
        self._concluded = True
        verdict = self._exit_verdict
        assert verdict is not None
        if self.state is not _ENDING:
            self._fail(verdict)
        for connection in list(self._connections):
            connection.hang_up()
        started, self._started = self._started, None
        if self._log is not None:
            self._close_log()
        if started is not None:
            self._setting.executor.submit(started.close)
        self._owner.gone(self)

    def _close_log(self) -> None:
        assert self._log is not None
        with suppress(ValueError, OSError):
            asyncio.get_running_loop().remove_reader(self._log.descriptor)
        self._log.close()

    def _close_api(self) -> None:
        if self._api is not None:
            self._api.close()
            self._api = None

    def _fail(self, verdict: Verdict) -> None:
        """It failed at what it did, and is ended."""
        state, since = self.state, self.since
        if state is _STARTING and self._log is not None:
            duration = (self._setting.clock.monotonic() - since) * 1000
            self._log.init_failed(duration, self._phase, verdict)
        self.end()
        if self.invocation is not None:
            self._settle(verdict)
        elif state is _STARTING:
            self._owner.stillborn(self, verdict)
        else:
            cause = f"{verdict.message} while no invocation was under way"
            self._setting.observer(InstanceFailed(self._setting.name, self._setting.version.version, cause))

    # Invocations

    def _take_invocation(self) -> Invocation:
        invocation, self.invocation = self.invocation, None
        assert invocation is not None
        invocation.valve = None
        if self.state is _RUNNING:
            self.state = _FINISHING
        return invocation

    def _settle(self, verdict: Verdict) -> None:
        """Its invocation has failed."""
        invocation = self._take_invocation()
        setting = self._setting
        tail = self._report(invocation.request_id, verdict)
        payload = verdict.payload(invocation.request_id)
        if invocation.began:
            invocation.receiver.on_end(invocation.call, payload.decode("utf-8", "replace"), tail)
        else:
            answer = FunctionAnswer(payload, UNHANDLED, setting.version.version, tail)
            invocation.receiver.on_answer(invocation.call, answer)
        setting.observer(
            FunctionFailed(setting.name, setting.version.version, invocation.request_id, verdict.type, verdict.message)
        )
        self._owner.settled(invocation)

    def _report(self, request_id: str, verdict: Verdict | None) -> bytes:
        if self._log is None:
            return b""
        init, self._init = self._init, None
        duration = (self._setting.clock.monotonic() - self.since) * 1000
        size = self._setting.version.memory_size
        used = min(size, self._memory // _MEGABYTE)
        return self._log.finish(Report(request_id, duration, size, used, init, verdict))
