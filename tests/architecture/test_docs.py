"""What the pages say is so: options, lists, tables, links and names are those of the code."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

import portico
import portico.controlplane.rest
from documentation import DECISIONS, ROOT, SOURCE, Page, page, pages
from portico.adapters import http_client, json_log, meters
from portico.controlplane.bodies import MAX_BODY, MAX_UPLOAD
from portico.controlplane.functions import package, unsupported
from portico.controlplane.operation import OPERATIONS
from portico.dataplane import front
from portico.dataplane.compile import unserved
from portico.dataplane.exchange import BODY_LIMIT
from portico.dataplane.models import MOST_VALUES
from portico.kernel import observe
from portico.lang.jsonschema.budget import STEPS
from portico.ports import upstream
from portico.server import invoking
from portico.server.asking import IN_FLIGHT, UPLOADS
from portico.server.body import BODY_STRIDE
from portico.server.connections import ConnectionLimits
from portico.server.protocol import BURST
from portico.settings import OPTIONS, from_raw
from portico.wire import http1
from portico.wire.aws.model import load

EVERY_PAGE = [pytest.param(one, id=one.name) for one in pages()]
LANGUAGES = {"sh", "bash", "python", "toml", "json", "hcl", "text"}


def spans(texts: Iterable[str]) -> list[str]:
    return [text.strip("`") for text in texts]


# Every page


@pytest.mark.parametrize("told", EVERY_PAGE)
def test_links_lead_somewhere(told: Page) -> None:
    for link in told.links():
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = (told.path.parent / path).resolve() if path else told.path
            assert target.exists(), f"{told.name}: {link}"
            assert not anchor or anchor in Page(target).anchors(), f"{told.name}: {link}"


@pytest.mark.parametrize("told", EVERY_PAGE)
def test_blocks_are_in_a_language_that_is_checked(told: Page) -> None:
    assert {block.language for block in told.blocks()} <= LANGUAGES
    for block in told.blocks("python"):
        ast.parse(block.text)
    for block in told.blocks("json"):
        json.loads(block.text)
    for block in told.blocks("toml"):
        values = tomllib.loads(block.text)
        assert from_raw({key.replace("-", "_"): (key, value) for key, value in values.items()})
    for block in told.blocks("sh", "bash"):
        checked = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, f"{told.name}: {checked.stderr}"


@pytest.mark.parametrize("told", EVERY_PAGE)
def test_files_that_are_named_are_there(told: Page) -> None:
    places = (told.path.parent, ROOT, ROOT / "docs", SOURCE, SOURCE / "adapters", SOURCE / "server")
    for span in told.spans():
        if re.fullmatch(r"[\w/]+/(?:\w+\.py)?|[\w/-]+\.(?:py|md)", span) and span not in WRITTEN_AT_RUN_TIME:
            assert any((place / span).exists() for place in places), f"{told.name}: {span}"


WRITTEN_AT_RUN_TIME = {
    "state/",
    "logs/",
    "logs/functions/",
    "functions/",
    "functions/code/",
    "metrics/",
    "docs/performance.md",
}


@pytest.mark.parametrize("told", EVERY_PAGE)
def test_targets_of_make_are_there(told: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {span.split()[1] for span in told.spans() if re.fullmatch(r"make [a-z]+", span)}
    named.update(*(re.findall(r"^make ([a-z]+)", block.text, re.MULTILINE) for block in told.blocks("bash", "sh")))
    assert named <= targets


@pytest.mark.parametrize("told", EVERY_PAGE)
def test_nothing_is_said_of_the_machine_that_it_was_written_on(told: Page) -> None:
    """No absolute path into somebody's folders, no unfinished place, no praise."""
    machine = r"(?<![\w.}~>])/(?:home|root|Users|opt|work|tmp|build)/\w"  # Lambda has file systems at /mnt
    unfinished = r"\b(?:TODO|FIXME|XXX|TBD)\b"
    praise = r"(?i)\b(?:blazing|seamless|cutting[- ]edge|world[- ]class|effortless|revolutionary|next[- ]generation)"
    for pattern in (machine, unfinished, praise):
        assert not re.search(pattern, told.text), f"{told.name}: {pattern}"


