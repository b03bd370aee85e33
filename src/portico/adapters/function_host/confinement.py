"""What stands between an instance of a function and everything else. Runs in the instance's process before its program.

Three walls, each wherever the system has it (Abilities says which):

- a user of its own: as root only;
- a private root with its own processes, /tmp and /proc (private_root.py): as root, or with namespaces of users;
- Landlock (landlock.py): files by name, and from its sixth version on signals and abstract sockets.

Without a private root there is a fourth: no unix sockets (seccomp.py). Besides, always: no new privileges, limits, no
descriptors but its output and its connection to the Runtime API, a session of its own.
"""

import os
import resource
import signal
import sys
from typing import Final, NamedTuple

from portico.adapters.function_host import landlock, private_root, seccomp, system_calls
from portico.adapters.function_host.private_root import Root

SYSTEM: Final = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/sys/devices/system/cpu",
    *(
        f"/etc/{name}"
        for name in (
            "alternatives",
            "ca-certificates",
            "crypto-policies",
            "fonts",
            "gai.conf",
            "group",
            "host.conf",
            "hosts",
            "ld.so.cache",
            "ld.so.conf",
            "ld.so.conf.d",
            "localtime",
            "mime.types",
            "nsswitch.conf",
            "os-release",
            "passwd",
            "pki",
            "protocols",
            "resolv.conf",
            "services",
            "ssl",
            "timezone",
        )
    ),
)
"""What every instance may read and run: programs and libraries, certificates, names. Not the rest of /etc."""

_OF_PROC: Final = "self cpuinfo meminfo stat uptime loadavg version filesystems sys/vm sys/kernel"
PROCESS_INFORMATION: Final = tuple(f"/proc/{name}" for name in _OF_PROC.split())
"""Of a /proc that it shares with everybody an instance may read these."""


class Limits(NamedTuple):
    """Resource limits; None: as the starter has it."""

    processes: int | None
    descriptors: int
    file_bytes: int | None
    data_bytes: int
    """Private writable memory of one process: a bound that malloc cannot pass, far above the memory limit, which is
    held against what is resident."""


class Plan(NamedTuple):
    """One instance, as the starter is asked for it."""

    command: tuple[str, ...]
    environment: dict[str, str]
    directory: str
    """Where it starts; this and the paths of command are as the instance sees them."""
    limits: Limits
    user: int | None
    root: Root | None
    readable: tuple[str, ...]
    writable: tuple[str, ...]
    """What Landlock leaves it, where there is Landlock: paths as the instance sees them."""
    groups: tuple[int, ...] = ()
    """Of the folders that it shares with other functions, which are other users."""


class Abilities(NamedTuple):
    """What this system lets the starter do."""

    private_roots: bool
    landlock: int
    """Its version; 0: none."""
    users: bool
    system_call_filters: bool
    why_not: str
    """Why there are no private roots; "" where there are."""


def enter(plan: Plan, abilities: Abilities) -> None:
    """Give up everything that the plan does not leave. Raises OSError: then nothing may be run."""
    if plan.root is not None:
        private_root.enter(plan.root)
    _limit(plan.limits)
    if plan.user is not None:
        become(plan.user, plan.groups)
    if sys.platform == "linux":
        system_calls.gain_no_privileges()
    if abilities.landlock:
        landlock.restrict(plan.readable, plan.writable)
    if plan.root is None and abilities.system_call_filters:
        seccomp.refuse_unix_sockets()
    os.umask(0o002 if plan.groups else 0o022)
    os.chdir(plan.directory)


def become(user: int, groups: tuple[int, ...] = ()) -> None:
    """Be that user and nobody else: one group of the same number, and only these further ones. As root only."""
    os.setgroups(groups)
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _limit(limits: Limits) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.descriptors,
        resource.RLIMIT_DATA: limits.data_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NPROC: limits.processes,
    }
    for kind, value in wanted.items():
        if value is None:
            continue
        _, hardest = resource.getrlimit(kind)
        value = value if hardest == resource.RLIM_INFINITY else min(value, hardest)
        resource.setrlimit(kind, (value, value))


def plain_signals() -> None:
    """As a program expects them: Python ignores two, and whoever started the server may have blocked some."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
