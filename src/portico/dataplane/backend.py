"""The request that an HTTP integration sends: where to, and what around the body. Compiled once a Route.

Almost every integration has a fixed host and a path of literals and of the resource's own parameters. That case is
bytes joined to bytes; everything else goes through the mapping languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from portico.dataplane.environment import RequestView
from portico.dataplane.fault import API_CONFIGURATION_ERROR, BAD_REQUEST, Fault
from portico.dataplane.headers import MAPPING_IGNORED
from portico.dataplane.overrides import override_headers, request_overrides
from portico.dataplane.trace import trace_id
from portico.dataplane.vpc_links import link_machines
from portico.lang.environment import Environment
from portico.lang.errors import EvaluationError, InvalidRequestJson, UnsafeValue
from portico.lang.mapping import Mapped, Phase, Source, Target, compile_source, parse_source, parse_target, read_source
from portico.lang.uri import DEFAULT_PORTS, Authority, IntegrationUri, Placeholder, compile_uri
from portico.ports.upstream import Destination, Origin

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec

Address = Callable[["Exchange"], tuple[Destination, bytes, bytes]]
"""For a request: the Destination, the path with its query, and the Host header's line."""
Reach = Callable[[Authority], Destination]
"""Who is called at a URI's authority."""


_NONE: Mapping[str, str | None] = {}
# Written out, or where what is asked of $context is only known when the template is rendered.
_OVERRIDING = re.compile(r"Override|#\{?evaluate|context(?!\.[A-Za-z])|context\.(?:get|put|values|entrySet)\b")


class Mappings:
    """An integration's `requestParameters`, compiled, by where they go."""

    def __init__(
        self, parameters: Mapping[str, str], integration_type: str, templates: Mapping[str, str | None] = _NONE
    ) -> None:
        """`templates`: of the request; one that looks at the overrides may set them."""
        self.integration_type = integration_type
        self.overridable = any(_OVERRIDING.search(source) for source in templates.values() if source)
        self.headers: list[tuple[str, Mapped]] = []
        self.query: list[tuple[str, Mapped]] = []
        self.path: dict[str, Source] = {}
        self.poison = ""
        """A header target that makes every request a 500 (recorded fact 124)."""
        for target_text, source_text in parameters.items():
            target = parse_target(target_text, Phase.REQUEST)
            source = parse_source(source_text, Phase.REQUEST)
            if target.poisons(integration_type):
                self.poison = target.name
            elif target.location == "path":
                self.path[target.name] = source
            elif target.location == "querystring":
                self.query.append((target.name, read_source(source)))
            elif target.name.lower().encode() not in MAPPING_IGNORED:
                self.headers.append((target.name, _for_header(target.name, source)))
        self.header_names = frozenset(name.lower().encode() for name, _ in self.headers)


def _for_header(name: str, source: Source) -> Mapped:
    """A source on its way to a header; a Host, which a client may have a part in, must be one."""
    read = compile_source(source)
    if name.lower() != "host":
        return read

    def host(view: Environment) -> str | list[str] | None:
        value = read(view)
        if value is not None and (not isinstance(value, str) or _HOST.fullmatch(value) is None):
            raise UnsafeValue(f"the value of {source.expression} is no host")
        return value

    return host


