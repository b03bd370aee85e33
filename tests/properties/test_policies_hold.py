"""Whatever is given as a policy: it is refused as one, or it decides; and a Deny decides against everything."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portico.lang.policy import (
    ANONYMOUS,
    Decision,
    PolicyError,
    PolicyKind,
    Principal,
    Request,
    identity,
    parse_policy,
    service,
)
from portico.lang.policy.operators import OPERATORS

WORDS = st.sampled_from(
    [
        *("Statement", "Version", "Id", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition", "AWS", "Service", "Allow", "Deny", "*", "2012-10-17", "a:b"),
        *("Bool", "Null", "IpAddress", "StringLike", "ForAnyValue:ArnLike", "aws:SourceIp", "${aws:username}", "${"),
    ]
)
TEXTS = WORDS | st.text(max_size=12)
SCALARS = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=25
)

KEYS = st.sampled_from(["aws:SourceIp", "AWS:SourceArn", "aws:username", "aws:TagKeys"])
OPERANDS = st.sampled_from(["", "a", "a*", "1", "2020-01-01", "true", "10.0.0.0/8", "arn:*:*:*:*:*", "${aws:username}"])
NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from([*OPERATORS, "Null"]),
    st.sampled_from(["", "IfExists"]),
)
CONDITIONS = st.dictionaries(
    NAMES,
    st.dictionaries(KEYS, OPERANDS | st.lists(OPERANDS, min_size=1, max_size=3), min_size=1, max_size=2),
    max_size=2,
)


def one_of_each(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda key, value: {key: value}, st.sampled_from([name, f"Not{name}"]), values)


STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect,
        "Principal": "*",
        **action,
        **resource,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    one_of_each("Action", st.sampled_from(["*", "x:y", "x:*"])),
    one_of_each("Resource", st.sampled_from(["*", "arn:*", "arn:${aws:username}"])),
    CONDITIONS,
)
VALUES = (
    st.sampled_from(["", "a", "ab", "1", "2021", "true", "10.1.1.1", "arn:a:b:c:d:e"]) | st.booleans() | st.integers()
)
REQUESTS = st.builds(
    Request,
    st.sampled_from([ANONYMOUS, service("x.amazonaws.com"), identity("arn:aws:iam::123456789012:user/a")]),
    st.sampled_from(["x:y", "X:Z", ""]),
    st.sampled_from(["arn:a", "*", ""]),
    st.dictionaries(KEYS.map(str.lower), VALUES | st.lists(VALUES, max_size=3), max_size=4),
)


@given(ANYTHING, st.sampled_from(PolicyKind), REQUESTS)
def test_anything_is_refused_or_decides(document: Any, kind: PolicyKind, request: Request) -> None:
    try:
        policy = parse_policy(document, kind)
    except PolicyError:
        return
    assert policy.decide(request).decision in Decision


@given(st.text() | ANYTHING.map(json.dumps))
def test_any_text_is_refused_or_a_policy(text: str) -> None:
    with suppress(PolicyError):
        assert parse_policy(text).statements


@given(st.lists(STATEMENTS, min_size=1, max_size=4), REQUESTS)
@settings(max_examples=300)
def test_decisions_follow_from_the_statements_that_apply(statements: list[dict[str, Any]], request: Request) -> None:
    try:
        policies = [parse_policy({"Version": "2012-10-17", "Statement": one}) for one in statements]
        together = parse_policy({"Version": "2012-10-17", "Statement": statements})
    except PolicyError:
        return
    found = {policy.decide(request).decision for policy in policies}
    expected = next(one for one in (Decision.EXPLICIT_DENY, Decision.ALLOW, Decision.IMPLICIT_DENY) if one in found)
    assert together.decide(request).decision is expected


@given(STATEMENTS, REQUESTS, st.sampled_from([ANONYMOUS, service("y.amazonaws.com")]))
def test_with_a_deny_of_everything_nothing_is_allowed(
    statement: dict[str, Any], request: Request, principal: Principal
) -> None:
    everything = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    try:
        policy = parse_policy({"Version": "2012-10-17", "Statement": [statement, everything]})
    except PolicyError:
        return
    asked = request._replace(principal=principal)
    assert policy.decide(asked).decision is Decision.EXPLICIT_DENY
