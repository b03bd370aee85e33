"""Every condition operator of the IAM reference: what matches, what does not, and what a missing key means."""

from typing import Any

import pytest

from policy_scene import holds
from portico.lang.policy import PolicyError

KEY = "aws:k"


def told(operator: str, wanted: Any, value: Any, *, allows: bool = True) -> bool:
    return holds({operator: {KEY: wanted}}, {} if value is None else {KEY: value}, allows=allows)


# Operators: (operator, the policy's value, values of requests that match, values that do not)

STRINGS: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("StringEquals", "Abc", ["Abc"], ["abc", "Abcd", "", "A*"]),
    ("StringEquals", "A*", ["A*"], ["Abc"]),
    ("StringEquals", ["a", "b"], ["a", "b"], ["c", "ab"]),
    ("StringEquals", 7, ["7", 7], ["7.0", 7.5]),
    ("StringEquals", True, ["true", True], ["True", False]),
    ("StringEquals", "", [""], ["a"]),
    ("StringEqualsIgnoreCase", "Abc", ["abc", "ABC"], ["abcd"]),
    ("StringLike", "a*c", ["ac", "abc", "a/c"], ["abcd", "Abc"]),
    ("StringLike", "a?c", ["abc"], ["ac"]),
    ("StringLike", ["", "home/", "home/*/x"], ["", "home/", "home/me/x"], ["home", "home/me"]),
]
NUMBERS: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("NumericEquals", "10", ["10", 10, "10.0", "1e1"], ["11", "ten", ""]),
    ("NumericEquals", 0.1, ["0.1", 0.1], ["0.10000000000000001"]),
    ("NumericEquals", [1, 2], [1, 2], [3]),
    ("NumericLessThan", 10, [9, "-10", "9.999"], [10, 11, "x"]),
    ("NumericLessThanEquals", "10", [9, 10], ["10.1"]),
    ("NumericGreaterThan", 10, [11, "1e9"], [10, 9]),
    ("NumericGreaterThanEquals", 10, [10, 11], [9, "9.9"]),
]
DATES: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("DateEquals", "2020-01-01T00:00:00Z", ["2020-01-01", "2020", "2020-01", "1577836800", 1577836800], ["2021"]),
    ("DateEquals", "2020-01-01T01:00:00+01:00", ["2020-01-01T00:00:00Z", "2019-12-31T19:00-05:00"], ["2020-01-02"]),
    ("DateEquals", "1577836800", ["2020-01-01T00:00Z"], ["2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00"]),
    ("DateLessThan", "2020-06-01T12:00:00Z", ["2020-06-01T11:59:59.999Z", 0], ["2020-06-01T12:00:00Z", "x"]),
    ("DateLessThanEquals", "2020-06-01T12:00:00Z", ["2020-06-01T12:00:00Z"], ["2020-06-01T12:00:00.001Z"]),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", ["2020-01-01T00:00:02Z"], ["2020-01-01T00:00:01Z"]),
    ("DateGreaterThanEquals", 1577836800, ["2020-01-01", 1577836801], ["2019-12-31T23:59:59Z"]),
]
OTHERS: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("Bool", "true", ["true", True, "TRUE"], ["false", False, "yes", ""]),
    ("Bool", False, ["false", False], ["true"]),
    ("Bool", ["true", "false"], [True, False], ["maybe"]),
    ("BinaryEquals", "QmluYXJ5", ["QmluYXJ5"], ["qmluYXJ5", "QmluYXJ", "!"]),
    ("IpAddress", "203.0.113.0/24", ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.7"], ["203.0.114.0", "::1", ""]),
    ("IpAddress", "203.0.113.7", ["203.0.113.7"], ["203.0.113.8"]),
    ("IpAddress", "203.0.113.7/24", ["203.0.113.1"], ["203.0.112.1"]),
    ("IpAddress", "0.0.0.0/0", ["1.2.3.4"], ["2001:db8::1", "x"]),
    ("IpAddress", "2001:DB8:1234:5678::/64", ["2001:db8:1234:5678::1"], ["2001:db8:1234:5679::1", "1.2.3.4"]),
    ("IpAddress", "::ffff:10.0.0.0/104", ["10.255.0.1"], ["11.0.0.1"]),
    ("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], ["10.1.1.1", "2001:db8::1"], ["11.0.0.1"]),
]
PATTERN = "arn:aws:someservice:*:111122223333:finance/*"
ARNS: list[tuple[str, Any, list[Any], list[Any]]] = [
    (
        name,
        PATTERN,
        ["arn:aws:someservice:us-east-2:111122223333:finance/a", "arn:aws:someservice::111122223333:finance/a:b/c"],
        [
            # The guide's own example: a wildcard of an ARN operator does not leave its part.
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
            "arn:aws:someservice:us-east-2:111122223333",
            "finance/a",
            "",
        ],
    )
    for name in ("ArnEquals", "ArnLike")
]
TABLE = STRINGS + NUMBERS + DATES + OTHERS + ARNS
NEGATIONS = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}


