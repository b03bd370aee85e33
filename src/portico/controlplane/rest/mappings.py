"""The parameter mappings of methods and integrations, checked when they are defined.

    requestParameters   integration.request.{header|querystring|path}.NAME  <-  a source of the method request
    responseParameters  method.response.header.NAME                         <-  a source of the integration response

A source that names a parameter must name a declared one; the other sources (bodies, `context.`, `stageVariables.` and
`'static text'`) have only a form. Guide: "Parameter mapping source data", "Map response data". The refusals are worded
as AWS words them, seen in the recorded scenario of a boolean request parameter, in reports of the live service and in
observations of it (github.com/badmintoncryer/cdk-preflight, rules/apigateway).
"""

import re
from collections.abc import Container, Iterable, Mapping

from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_NAME = r"[a-zA-Z0-9._$-]+"
_BODY = r"body(\.\S.*|\[.+)?"
_ANYWHERE = rf"'[^\r\n\0]*'|context\.{_NAME}|stageVariables\.{_NAME}"

_METHOD_PARAMETER = re.compile(rf"method\.request\.(header|querystring|path)\.{_NAME}")
_METHOD_RESPONSE_HEADER = re.compile(rf"method\.response\.header\.{_NAME}")
_INTEGRATION_PARAMETER = re.compile(rf"integration\.request\.(header|querystring|path)\.{_NAME}")
_REQUEST_NAMED = re.compile(rf"method\.request\.(multivalue)?(header|querystring|path)\.({_NAME})")
_REQUEST_FREE = re.compile(rf"method\.request\.{_BODY}|{_ANYWHERE}", re.DOTALL)
_RESPONSE_SOURCE = re.compile(rf"integration\.response\.((multivalue)?header\.{_NAME}|{_BODY})|{_ANYWHERE}", re.DOTALL)

_TOKEN = r"[\w!#$&^.+-]+"  # noqa: S105
_CONTENT_TYPE = re.compile(rf"\$default|({_TOKEN}|\*)/({_TOKEN}|\*)(\s*;.*)?")


def check_method_parameters(names: Mapping[str, bool]) -> None:
    """The keys of a method's `requestParameters`.

    Raises BadRequestException for a key of another form, and where two locations share a name (recorded fact 42).
    """
    for name in names:
        if not _METHOD_PARAMETER.fullmatch(name):
            raise _illegal(name)
    bare = [name.split(".", 3)[3] for name in names]
    if len(set(bare)) < len(bare):
        raise BadRequestException("Parameter names must be unique across querystring, header and path")


def check_method_response_parameters(names: Mapping[str, bool]) -> None:
    """The keys of a method response's `responseParameters`. Raises BadRequestException."""
    for name in names:
        if not _METHOD_RESPONSE_HEADER.fullmatch(name):
            raise _illegal(name)


def check_request_mapping(mapping: Mapping[str, str], declared: Container[str]) -> None:
    """An integration's `requestParameters`; `declared` are the method's own. Raises BadRequestException."""
    for target, source in mapping.items():
        if not _INTEGRATION_PARAMETER.fullmatch(target):
            raise _undeclared(target)
        named = _REQUEST_NAMED.fullmatch(source or "")
        if named and f"method.request.{named[2]}.{named[3]}" not in declared:
            raise _undeclared(source)
        if not named and not _REQUEST_FREE.fullmatch(source or ""):
            raise _illegal(source)


def check_response_mapping(mapping: Mapping[str, str], method_response: Document | None) -> None:
    """An integration response's `responseParameters`; the method must declare each header for the same status.

    Raises BadRequestException.
    """
    if mapping and method_response is None:
        raise _refusal("No method response exists for method.")
    declared = (method_response or {}).get("responseParameters") or {}
    for target, source in mapping.items():
        if target not in declared:
            raise _undeclared(target)
        if not _RESPONSE_SOURCE.fullmatch(source or ""):
            raise _illegal(source)


def check_content_types(keys: Iterable[str]) -> None:
    """The keys of a map by media type: templates and models. Raises BadRequestException (recorded fact 62)."""
    for key in keys:
        if not _CONTENT_TYPE.fullmatch(key):
            raise BadRequestException(
                f"Validation Result: warnings : [], errors : [Invalid content type specified: {key}]"
            )


def _undeclared(name: str) -> BadRequestException:
    return _refusal(f"Invalid mapping expression parameter specified: {name}")


def _illegal(source: str) -> BadRequestException:
    return _refusal(f"Invalid mapping expression specified: {source}")


def _refusal(error: str) -> BadRequestException:
    return BadRequestException(
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
    )
