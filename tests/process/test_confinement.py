"""What a function can reach, proven from inside; with namespaces, and where there are none.

As root every test runs once more as an ordinary user, in a pytest of its own.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import portico
from confinement_scene import CONFINEMENTS, Confined, a_data_dir, closed_interpreter, confined_by
from portico.adapters.function_host.landlock import SIGNALS_SINCE
from portico.adapters.function_host.launch import LaunchError
from portico.kernel.observe import FunctionsLessConfined
from runtime_api_scene import RuntimeGone
from unprivileged import NOBODY, folder_for_everybody

LOOKS = "echo ${_RUNTIME_API_DESCRIPTOR-none}; if (: <&3) 2>&-; then echo open; else echo closed; fi"
"""A line of a shell that tells of a connection to the Runtime API."""
NODE_LOOKS = f"""\
const {{ readlinkSync }} = require("fs"), {{ execSync }} = require("child_process");
exports.handler = async () => [readlinkSync("/proc/self/fd/3"), execSync({json.dumps(LOOKS)}).toString()];
"""
DENIED = {"PermissionError", "FileNotFoundError", "NotADirectoryError"}


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not below pytest's folders, which are closed to the users of functions."""
    with folder_for_everybody() as folder:
        yield a_data_dir(folder)


@pytest.fixture(params=CONFINEMENTS)
def confined(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Confined]:
    with confined_by(request.param, data_dir) as scene:
        yield scene


# Files


@pytest.mark.parametrize("name", ["credentials", "portico.db", "logs/access.log", "state/head"])
def test_the_server_s_files_cannot_be_read(confined: Confined, name: str) -> None:
    path = confined.data_dir / name
    path.parent.chmod(0o755)  # were they ever left open
    path.chmod(0o644 if confined.abilities.private_roots or not confined.abilities.users else 0o600)
    assert confined.start().does(f"open({str(path)!r}).read()") in DENIED


def test_nor_listed_nor_changed(confined: Confined) -> None:
    one = confined.start()
    data = str(confined.data_dir)
    assert one.does(f"os.listdir({data!r})") in DENIED
    assert one.does(f"open({data!r} + '/new', 'w')") in DENIED
    assert one.does(f"os.unlink({data!r} + '/credentials')") in DENIED
    assert (confined.data_dir / "credentials").read_text() == "secret"


def test_its_own_code_can_be_read_and_not_be_written(confined: Confined) -> None:
    one = confined.start()
    root = "os.environ['LAMBDA_TASK_ROOT']"
    assert one.does(f"open({root} + '/of').read()") == "pets"
    assert one.does("open('of').read()") == "pets", "it starts there"
    assert one.does(f"open({root} + '/of', 'w')") in DENIED | {"OSError"}


def test_another_function_s_code_cannot_be_read(confined: Confined) -> None:
    confined.start("other")
    (other,) = confined.zips
    path = confined.data_dir / "functions" / "code" / other / "of"
    assert path.read_text() == "other"
    assert confined.start("pets").does(f"open({str(path)!r}).read()") in DENIED


def test_each_instance_has_a_tmp_of_its_own(confined: Confined) -> None:
    one, other = confined.start(), confined.start()
    assert one.does("open(os.environ['TMPDIR'] + '/x', 'w').write('mine')") == 4
    path = one.does("os.environ['TMPDIR'] + '/x'")
    assert one.does(f"open({path!r}).read()") == "mine"
    assert other.does(f"open({path!r}).read()") in DENIED
    assert "x" not in other.does("os.listdir(os.environ['TMPDIR'])")


def test_nothing_of_its_tmp_is_left_when_it_is_gone(confined: Confined) -> None:
    one = confined.start()
    one.does("open(os.environ['TMPDIR'] + '/x', 'w').write('mine')")
    one.started.end()
    one.wait()
    one.started.close()
    confined._started.remove(one)
    assert not list((confined.data_dir / "functions").glob("tmp/*/*"))


def test_home_is_not_there(confined: Confined) -> None:
    home = confined.data_dir.parent
    (home / "notes").write_text("private")
    assert confined.start().does(f"open({str(home / 'notes')!r}).read()") in DENIED


