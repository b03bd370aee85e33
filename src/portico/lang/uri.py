"""Integration URIs: `https://{host}/${stageVariables.base}/pets/{petId}?v=2`.

Stage variables are put in when a URI is compiled, path parameters when a request is served. What does not depend on
the request is decided at once: almost always scheme, host and port, often everything.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from portico.lang.errors import EvaluationError, MissingPathParameter, SourceError, UnknownStageVariable, UnsafeValue

DEFAULT_PORTS = {"http": 80, "https": 443}
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_PLACEHOLDER = re.compile(r"(?<!\$)\{([A-Za-z0-9._:-]+)\+?\}")
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::(?P<port>\d{1,5}))?")
_HOST = re.compile(r"(?=.{1,253}\Z)(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\]")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_DOT_SEGMENT = re.compile(r"(?:\A|/)\.\.?(?:\Z|/)")

# What may stand unencoded (RFC 3986): a path's own characters with the escapes that its author wrote, and the
# characters of a value put into a segment or into a query.
_PATH_TEXT = "/:@!$&'()*+,;=~%"
_QUERY_TEXT = "/?:@!$&'()*+,;=~%"
_SEGMENT_VALUE = ":@!$&'()*+,;=~"
_QUERY_VALUE = "/?:@!$'()*,~"


class UriError(SourceError):
    """Not a URI that an integration can have."""


class AddressError(EvaluationError):
    """The request's path parameters made an address that cannot be called."""


class Authority(NamedTuple):
    secure: bool
    host: str
    """A name, or an IP address without its brackets."""
    port: int


class Placeholder(NamedTuple):
    name: str
    in_query: bool = False
    greedy: bool = False
    """The value's slashes stay slashes."""


Part = str | Placeholder


class Target:
    """A compiled path with its query. `text` is all of it where no request changes it, else None."""

    __slots__ = ("parts", "text")

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self.parts = parts
        self.text = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None

    def resolve(self, values: Mapping[str, str]) -> str:
        """With decoded values in their places, percent-encoded. Raises MissingPathParameter and UnsafeValue."""
        return "".join(part if isinstance(part, str) else _encoded(part, values) for part in self.parts)


class IntegrationUri:
    """A compiled URI. `authority` and `target` are its parts where no request changes them, else None."""

    __slots__ = ("_authority", "_target", "authority", "target")

    def __init__(self, authority: Authority | list[Part], target: Target) -> None:
        self.authority = authority if isinstance(authority, Authority) else None
        self._authority: list[Part] = [] if isinstance(authority, Authority) else authority
        self._target = target
        self.target = target.text

    @property
    def parts(self) -> tuple[Part, ...]:
        """What path and query are made of, for a caller that knows values to be plain."""
        return self._target.parts

    def resolve(self, values: Mapping[str, str]) -> tuple[Authority, str]:
        """The authority, and the path with its query, for decoded path parameters.

        Raises MissingPathParameter, UnsafeValue (dot segments) and AddressError.
        """
        authority = self.authority or self._resolve_authority(values)
        return authority, self.target if self.target is not None else self.resolve_target(values)

    def resolve_target(self, values: Mapping[str, str]) -> str:
        """Path and query alone, values percent-encoded."""
        return self._target.resolve(values)

    def _resolve_authority(self, values: Mapping[str, str]) -> Authority:
        text = "".join(part if isinstance(part, str) else _value(part, values) for part in self._authority)
        scheme, _, rest = text.partition("://")
        try:
            return _authority(scheme, rest)
        except UriError as error:
            raise AddressError(error.reason) from None


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """`text` with every `${stageVariables.x}` replaced; other `${…}` stay. Raises UnknownStageVariable."""

    def value(match: re.Match[str]) -> str:
        try:
            return variables[match[1]]
        except KeyError:
            raise UnknownStageVariable(match[1]) from None

    return _STAGE_VARIABLE.sub(value, text)


def placeholders_of(text: str) -> frozenset[str]:
    """The names of the `{placeholders}` in `text`."""
    return frozenset(_PLACEHOLDER.findall(text))


def compile_uri(source: str, variables: Mapping[str, str], greedy: Iterable[str] = ()) -> IntegrationUri:
    """Compile an HTTP integration's URI under a stage's variables.

    `greedy` names the placeholders that take the value of a `{proxy+}`. Raises UriError and UnknownStageVariable.
    """
    text = substitute(source, variables)
    if _CONTROL.search(text):
        raise UriError(f"URI {source!r}", "it holds a blank or control character")
    match = _URI.fullmatch(text)
    if match is None:
        raise UriError(f"URI {source!r}", "it is not of the form http[s]://host[:port][/path][?query]")
    target = compile_target(match["path"] or "/", match["query"], greedy)
    return IntegrationUri(_front(source, match["scheme"], match["authority"]), target)


def compile_target(path: str, query: str | None, greedy: Iterable[str] = ()) -> Target:
    """Compile a path and its query (None: there is none), stage variables put in already."""
    names = frozenset(greedy)
    parts = _parts(path, False, names)
    if query is not None:
        parts += ["?", *_parts(query, True, names)]
    return Target(tuple(_merged(parts)))


def _front(source: str, scheme: str, authority: str) -> Authority | list[Part]:
    """The authority; or, where a placeholder is in it, what it is made of."""
    try:
        if not _PLACEHOLDER.search(authority):
            return _authority(scheme, authority)
        _authority(scheme, _PLACEHOLDER.sub("1", authority))
    except UriError as error:
        raise UriError(f"URI {source!r}", error.reason) from None
    return [f"{scheme}://", *_split(authority)]


def _authority(scheme: str, text: str) -> Authority:
    if scheme.lower() not in DEFAULT_PORTS:
        raise UriError("", f"the scheme must be http or https, not {scheme!r}")
    match = _AUTHORITY.fullmatch(text)
    if match is None or not _HOST.fullmatch(match["host"]):
        raise UriError("", f"{text!r} is not a host with an optional port")
    port = int(match["port"] or DEFAULT_PORTS[scheme.lower()])
    if port not in (80, 443) and not 1024 <= port <= 65535:
        raise UriError("", f"port {port} is not allowed: 80, 443 and 1024 to 65535 are")
    return Authority(scheme.lower() == "https", match["host"].strip("[]").lower(), port)


def _split(text: str) -> list[Part]:
    pieces = _PLACEHOLDER.split(text)
    return [Placeholder(piece) if at % 2 else piece for at, piece in enumerate(pieces) if at % 2 or piece]


def _parts(text: str, in_query: bool, greedy: frozenset[str]) -> list[Part]:
    safe = _QUERY_TEXT if in_query else _PATH_TEXT
    return [
        Placeholder(part.name, in_query, part.name in greedy) if isinstance(part, Placeholder) else quote(part, safe)
        for part in _split(text)
    ]


def _merged(parts: list[Part]) -> list[Part]:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _value(part: Placeholder, values: Mapping[str, str]) -> str:
    value = values.get(part.name)
    if not value:
        raise MissingPathParameter(f"the integration's URI needs a value for {{{part.name}}}")
    return value


def _encoded(part: Placeholder, values: Mapping[str, str]) -> str:
    """Percent-encoded, so that a value stays inside its place: no new query, no way up."""
    value = _value(part, values)
    if part.in_query:
        return quote(value, _QUERY_VALUE)
    if _DOT_SEGMENT.search(value):
        raise UnsafeValue(f"the value for {{{part.name}}} holds a dot segment")
    return quote(value, _SEGMENT_VALUE + "/" if part.greedy else _SEGMENT_VALUE)
