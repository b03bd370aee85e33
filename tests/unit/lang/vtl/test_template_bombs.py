"""Templates that would stop a worker or fill its memory end within a second of CPU time and 64 MB."""

from pathlib import Path

import pytest

from effort import cpu_seconds
from fake_environment import FakeEnvironment
from portico.kernel.stack import with_room
from portico.lang.errors import BudgetExceeded, EvaluationError, SourceError
from portico.lang.vtl import compile_template
from portico.lang.vtl.lexer import TemplateError
from template_bombs import BOMBS, HARMLESS, REFUSED, Bomb

CPU_SECONDS = 1.0
MEGABYTES = 64

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def memory(name: str) -> float:
    """Megabytes: VmRSS is what the process has, VmHWM the most that it had since the peak was forgotten."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def forget_peak() -> bool:
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


@with_room  # as the loops of our processes are
def rendered(bomb: Bomb) -> None:
    compile_template(bomb.source, "bomb").render_bytes(FakeEnvironment(body=bomb.body))


def explode(bomb: Bomb) -> tuple[str, float]:
    """What becomes of it: the class of the error or nothing, and megabytes."""
    measured = forget_peak()
    before = memory("VmRSS") if measured else 0.0
    outcome = ""
    try:
        rendered(bomb)
    except (EvaluationError, SourceError) as error:
        outcome = type(error).__name__
    return outcome, memory("VmHWM") - before if measured else 0.0


@pytest.mark.parametrize("bomb", [*BOMBS, *REFUSED, *HARMLESS], ids=lambda bomb: bomb.name)
def test_a_bomb_ends_in_time_and_in_little_memory(bomb: Bomb) -> None:
    peaks = list[float]()
    assert cpu_seconds(lambda: peaks.append(explode(bomb)[1]), CPU_SECONDS) < CPU_SECONDS
    while min(peaks) > MEGABYTES and len(peaks) < 3:  # of what else this process does, the peak tells too
        peaks.append(explode(bomb)[1])
    assert min(peaks) <= MEGABYTES


def test_there_are_fifty_bombs_and_nearly_all_are_stopped_by_the_budget() -> None:
    assert len({bomb.name for bomb in BOMBS}) >= 50
    harmless = {"a text encoded again and again", "a definition of itself"}
    named = {"a wide format": EvaluationError, "a pattern that goes back": BudgetExceeded}
    for bomb in BOMBS[:12]:
        if bomb.name not in harmless:
            with pytest.raises(named.get(bomb.name, BudgetExceeded)):
                compile_template(bomb.source, "bomb").render(FakeEnvironment(body=bomb.body))


@pytest.mark.parametrize("bomb", REFUSED, ids=lambda bomb: bomb.name)
def test_what_is_too_large_is_refused_at_the_deployment(bomb: Bomb) -> None:
    with pytest.raises(TemplateError):
        compile_template(bomb.source, "bomb")


@pytest.mark.parametrize("bomb", HARMLESS, ids=lambda bomb: bomb.name)
def test_long_text_is_only_text(bomb: Bomb) -> None:
    assert explode(bomb)[0] == ""


def test_what_is_made_and_forgotten_is_not_held_against_a_template() -> None:
    """The usual way to put a text together: a hundred kilobytes, in a thousand turns."""
    source = '#set($s = "")#foreach($i in [1..1000])#set($s = "$s,$input.body")#set($l = [$i, $s])#end$s.length()'
    assert compile_template(source, "t").render(FakeEnvironment(body="x" * 100)) == "101000"


def test_loops_in_loops_may_make_lists() -> None:
    source = "#foreach($i in [1..1000])#foreach($j in [1..100])#set($l = [$i, $j])#end#end$l"
    assert compile_template(source, "t").render(FakeEnvironment()) == "[1000, 100]"


def test_a_template_can_render_what_a_payload_may_be() -> None:
    body = "x" * 10_000_000
    assert len(compile_template("$input.body", "t").render_bytes(FakeEnvironment(body=body))) == len(body)
    escaped = compile_template('{"body":"$util.escapeJavaScript($input.body)"}', "t")
    assert len(escaped.render_bytes(FakeEnvironment(body=body))) == len(body) + 11
