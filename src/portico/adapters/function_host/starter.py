"""The starter: a small process that forks, confines and runs the instances; only the small are forked quickly.

    python -I -S -c "...; from portico.adapters.function_host.starter import main; main()"

It has a socket to the functions process as descriptor 0 and does what that asks, one request at a time:

    request   4 bytes length, JSON of a Plan; descriptors: the instance's output, its report (the writing end of a pipe)
              and, where it is born with one, its connection to the Runtime API
    answer    4 bytes length, JSON: {"pid": …} and a pidfd where the system has them

The report gets `!` and the reason where the program was never run, and at the end the exit status in a line; a signal
is negative. Where the system lets it, the starter is the first process of a world of its own (a PID namespace), and
each instance has another inside: whoever is killed takes along all that it started, however that hid. The first process
there is not the program, because signals that such a one sends to itself do nothing: `stand_by` waits for the program,
tells how it ended behind a NUL in the report, and ends the world.

Standard library only, and little of it: imports are paid at every fork.
"""

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from portico.adapters.function_host import confinement, landlock, private_root, seccomp, system_calls
from portico.adapters.function_host.confinement import Abilities, Limits, Plan
from portico.adapters.function_host.private_root import Bind, Root

NEVER_RUN: Final = 127
"""The exit status of an instance whose program was never run."""
CONNECTION: Final = 3
"""The number of the descriptor that is an instance's connection to the Runtime API."""
_PRIVATE: Final = system_calls.CLONE_NEWNS | system_calls.CLONE_NEWPID
_LENGTH_BYTES: Final = 4
_MOST_DESCRIPTORS: Final = 3
_MOST_OPEN: Final = os.sysconf("SC_OPEN_MAX")


def decode(told: Sequence[Any]) -> Plan:
    """A Plan from its JSON, which has tuples for all that is in it."""
    command, environment, directory, limits, user, root, readable, writable, groups = told
    if root is not None:
        at, binds, temporary_mb, owner, shared = root
        root = Root(at, _binds(binds), temporary_mb, owner, _binds(shared))
    walls = (user, root, tuple(readable), tuple(writable), tuple(groups))
    return Plan(tuple(command), environment, directory, Limits(*limits), *walls)


def _binds(told: Sequence[Sequence[str]]) -> tuple[Bind, ...]:
    return tuple(Bind(*one) for one in told)


class Starter:
    def __init__(self, asking: socket.socket, abilities: Abilities) -> None:
        self._asking = asking
        self._abilities = abilities
        self._reports: dict[int, int] = {}
        """Process id to the descriptor that its end is told to."""
        self._pid = os.getpid()
        self._own_world = os.pidfd_open(self._pid) if abilities.private_roots else -1
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    def run(self) -> None:
        """Until the functions process is gone. Then so are the instances."""
        poller = select.poll()
        poller.register(self._asking, select.POLLIN)
        poller.register(self._woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poller.poll()}
            if self._woken in ready:
                self._reap()
            if self._asking.fileno() in ready and not self._serve():
                break
        for pid in self._reports:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _serve(self) -> bool:
        """One request. False where the peer has gone."""
        try:
            asked, (output, report, *connection) = hear(self._asking)
        except EOFError:
            return False
        plan = decode(asked)
        try:
            pid = self._fork(plan, output, report, connection)
        except OSError as error:
            os.close(report)
            tell(self._asking, {"error": f"a process cannot be made: {error.strerror}"})
        else:
            self._reports[pid] = report
            self._tell_started(pid)
        for descriptor in (output, *connection):
            os.close(descriptor)
        return True

    def _fork(self, plan: Plan, output: int, report: int, connection: list[int]) -> int:
        """The process id, as this process sees it."""
        if self._abilities.private_roots:
            system_calls.unshare(system_calls.CLONE_NEWPID)  # for children: the next one is the first of a new world
        try:
            pid = os.fork()
            if not pid:
                self._become(plan, output, report, connection)
        finally:
            if self._abilities.private_roots:
                system_calls.setns(self._own_world, system_calls.CLONE_NEWPID)
        return pid

    def _tell_started(self, pid: int) -> None:
        if not hasattr(os, "pidfd_open"):
            tell(self._asking, {"pid": pid})
            return
        pidfd = os.pidfd_open(pid)  # not reaped yet, so that the number is still its own
        tell(self._asking, {"pid": pid}, pidfd)
        os.close(pidfd)

    def _become(self, plan: Plan, output: int, report: int, connection: list[int]) -> None:
        """In the child: give everything up and run the program. Does not return."""
        try:
            signal.set_wakeup_fd(-1)
            confinement.plain_signals()
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            for number, descriptor in enumerate((nothing, output, output, *connection)):
                os.dup2(descriptor, number)  # what has number 3 here is the starter's own socket
            confinement.enter(plan, self._abilities)
            self._depend()
            if self._abilities.private_roots:
                stand_by(report)
            os.execve(plan.command[0], plan.command, plan.environment)  # noqa: S606  that is the point
        except OSError as error:
            what = f"{error.filename}: " if error.filename not in (None, plan.command[0]) else ""
            told = f"fork/exec {plan.command[0]}: {what}{(error.strerror or str(error)).lower()}"
            os.write(report, f"!{told}".encode())
        except BaseException as error:
            os.write(report, f"!{error!r}".encode())
        finally:
            os._exit(NEVER_RUN)

    def _depend(self) -> None:
        """Die when the starter does; also when it did just now. A parent in another world has the number 0."""
        if sys.platform == "linux":
            system_calls.die_with_parent(signal.SIGKILL)
            if os.getppid() not in (0, self._pid):
                os._exit(NEVER_RUN)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, 4096)
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._tell_ended(pid, os.waitstatus_to_exitcode(status))

    def _tell_ended(self, pid: int, code: int) -> None:
        report = self._reports.pop(pid, None)
        if report is not None:
            with suppress(BrokenPipeError):
                os.write(report, b"\n%d" % code)
            os.close(report)