_HOST = re.compile(r"(?:[0-9A-Za-z._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def view_of(exchange: Exchange) -> RequestView:
    """The request as mappings see it, made once an Exchange."""
    view = exchange.view
    if view is None:
        view = exchange.view = RequestView(exchange)
    return view


def mapped_headers(exchange: Exchange, mappings: Mappings) -> list[bytes]:
    """The header lines that mappings give. Raises a Fault."""
    view, lines = view_of(exchange), []
    for name, source in mappings.headers:
        value = evaluate(source, view)
        if value is not None:
            text = value if isinstance(value, str) else ",".join(value)
            lines.append(f"{name}: {text}\r\n".encode("latin-1", "replace"))
    return _overridden(exchange, mappings, lines) if mappings.overridable else lines


def _overridden(exchange: Exchange, mappings: Mappings, lines: list[bytes]) -> list[bytes]:
    """With the headers that the request's template overrides, held to the rules of mapped ones."""
    headers = request_overrides(exchange, "header")
    for name, values in headers.items():
        if Target("header", name).poisons(mappings.integration_type):
            raise Fault(API_CONFIGURATION_ERROR, cause=f"the header {name} cannot be overridden")
        if name.lower() == "host" and _HOST.fullmatch(",".join(values)) is None:
            raise Fault(API_CONFIGURATION_ERROR, cause="a template overrides Host with what is no host")
    sent = {name: values for name, values in headers.items() if name.lower().encode() not in MAPPING_IGNORED}
    return override_headers(lines, sent)


def names_of(lines: list[bytes]) -> set[bytes]:
    """The lower-case names of header lines."""
    return {line.partition(b":")[0].lower() for line in lines}


def mapped_query(exchange: Exchange, mappings: Mappings) -> list[bytes]:
    """`name=value` pairs that mappings give, encoded. Raises a Fault."""
    view = view_of(exchange)
    found: dict[str, list[str]] = {}
    for name, source in mappings.query:
        value = evaluate(source, view)
        found[name] = [value] if isinstance(value, str) else value or []
    if mappings.overridable:
        found |= request_overrides(exchange, "querystring")
    return [f"{quote(name, '')}={quote(one, '')}".encode() for name, values in found.items() for one in values]


def evaluate(source: Mapped, view: RequestView) -> str | list[str] | None:
    """A mapping's value. What cannot be evaluated is the client's fault only where its body is not JSON."""
    try:
        return source(view)
    except InvalidRequestJson:
        raise Fault(BAD_REQUEST, message="Invalid JSON in request body") from None
    except EvaluationError as error:
        raise Fault(API_CONFIGURATION_ERROR, cause=str(error)) from None


def compile_address(spec: Spec, mappings: Mappings) -> Address:
    """Where requests go. Raises lang's SourceError or EvaluationError where nowhere can be told."""
    greedy = greedy_names(mappings, spec.greedy)
    uri = compile_uri(spec.integration.uri or "", spec.variables, greedy=greedy)
    values, reach = path_sources(mappings), _reach(spec)
    if uri.authority is None:
        return lambda exchange: _resolve(exchange, uri, values, reach)
    destination, host = reach(uri.authority), host_line(uri.authority)
    if uri.target is not None:
        fixed = (destination, uri.target.encode(), host)
        return lambda exchange: fixed
    pieces = _captures_of(uri, mappings, spec.parameter_names)
    if pieces is None or mappings.overridable:
        return lambda exchange: _resolve(exchange, uri, values, reach)

    def from_captures(exchange: Exchange) -> tuple[Destination, bytes, bytes]:
        captures = exchange.captures
        target = b"".join([piece if isinstance(piece, bytes) else captures[piece] for piece in pieces])
        if b"%" in target or b"?" in target:
            return _resolve(exchange, uri, values, reach)
        return destination, target, host

    return from_captures


def _reach(spec: Spec) -> Reach:
    """Calls by TLS are made with the stage's client certificate, and as the integration's tlsConfig says."""
    upstream, tls = spec.ports.upstream, spec.integration.tls_config
    verify = tls is None or not tls.insecure_skip_verification
    identity, machines = spec.client_certificate or "", link_machines(spec)

    def reach(authority: Authority) -> Destination:
        secure, host, port = authority
        via = tuple([(machine, own or port) for machine, own in machines])
        return upstream.to(Origin(secure, host, port, verify, identity if secure else "", via))

    return reach


def greedy_names(mappings: Mappings, greedy: str | None) -> list[str]:
    """The placeholders whose value may hold slashes: what takes the resource's {name+}, and what is called {proxy}."""
    taking = ("method.request.path", greedy)
    return [name for name, source in mappings.path.items() if (source.kind, source.name) == taking or name == "proxy"]


def _captures_of(
    uri: IntegrationUri, mappings: Mappings, parameter_names: tuple[str, ...]
) -> tuple[bytes | int, ...] | None:
    """The target's pieces where each placeholder is a path parameter of the resource, else None."""
    pieces: list[bytes | int] = []
    for part in uri.parts:
        if not isinstance(part, Placeholder):
            pieces.append(part.encode())
            continue
        source = mappings.path.get(part.name)
        if source is None or source.kind != "method.request.path" or source.name not in parameter_names:
            return None
        pieces.append(parameter_names.index(source.name))
    return tuple(pieces)


def path_sources(mappings: Mappings) -> dict[str, Mapped]:
    """What gives a URI's placeholders their values."""
    return {name: _decoded(source) for name, source in mappings.path.items()}


def _decoded(source: Source) -> Mapped:
    """A path parameter is still encoded as the client sent it; a URI takes values decoded and encodes them itself."""
    read = read_source(source)
    if source.kind != "method.request.path":
        return read

    def decode(view: object) -> str | list[str] | None:
        value = read(view)  # type: ignore[arg-type]
        return unquote(value) if isinstance(value, str) else value

    return decode


def _resolve(
    exchange: Exchange, uri: IntegrationUri, sources: Mapping[str, Mapped], reach: Reach
) -> tuple[Destination, bytes, bytes]:
    try:
        authority, target = uri.resolve(path_values(exchange, sources))
    except EvaluationError as error:
        raise Fault(API_CONFIGURATION_ERROR, cause=str(error)) from None
    return reach(authority), target.encode(), host_line(authority)


def path_values(exchange: Exchange, sources: Mapping[str, Mapped]) -> dict[str, str]:
    """The placeholders' values for a request, decoded. Raises a Fault."""
    view = view_of(exchange)
    values = {name: evaluate(source, view) for name, source in sources.items()}
    values |= {name: ",".join(values) for name, values in request_overrides(exchange, "path").items()}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def host_line(authority: Authority) -> bytes:
    """The Host header: the port only where it is not the scheme's own."""
    host = f"[{authority.host}]" if ":" in authority.host else authority.host
    usual = DEFAULT_PORTS["https" if authority.secure else "http"]
    return f"Host: {host}{'' if authority.port == usual else f':{authority.port}'}\r\n".encode()


def forwarded_lines(exchange: Exchange) -> bytes:
    """The X-Forwarded-For, -Port and -Proto lines toward backends; the same for every request of most connections."""
    client = exchange.client
    before = exchange.head.section.digest.forwarded_for
    if before is not None or exchange.scheme is not client.scheme:
        addresses = client.source_ip if before is None else f"{before.decode('latin-1')}, {client.source_ip}"
        return _forwarded(addresses, client.port, exchange.scheme)
    if not client.forwarded:
        client.forwarded = _forwarded(client.source_ip, client.port, client.scheme)
    return client.forwarded


def _forwarded(addresses: str, port: int, scheme: bytes) -> bytes:
    text = f"X-Forwarded-For: {addresses}\r\nX-Forwarded-Port: {port}\r\nX-Forwarded-Proto: {scheme.decode()}\r\n"
    return text.encode("latin-1")


def trace_line(exchange: Exchange) -> bytes:
    return f"X-Amzn-Trace-Id: {exchange.trace_id or trace_id(exchange)}\r\n".encode("latin-1")


def forwarding(mapped: frozenset[bytes]) -> Callable[[Exchange], bytes]:
    """The X-Forwarded lines of a Route, without those that its mappings give."""
    if not mapped & _FORWARDED_NAMES:
        return forwarded_lines

    def lines(exchange: Exchange) -> bytes:
        own = forwarded_lines(exchange).splitlines(keepends=True)
        return b"".join([line for line in own if not names_of([line]) & mapped])

    return lines


_FORWARDED_NAMES = frozenset({b"x-forwarded-for", b"x-forwarded-port", b"x-forwarded-proto"})