@pytest.mark.parametrize(("operator", "wanted", "matched", "missed"), TABLE)
@pytest.mark.parametrize("allows", [True, False])
def test_what_an_operator_matches(
    operator: str, wanted: Any, matched: list[Any], missed: list[Any], allows: bool
) -> None:
    values = matched + missed
    assert [value for value in values if told(operator, wanted, value, allows=allows)] == matched
    assert [value for value in values if told(operator.lower(), wanted, value, allows=allows)] == matched
    assert [value for value in values if told(f"{operator}IfExists", wanted, value, allows=allows)] == matched


@pytest.mark.parametrize(("operator", "wanted", "matched", "missed"), TABLE)
def test_a_negated_operator_holds_where_none_of_its_values_matches(
    operator: str, wanted: Any, matched: list[Any], missed: list[Any]
) -> None:
    if operator not in NEGATIONS:
        return
    for name in (NEGATIONS[operator], f"{NEGATIONS[operator]}IfExists"):
        assert [value for value in matched + missed if told(name, wanted, value, allows=False)] == missed


def test_stringlike_crosses_the_parts_that_arnlike_does_not() -> None:
    value = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
    assert told("StringLike", PATTERN, value)
    assert not told("ArnLike", PATTERN, value)


@pytest.mark.parametrize(
    ("operator", "wanted", "value"),
    [("NumericNotEquals", 1, "x"), ("DateNotEquals", "2020", "x"), ("NotIpAddress", "10.0.0.0/8", "unknown")],
)
def test_a_value_of_another_type_opens_nothing(operator: str, wanted: Any, value: str) -> None:
    assert not told(operator, wanted, value, allows=True)
    assert told(operator, wanted, value, allows=False)


# A key that is not there: false; for negated operators true; …IfExists true; and the two sets

ONE_OF_EACH = {operator: wanted for operator, wanted, _, _ in reversed(TABLE)}


@pytest.mark.parametrize("nothing", [None, []])
@pytest.mark.parametrize("allows", [True, False])
@pytest.mark.parametrize(("operator", "wanted"), ONE_OF_EACH.items())
def test_a_missing_key(operator: str, wanted: Any, nothing: Any, allows: bool) -> None:
    assert told(operator, wanted, nothing, allows=allows) is False
    assert told(f"{operator}IfExists", wanted, nothing, allows=allows) is True
    assert told(f"ForAllValues:{operator}", wanted, nothing, allows=allows) is True
    assert told(f"ForAnyValue:{operator}", wanted, nothing, allows=allows) is False
    assert told(f"ForAnyValue:{operator}IfExists", wanted, nothing, allows=allows) is True


@pytest.mark.parametrize("allows", [True, False])
@pytest.mark.parametrize(("positive", "negated"), NEGATIONS.items())
def test_a_missing_key_under_a_negated_operator(positive: str, negated: str, allows: bool) -> None:
    wanted = ONE_OF_EACH[positive]
    assert told(negated, wanted, None, allows=allows) is True
    assert told(f"{negated}IfExists", wanted, None, allows=allows) is True
    assert told(f"ForAllValues:{negated}", wanted, None, allows=allows) is True
    assert told(f"ForAnyValue:{negated}", wanted, None, allows=allows) is False


# Several values. Policies have ["a", "b"].


