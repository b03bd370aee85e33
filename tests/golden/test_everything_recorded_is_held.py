"""Every recorded fact and every recorded scenario names the tests that hold it, or what it waits for.

`held_facts.txt` and `held_scenarios.txt` have a line for each, and below it one of these on each line:

    golden/test_recorded_apis.py::test_compression      a test, by its file below tests/
    waits:CreateApiKey                                  an operation without which there is nothing to test
    elsewhere                                           what another service does

They can only grow: an operation that is built may not be waited for any longer, a test that is gone is missed.
"""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from recorded_answers import RECORDED, recorded_file

HERE = Path(__file__).parent
TESTS = HERE.parent
UNBUILT = TESTS / "unit" / "controlplane" / "unbuilt_operations.txt"
ELSEWHERE = {"151"}
"""What Step Functions makes of an answer of API Gateway."""

Held = dict[str, list[str]]


def table(name: str) -> Held:
    blocks = re.split(r"\n(?=\S)", (HERE / name).read_text().strip())
    held = {key: holders for key, *holders in (block.split("\n    ") for block in blocks)}
    assert len(held) == len(blocks), f"something stands twice in {name}"
    return held


FACTS, SCENARIOS = table("held_facts.txt"), table("held_scenarios.txt")
ENTRIES = [(key, holder) for held in (FACTS, SCENARIOS) for key, holders in held.items() for holder in holders]


@cache
def names_in(path: Path) -> frozenset[str]:
    return (
        frozenset(re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)) if path.is_file() else frozenset()
    )


def numbers_recorded() -> set[str]:
    facts = recorded_file("").parent / "recorded-facts.md"
    if not facts.is_file():
        pytest.skip("NOT RUN: no recorded facts beside the recordings (set PORTICO_RECORDED)")
    return set(re.findall(r"^(\d+)\. ", facts.read_text(), re.MULTILINE))


def scenarios_recorded() -> set[str]:
    recorded_file("")
    return {f"{file.name} {name}" for file in RECORDED.glob("*.json") for name in json.loads(file.read_text())}


def test_every_recorded_fact_is_in_the_table() -> None:
    assert FACTS.keys() == numbers_recorded()


def test_every_recorded_scenario_is_in_the_table() -> None:
    assert SCENARIOS.keys() == scenarios_recorded()


def test_nothing_is_held_by_nobody() -> None:
    assert not [key for held in (FACTS, SCENARIOS) for key, holders in held.items() if not holders]
    assert {key for key, holder in ENTRIES if holder == "elsewhere"} == ELSEWHERE


def test_what_is_waited_for_is_not_built() -> None:
    unbuilt = {line.split()[1] for line in UNBUILT.read_text().splitlines()}
    waiting = {(key, holder.removeprefix("waits:")) for key, holder in ENTRIES if holder.startswith("waits:")}
    late = sorted(
        f"{key}: {operation} is built, name the tests" for key, operation in waiting if operation not in unbuilt
    )
    assert not late


def test_every_test_that_is_named_is_there() -> None:
    named = {(key, holder) for key, holder in ENTRIES if holder != "elsewhere" and not holder.startswith("waits:")}
    gone = [
        f"{key}: {holder}"
        for key, holder in sorted(named)
        if holder.partition("::")[2] not in names_in(TESTS / holder.partition("::")[0])
    ]
    assert not gone


def test_the_tests_of_a_scenario_read_its_file() -> None:
    for key, holders in SCENARIOS.items():
        for holder in holders:
            path, _, name = holder.partition("::")
            assert not name or f'"{key.partition(" ")[0]}"' in (TESTS / path).read_text(), f"{key}: {holder}"