def test_names_certificates_and_programs_are_there(confined: Confined) -> None:
    one = confined.start()
    assert one.does("bool(socket.getaddrinfo('localhost', 80))") is True
    assert (
        one.does("subprocess.run(['/bin/sh', '-c', 'echo $((6*7))'], capture_output=True, text=True).stdout") == "42\n"
    )
    assert one.does("len(os.urandom(8)), open('/dev/null', 'w').write('x')") == [8, 1]
    if os.path.isdir("/etc/ssl/certs"):
        assert one.does("len(os.listdir('/etc/ssl/certs'))") == len(os.listdir("/etc/ssl/certs"))


def test_the_server_s_sockets_cannot_be_reached(confined: Confined) -> None:
    path = confined.data_dir / "functions.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o777)
        one = confined.start()
        assert one.does(f"socket.socket(socket.AF_UNIX).connect({str(path)!r})") in DENIED
        assert one.does("[end.close() for end in socket.socketpair()]") == [None, None]


def test_what_a_killed_process_left_is_removed_by_the_next(data_dir: Path) -> None:
    tmp = data_dir / "functions" / "tmp"
    with Confined(data_dir, without_namespaces=True):
        (held,) = tmp.iterdir()
        (tmp / "left").mkdir()
        (tmp / "left" / "x").touch()
        with Confined(data_dir, without_namespaces=True):
            assert held in tmp.iterdir()
            assert len(list(tmp.iterdir())) == 2
    assert list(tmp.iterdir()) == []


# Processes


def test_other_processes_cannot_be_signalled(confined: Confined) -> None:
    if not confined.abilities.private_roots and confined.abilities.landlock < SIGNALS_SINCE:
        pytest.skip("NOT RUN: this Landlock does not keep signals in")
    assert confined.start().does(f"os.kill({os.getpid()}, 0)") in {"ProcessLookupError", "PermissionError"}


def test_nor_looked_into(confined: Confined) -> None:
    one = confined.start()
    for name in ("environ", "mem", "cmdline", "root"):
        assert one.does(f"os.open('/proc/{os.getpid()}/{name}', os.O_RDONLY)") in DENIED


def test_it_has_no_privileges_and_gets_none(confined: Confined) -> None:
    one = confined.start()
    lines = one.does("open('/proc/self/status').read()").splitlines()
    told = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert told["NoNewPrivs"] == "1"
    assert int(told["CapEff"], 16) == int(told["CapPrm"], 16) == int(told["CapInh"], 16) == 0
    assert one.does("os.getgroups()") in ([], [os.getgid()], [NOBODY])


def test_as_root_each_function_is_a_user_of_its_own(confined: Confined) -> None:
    if not confined.abilities.users:
        pytest.skip("NOT RUN: this is not root")
    pets, again, other = (confined.start(name).does("os.getresuid()") for name in ("pets", "pets", "other"))
    assert pets == again != other
    assert len(set(pets)) == 1
    assert os.getuid() not in (*pets, *other)


def test_nothing_is_inherited(confined: Confined) -> None:
    one = confined.start()
    open_here = one.does("[os.readlink('/proc/self/fd/' + fd) for fd in os.listdir('/proc/self/fd') if fd in '012']")
    assert open_here[0] == "/dev/null"
    assert open_here[1] == open_here[2]
    assert open_here[1].startswith("pipe:")
    descriptors = one.does("len(os.listdir('/proc/self/fd'))")
    assert descriptors <= 5, "its three, its connection, and the folder just read"
    assert one.does("sorted(name for name in os.environ if name.startswith(('PORTICO', 'PYTEST', 'VIRTUAL')))") == []


def test_its_connection_to_the_runtime_api_is_its_own_alone(confined: Confined) -> None:
    """The one that it is born with, of which programs that the function runs have neither the number nor the thing."""
    one = confined.start()
    assert one.does("os.readlink('/proc/self/fd/3')").startswith("socket:")
    assert one.api.connections == 1
    assert "_RUNTIME_API_DESCRIPTOR" not in one.does("sorted(os.environ)")
    child = f"subprocess.run({LOOKS!r}, shell=True, close_fds=False, capture_output=True).stdout.decode()"
    assert one.does(child) == "none\nclosed\n"


