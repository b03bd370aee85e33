"""Apache Velocity's own templates, rendered as Velocity would, without what API Gateway changes."""

from typing import Any

import pytest

from fake_environment import FakeEnvironment
from portico.lang.vtl import compile_template, methods
from portico.lang.vtl.signatures import ANY, ITEMS, TEXT, WHOLE, method
from velocity_vectors import EXCLUDED, FOLDER, GIVEN, RULES, WITHOUT_TEMPLATE, Vector, every_expectation, vectors

NOT_RUN = pytest.mark.skipif(not FOLDER.is_dir(), reason="NOT RUN: no velocity-engine-vtl (set PORTICO_CONFORMANCE)")


class Provider:
    """The object that most of the templates ask for something."""


PROVIDER = {
    ("concat", 1): method(lambda _, _provider, items: "".join(f"{item} " for item in items), ITEMS),
    ("concat", 2): method(lambda _, _provider, one, other: one + other, TEXT, ANY),
    ("objConcat", 1): method(lambda _, _provider, items: "".join(f"{item} " for item in items), ITEMS),
    ("chop", 2): method(lambda _, _provider, text, count: text[:-count], TEXT, WHOLE),
}


@pytest.fixture(autouse=True)
def _provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(methods.TABLES, Provider, PROVIDER)
    monkeypatch.setitem(methods.TABLES[list], ("firstElement", 0), method(lambda _, items: items[0]))


def cases() -> list[Any]:
    if not FOLDER.is_dir():
        return [pytest.param(None, marks=NOT_RUN)]
    return [pytest.param(vector, id=vector.name) for vector in vectors()]


@pytest.mark.parametrize("vector", cases())
def test_a_template_prints_what_velocity_prints(vector: Vector) -> None:
    env = FakeEnvironment(context_values={"provider": Provider()})
    printed = compile_template(GIVEN + vector.source, vector.name, plain=True).render(env)
    assert printed == vector.expected


@NOT_RUN
def test_every_expectation_is_run_or_excluded_with_a_reason() -> None:
    known = {name.replace("/templates", "").split("/")[-1] for name in RULES}
    for name in every_expectation():
        folder, _, alone = name.rpartition("/")
        assert {name, folder, alone} & (known | EXCLUDED.keys() | WITHOUT_TEMPLATE), name