# Single pages


def test_every_option_is_in_the_table_of_options() -> None:
    rows = {row[0]: row[1:] for row in page("docs/operating.md").rows("Options")}
    assert rows.keys() == {f"`--{key(name)}`" for name in OPTIONS}
    for name, option in OPTIONS.items():
        variable, key_cell, default, text = rows[f"`--{key(name)}`"]
        assert (variable, key_cell) == (f"`PORTICO_{name.upper()}`", f"`{key(name)}`")
        assert default == DEFAULTS.get(name, f"`{option.default}`" if option.default else "none")
        assert text.replace("`", "") == option.help


DEFAULTS = {"workers": "one per core", "data_dir": "`~/.local/share/portico`"}
"""Those that the machine decides."""


def key(name: str) -> str:
    return name.replace("_", "-")


def test_every_observation_is_in_the_table_of_events() -> None:
    classes = [one for one in vars(observe).values() if isinstance(one, type) and issubclass(one, observe.Observation)]
    told = {name.strip("`"): level for name, level, _ in page("docs/operating.md").rows("The log")}
    known = {one.__name__: json_log._LEVELS.get(one, "info") for one in classes if one is not observe.Observation}
    assert told == known


def test_every_metric_is_in_the_table_of_metrics() -> None:
    told = {(name.strip("`"), kind) for name, kind, _ in page("docs/operating.md").rows("Metrics")}
    known = {tuple(line.split()[2:4]) for line in meters.prometheus({}) if line.startswith("# TYPE")}
    assert told == known


def test_what_is_not_served_is_the_table_of_the_code() -> None:
    families = ("API_ROWS", "STAGE_ROWS", "METHOD_ROWS", "INTEGRATION_ROWS", "SETTING_ROWS")
    known = [row.reason for family in families for row in getattr(unserved, family)]
    told = spans(row[0] for row in page("docs/fidelity.md").rows("Not served yet"))
    assert sorted(told) == sorted(known)


def test_no_other_table_of_what_is_not_served_was_forgotten() -> None:
    families = {name for name in vars(unserved) if name.endswith("_ROWS")}
    assert families == {"API_ROWS", "STAGE_ROWS", "METHOD_ROWS", "INTEGRATION_ROWS", "SETTING_ROWS"}


def test_what_functions_cannot_have_is_the_table_of_the_code() -> None:
    (told,) = (row[1] for row in page("docs/fidelity.md").rows("Functions") if row[0] == "refused, by name")
    assert sorted(re.findall(r"`(\w+)`", told)) == sorted(unsupported.REASONS)


def operations(service: str) -> tuple[frozenset[str], set[str]]:
    """The names that the model has, and those that are built."""
    return load(service).operation_names, {name for of, name in OPERATIONS if of == service}


def test_operations_that_are_not_built_are_listed_and_counted() -> None:
    listed, listed_of_lambda = (block.text.split() for block in page("docs/fidelity.md").blocks("text"))
    known, built = operations("apigateway")
    assert sorted(listed) == sorted(known - built)
    known_of_lambda, built_of_lambda = operations("lambda")
    assert sorted(listed_of_lambda) == sorted(known_of_lambda - built_of_lambda)
    for name in ("README.md", "docs/fidelity.md"):
        counts = re.findall(r"(\d+) of (?:the )?(\d+) operations", page(name).text)
        assert counts == [(str(len(built)), str(len(known)))], name


def test_contributing_is_short_and_the_readme_not_long() -> None:
    assert len(page("CONTRIBUTING.md").text.splitlines()) <= 80
    assert len(page("README.md").text.splitlines()) <= 80


def test_the_changelog_knows_this_version() -> None:
    assert portico.__version__ in page("CHANGELOG.md").text


