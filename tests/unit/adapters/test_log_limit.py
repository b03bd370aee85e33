"""A stranger who breaks the protocol without end does not fill the disk, and nothing is silent."""

from portico.adapters.log_limit import BURST, PER_SECOND, TOLD_EVERY_SECONDS, LimitedLog
from portico.kernel.observe import BadClient, FaultRaised, LinesWithheld, Observation, ServerStopped
from state_scene import StillClock

BAD = BadClient("192.0.2.1", 400, "malformed request line")
FAULT = FaultRaised("id", "api", "prod", "GET", "/", "INTEGRATION_FAILURE", 504, "no answer")


def limited() -> tuple[StillClock, list[Observation], LimitedLog]:
    clock, seen = StillClock(), list[Observation]()
    return clock, seen, LimitedLog(seen.append, clock.monotonic)


def test_what_comes_at_a_bearable_rate_is_logged_whole() -> None:
    clock, seen, log = limited()
    for _ in range(1000):
        log(BAD)
        clock.time += 1 / PER_SECOND
        log.sweep()
    assert seen == [BAD] * 1000


def test_a_flood_is_counted_and_each_kind_has_its_own_measure() -> None:
    clock, seen, log = limited()
    for _ in range(int(BURST) + 50):
        log(BAD)
    log(FAULT)
    assert seen == [*[BAD] * int(BURST), FAULT]
    log.sweep()
    assert len(seen) == BURST + 1, "not in the middle of it"
    clock.time += TOLD_EVERY_SECONDS
    log.sweep()
    assert seen[-1] == LinesWithheld("BadClient", 50)
    log.sweep()
    log(BAD)
    assert seen[-1] == BAD


def test_what_no_stranger_can_cause_is_always_logged() -> None:
    _, seen, log = limited()
    for _ in range(1000):
        log(ServerStopped())
    assert len(seen) == 1000


def test_the_count_is_told_at_the_end() -> None:
    _, seen, log = limited()
    for _ in range(int(BURST) + 1):
        log(FAULT)
    log.close()
    assert seen[-1] == LinesWithheld("FaultRaised", 1)
