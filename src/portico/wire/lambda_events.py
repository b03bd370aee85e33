"""The event of a REST API's Lambda proxy integration, payload format 1.0, as bytes.

Member for member and null for null as recorded (facts 110 to 113, and `lambda.json` behind them). What does not change
between the requests of a method, or between those of a connection, is encoded once. Where the same is asked for again,
all of it but trace, ids, time and body is remembered as one Form.
"""

from base64 import b64encode
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count
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
_numbers: Final = count()


class Members:
    """Members of `headers` and of `multiValueHeaders`, each followed by a comma: more of them come behind."""

    __slots__ = ("multiple", "single")

    def __init__(self, single: bytes, multiple: bytes) -> None:
        self.single = single
        self.multiple = multiple


class Sent:
    """What an event tells of a request's header section, and the Forms that were made of it."""

    __slots__ = ("_kept", "domain_name", "domain_prefix", "forms", "headers", "user_agent")

    def __init__(
        self, headers: Members, domain_name: bytes, domain_prefix: bytes, user_agent: bytes, kept: int
    ) -> None:
        """The last three are JSON. `kept`: how many Forms are remembered."""
        self.headers = headers
        self.domain_name = domain_name
        self.domain_prefix = domain_prefix
        self.user_agent = user_agent
        self.forms: dict[Hashable, Form] = {}
        self._kept = kept

    def keep(self, key: Hashable, form: "Form") -> None:
        if len(self.forms) >= self._kept:
            self.forms.clear()
        self.forms[key] = form


class Asked(NamedTuple):
    """What else is the same for every request that asks for the same."""

    method: bytes
    path: str
    """Below the stage, slashes in front as the client sent them."""
    query: Mapping[str, Sequence[str]]
    path_values: Sequence[bytes]
    """Of the path's parameters, in its order, still percent-encoded."""
    forwarded: Members
    source_ip: str
    binary: bool = False
    """Whether the Content-Type is a binary media type: a body is sent as Base64 then."""


class Form(msgspec.Struct, frozen=True, gc=False):
    """An event but for what no two requests share: trace, ids, time and body. As text, which is encoded once."""

    number: int
    """Of the ProxyEvents that made it."""
    to_trace: str
    to_second_trace: str
    to_ids: str
    to_epoch: str
    to_body: str
    bodiless: str
    """The same with the rest of an event that has no body."""
    binary: bool

    def fill(self, trace: str, extended_id: str, time: str, epoch_ms: int, request_id: str, body: bytes) -> bytes:
        """The JSON of one request's event.

        `trace`: JSON without its quotes. `time`: as access logs have it, `22/Nov/2026:14:31:52 +0000`.
        """
        front = (
            f"{self.to_trace}{trace}{self.to_second_trace}{trace}{self.to_ids}{extended_id}"
            f'","requestTime":"{time}{self.to_epoch}{epoch_ms},"requestId":"{request_id}'
            f"{self.to_body if body else self.bodiless}"
        ).encode()
        return b"".join((front, self._value(body), _ENDINGS[self.binary])) if body else front

    def _value(self, body: bytes) -> bytes:
        """As JSON; U+FFFD for what is not UTF-8 (fact 140)."""
        return b'"%b"' % b64encode(body) if self.binary else _encode(body.decode("utf-8", "replace"))


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
    canary: bool | None = None
    """`isCanaryRequest`, which only a stage with a canary has."""


class ProxyEvents:
    """Makes the events of one method."""

    __slots__ = ("_identified", "_names", "_resource", "_stage", "_stage_variables", "_staged", "number")

    def __init__(self, facts: RouteFacts) -> None:
        self.number = next(_numbers)
        """By which its Forms are known, which may outlive it."""
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
        self._identified = b',"deploymentId":%b,"apiId":%b%b},"body":' % (
            _encode(facts.deployment_id),
            _encode(facts.api_id),
            b"" if facts.canary is None else b',"isCanaryRequest":%b' % _encode(facts.canary),
        )

    def form(self, sent: Sent, asked: Asked) -> Form:
        """The Form of requests that send and ask this."""
        path, method, forwarded = asked.path, b'"%b"' % asked.method, asked.forwarded
        to_trace = b"".join(
            (
                self._resource,
                _encode("/" + path.lstrip("/") if path.startswith("//") else path),
                b',"httpMethod":',
                method,
                b',"headers":{',
                sent.headers.single,
                forwarded.single,
                b'"X-Amzn-Trace-Id":"',
            )
        )
        to_second_trace = b'"},"multiValueHeaders":{%b%b"X-Amzn-Trace-Id":["' % (
            sent.headers.multiple,
            forwarded.multiple,
        )
        to_ids = b"".join(
            (
                b'"]},',
                _query(asked.query) if asked.query else _NO_QUERY,
                self._path_parameters(asked.path_values),
                self._stage_variables,
                b',"httpMethod":',
                method,
                b',"extendedRequestId":"',
            )
        )
        to_epoch = b'","path":%b%b%b,"requestTimeEpoch":' % (
            _encode(self._stage + path),
            self._staged,
            sent.domain_prefix,
        )
        to_body = b"".join(
            (
                _IDENTITY,
                _encode(asked.source_ip),
                _ANONYMOUS,
                sent.user_agent,
                b',"user":null},"domainName":',
                sent.domain_name,
                self._identified,
            )
        )
        return Form(
            self.number,
            to_trace.decode(),
            to_second_trace.decode(),
            to_ids.decode(),
            to_epoch.decode(),
            to_body.decode(),
            b"".join((to_body, b"null", _ENDINGS[asked.binary])).decode(),
            asked.binary,
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


def sent_part(headers: Iterable[tuple[str, str]], domain_name: str, user_agent: str | None, kept: int) -> Sent:
    """What is told of a header section. `headers` are those that a function gets to see."""
    prefix = domain_name.partition(".")[0]
    return Sent(header_members(headers), _encode(domain_name), _encode(prefix), _encode(user_agent), kept)


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


def escaped(text: str) -> str:
    """As it stands between the quotes of a JSON string."""
    return _encode(text).decode()[1:-1]
