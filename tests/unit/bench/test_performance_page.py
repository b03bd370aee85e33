"""docs/performance.md as it is written: nothing that is not met may look as if it were."""

from datetime import UTC, datetime

from bench.report import Report
from bench.verdict import Finding, Verdict, judge

MET = Finding("Start to ready", "at most 1.5 s", "0.50 s", Verdict.MET, note="longest of 5")
SLOW = Finding("MOCK", "at most 0.35 of Envoy", "0.40 (14.0 µs)", Verdict.NOT_MET, "Envoy 35.0 µs")
ABSENT = Finding("HTTP_PROXY", "at most 0.60 of Envoy", "17.0 µs", Verdict.NOT_RUN, note="envoy is missing")
BROKEN = Finding("Restarts", "0", "", Verdict.FAILED, note="wrk crashed")


def page(*findings: Finding, quiet: bool = True, quick: bool = False) -> str:
    began = datetime(2025, 1, 31, 12, 0, tzinfo=UTC)
    return Report("make bench", began, 600.0, {"Machine": "two cores"}, quiet, quick, findings).markdown()


def test_a_bound_holds_only_where_all_of_it_does() -> None:
    assert judge(True, True) is Verdict.MET
    assert judge(True, False) is Verdict.NOT_MET


def test_the_page_says_who_wrote_it_and_where() -> None:
    text = page(MET)
    assert "Written by `make bench` on 2025-01-31 12:00 UTC, in 10 minutes: 1 met." in text
    assert "- Machine: two cores" in text
    assert "What is not met" not in text
    assert "**" not in text.replace("**all**", "")


def test_each_finding_is_a_row() -> None:
    text = page(MET, SLOW)
    assert "| Start to ready | at most 1.5 s | 0.50 s |  | met |" in text
    assert "| MOCK | at most 0.35 of Envoy | 0.40 (14.0 µs) | Envoy 35.0 µs | **not met** |" in text
    assert "- Start to ready, at most 1.5 s: longest of 5." in text


def test_what_is_not_met_is_said_again_in_words() -> None:
    _, unmet = page(MET, SLOW, ABSENT, BROKEN).split("## What is not met")
    assert "MOCK: promised is at most 0.35 of Envoy, measured was 0.40 (14.0 µs), next to Envoy 35.0 µs." in unmet
    assert "HTTP_PROXY: NOT RUN, because envoy is missing. Nothing is claimed." in unmet
    assert "Restarts: could not be measured, because wrk crashed. Nothing is claimed." in unmet
    assert "Start to ready" not in unmet


def test_numbers_that_mean_nothing_say_so() -> None:
    assert "Its numbers mean nothing" in page(MET, quick=True)
    assert "not quiet" in page(MET, quiet=False)
