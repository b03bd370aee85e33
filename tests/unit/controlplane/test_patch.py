"""The patch machinery on plain documents: paths, escapes, the wording of refusals."""

import pytest

from portico.controlplane.patch import (
    PatchTable,
    Refusal,
    Rule,
    as_boolean,
    boolean,
    drop,
    list_add,
    list_remove,
    map_rule,
    text,
    unescape,
)
from portico.wire.aws.faults import BadRequestException, NotFoundException

TABLE = PatchTable(
    Refusal.BY_OPERATION,
    Rule("/name", {"replace": text("name")}),
    Rule("/enabled", {"replace": boolean("enabled")}),
    Rule("/note", {"remove": drop("note")}),
    Rule("/kinds/{kind}", {"add": list_add("kinds"), "remove": list_remove("kinds")}),
    Rule("/types/{type}", {"replace": text("type")}, wrong_op="Types are only replaced."),
    map_rule("flags", as_boolean, "No such flag"),
)


def patched(document, *operations, table=TABLE):
    table.apply(document, [dict(zip(("op", "path", "value"), one, strict=False)) for one in operations])
    return document


def refusal(*operation, table=TABLE):
    with pytest.raises(BadRequestException) as caught:
        patched({}, operation, table=table)
    return caught.value.message


def test_operations_act_in_order_and_on_one_document():
    document = patched({}, ("replace", "/name", "first"), ("replace", "/name", "second"), ("add", "/kinds/x"))
    assert document == {"name": "second", "kinds": ["x"]}


def test_no_operations_change_nothing():
    document = {"name": "same"}
    TABLE.apply(document, None)
    assert document == {"name": "same"}


@pytest.mark.parametrize("value", [(), ("",)])
def test_a_text_without_value_is_taken_away(value):
    assert patched({"name": "gone"}, ("replace", "/name", *value)) == {}


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("TRUE", True), ("wrong", False), ("", False), (None, False)]
)
def test_anything_but_true_is_false(value, expected):
    operation = ("replace", "/enabled") if value is None else ("replace", "/enabled", value)
    assert patched({}, operation) == {"enabled": expected}


@pytest.mark.parametrize(
    ("segment", "plain"), [("image~1png", "image/png"), ("a~0b", "a~b"), ("~01", "~1"), ("-", "-"), ("a.b", "a.b")]
)
def test_segments_are_unescaped_as_a_json_pointer(segment, plain):
    assert unescape(segment) == plain
    assert patched({}, ("add", f"/kinds/{segment}")) == {"kinds": [plain]}


def test_lists_hold_an_entry_once_and_leave_with_the_last():
    document = patched({}, ("add", "/kinds/a"), ("add", "/kinds/a"), ("add", "/kinds/b"))
    assert document == {"kinds": ["a", "b"]}
    assert patched(document, ("remove", "/kinds/a"), ("remove", "/kinds/b"), ("remove", "/kinds/c")) == {}


def test_maps_set_replace_and_leave_with_the_last():
    document = patched({}, ("add", "/flags/x", "true"), ("replace", "/flags/x", "false"))
    assert document == {"flags": {"x": False}}
    assert patched(document, ("remove", "/flags/x")) == {}


@pytest.mark.parametrize("op", ["replace", "remove"])
@pytest.mark.parametrize("document", [{}, {"flags": {"y": True}}, {"flags": None}])
def test_what_a_map_does_not_hold_is_not_found(op, document):
    with pytest.raises(NotFoundException, match="No such flag"):
        patched(document, (op, "/flags/x", "true"))


def test_dropped_once_or_more():
    assert patched({"note": "n"}, ("remove", "/note"), ("remove", "/note")) == {}


@pytest.mark.parametrize("path", ["/unknown", "/kinds", "/kinds/", "/kinds/a/b", "name", "/", ""])
def test_an_unknown_path_is_refused_by_name(path):
    assert refusal("add", path, "x") == f"Invalid patch path {path}"


def test_a_missing_path_is_null():
    assert refusal("add") == "Invalid patch path null"


@pytest.mark.parametrize("op", ["add", "remove", "move", "test", "copy"])
def test_a_wrong_operation_is_told_the_right_ones(op):
    assert refusal(op, "/name", "x") == "Invalid patch operation specified. Must be one of: [replace]"


def test_a_missing_operation_is_a_wrong_one():
    with pytest.raises(BadRequestException, match=r"Must be one of: \[replace\]"):
        TABLE.apply({}, [{"path": "/name"}])


def test_a_rule_may_word_its_own_refusal():
    assert refusal("add", "/types/a") == "Types are only replaced."


def test_families_that_list_their_paths():
    table = PatchTable(Refusal.PATH_LIST, Rule("/a", {"replace": text("a")}), Rule("/b", {"replace": text("b")}))
    unknown = refusal("replace", "/x", "1", table=table)
    assert unknown == "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/a, /b]"
    for path in ("/a", "/x"):
        wrong = refusal("add", path, "1", table=table)
        assert wrong == f"Invalid patch path  '{path}' specified for op 'add'. Please choose supported operations"


def test_families_that_name_the_path_for_a_wrong_operation_too():
    table = PatchTable(Refusal.BY_PATH, Rule("/a", {"replace": text("a")}))
    assert refusal("add", "/a", "1", table=table) == "Invalid patch path /a"
    assert refusal("replace", "/b", "1", table=table) == "Invalid patch path /b"
