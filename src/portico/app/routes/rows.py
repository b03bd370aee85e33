"""What is shown of an API: a row for each method, and what would not work."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from msgspec import structs

from portico.app.routes.sources import Source
from portico.dataplane.compile.rest import Compiler
from portico.dataplane.compile.unserved import acting_settings
from portico.model.rest import Integration, Method, Resource, Snapshot
from portico.model.standing import StageStanding
from portico.ports.compilation import CompileError

_SERVICE: Final = "arn:aws:apigateway:"
_FUNCTION: Final = ":function:"
_PROXIES: Final = ("HTTP_PROXY", "AWS_PROXY")
_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


class Row(NamedTuple):
    """One method."""

    method: str
    path: str
    checks: tuple[str, ...]
    """What a request has to pass, in the order in which it does."""
    type: str
    """Of the integration; empty where it has none."""
    target: str
    body: str
    """The media types whose bodies a template makes anew, and whether others are refused; empty where all go as they
    are."""
    answers: tuple[str, ...]
    """Each status, with the pattern that leads to it and the media types of its templates; none of a proxy's."""
    log: str
    """The level of its execution log, with `data` where that is told; empty where it has none."""
    problems: tuple[str, ...]
    """Why it is not served. Empty where it is."""


class Sheet(NamedTuple):
    """One API, or one of its stages."""

    title: str
    api_id: str
    stage: str | None
    problems: tuple[str, ...]
    """Why nothing of it is served."""
    rows: tuple[Row, ...]


def sheet_of(compiler: Compiler, source: Source) -> Sheet:
    snapshot, stage = source.snapshot, source.standing
    rows = [
        row_of(compiler, source, resource, method)
        for resource in sorted(snapshot.resources, key=lambda one: one.path)
        for _, method in sorted(resource.resource_methods.items())
    ]
    name = stage.stage_name if stage is not None else None
    return Sheet(source.title, snapshot.api_id, name, tuple(_problems(compiler, snapshot, stage)), tuple(rows))


def row_of(compiler: Compiler, source: Source, resource: Resource, method: Method) -> Row:
    snapshot, stage = source
    integration = method.method_integration
    standing = stage or _some_stage(snapshot.api_id, integration)
    return Row(
        method.http_method,
        resource.path,
        tuple(_checks(snapshot, method)),
        "" if integration is None else integration.type,
        "" if integration is None else _target(integration, {} if stage is None else stage.variables),
        "" if integration is None else _body(integration),
        () if integration is None else tuple(_answers(integration)),
        "" if stage is None else _log(stage, resource.path, method.http_method),
        tuple(compiler.problems(snapshot, standing, resource, method)),
    )


def _some_stage(api_id: str, integration: Integration | None) -> StageStanding:
    """A stage that has the variables that an integration asks for: what a definition lacks is not theirs."""
    asked = f"{integration.uri} {integration.credentials}" if integration is not None else ""
    variables = {name: name for name in _VARIABLE.findall(asked)}
    return StageStanding(api_id=api_id, stage_name="", deployment_id="", snapshot="", variables=variables)


def _problems(compiler: Compiler, snapshot: Snapshot, stage: StageStanding | None) -> Iterator[str]:
    """Of the whole API or stage: what the compiler says of it without its methods."""
    try:
        yield from (one.reason for one in compiler.check(structs.replace(snapshot, resources=()), stage))
    except CompileError as error:
        yield str(error)


def _checks(snapshot: Snapshot, method: Method) -> Iterator[str]:
    kind = (method.authorization_type or "NONE").upper()
    if kind != "NONE":
        yield " ".join([kind, *(one.name for one in snapshot.authorizers if one.id == method.authorizer_id)])
    if method.api_key_required:
        yield "API key"
    for validator in snapshot.request_validators:
        if validator.id == method.request_validator_id:
            if validator.validate_request_parameters:
                needed = sorted(name.split(".", 3)[3] for name, must in method.request_parameters.items() if must)
                yield f"parameters {' '.join(needed)}".strip()
            if validator.validate_request_body:
                models = [f"{media_type} {name}" for media_type, name in sorted(method.request_models.items())]
                yield f"body {', '.join(models)}".strip()


def _target(integration: Integration, variables: Mapping[str, str]) -> str:
    """What is called, as a person would say it."""
    uri = integration.uri or ""
    for name, value in variables.items():
        uri = uri.replace(f"${{stageVariables.{name}}}", value)
    if _FUNCTION in uri:
        name = uri.partition(_FUNCTION)[2].partition("/")[0]
        return f"function {name}" + (", streamed" if uri.endswith("/response-streaming-invocations") else "")
    if uri.startswith(_SERVICE):
        return uri.removeprefix(_SERVICE).partition(":")[2]
    return f"{integration.http_method or 'ANY'} {uri}" if uri else ""


def _body(integration: Integration) -> str:
    if integration.type in _PROXIES:
        return ""
    types, behaviour = " ".join(sorted(integration.request_templates)), integration.passthrough_behavior
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and types):
        return f"template {types}, others 415" if types else "415"
    return types and f"template {types}"


def _answers(integration: Integration) -> Iterator[str]:
    for response in integration.integration_responses.values():
        pattern = f" if {response.selection_pattern}" if response.selection_pattern else ""
        rendered = f" {' '.join(sorted(response.response_templates))}" if response.response_templates else ""
        yield f"{response.status_code}{pattern}{rendered}"


def _log(stage: StageStanding, path: str, verb: str) -> str:
    setting = acting_settings(stage, path, verb)[0]
    level = setting.logging_level or "OFF"
    if level == "OFF":
        return ""
    return f"{level} data" if setting.data_trace_enabled else level