@pytest.mark.skipif(not shutil.which("node"), reason="NOT RUN: Node.js is not installed")
def test_so_is_that_of_a_node_function(confined: Confined) -> None:
    one = confined.start(code={"index.js": NODE_LOOKS}, runtime="nodejs22.x")
    here, child = one.does("")
    assert here.startswith("socket:")
    assert one.api.connections == 1
    assert child == "none\nclosed\n"


def test_a_bootstrap_of_its_own_is_born_with_nothing(confined: Confined) -> None:
    one = confined.start(code={"bootstrap": f"#!/bin/sh\n{LOOKS}"}, runtime="provided")
    one.wait()
    assert one.printed() == "none\nclosed\n"
    assert one.api.connections == 0


def test_a_connection_ends_with_its_instance(confined: Confined) -> None:
    one = confined.start()
    with pytest.raises(RuntimeGone):
        one.does("os._exit(3)")
    assert one.wait() == (3, "")


def test_what_it_prints_is_its_output(confined: Confined) -> None:
    one = confined.start()
    one.does("(print('said'), print('shouted', file=sys.stderr))")
    assert one.printed() == "said\nshouted\n"


# The end


def test_the_end_takes_along_what_it_started(confined: Confined) -> None:
    if not confined.abilities.private_roots:
        pytest.skip("NOT RUN: without namespaces a process that leaves the group is not found")
    one = confined.start()
    one.does("subprocess.Popen(['sleep', '1000'], start_new_session=True).pid")
    one.started.end()
    assert one.wait().code == -signal.SIGKILL
    assert one.printed() == "", "the pipe is closed by all that had it"


def test_its_exit_status_is_told(confined: Confined) -> None:
    one = confined.start(code={"bootstrap": "#!/bin/sh\nexit 3"}, runtime="provided")
    assert one.wait() == (3, "")
    assert one.started.outcome() == (3, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGUSR1, signal.SIGABRT])
@pytest.mark.parametrize("whom", ["$$", "0"])
def test_a_program_can_end_itself_by_a_signal(confined: Confined, whom: str, number: signal.Signals) -> None:
    code = {"bootstrap": f"#!/bin/sh\nkill -{int(number)} {whom}\nexit 3"}
    one = confined.start(code=code, runtime="provided")
    assert one.wait() == (-number, "")


def test_the_end_of_the_program_is_the_end_of_what_it_left(confined: Confined) -> None:
    if not confined.abilities.private_roots:
        pytest.skip("NOT RUN: without namespaces a process that leaves the group is not found")
    one = confined.start(code={"bootstrap": "#!/bin/sh\nsetsid sleep 1000 &\nexit 3"}, runtime="provided")
    assert one.wait() == (3, "")
    assert one.printed() == "", "the pipe is closed by all that had it"


def test_who_waits_for_the_program_cannot_be_looked_into(confined: Confined) -> None:
    if not confined.abilities.private_roots:
        pytest.skip("NOT RUN: without namespaces nobody waits beside the program")
    one = confined.start()
    assert one.does("os.getpid() > 1 and os.getppid()") == 1
    for name in ("environ", "mem", "fd/1", "root", "maps"):
        assert one.does(f"os.open('/proc/1/{name}', os.O_RDONLY)") in DENIED
    assert one.does("os.listdir('/proc/1/fd')") in DENIED
    assert one.does("[os.kill(1, number) for number in range(1, 32)] and 'there'") == "there"
    assert one.does("__import__('ctypes').CDLL(None, use_errno=True).ptrace(16, 1, 0, 0)") == -1, "PTRACE_ATTACH"
    assert one.does("6 * 7") == 42


def test_orphans_are_reaped(confined: Confined) -> None:
    if not confined.abilities.private_roots:
        pytest.skip("NOT RUN: without namespaces orphans are init's")
    one = confined.start()
    one.does("subprocess.run(['/bin/sh', '-c', 'sleep 0 & exec true'])")
    states = "[open(f'/proc/{pid}/stat').read().split()[2] for pid in os.listdir('/proc') if pid.isdigit()]"
    while len(one.does(states)) > 2:  # it is on its way
        continue