def stand_by(report: int) -> None:
    """Returns in a child, which the program is to be run in. This process waits for its end, reaps what else ends
    meanwhile, and has nothing left that the program could ask for: its memory is the starter's."""
    system_calls.be_unreadable()  # the program runs as the same user
    child = os.fork()
    if not child:
        return
    os.closerange(0, report)
    os.closerange(report + 1, _MOST_OPEN)
    while (ended := os.wait())[0] != child:
        pass
    os.write(report, b"\0%d" % os.waitstatus_to_exitcode(ended[1]))
    os._exit(0)


# The start


def abilities(place: str, user: int) -> Abilities:
    """Find out by trying, each in a child that is gone afterwards. `user` is one that an instance would run as."""
    why_not = _tried(lambda: _try_private_root(place))
    users = os.geteuid() == 0 and not _tried(lambda: confinement.become(user))
    filters = not _tried(_try_system_call_filter)
    return Abilities(not why_not, landlock.version(), users, filters, why_not)


def _try_private_root(place: str) -> None:
    enter_own_world()
    _in_child(lambda: private_root.enter(Root(place, (Bind("/usr", "/usr"),), 1, os.geteuid())))


def _try_system_call_filter() -> None:
    if not seccomp.known():
        raise OSError("the system calls of this machine are not known")
    system_calls.gain_no_privileges()
    seccomp.refuse_unix_sockets()


def _tried(work: Callable[[], None]) -> str:
    """Why the work cannot be done; "" where it can."""
    try:
        _in_child(work)
    except OSError as error:
        return str(error)
    return ""


def _in_child(work: Callable[[], None]) -> None:
    """Do it in a child. Raises OSError with what the child's raised."""
    answer, tell_it = os.pipe()
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            os.write(tell_it, (str(error) or repr(error)).encode()[:512])
        finally:
            os._exit(0)
    os.close(tell_it)
    with open(answer, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    if told:
        raise OSError(told)


def enter_own_world() -> None:
    """Mounts of our own, and a world of processes that the next child is the first of. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        system_calls.unshare(_PRIVATE)
    else:
        system_calls.unshare(_PRIVATE | system_calls.CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    system_calls.mount("none", "/", "", system_calls.MS_REC | system_calls.MS_PRIVATE)


def main(place: str, user: int) -> None:
    """`place` is an empty directory to build roots on; `user` one of the users of instances."""
    asking = socket.socket(fileno=os.dup(0))
    able = abilities(place, user)
    if able.private_roots:
        enter_own_world()
        if os.fork():
            os._exit(0)  # only a child is in the new world
    tell(asking, able._asdict())
    Starter(asking, able).run()


# The socket


def tell(peer: socket.socket, answer: object, *descriptors: int) -> None:
    """Send JSON with its length in front, and descriptors with it."""
    text = json.dumps(answer).encode()
    socket.send_fds(peer, [len(text).to_bytes(_LENGTH_BYTES, "big")], descriptors)
    peer.sendall(text)


def hear(peer: socket.socket) -> tuple[Any, list[int]]:
    """The next JSON and its descriptors. Raises EOFError where the peer has gone."""
    head, descriptors, _, _ = socket.recv_fds(peer, _LENGTH_BYTES, _MOST_DESCRIPTORS)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # what comes through a socket is inherited, unlike all else in Python
    head += _exactly(peer, _LENGTH_BYTES - len(head))
    return json.loads(_exactly(peer, int.from_bytes(head, "big"))), descriptors


def _exactly(peer: socket.socket, size: int) -> bytes:
    pieces = []
    while size:
        piece = peer.recv(size)
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