@pytest.mark.parametrize(
    ("values", "all_equal", "any_equals", "all_differ", "any_differs"),
    [
        (["a"], True, True, False, False),
        (["a", "b"], True, True, False, False),
        (["a", "c"], False, True, False, True),
        (["c", "d"], False, False, True, True),
        ([""], True, False, True, False),
        (["", "a"], False, True, False, True),
    ],
)
def test_sets_of_values(
    values: list[str], all_equal: bool, any_equals: bool, all_differ: bool, any_differs: bool
) -> None:
    assert told("ForAllValues:StringEquals", ["a", "b"], values) is all_equal
    assert told("ForAnyValue:StringEquals", ["a", "b"], values) is any_equals
    assert told("ForAllValues:StringNotEquals", ["a", "b"], values) is all_differ
    assert told("ForAnyValue:StringNotEquals", ["a", "b"], values) is any_differs
    assert told("FORALLVALUES:stringequals", ["a", "b"], values) is all_equal


@pytest.mark.parametrize(("operator", "values"), [("StringEquals", ["a", "c"]), ("StringNotEquals", ["a", "c"])])
def test_several_values_without_a_set_operator_open_nothing(operator: str, values: list[str]) -> None:
    assert not told(operator, ["a", "b"], values, allows=True)
    assert told(operator, ["a", "b"], values, allows=False)


# Null


@pytest.mark.parametrize(
    ("wanted", "there", "missing"),
    [
        ("true", False, True),
        (True, False, True),
        ("false", True, False),
        ("FALSE", True, False),
        ([True, False], True, True),
    ],
)
def test_null_asks_whether_a_key_is_missing(wanted: Any, there: bool, missing: bool) -> None:
    assert told("Null", wanted, "x") is there
    assert told("Null", wanted, "") is there
    assert told("Null", wanted, None) is missing
    assert told("Null", wanted, []) is missing


# Variables


@pytest.mark.parametrize(
    ("operator", "wanted", "matched", "missed"),
    [
        ("StringEquals", "u-${aws:UserName}", "u-Ann", "u-ann"),
        ("StringEqualsIgnoreCase", "u-${aws:username}", "U-ANN", "u-bob"),
        ("StringLike", "*/${aws:username}/*", "x/Ann/y", "x/Bob/y"),
        ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/Ann", "arn:aws:iam::1:user/Bob"),
        ("ArnEquals", "arn:aws:iam::${acct, '1'}:user/*", "arn:aws:iam::1:user/Ann", "arn:aws:iam::2:user/Ann"),
        ("ArnLike", "${arn}", "arn:aws:iam::1:user/Ann", "arn:aws:iam::1:user/Bob"),
        ("Bool", "${flag}", "true", "false"),
    ],
)
def test_variables_in_strings_arns_and_truths(operator: str, wanted: str, matched: str, missed: str) -> None:
    context = {"aws:username": "Ann", "arn": "arn:aws:iam::1:user/Ann", "flag": True}
    assert holds({operator: {KEY: wanted}}, context | {KEY: matched})
    assert not holds({operator: {KEY: wanted}}, context | {KEY: missed})


def test_the_first_version_of_the_language_has_no_variables() -> None:
    condition = {"StringLike": {KEY: "u-${aws:username}*"}}
    context = {"aws:username": "Ann"}
    assert not holds(condition, context | {KEY: "u-Ann"}, version="2008-10-17")
    assert holds(condition, context | {KEY: "u-${aws:username}-x"}, version="2008-10-17")


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ArnLike"])
def test_a_variable_without_a_value_opens_nothing(operator: str) -> None:
    wanted = "arn:aws:iam::1:user/${aws:username}"
    value = "arn:aws:iam::1:user/Ann"
    assert not told(operator, wanted, value, allows=True)
    assert not told(operator, wanted, value, allows=False)
    assert not told(NEGATIONS[operator], wanted, value, allows=True)
    assert told(NEGATIONS[operator], wanted, value, allows=False)


# All operators and all keys must hold


def test_operators_and_keys_are_joined_by_and() -> None:
    condition = {"StringEquals": {"a": "1", "b": ["2", "3"]}, "Bool": {"c": "true"}}
    assert holds(condition, {"a": "1", "b": "3", "c": True})
    for missing in ({"a": "1", "b": "3"}, {"a": "1", "b": "4", "c": True}, {"b": "2", "c": True}):
        assert not holds(condition, missing)


def test_no_condition_always_holds() -> None:
    assert holds({}, {})


def test_keys_have_no_case() -> None:
    assert holds({"StringEquals": {"AWS:SourceAccount": "1"}}, {"aws:sourceaccount": "1"})


