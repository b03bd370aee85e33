"""URIs of integrations that call an AWS service.

    arn:aws:apigateway:{region}:{service}:path/{path}[?{query}]
    arn:aws:apigateway:{region}:{subdomain}.{service}:action/{operation}[&{name}={value}…]

An action is called by the query string `Action={operation}&…` on the path `/` (seen in AWS's execution logs). Stage
variables may stand anywhere and are put in when a URI is compiled; what they make of region, service and subdomain is
checked then, so that no variable leads a signed request to another host. `{placeholders}` may stand in path and query.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from portico.lang.aws_services import S3, Service, find_service
from portico.lang.errors import NotBuilt
from portico.lang.uri import Target, compile_target, placeholders_of, substitute

_FORM = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[^:]*):(?P<service>[^:]*):(?P<kind>path|action)/(?P<api>[^\x00-\x20\x7f]*)"
)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_LABELS = re.compile(r"(?=.{1,190}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_OPERATION = re.compile(r"[A-Za-z0-9]+")
_GATEWAY: Final = "execute-api"
_UNRESERVED: Final = "-._~"


class ServiceUri(NamedTuple):
    """What an integration calls."""

    service: Service
    subdomain: str
    region: str
    operation: str
    """Of an `action/` URI; empty otherwise."""
    target: Target


def compile_service_uri(source: str, variables: Mapping[str, str], greedy: Iterable[str] = ()) -> ServiceUri:
    """Compile a URI under a stage's variables; `greedy` as for `lang.uri.compile_uri`.

    Raises UnknownStageVariable, and NotBuilt for what cannot be called.
    """
    text = substitute(source, variables)
    match = _FORM.fullmatch(text)
    if match is None:
        raise NotBuilt(
            f"URI {source!r}", "it is not of the form arn:aws:apigateway:{region}:{service}:path|action/{service_api}"
        )
    if _REGION.fullmatch(match["region"]) is None:
        raise NotBuilt(f"URI {source!r}", f"{match['region']!r} is not a region")
    if _LABELS.fullmatch(match["service"]) is None:
        raise NotBuilt(f"URI {source!r}", f"{match['service']!r} is not a service, nor one with a subdomain")
    service, subdomain = find_service(match["service"])
    if service.name == _GATEWAY:
        raise NotBuilt(f"URI {source!r}", "another API is called by an integration of type HTTP")
    if service is S3 and match["kind"] == "action":
        raise NotBuilt(f"URI {source!r}", "the operations of S3 are called by path/{bucket}/{key}")
    in_keys = service is S3  # a key's slashes are those of its path, whatever the placeholder is called
    names = placeholders_of(match["api"]) if in_keys else greedy
    operation, target = _target(source, match["kind"], match["api"], names)
    if in_keys and target.text is not None:
        target = Target((plain(target.text),))
    return ServiceUri(service, subdomain, match["region"], operation, target)


def _target(source: str, kind: str, api: str, greedy: Iterable[str]) -> tuple[str, Target]:
    if kind == "path":
        path, question, query = api.partition("?")
        return "", compile_target(path if path.startswith("/") else f"/{path}", query if question else None, greedy)
    operation = api.partition("&")[0]
    if _OPERATION.fullmatch(operation) is None:
        raise NotBuilt(f"URI {source!r}", f"{operation!r} is not the name of an action")
    return operation, compile_target("/", f"Action={api}", greedy)


def plain(target: str) -> str:
    """A target whose path has everything encoded that can be, and nothing twice: S3 signs the key, not its spelling."""
    path, question, query = target.partition("?")
    return quote(unquote(path, "latin-1"), "/" + _UNRESERVED, "latin-1") + question + query