@pytest.mark.parametrize(
    ("content", "reason"),
    [("no program", "exec format error"), ("#!/no/such/shell\n", "no such file or directory")],
)
def test_what_cannot_be_run_is_told_in_lambda_s_words(confined: Confined, content: str, reason: str) -> None:
    one = confined.start(code={"bootstrap": content}, runtime="provided")
    outcome = one.wait()
    assert outcome.code == 127
    assert outcome.reason.startswith("fork/exec /")
    assert outcome.reason.endswith(f"/bootstrap: {reason}")


def test_all_end_with_the_starter(confined: Confined) -> None:
    one, other = confined.start(), confined.start()
    one.does("1")
    confined.launcher.close()
    assert one.wait().code == other.wait().code == -signal.SIGKILL


def test_a_starter_that_was_killed_is_followed_by_another(confined: Confined) -> None:
    one = confined.start()
    one.does("1")
    confined.launcher._link._socket.shutdown(socket.SHUT_RDWR)
    assert one.wait().code == -signal.SIGKILL
    assert confined.start().does("6 * 7") == 42


# Limits


def test_memory_is_told_with_that_of_children(confined: Confined) -> None:
    one = confined.start()
    one.does("1")
    before = one.started.resident_bytes()
    one.does("globals().update(held=b'x' * 50_000_000) or 1")
    assert 45_000_000 < one.started.resident_bytes() - before < 60_000_000
    greedy = "h = b'x' * 50_000_000; print(1, flush=True); input()"
    one.does(f"globals().update(child=subprocess.Popen([sys.executable, '-S', '-c', {greedy!r}], stdin=-1, stdout=-1))")
    assert one.does("child.stdout.read(1).decode()") == "1"
    assert one.started.resident_bytes() - before > 95_000_000


def test_memory_has_a_hard_end_far_above_its_limit(confined: Confined) -> None:
    one = confined.start(memory_size=128)
    assert one.does("len(b'x' * 200_000_000)") == 200_000_000
    assert one.does("len(b'x' * 2_000_000_000)") == "MemoryError"


def test_tmp_holds_what_the_function_may_have(confined: Confined) -> None:
    one = confined.start(ephemeral_storage=4)
    path = "os.environ['TMPDIR']"
    assert one.does(f"open({path} + '/a', 'wb').write(bytes(3 << 20))") == 3 << 20
    assert one.does(f"open({path} + '/b', 'wb').write(bytes(5 << 20))") in ("OSError", 4 << 20)
    if confined.abilities.private_roots:
        assert one.does(f"open({path} + '/c', 'wb').write(bytes(2 << 20))") == "OSError", "the sum counts"


def test_descriptors_are_as_many_as_on_lambda(confined: Confined) -> None:
    assert confined.start().does("__import__('resource').getrlimit(7)") == [1024, 1024]


# The operator


def test_who_can_confine_says_nothing(confined: Confined) -> None:
    told = [one for one in confined.observed if isinstance(one, FunctionsLessConfined)]
    weak = not confined.abilities.private_roots and not confined.abilities.users
    assert bool(told) is (weak and confined.abilities.landlock < SIGNALS_SINCE)


def test_code_that_cannot_be_had_is_told(data_dir: Path) -> None:
    with Confined(data_dir) as scene, pytest.raises(LaunchError, match="leads outside"):
        scene.start(code={"../x": ""})


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the others as they are")
def test_the_same_as_an_ordinary_user() -> None:
    python = "/usr/bin/python3" if closed_interpreter() else sys.executable
    packages = [path for path in sys.path if path.endswith("site-packages")]
    source, tests = Path(portico.__file__).parents[1], Path(__file__).parents[1]
    search = os.pathsep.join([str(source), str(tests), *packages])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": search, "HOME": "/nonexistent"}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", __file__]
    if subprocess.run([python, "-c", "import portico, msgspec, pytest"], user=NOBODY, env=environment).returncode:
        pytest.skip("NOT RUN: there is no Python that an ordinary user can start with what the tests need")
    with folder_for_everybody() as folder:
        ran = subprocess.run(
            [*command, "--basetemp", str(folder / "pytest")],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env=environment,
            cwd=tests.parent,
            capture_output=True,
            text=True,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
