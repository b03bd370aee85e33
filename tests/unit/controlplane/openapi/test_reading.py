"""Reading a document: what comes out is plain and bounded, whatever goes in."""

import pytest

from portico.controlplane.openapi import reading
from portico.controlplane.openapi.reading import Unreadable, parse, settled
from portico.wire.aws.faults import BadRequestException

VARIABLES = {"AWS::AccountId": "000000000000", "AWS::Partition": "aws", "AWS::Region": "eu-west-1"}


def read(text: str) -> dict[str, object]:
    return settled(parse(text.encode()), VARIABLES)


def test_json_and_yaml_give_the_same_tree() -> None:
    assert read('{"a": [1, 2.5, true, null, "x"]}') == read("a: [1, 2.5, true, null, x]")


def test_keys_are_text_whatever_yaml_makes_of_them() -> None:
    assert read("200: a\ntrue: b\n1.5: c\nnull: d\n") == {"200": "a", "true": "b", "1.5": "c", "null": "d"}


def test_what_looks_like_a_time_stays_text() -> None:
    assert read("version: 2022-04-12T15:36:55Z\nday: 2022-04-12") == {
        "version": "2022-04-12T15:36:55Z",
        "day": "2022-04-12",
    }


def test_awss_variables_are_replaced_and_others_left() -> None:
    assert read(
        '{"uri": "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}${stageVariables.v}"}'
    ) == {"uri": "arn:aws:x:eu-west-1:000000000000:${AWS::StackName}${stageVariables.v}"}


def test_a_byte_order_mark_is_no_content() -> None:
    assert settled(parse(b"\xef\xbb\xbf{}"), VARIABLES) == {}


def test_anchors_and_merges_are_expanded_and_the_explicit_key_wins() -> None:
    tree = read("base: &base {a: 1, b: 2}\none: {<<: *base, b: 3}\ntwo: *base\n")
    assert tree == {"base": {"a": 1, "b": 2}, "one": {"a": 1, "b": 3}, "two": {"a": 1, "b": 2}}
    tree["two"]["a"] = 9  # type: ignore[index]
    assert tree["base"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "text",
    [
        '{"security": [], "security": [{"key": []}]}',
        "security: []\nsecurity: [{key: []}]\n",
        "a:\n  b: 1\n  b: 2\n",
        "200: a\n'200': b\n",
    ],
)
def test_a_key_given_twice_is_refused_since_one_of_the_two_would_be_ignored(text: str) -> None:
    with pytest.raises(BadRequestException, match="is given twice"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "text",
        "- a list",
        "a: !!python/object/apply:os.system [true]",
        "a: !Sub x",
        "a: !!binary aGk=",
        "a: !!set {x}",
        "a: .nan",
        '{"a": NaN}',
        '{"a": 1e999}',
        "? [a]\n: b",
        "a: b\n--- \nc: d",
        "a: *nowhere",
        '{"a": ' + "1" * 5000 + "}",
        '{"a": "\\ud800"}',
        '{"\\udc00": 1}',
    ],
)
def test_what_is_no_tree_of_plain_values_is_junk(text: str) -> None:
    with pytest.raises(BadRequestException) as refused:
        read(text)
    assert refused.value.message == "Invalid OpenAPI input."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1,\n "b" 2}', "Expecting ':' delimiter: line 2 column 6 (char 14)"),
        ("a: [1,\nb: }", "did not find expected node content: line 2 column 4"),
        ("a: !Sub x", "could not determine a constructor for the tag '!Sub': line 1 column 4"),
    ],
)
def test_the_operator_learns_why_a_text_could_not_be_read(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a:\n  b: 1\n  b: 2\n", "again on line 3"),
        ("a: &a [x]\nb: [" + ",\n".join(["*a"] * 51) + "]\n", "up to line 52"),
        ("a:\n  " + "[" * 101 + "]" * 101, "on line 2"),
    ],
)
def test_a_bound_that_is_overstepped_names_the_line(text: str, where: str) -> None:
    with pytest.raises(BadRequestException, match=where):
        read(text)


def test_a_document_is_refused_by_its_size_before_it_is_parsed() -> None:
    with pytest.raises(BadRequestException, match="larger than 6291456 bytes"):
        parse(b" " * (reading.MAX_BYTES + 1))


@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "[" * 5000, '{"a":' * 200 + "1" + "}" * 200])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(BadRequestException, match="Invalid OpenAPI input"):
        read(text)


def test_aliases_of_collections_are_counted() -> None:
    with pytest.raises(BadRequestException, match="more than 50 aliases of collections up to line 2"):
        read("a: &a [x]\nb: [" + ", ".join(["*a"] * 51) + "]\n")


def test_aliases_of_texts_are_free_as_they_are_for_awss_parser() -> None:
    tree = read("a: &a x\nb: [" + ", ".join(["*a"] * 200) + "]\n")
    assert tree["b"] == ["x"] * 200


@pytest.mark.parametrize("aliases", ["[" + "*a, " * 10 + "]", "[" + "{*a : 1}, " * 10 + "]"])
def test_texts_that_aliases_repeat_are_counted(aliases: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MAX_TEXT", 10_000)
    with pytest.raises(BadRequestException, match="aliases make it too large"):
        read(f"a: &a {'x' * 1000}\nb: {aliases}\n")


def test_what_aliases_expand_to_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_NODES", 10_000)
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 6)]
    with pytest.raises(BadRequestException, match="more than 10000 values"):
        read("a0: &a0 [x, x]\n" + "\n".join(levels))


def test_what_merges_make_is_counted_while_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_NODES", 10_000)
    levels = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 8)}]}}" for n in range(1, 6)]
    with pytest.raises(BadRequestException, match="merges make it too large"):
        read("a0: &a0 {x: 1, y: 2}\n" + "\n".join(levels))


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}"])
def test_a_circle_of_aliases_is_refused(text: str) -> None:
    with pytest.raises(BadRequestException, match="nested too deep"):
        read(text)


def test_a_mapping_merged_into_itself_is_itself() -> None:
    assert read("a: &a {<<: *a, b: 1}") == {"a": {"b": 1}}


def test_the_last_of_many_keys_may_be_the_one_that_is_given_twice() -> None:
    """Found in time that is linear: quadratic, it would take the server's threads for half an hour."""
    keys = ",".join(f'"k{number}": 0' for number in range(200_000))
    with pytest.raises(BadRequestException, match="'k199999' is given twice"):
        read(f'{{{keys},"k199999":1}}')


@pytest.mark.parametrize("number", ["9" + ":9" * 1_000_000, "0x" + "f" * 100_000, "1" * 101 + ".5", "9:" * 60 + "9.5"])
def test_a_number_is_of_a_length_that_numbers_have(number: str) -> None:
    with pytest.raises(BadRequestException, match="The number on line 2 has more than 100 characters"):
        read(f"a: b\nc: {number}\n")


def test_a_refusal_can_be_written_whatever_it_quotes() -> None:
    with pytest.raises(BadRequestException) as refused:
        read('{"\\ud800": 1, "\\ud800": 2}')
    assert refused.value.message == "Invalid OpenAPI input. The key '?' is given twice in one object."
