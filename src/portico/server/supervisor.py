"""The supervisor: forks control, functions and the workers, holds their sockets, and sees that they are there.

It has no event loop and knows no rules of Portico: what a child runs is handed in as `run`. Its laws:

- A child that dies is replaced at once; one that dies young again and again, after a pause that grows to 5 s.
- SIGTERM, SIGINT: everybody finishes what is under way and leaves, functions after the last worker, which may need
  them; a second one kills.
- SIGHUP: the supervisor replaces itself by exec, with its sockets and children, then each child in turn: control first
  (its successor may only write the state directory when it is gone), then functions and each worker, whose successor is
  ready before it is told to leave. A successor that does not become ready ends the restart: what runs stays.

Only the standard library is imported.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from portico.kernel.observe import (
    Observer,
    ProcessDied,
    ProcessKilled,
    ProcessReady,
    RestartAbandoned,
    RestartBegan,
    RestartFinished,
    ServerStopped,
    ServerStopping,
)
from portico.server import children
from portico.server.children import CONTROL, FUNCTIONS, WORKER, Child, Ready
from portico.server.restart import Restart
from portico.server.slots import Slot
from portico.server.sockets import Listeners

READY_SECONDS: Final = 60.0
"""A child that is not ready by then is killed."""
KILL_SECONDS: Final = 5.0
"""Beyond the drain: a child that was told to leave and has not, is killed."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

Run = Callable[[str, int, list[socket.socket], Ready], int]
"""What a child does all its life: (role, slot, its listening sockets, ready) -> exit status."""


class Duties(NamedTuple):
    """What the supervisor was hired for."""

    run: Run
    observer: Observer
    on_ready: Callable[[float], None]
    """Called once with the seconds since the start, when every child is ready."""
    replace: Callable[[dict[str, Any]], str]
    """Replace this program by itself, handing over the data. Returns only where that cannot be done: the reason."""
    drain_seconds: float
    functions: bool = False
    """Whether functions run here."""
    settled: Callable[[], None] = lambda: None
    """Called when every child is ready, at the start and after a restart: there is time to load what the next child
    that is forked will need."""