# What cannot be enforced is refused


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ([], "Condition"),
        ("x", "Condition"),
        ({"StringEqual": {KEY: "x"}}, "Condition.StringEqual.aws:k"),
        ({"StringEquals ": {KEY: "x"}}, "Condition.StringEquals .aws:k"),
        ({"StringGreaterThan": {KEY: "x"}}, "Condition.StringGreaterThan.aws:k"),
        ({"BoolNotEquals": {KEY: "true"}}, "Condition.BoolNotEquals.aws:k"),
        ({"ForSomeValues:StringEquals": {KEY: "x"}}, "Condition.ForSomeValues:StringEquals.aws:k"),
        ({"ForAnyValue:": {KEY: "x"}}, "Condition.ForAnyValue:.aws:k"),
        ({"IfExists": {KEY: "x"}}, "Condition.IfExists.aws:k"),
        ({"NullIfExists": {KEY: "true"}}, "Condition.NullIfExists.aws:k"),
        ({"ForAnyValue:Null": {KEY: "true"}}, "Condition.ForAnyValue:Null.aws:k"),
        ({"": {KEY: "x"}}, "Condition"),
        ({"StringEquals": {}}, "Condition.StringEquals"),
        ({"StringEquals": "x"}, "Condition.StringEquals"),
        ({"StringEquals": {"": "x"}}, "Condition.StringEquals"),
        ({"StringEquals": {KEY: []}}, "Condition.StringEquals.aws:k"),
        ({"StringEquals": {KEY: None}}, "Condition.StringEquals.aws:k"),
        ({"StringEquals": {KEY: {}}}, "Condition.StringEquals.aws:k"),
        ({"StringEquals": {KEY: ["x", ["y"]]}}, "Condition.StringEquals.aws:k[1]"),
        ({"StringEquals": {KEY: "x", KEY.upper(): "y"}}, "Condition.StringEquals"),
        ({"StringEquals": {KEY: "x"}, "stringequals": {KEY: "y"}}, "Condition"),
        ({"StringEquals": {KEY: "${"}}, "Condition.StringEquals.aws:k"),
        ({"NumericEquals": {KEY: "ten"}}, "Condition.NumericEquals.aws:k"),
        ({"NumericEquals": {KEY: "${aws:username}"}}, "Condition.NumericEquals.aws:k"),
        ({"NumericEquals": {KEY: "1e99999"}}, "Condition.NumericEquals.aws:k"),
        ({"NumericEquals": {KEY: True}}, "Condition.NumericEquals.aws:k"),
        ({"DateLessThan": {KEY: "2020-13-01"}}, "Condition.DateLessThan.aws:k"),
        ({"DateLessThan": {KEY: "2020-01-01T00:00:00"}}, "Condition.DateLessThan.aws:k"),
        ({"DateLessThan": {KEY: "2020-01-*"}}, "Condition.DateLessThan.aws:k"),
        ({"Bool": {KEY: "yes"}}, "Condition.Bool.aws:k"),
        ({"Null": {KEY: "maybe"}}, "Condition.Null.aws:k"),
        ({"Null": {KEY: "${aws:username}"}}, "Condition.Null.aws:k"),
        ({"BinaryEquals": {KEY: "***"}}, "Condition.BinaryEquals.aws:k"),
        ({"IpAddress": {KEY: "10.0.0.0/33"}}, "Condition.IpAddress.aws:k"),
        ({"IpAddress": {KEY: "10.0.0.0/255.0.0.0"}}, "Condition.IpAddress.aws:k"),
        ({"IpAddress": {KEY: "10.*"}}, "Condition.IpAddress.aws:k"),
        ({"IpAddress": {KEY: ["10.0.0.0/8", "fe80::1%eth0"]}}, "Condition.IpAddress.aws:k[1]"),
        ({"NotIpAddress": {KEY: "localhost"}}, "Condition.NotIpAddress.aws:k"),
        ({"ArnLike": {KEY: "arn:aws:sns:*"}}, "Condition.ArnLike.aws:k"),
        ({"ArnNotEquals": {KEY: "*"}}, "Condition.ArnNotEquals.aws:k"),
    ],
)
def test_what_is_no_condition_is_refused(condition: Any, place: str) -> None:
    with pytest.raises(PolicyError) as caught:
        holds(condition, {})
    assert caught.value.place == f"Statement.{place}"
