"""The front of the data plane: from a request's head to its API, stage and Route, and Standing's changes to Programs.

`Gateway` is the Application of the gateway listener. It knows neither sockets nor files: changes are handed to it, and
a Snapshot's bytes are asked for through a function.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from portico.dataplane.addresses import Addresses, split_path_style, split_stage
from portico.dataplane.compile.rest import Compiler
from portico.dataplane.exchange import Exchange
from portico.dataplane.fault import (
    FORBIDDEN,
    INCOMPLETE_SIGNATURE,
    MISSING_AUTHENTICATION_TOKEN,
    URI_TOO_LONG,
    Fault,
)
from portico.dataplane.log_format import Place
from portico.dataplane.notes import Notes
from portico.dataplane.ports import Ports
from portico.dataplane.program import Program, Route
from portico.dataplane.target import canonical_path
from portico.kernel.errors import PorticoError
from portico.kernel.observe import NotServed
from portico.model.rest import Snapshot, decode_snapshot
from portico.model.standing import StageStanding, decode_stage
from portico.ports.changes import Change
from portico.ports.client import Client
from portico.ports.store import Document
from portico.wire.http1 import Head

_EDGE_URL: Final = 8_192
"""Bytes of a URL that an edge-optimised or private API takes: corrections.md 9. The parser holds the regional limit."""
_SIGV4: Final = b"AWS4-HMAC-SHA256 "
_KEPT_ROUTES: Final = 16_384
_KEPT_LINE: Final = 256
"""How many request lines of what length are known by heart: the path that many clients ask for is looked up once."""

_Known = tuple[Program, Route, tuple[bytes, ...], bytes, Place]

_READ_AGAIN: Final = 8
"""Snapshots that one sweep tries to read again."""

LoadSnapshot = Callable[[str], bytes]
"""A Snapshot's canonical JSON by its content hash. Raises PorticoError where it cannot be had."""


