"""Events joined of pieces are those that a dict and a JSON encoder would have made."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portico.wire.lambda_events import (
    Asked,
    Once,
    ProxyEvents,
    RouteFacts,
    fill,
    forwarded_members,
    header_members,
    sent_part,
    text_body,
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
        "body": body.decode("utf-8", "replace") if body else None,
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
    asked = Asked(method, path, query, values, forwarded_members("192.0.2.7", 80, b"http"), "192.0.2.7")
    once = Once(
        trace_id=trace,
        request_id="request",
        extended_id="extended=",
        time="14/Nov/2023:22:13:20 +0000",
        epoch_ms=1_700_000_000_000,
        body=text_body(body),
        base64=encoded,
    )
    expected = naive(facts, pairs, method, path, query, headers, trace, agent, body, encoded)
    event = json.loads(fill(events.form(sent, asked), once))
    assert event == expected
    assert list(event) == list(expected), "members come in AWS's order"
    assert list(event["requestContext"]) == list(expected["requestContext"])


def test_names_that_differ_in_case_alone_are_one() -> None:
    members = header_members([("a", "1"), ("B", "2"), ("A", "3")])
    assert members.single == b'"a":"3","B":"2",'
    assert members.multiple == b'"a":["1","3"],"B":["2"],'


def test_a_body_that_is_no_utf_8_is_still_json() -> None:
    assert json.loads(text_body(b"\xff\xed\xa0\x80x")) == "����x"
    assert text_body(b"") == b"null"
