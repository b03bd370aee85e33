"""`portico explain`: which API, stage and method a request would reach, and why not. It asks what the workers ask.

The state directory is read; nothing is called, and no server has to run.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from portico.app.routes.rows import Row, row_of
from portico.app.routes.sources import Source, State
from portico.dataplane.addresses import Addresses, split_path_style, split_stage
from portico.dataplane.compile.rest import Compiler
from portico.dataplane.fault import Fault
from portico.dataplane.routes import Tree, parameter_names
from portico.dataplane.target import canonical_path, segments
from portico.model.rest import Method, Resource, Snapshot
from portico.model.standing import StageStanding, canary_of

_VERBS: Final = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD")


class Refused(Exception):
    """The request goes no further. The text says what it is answered, and why."""


class Place(NamedTuple):
    """Where a request goes: `path` is below the stage."""

    api_id: str
    stage: str
    path: bytes


def explain(data_dir: Path, domains: tuple[str, ...], compiler: Compiler, method: str, url: str) -> Iterator[str]:
    """Line by line what becomes of it. Raises StateError."""
    state = State(data_dir)
    try:
        place, how = _place(domains, url)
        yield how
        standing = _standing(state.stages, place)
        for served in (standing, canary_of(standing)):
            if served is not None:
                yield from _explained(compiler, Source(state.snapshot(served), served), method.upper(), place)
    except Refused as refused:
        yield str(refused)


def _place(domains: tuple[str, ...], url: str) -> tuple[Place, str]:
    """Raises Refused for an address that is nobody's."""
    parts = urlsplit(url if "://" in url or url.startswith("/") else f"http://{url}")
    path = (parts.path or "/").encode("latin-1", "replace")
    api_id = Addresses(domains).api_of(parts.netloc.encode() or None)
    how = f"the Host {parts.hostname} names API {api_id}"
    if api_id is None:
        found = split_path_style(path)
        if found is None:
            raise Refused(
                f"403 Forbidden: the Host {parts.hostname or '(none)'} names no API, and the path is not of the form "
                "/restapis/API/STAGE/_user_request_/… or /_aws/execute-api/API/STAGE/…"
            )
        api_id, path = found
        how = f"the Host names no API; the path names API {api_id}"
    stage, path = split_stage(path)
    return Place(api_id, stage.decode("latin-1"), path), how


def _standing(stages: Iterable[StageStanding], place: Place) -> StageStanding:
    """Raises Refused where nothing stands there."""
    of_api = {one.stage_name: one for one in stages if one.api_id == place.api_id}
    standing = of_api.get(place.stage)
    if not of_api:
        raise Refused(f"403 Forbidden: nothing of API {place.api_id} is deployed")
    if standing is None:
        raise Refused(
            f"403 Forbidden: API {place.api_id} has no stage {place.stage}; it has {', '.join(sorted(of_api))}"
        )
    if standing.disable_execute_api_endpoint:
        raise Refused(f"403 Forbidden: the default endpoint of API {place.api_id} is disabled")
    return standing


def _explained(compiler: Compiler, source: Source, method: str, place: Place) -> Iterator[str]:
    assert source.standing is not None, "what is deployed has a stage"
    yield source.title
    program = compiler.program(source.standing, source.snapshot)
    if program.refusal is not None:
        yield f"  500: {program.refusal.cause}"
        return
    try:
        parts = segments(canonical_path(place.path))
    except Fault:
        yield "  400 Bad Request: the path has dot segments or broken percent-encodings"
        return
    found = _tree(source.snapshot).match(method.encode(), parts)
    if found is None:
        yield f"  403 Missing Authentication Token: {_why_not(source.snapshot, parts, method, place.path)}"
        return
    (resource, definition), captures = found
    row = row_of(compiler, source, resource, definition)
    yield f"  {row.method} {row.path}"
    for name, value in zip(parameter_names(resource.path), captures, strict=True):
        yield f"  {{{name}}} is {value.decode('latin-1')}"
    yield from (f"  {line}" for line in _row(row))


def _row(row: Row) -> Iterator[str]:
    for check in row.checks:
        yield f"checks {check}"
    for problem in row.problems:
        yield f"500: not served: {problem}"
    if not row.problems:
        yield f"calls {row.type} {row.target}".rstrip()
        if row.body:
            yield f"with the body: {row.body}"
        if row.answers:
            yield f"answers {'; '.join(row.answers)}"
    if row.log:
        yield f"is told in the execution log, {row.log}"


def _tree(snapshot: Snapshot) -> Tree[tuple[Resource, Method]]:
    tree: Tree[tuple[Resource, Method]] = Tree()
    for resource in snapshot.resources:
        for verb, method in resource.resource_methods.items():
            tree.add(resource.path, verb, (resource, method))
    return tree


def _why_not(snapshot: Snapshot, parts: list[bytes], method: str, path: bytes) -> str:
    tree = _tree(snapshot)
    verbs = [verb for verb in _VERBS if tree.match(verb.encode(), parts) is not None]
    text = path.decode("latin-1")
    if verbs:
        return f"{text} has no {method}; it has {', '.join(verbs)}"
    known = sorted(resource.path for resource in snapshot.resources if resource.resource_methods)
    return f"no resource has the path {text}; there are {', '.join(known)}"