class Gateway:
    """Serves every deployed stage that Standing tells of."""

    def __init__(self, ports: Ports, load: LoadSnapshot) -> None:
        self._ports = ports
        self._load = load
        self._compiler = Compiler(ports)
        self._addresses = Addresses(ports.domains)
        self._apis: dict[str, dict[bytes, Program]] = {}
        self._unread: dict[tuple[str, bytes], StageStanding] = {}
        """Stages whose Snapshot could not be read. Their clients are refused."""
        self._known: dict[bytes | None, dict[bytes, _Known]] = {}
        """By host, then by request line."""
        self._kept = 0
        self._nowhere = self._compiler.program(StageStanding(api_id="", stage_name="", deployment_id="", snapshot=""))

    # Standing

    def apply(self, changes: Iterable[Change]) -> None:
        """Act on changes of Standing, oldest first. What cannot be loaded is told, and refused to its clients."""
        self._forget()
        for change in changes:
            if change.kind == "stage":
                api_id, _, name = change.key.partition("/")
                if change.value is None:
                    self._remove(api_id, name.encode())
                else:
                    before = self._readable(self._apis, api_id, name.encode())
                    self._replace(api_id, name.encode(), self._standing(api_id, name, change.value), before)

    def reset(self, changes: Iterable[Change]) -> None:
        """Begin anew with the whole of Standing. A stage that did not change keeps its Program, one whose Snapshot did
        not change keeps that: the disk may have lost it meanwhile."""
        before, self._apis = self._apis, {}
        self._forget()
        kept = {key: self._readable(before, *key) for key in _keys(before)}
        self._unread.clear()
        for change in changes:
            api_id, _, name = change.key.partition("/")
            if change.kind != "stage" or change.value is None:
                continue
            standing = self._standing(api_id, name, change.value)
            program = kept.get((api_id, name.encode()))
            if program is not None and program.standing == standing:
                self._apis.setdefault(api_id, {})[name.encode()] = program
            else:
                self._replace(api_id, name.encode(), standing, program)

    def read_again(self) -> None:
        """Try again to read Snapshots that could not be read; to be called now and then. It costs nothing otherwise."""
        for (api_id, stage), standing in list(self._unread.items())[:_READ_AGAIN]:
            self._forget()
            del self._unread[api_id, stage]  # where it fails again, the others come first
            self._replace(api_id, stage, standing, None, again=True)

    def _readable(self, apis: Mapping[str, Mapping[bytes, Program]], api_id: str, stage: bytes) -> Program | None:
        """The Program of a stage, unless its Snapshot could not be read."""
        return None if (api_id, stage) in self._unread else apis.get(api_id, {}).get(stage)

    def _standing(self, api_id: str, name: str, record: Document) -> StageStanding:
        """A stage's Standing; of a record that is none, one whose Snapshot nobody has: the stage is refused."""
        try:
            return decode_stage(record)
        except ValueError as error:
            self._ports.observer(NotServed(api_id, name, "", "", f"its standing cannot be read: {error}"))
            return StageStanding(api_id=api_id, stage_name=name, deployment_id="", snapshot="")

    def _remove(self, api_id: str, stage: bytes) -> None:
        self._unread.pop((api_id, stage), None)
        stages = self._apis.get(api_id)
        if stages is not None:
            stages.pop(stage, None)
            if not stages:
                del self._apis[api_id]

    def _replace(
        self, api_id: str, stage: bytes, standing: StageStanding, before: Program | None, *, again: bool = False
    ) -> None:
        """`before` is what may be taken over of the stage; with `again` a failure is not told, because it was."""
        if before is not None and before.standing.snapshot == standing.snapshot:
            snapshot: Snapshot | None = before.snapshot
        else:
            snapshot = self._snapshot(standing, tell=not again)
            if snapshot is not None:
                self._unread.pop((api_id, stage), None)
            else:
                self._unread[api_id, stage] = standing
                if again:
                    return
        self._apis.setdefault(api_id, {})[stage] = self._compiler.program(standing, snapshot)

    def _snapshot(self, standing: StageStanding, *, tell: bool = True) -> Snapshot | None:
        try:
            body = self._load(standing.snapshot)
            if sha256(body).hexdigest() != standing.snapshot:
                raise PorticoError("the snapshot's content is not what its name says")
            return decode_snapshot(body)
        except (PorticoError, ValueError) as error:
            reason = f"its snapshot cannot be loaded: {error}"
            if tell:
                self._ports.observer(NotServed(standing.api_id, standing.stage_name, "", "", reason))
            return None

    # Requests

    def begin(self, client: Client, head: Head) -> Exchange:
        section = head.section
        notes: Notes = section.digest
        lines = self._known.get(section.host) if notes.plain else None
        known = None if lines is None else lines.get(head.line)
        if known is not None:
            exchange = Exchange(self._ports, client, head, *known)
        else:
            exchange = Exchange(self._ports, client, head, self._nowhere)
            if not self._admit(exchange, notes):
                return exchange
        exchange.proceed()
        return exchange

    def _admit(self, exchange: Exchange, notes: Notes) -> bool:
        """From the head to the Route: what headers say of the request, address, stage, method and path.

        False where the request has been answered already, because there is no Route for it.
        """
        try:
            if not notes.plain:
                notes.act(exchange)
            self._find(exchange)
        except Fault as fault:
            exchange.fail(fault)
            return False
        except Exception:
            exchange.break_down()
            return False
        self._remember(exchange, notes)
        return True

    def _remember(self, exchange: Exchange, notes: Notes) -> None:
        line, route = exchange.head.line, exchange.route
        if route is not None and notes.plain and not exchange.query and len(line) <= _KEPT_LINE:
            if self._kept >= _KEPT_ROUTES:
                self._forget()
            self._kept += 1
            program = exchange.program
            known = (program, route, exchange.captures, exchange.path, program.place(exchange))
            self._known.setdefault(exchange.head.section.host, {})[line] = known

    def _forget(self) -> None:
        self._known.clear()
        self._kept = 0

    def _find(self, exchange: Exchange) -> None:
        """Set Program, path, query and Route. Raises the Fault of what is not served."""
        head = exchange.head
        path, _, exchange.query = head.target.partition(b"?")
        api_id = self._addresses.api_of(head.section.host)
        if api_id is None:
            place = split_path_style(path)
            if place is None:
                raise Fault(FORBIDDEN)
            api_id, path = place
        name, path = split_stage(path)
        stages = self._apis.get(api_id)
        program = None if stages is None else stages.get(name)
        if program is None:
            raise Fault(FORBIDDEN)
        exchange.program = program
        exchange.path = path
        if program.standing.disable_execute_api_endpoint:
            raise Fault(FORBIDDEN)
        if program.refusal is not None:
            raise Fault(program.refusal.kind, cause=program.refusal.cause)
        if len(head.target) > _EDGE_URL and "REGIONAL" not in program.snapshot.endpoint_configuration.types:
            raise Fault(URI_TOO_LONG)
        found = program.match(exchange.method, _segments(canonical_path(path)))
        if found is None:
            raise _not_found(head)
        exchange.route, exchange.captures = found


def _segments(path: bytes) -> list[bytes]:
    """The parts of a path below the stage. Extra slashes in front and one behind are of no account (fact 110)."""
    start = 1
    if path[:2] == b"//":
        path = path.lstrip(b"/")
        start = 0
    end = len(path) - 1 if path[-1:] == b"/" else len(path)
    return path[start:end].split(b"/") if end > start else []


def _not_found(head: Head) -> Fault:
    """Unknown path or method. With an Authorization that is no signature AWS complains of that (corrections.md 4)."""
    token = head.value(b"authorization")
    if token is None or token.startswith(_SIGV4):
        return Fault(MISSING_AUTHENTICATION_TOKEN)
    digest = b64encode(sha256(token).digest()).decode()
    message = (
        "Invalid key=value pair (missing equal-sign) in Authorization header "
        f"(hashed with SHA-256 and encoded with Base64): '{digest}'."
    )
    return Fault(INCOMPLETE_SIGNATURE, message=message)


def _keys(apis: Mapping[str, Mapping[bytes, Program]]) -> Iterator[tuple[str, bytes]]:
    for api_id, stages in apis.items():
        for stage in stages:
            yield api_id, stage
