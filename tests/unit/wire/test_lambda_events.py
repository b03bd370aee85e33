"""Events joined of pieces are those that a dict and a JSON encoder would have made."""

import json
from base64 import b64encode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portico.wire.lambda_events import (
    Asked,
    ProxyEvents,
    RouteFacts,
    escaped,
    forwarded_members,
    header_members,
    sent_part,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
LATIN = st.text(st.characters(max_codepoint=255), max_size=12)
HEADERS = st.lists(st.tuples(st.text("aAbB-", min_size=1, max_size=4), LATIN), max_size=6)
QUERY = st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=3), max_size=4)
VALUES = st.lists(st.tuples(TEXT, LATIN), max_size=3, unique_by=lambda pair: pair[0])
FACTS = st.fixed_dictionaries(
    {
        "resource_id": TEXT,
        "resource_path": TEXT,
        "operation_name": st.none() | TEXT,
        "account_id": TEXT,
        "api_id": TEXT,
        "stage": TEXT,
        "deployment_id": TEXT,
        "variables": st.dictionaries(TEXT, TEXT, max_size=2),
    }
)
METHODS = st.sampled_from([b"GET", b"POST"])
IDENTITY = (
    *("cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "principalOrgId", "accessKey"),
    *("cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "user"),
)


def naive_headers(headers: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    multiple: dict[str, list[str]] = {}
    for name, value in headers:
        known = next((one for one in multiple if one.lower() == name.lower()), name)
        multiple.setdefault(known, []).append(value)
    return {name: values[-1] for name, values in multiple.items()}, multiple


def naive_body(body: bytes, encoded: bool) -> str:
    return b64encode(body).decode() if encoded else body.decode("utf-8", "replace")


def naive(
    facts: dict[str, Any],
    pairs: list[tuple[str, str]],
    method: bytes,
    path: str,
    query: dict[str, list[str]],
    headers: list[tuple[str, str]],
    trace: str,
    agent: str | None,
    body: bytes,
    encoded: bool,
) -> dict[str, Any]:
    added = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Port", "80"), ("X-Forwarded-Proto", "http")]
    single, multiple = naive_headers([*headers, *added, ("X-Amzn-Trace-Id", trace)])
    operation = {"operationName": facts["operation_name"]} if facts["operation_name"] else {}
    return {
        "resource": facts["resource_path"],
        "path": "/" + path.lstrip("/") if path.startswith("//") else path,
        "httpMethod": method.decode(),
        "headers": single,
        "multiValueHeaders": multiple,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(pairs) or None,
        "stageVariables": facts["variables"] or None,
        "requestContext": {
            "resourceId": facts["resource_id"],
            "resourcePath": facts["resource_path"],
            **operation,
            "httpMethod": method.decode(),
            "extendedRequestId": "extended=",
            "requestTime": "14/Nov/2023:22:13:20 +0000",
            "path": f"/{facts['stage']}{path}",
            "accountId": facts["account_id"],
            "protocol": "HTTP/1.1",
            "stage": facts["stage"],
            "domainPrefix": "api1",
            "requestTimeEpoch": 1_700_000_000_000,
            "requestId": "request",
            "identity": {**dict.fromkeys(IDENTITY), "sourceIp": "192.0.2.7", "userAgent": agent},
            "domainName": "api1.example",
            "deploymentId": facts["deployment_id"],
            "apiId": facts["api_id"],
        },
        "body": naive_body(body, encoded) if body else None,
        "isBase64Encoded": encoded,
    }


@given(
    facts=FACTS,
    pairs=VALUES,
    method=METHODS,
    path=LATIN.map(lambda text: "/" + text),
    query=QUERY,
    headers=HEADERS,
    trace=TEXT,
    agent=st.none() | LATIN,
    body=st.binary(max_size=20),
    encoded=st.booleans(),
)
def test_an_event_is_the_json_of_what_it_tells(
    facts: dict[str, Any],
    pairs: list[tuple[str, str]],
    method: bytes,
    path: str,
    query: dict[str, list[str]],
    headers: list[tuple[str, str]],
    trace: str,
    agent: str | None,
    body: bytes,
    encoded: bool,
) -> None:
    events = ProxyEvents(RouteFacts(parameter_names=[name for name, _ in pairs], **facts))
    sent = sent_part(headers, "api1.example", agent, 1)
    values = [value.encode("latin-1") for _, value in pairs]
    forwarded = forwarded_members("192.0.2.7", 80, b"http")
    form = events.form(sent, Asked(method, path, query, values, forwarded, "192.0.2.7", encoded))
    told = form.fill(escaped(trace), "extended=", "14/Nov/2023:22:13:20 +0000", 1_700_000_000_000, "request", body)
    expected = naive(facts, pairs, method, path, query, headers, trace, agent, body, encoded)
    event = json.loads(told)
    assert event == expected
    assert list(event) == list(expected), "members come in AWS's order"
    assert list(event["requestContext"]) == list(expected["requestContext"])


def test_names_that_differ_in_case_alone_are_one() -> None:
    members = header_members([("a", "1"), ("B", "2"), ("A", "3")])
    assert members.single == b'"a":"3","B":"2",'
    assert members.multiple == b'"a":["1","3"],"B":["2"],'


def test_a_body_that_is_no_utf_8_is_still_json() -> None:
    events = ProxyEvents(RouteFacts("", "/", (), None, "", "", "", "", {}))
    forwarded = forwarded_members("192.0.2.7", 80, b"http")
    form = events.form(sent_part([], "", None, 1), Asked(b"POST", "/", {}, (), forwarded, "192.0.2.7"))
    event = json.loads(form.fill("", "", "", 0, "", b"\xff\xed\xa0\x80x"))
    assert event["body"] == "����x"
