"""Which line of a document a JSON pointer means."""

import json

import pytest

from portico.controlplane.openapi.lines import line_of, naming_the_line
from portico.controlplane.openapi.place import RefusedPlace

JSON = """
{"swagger": "2.0",
 "paths": {
   "/pets/{id}": {"get": {"tags": [
     "a, {[",
     {"\\u0062": "\\"}"},
     -1.5e3
   ]}},
   "/e": []
 }
}"""
YAML = """\
swagger: "2.0"
x-common: &common
  tags: [a,
         b]
paths:
  "/pets/{id}":
    get: {<<: *common, summary: s}
  200:
    get: *common
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("#", 2),
        ("#/paths", 3),
        ("#/paths/~1pets~1{id}/get/tags/0", 5),
        ("#/paths/~1pets~1{id}/get/tags/1/b", 6),
        ("#/paths/~1pets~1{id}/get/tags/2", 7),
        ("#/paths/~1e", 9),
        ("#/paths/~1e/0/gone", 9),
        ("#/nowhere", 2),
    ],
)
def test_in_json(pointer: str, line: int) -> None:
    assert line_of(JSON, pointer) == line


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("#", 1),
        ("#/x-common/tags/1", 4),
        ("#/paths/~1pets~1{id}/get/summary", 7),
        ("#/paths/~1pets~1{id}/get/tags", 7),
        ("#/paths/200/get", 2),
    ],
)
def test_in_yaml(pointer: str, line: int) -> None:
    assert line_of(YAML, pointer) == line


@pytest.mark.parametrize("text", ["", "{", '{"a"', "a: [", "\t"])
def test_what_is_no_document_has_no_lines(text: str) -> None:
    assert line_of(text, "#/a/b") in (None, 1)


def test_a_refusal_says_its_line_after_its_place() -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"a": {"b": 1}}, indent=1).encode()
    with pytest.raises(RefusedPlace) as refused, naming_the_line(body):
        raise RefusedPlace("no", "#/a/b")
    assert refused.value.message == "Unable to import the API definition: no (at #/a/b, line 3)"
