"""The machine's clock is moved by an hour, either way, under a running server.

Nothing that waits, ages or expires goes by that clock. Only what is told to people does, and signatures, whose senders'
clocks must agree with ours within five minutes.
"""

import ast
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import portico
from contract_scene import Mock
from fault_scene import asking, heard, standing

SOURCE = Path(portico.__file__).parent
TIMED = ("server/*.py", "adapters/http_*.py", "adapters/state_dir/*.py", "adapters/names.py", "adapters/log_limit.py")
"""What has deadlines, graces and pauses."""
WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow"}
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")
HOUR = 3600


@pytest.mark.parametrize("pattern", TIMED)
def test_what_has_deadlines_reads_no_wall_clock(pattern: str) -> None:
    files = sorted(SOURCE.glob(pattern))
    assert files
    for path in files:
        names = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not names & WALL_CLOCKS, path
        assert not {name for name in names if name.endswith("clock.now")}, path


class WallClock:
    """The wall clock of a server that was started `before`; the monotonic one runs on."""

    def __init__(self, folder: Path) -> None:
        library = next((str(one) for pattern in LIBRARIES for one in Path("/").glob(pattern[1:])), None)
        if library is None:
            pytest.skip("NOT RUN: libfaketime is not on this machine")
        self._offset = folder / "offset"
        self.move(0)
        settings = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.before = ("env", *(f"{name}={value}" for name, value in settings.items()))

    def move(self, seconds: int) -> None:
        self._offset.write_text(f"{seconds:+d}\n")


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["forward", "back"])
def test_requests_do_not_notice_and_signatures_are_refused_until_it_is_right_again(
    tmp_path: Path, clock: WallClock, seconds: int
) -> None:
    with standing(tmp_path, before=clock.before) as site:
        api = Mock(site.client(), "$stageVariables.colour")
        api.deploy(colour="red")
        with asking(site, api.id) as clients:
            before = heard(clients.more())
            clock.move(seconds)
            assert heard(clients.more(500)) == before == {(200, "red")}
            told = parsedate_to_datetime(site.call(api.id, "/").headers["date"])
            assert abs((told - datetime.now(UTC)).total_seconds() - seconds) < 60, "it did read the clock"
            with pytest.raises(ClientError) as refused:
                api.update_stage("/variables/colour", "green")
            assert refused.value.response["Error"]["Code"] in ("InvalidSignatureException", "SignatureDoesNotMatch")
            clock.move(0)
            api.update_stage("/variables/colour", "blue")
            clients.wait_for(lambda one: one.text == "blue")
        assert heard(clients.outcomes) == {(200, "red"), (200, "blue")}
        for event in ("ProcessDied", "ChangesNotApplied", "UnexpectedError"):
            assert not site.told(event)