def test_decisions_have_numbers_of_their_own_and_three_parts() -> None:
    records = sorted(DECISIONS.glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert numbers == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text("utf-8")
        assert text.startswith(f"# {record.name[:4]} "), record.name
        parts = [text.find(part) for part in ("**Context.**", "**Choice.**", "**Consequence.**")]
        assert -1 not in parts, record.name
        assert parts == sorted(parts), record.name


def test_every_dependency_is_used_and_has_its_floor_explained() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    floors = dict(one.split(">=") for one in declared)
    row = r"^\| ([\w\[\]]+) \| [^|]+ \| ([\d.]+): [^|]+ \|$"
    cells = re.findall(row, page("docs/decisions/0002-dependencies.md").text, re.MULTILINE)
    assert dict(cells) == floors
    sources = "\n".join(path.read_text() for path in [*SOURCE.rglob("*.py"), *(ROOT / "examples").glob("*.py")])
    for name in floors:
        module = {"pyyaml": "yaml", "psycopg[binary]": "psycopg"}.get(name, name)
        assert re.search(rf"^\s*(?:import|from) {module}\b", sources, re.MULTILINE), f"{name} is imported nowhere"


def test_limits_for_strangers_are_those_of_the_code() -> None:
    rows = dict(page("SECURITY.md").rows("Limits for strangers"))
    limits = ConnectionLimits()
    numbers = {
        "URL": (http1.MAX_TARGET, front._EDGE_URL),
        "headers, all together": (http1.MAX_HEADERS,),
        "head of a request": (limits.header_seconds,),
        "body of a request": (BODY_LIMIT, limits.body_seconds, BODY_STRIDE >> 10, limits.body_budget >> 20),
        "body that is held to a model": (MOST_VALUES, STEPS),
        "idle connection": (limits.idle_seconds,),
        "client that does not read its answer": (limits.stalled_seconds,),
        "pipelined requests": (BURST,),
        "answer of a backend": (
            upstream.BODY_LIMIT,
            http1.MAX_RESPONSE_HEAD >> 10,
            http1.MAX_RESPONSE_HEADERS,
            http_client.ANSWERS_BUDGET >> 20,
        ),
        "body of a call of the AWS API": (MAX_BODY >> 20, IN_FLIGHT),
        "upload of a function's code": (MAX_UPLOAD, UPLOADS, MAX_BODY >> 20),
        "zip with a function's code": (package.MAX_ZIPPED >> 20, package.MAX_UNZIPPED >> 20, package.MAX_ENTRIES),
        "invocations by the AWS API": (invoking.MOST,),
    }
    assert rows.keys() - numbers.keys() == {"connections of a worker"}
    for what, expected in numbers.items():
        told = re.findall(r"\d+", re.sub(r"(?<=\d) (?=\d{3}\b)", "", rows[what]))
        assert told == [f"{number:g}" if number < 1e6 else str(number) for number in expected], what


# Figures


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield __import__("figures")
    sys.modules.pop("figures")


def test_figures_are_drawn_from_what_is_there_now(figures: object) -> None:
    late: list[Path] = figures.stale()  # type: ignore[attr-defined]
    assert not late, f"python docs/figures.py draws {[path.name for path in late]} anew"


def test_bars_are_read_from_the_rows_about_cost(figures: object) -> None:
    text = """
| what | bound | measured | verdict | peer |
|---|---|---|---|---|
| MOCK, 71-byte JSON: CPU per request | at most 0.35 of Envoy | 0.31 (11.5 µs) | met | Envoy 37.0 µs |
| HTTP_PROXY, 71-byte JSON: CPU per request | at most 1.60 of nginx | 20.0 µs | NOT RUN | – |
| HTTP_PROXY, 1 MB response: CPU per request | at most 0.6 of nginx | 0.5 (500.0 µs) | met | nginx 990.0 µs |
"""
    mock, proxy = figures.read_groups(text)  # type: ignore[attr-defined]
    assert mock == ("MOCK", (("Portico", 11.5), ("Envoy", 37.0)))
    assert proxy == ("HTTP_PROXY", (("Portico", 20.0),))
