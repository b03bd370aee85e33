"""The front of the data plane: from a request's head to its API, stage and Route, and Standing's changes to Programs.

`Gateway` is the Application of the gateway listener. It knows neither sockets nor files: changes are handed to it, and
a Snapshot's bytes are asked for through a function.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from random import random
from typing import Final

from portico.dataplane.addresses import Addresses, split_path_style, split_stage
from portico.dataplane.compile.rest import Compiler
from portico.dataplane.exchange import Exchange
from portico.dataplane.fault import (
    BAD_REQUEST,
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
from portico.dataplane.stages import LoadSnapshot, Stages
from portico.dataplane.target import canonical_path, segments
from portico.model.standing import StageStanding
from portico.ports.changes import Change
from portico.ports.client import Client
from portico.wire.http1 import Head

_EDGE_URL: Final = 8_192
"""Bytes of a URL that an edge-optimised or private API takes: corrections.md 9. The parser holds the regional limit."""
_UNSUPPORTED: Final = re.compile(rb"[|{}]")
"""What the query string of a REST API's request may only hold percent-encoded (the guide's important notes)."""
_SIGV4: Final = b"AWS4-HMAC-SHA256 "
_KEPT_ROUTES: Final = 16_384
_KEPT_LINE: Final = 256
"""How many request lines of what length are known by heart: the path that many clients ask for is looked up once."""

_Known = tuple[Program, Route, tuple[bytes, ...], bytes, Place]


class Gateway:
    """Serves every deployed stage that Standing tells of."""

    def __init__(self, ports: Ports, load: LoadSnapshot, chance: Callable[[], float] = random) -> None:
        """`chance`: from 0 to below 1; it decides which requests are a canary's."""
        self._ports = ports
        self._chance = chance
        compiler = Compiler(ports)
        self._stages = Stages(compiler, load, ports.observer)
        self._apis = self._stages.programs
        self._addresses = Addresses(ports.domains)
        self._known: dict[bytes | None, dict[bytes, _Known]] = {}
        """By host, then by request line."""
        self._kept = 0
        self._nowhere = compiler.program(StageStanding(api_id="", stage_name="", deployment_id="", snapshot=""))

    # Standing

    def apply(self, changes: Iterable[Change]) -> None:
        """Act on changes of Standing, oldest first. What cannot be loaded is told, and refused to its clients."""
        self._forget()
        self._stages.apply(changes)

    def reset(self, changes: Iterable[Change]) -> None:
        """Begin anew with the whole of Standing. What did not change keeps its Program."""
        self._forget()
        self._stages.reset(changes)

    def read_again(self) -> None:
        """Try again to read Snapshots that could not be read; to be called now and then. It costs nothing otherwise."""
        if self._stages.read_again():
            self._forget()

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
            if exchange.program.stage.canary is not None:
                return  # who serves the next one is not known yet
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
        if program.special:
            program = self._pass(exchange, program)
        if len(head.target) > _EDGE_URL and "REGIONAL" not in program.snapshot.endpoint_configuration.types:
            raise Fault(URI_TOO_LONG)
        if exchange.query and _UNSUPPORTED.search(exchange.query) is not None:
            raise Fault(BAD_REQUEST)
        found = program.match(exchange.method, segments(canonical_path(path)))
        if found is None:
            raise _not_found(head)
        exchange.route, exchange.captures = found

    def _pass(self, exchange: Exchange, program: Program) -> Program:
        """Who serves a request of a stage that has a canary. Raises the Fault of one that nobody serves."""
        canary = program.canary
        if canary is not None and self._chance() * 100.0 < program.share:
            program = exchange.program = canary
        if program.refusal is not None:
            raise Fault(program.refusal.kind, cause=program.refusal.cause)
        return program


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
