"""The event of a REST API's Lambda proxy integration, payload format 1.0, as bytes.

Member for member and null for null as recorded (facts 110 to 113, and `lambda.json` behind them). What does not change
between the requests of a method, or between those of a connection, is encoded once; the rest is joined to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

_encode = msgspec.json.Encoder().encode

_NO_QUERY: Final = b'"queryStringParameters":null,"multiValueQueryStringParameters":null'
_IDENTITY: Final = (
    b'","identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":'
)
_ANONYMOUS: Final = (
    b',"principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null'
    b',"userArn":null,"userAgent":'
)
"""`identity` has its twelve members whoever calls (fact 113)."""
_ENDINGS: Final = (b',"isBase64Encoded":false}', b',"isBase64Encoded":true}')


class Members(NamedTuple):
    """Members of `headers` and of `multiValueHeaders`, each followed by a comma: more of them come behind."""

    single: bytes
    multiple: bytes


class Sent(NamedTuple):
    """What an event tells of a request's header section."""

    headers: Members
    domain_name: bytes
    domain_prefix: bytes
    user_agent: bytes
    """These three as JSON."""


class Request(NamedTuple):
    """The rest of what changes from request to request."""

    method: bytes
    path: str
    """Below the stage, slashes in front as the client sent them."""
    query: Mapping[str, Sequence[str]]
    path_values: Sequence[bytes]
    """Of the path's parameters, in its order, still percent-encoded."""
    sent: Sent
    forwarded: Members
    trace_id: str
    source_ip: str
    request_id: str
    extended_id: str
    time: str
    """As access logs have it: `22/Nov/2026:14:31:52 +0000`."""
    epoch_ms: int
    body: bytes
    """JSON: a string, or null."""
    base64: bool


class RouteFacts(NamedTuple):
    """What an event tells of the method that was called, and of its stage."""

    resource_id: str
    resource_path: str
    parameter_names: Sequence[str]
    operation_name: str | None
    account_id: str
    api_id: str
    stage: str
    deployment_id: str
    variables: Mapping[str, str]


class ProxyEvents:
    """Makes the events of one method."""

    __slots__ = ("_identified", "_names", "_resource", "_stage", "_stage_variables", "_staged")

    def __init__(self, facts: RouteFacts) -> None:
        resource = _encode(facts.resource_path)
        operation = b',"operationName":%b' % _encode(facts.operation_name) if facts.operation_name else b""
        self._resource = b'{"resource":%b,"path":' % resource
        self._names = [_encode(name) for name in facts.parameter_names]
        self._stage_variables = b',"stageVariables":%b,"requestContext":{"resourceId":%b,"resourcePath":%b%b' % (
            _encode(dict(facts.variables) or None),
            _encode(facts.resource_id),
            resource,
            operation,
        )
        self._stage = f"/{facts.stage}"
        self._staged = b',"accountId":%b,"protocol":"HTTP/1.1","stage":%b,"domainPrefix":' % (
            _encode(facts.account_id),
            _encode(facts.stage),
        )
        self._identified = b',"deploymentId":%b,"apiId":%b},"body":' % (
            _encode(facts.deployment_id),
            _encode(facts.api_id),
        )

    def event(self, request: Request) -> bytes:
        """The JSON of one request's event."""
        sent, forwarded, path = request.sent, request.forwarded, request.path
        trace = _encode(request.trace_id)
        method = b'"%b"' % request.method
        return b"".join(
            (
                self._resource,
                _encode("/" + path.lstrip("/") if path.startswith("//") else path),
                b',"httpMethod":',
                method,
                b',"headers":{',
                sent.headers.single,
                forwarded.single,
                b'"X-Amzn-Trace-Id":%b},"multiValueHeaders":{' % trace,
                sent.headers.multiple,
                forwarded.multiple,
                b'"X-Amzn-Trace-Id":[%b]},' % trace,
                _query(request.query) if request.query else _NO_QUERY,
                self._path_parameters(request.path_values),
                self._stage_variables,
                b',"httpMethod":',
                method,
                f',"extendedRequestId":"{request.extended_id}","requestTime":"{request.time}","path":'.encode(),
                _encode(self._stage + path),
                self._staged,
                sent.domain_prefix,
                f',"requestTimeEpoch":{request.epoch_ms},"requestId":"{request.request_id}'.encode(),
                _IDENTITY,
                _encode(request.source_ip),
                _ANONYMOUS,
                sent.user_agent,
                b',"user":null},"domainName":',
                sent.domain_name,
                self._identified,
                request.body,
                _ENDINGS[request.base64],
            )
        )

    def _path_parameters(self, values: Sequence[bytes]) -> bytes:
        if not self._names:
            return b',"pathParameters":null'
        pairs = zip(self._names, values, strict=True)
        members = b",".join([b"%b:%b" % (name, _encode(value.decode("latin-1"))) for name, value in pairs])
        return b',"pathParameters":{%b}' % members


def _query(query: Mapping[str, Sequence[str]]) -> bytes:
    last = {name: values[-1] for name, values in query.items()}
    return b'"queryStringParameters":%b,"multiValueQueryStringParameters":%b' % (_encode(last), _encode(query))


def header_members(headers: Iterable[tuple[str, str]]) -> Members:
    """The members for (name, value) lines: names that differ only in case are one, under its first spelling; the last
    value is the single one."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), (name, []))[1].append(value)
    single, multiple = [], []
    for name, values in found.values():
        key = _encode(name)
        single.append(b"%b:%b," % (key, _encode(values[-1])))
        multiple.append(b"%b:%b," % (key, _encode(values)))
    return Members(b"".join(single), b"".join(multiple))


def sent_part(headers: Iterable[tuple[str, str]], domain_name: str, user_agent: str | None) -> Sent:
    """What is told of a header section. `headers` are those that a function gets to see."""
    prefix = domain_name.partition(".")[0]
    return Sent(header_members(headers), _encode(domain_name), _encode(prefix), _encode(user_agent))


@lru_cache(maxsize=4096)
def forwarded_members(addresses: str, port: int, scheme: bytes) -> Members:
    """X-Forwarded-For, -Port and -Proto; mostly those of a connection seen before."""
    return header_members(
        (
            ("X-Forwarded-For", addresses),
            ("X-Forwarded-Port", str(port)),
            ("X-Forwarded-Proto", scheme.decode()),
        )
    )


def text_body(body: bytes) -> bytes:
    """A body of text as JSON: null where there is none, U+FFFD for what is not UTF-8 (fact 140)."""
    return _encode(body.decode("utf-8", "replace")) if body else b"null"