class Supervisor:
    def __init__(self, duties: Duties, listeners: Listeners) -> None:
        self._duties = duties
        self._listeners = listeners
        self._slots = [Slot(CONTROL, 0, listeners.control)]
        self._slots += [Slot(FUNCTIONS, 0, [])] if duties.functions else []
        self._slots += [Slot(WORKER, number, sockets) for number, sockets in enumerate(listeners.gateway)]
        self._leaving: list[Child] = []
        self._restart: Restart | None = None
        self._restart_wanted = False
        self._stopping = False
        self._started = time.monotonic()
        self._served = False
        """Whether every child has been ready once."""
        self._status = 0
        self._terminal = os.isatty(2)
        self._wakeup = socket.socketpair()
        self._speaking: set[int] = set()

    def take_over(self, handed: dict[str, Any]) -> None:
        """Be the successor of the supervisor that told this (by `Duties.replace`), and go on with its restart."""
        for told in handed["children"]:
            child = Child(**told)
            slot = next(slot for slot in self._slots if (slot.role, slot.number) == (child.role, child.slot))
            if child.leaving:
                self._leaving.append(child)
            else:
                slot.child = child
        self._served = True
        self._restart = Restart(handed["began"], self._slots, self._fork, self._dismiss, self._retire)

    def run(self) -> int:
        """Until everybody has left. The exit status of the server: 1 where it could not start."""
        self._listen_to_signals()
        self._start_due()
        while self._everybody() or not self._stopping:
            self._wait()
            self._reap()
            self._hear()
            self._kill_late()
            if self._stopping:
                self._dismiss_everybody()
            else:
                self._start_due()
                self._go_on_restarting()
        self._duties.observer(ServerStopped())
        return self._status

    # Events

    def _listen_to_signals(self) -> None:
        for end in self._wakeup:
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakeup[1].fileno())
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _wait(self) -> None:
        """Until a signal, a word from a child, or the next thing that is due."""
        poller = select.poll()
        poller.register(self._wakeup[0], select.POLLIN)
        for child in self._everybody():
            if child.ready_pipe >= 0:
                poller.register(child.ready_pipe, select.POLLIN)
        patience = self._patience()
        self._speaking = {descriptor for descriptor, _ in poller.poll(None if patience is None else patience * 1000)}
        with suppress(BlockingIOError):
            for number in self._wakeup[0].recv(256):
                self._obey(signal.Signals(number))

    def _patience(self) -> float | None:
        times = [child.kill_at for child in self._everybody() if child.kill_at is not None]
        if not self._stopping:
            times += [slot.due for slot in self._slots if slot.child is None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _obey(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP and self._terminal and not os.isatty(2):
            number = signal.SIGTERM  # not an operator's wish: the terminal is gone
        if number == signal.SIGHUP:
            self._restart_wanted = True
        elif number in (signal.SIGTERM, signal.SIGINT):
            self._stop()

    def _everybody(self) -> list[Child]:
        return [child for slot in self._slots for child in slot.occupants()] + self._leaving

    # Children

    def _fork(self, slot: Slot) -> Child:
        def enter() -> None:
            for end in self._wakeup:
                end.close()
            for other in self._everybody():
                other.forget()
            self._listeners.close(keep=slot.sockets)

        def run(ready: Ready) -> int:
            return self._duties.run(slot.role, slot.number, slot.sockets, ready)

        return children.fork(slot.role, slot.number, READY_SECONDS, enter, run)

    def _start_due(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if slot.child is None and slot.due <= now:
                slot.child = self._fork(slot)

    def _hear(self) -> None:
        for child in self._everybody():
            if child.ready_pipe in self._speaking and child.hear():
                if not child.leaving:
                    child.kill_at = None
                seconds = time.monotonic() - child.born
                self._duties.observer(ProcessReady(child.role, child.slot, child.pid, seconds))
        if not self._served and all(slot.child is not None and slot.child.ready for slot in self._slots):
            self._served = True
            self._duties.on_ready(time.monotonic() - self._started)
            self._duties.settled()

    def _reap(self) -> None:
        for pid, how, status in children.reap():
            for child in [one for one in self._everybody() if one.pid == pid]:
                child.forget()
                self._bury(child, how, status)

    def _bury(self, child: Child, how: str, status: int) -> None:
        if child in self._leaving:
            self._leaving.remove(child)
            return
        slot = next(slot for slot in self._slots if child in slot.occupants())
        if child is slot.successor:
            slot.successor = None
            self._abandon(f"the successor of {slot.role} {slot.number} {how}")
            return
        slot.child, slot.successor = slot.successor, None
        if child.leaving or (self._stopping and status == 0):  # told to leave: by us, or by who tells all processes
            return
        if not self._served and status == children.UNFIT:
            self._status = 1
            self._stop()
            return
        self._replace_lost(slot, child, how)

    def _replace_lost(self, slot: Slot, child: Child, how: str) -> None:
        pause = slot.lost(child, time.monotonic())
        self._duties.observer(ProcessDied(child.role, child.slot, child.pid, how, pause))
        if self._restart is not None and self._restart.concerns(slot):
            self._abandon(f"{child.role} {how}")

    def _kill_late(self) -> None:
        now = time.monotonic()
        for child in self._everybody():
            if child.kill_at is not None and child.kill_at <= now:
                child.kill_at = None
                why = "it did not leave in time" if child.leaving else "it did not become ready in time"
                self._duties.observer(ProcessKilled(child.role, child.slot, child.pid, why))
                child.signal(signal.SIGKILL)

    def _dismiss(self, child: Child) -> None:
        child.leave(time.monotonic() + self._duties.drain_seconds + KILL_SECONDS)

    # Stopping

    def _stop(self) -> None:
        if self._stopping:
            for child in self._everybody():
                child.signal(signal.SIGKILL)
            return
        self._stopping = True
        self._duties.observer(ServerStopping(self._duties.drain_seconds))
        self._listeners.close()  # the workers hold theirs until they have accepted what waits
        self._dismiss_everybody()

    def _dismiss_everybody(self) -> None:
        """Who has not been told to leave is told now; functions when there is no worker left to call them."""
        everybody = self._everybody()
        called = any(child.role == WORKER for child in everybody)
        for child in everybody:
            if not (child.leaving or (called and child.role == FUNCTIONS)):
                self._dismiss(child)

    # Restarting

    def _go_on_restarting(self) -> None:
        if self._restart is None:
            if self._restart_wanted:
                self._replace()
        elif self._restart.go_on():
            self._duties.observer(RestartFinished(time.monotonic() - self._restart.began))
            self._restart = None
            self._duties.settled()

    def _retire(self, child: Child) -> None:
        self._leaving.append(child)
        self._dismiss(child)

    def _replace(self) -> None:
        """Exec. It comes back only where the new program cannot start; then the old one goes on."""
        self._restart_wanted = False
        began = time.monotonic()
        self._duties.observer(RestartBegan())
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        handed = {
            "listeners": self._listeners.descriptors(),
            "children": [child.told() for child in self._everybody()],
            "began": began,
        }
        reason = self._duties.replace(handed)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self._duties.observer(RestartAbandoned(reason))

    def _abandon(self, reason: str) -> None:
        if self._restart is not None:
            self._restart = None
            self._duties.observer(RestartAbandoned(reason))
