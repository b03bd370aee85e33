"""From Standing's changes to Programs: what serves each stage of each API at this moment.

A stage with a canary has a second Program beside its own. A Snapshot that cannot be read refuses whoever needs it, and
nobody else, until it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

from portico.dataplane.compile.rest import Compiler
from portico.dataplane.program import Program
from portico.kernel.errors import PorticoError
from portico.kernel.observe import NotServed, Observer
from portico.model.rest import Snapshot, decode_snapshot
from portico.model.standing import StageStanding, canary_of, decode_stage
from portico.ports.changes import Change
from portico.ports.store import Document

_READ_AGAIN: Final = 8
"""Stages whose Snapshots one sweep tries to read again."""

LoadSnapshot = Callable[[str], bytes]
"""A Snapshot's canonical JSON by its content hash. Raises PorticoError where it cannot be had."""

Key = tuple[str, bytes]
"""API, stage."""


class Stages:
    """Every deployed stage that Standing tells of."""

    def __init__(self, compiler: Compiler, load: LoadSnapshot, observer: Observer) -> None:
        self._compiler = compiler
        self._load = load
        self._observer = observer
        self.programs: dict[str, dict[bytes, Program]] = {}
        """By API, then by stage; the same dictionary for good, so that whoever looks things up can keep it."""
        self._unread: dict[Key, StageStanding] = {}
        """Stages of which a Snapshot could not be read."""

    def apply(self, changes: Iterable[Change]) -> None:
        """Act on changes, oldest first. What cannot be loaded is told, and refused to its clients."""
        for change in changes:
            if change.kind == "stage":
                api_id, _, name = change.key.partition("/")
                key = api_id, name.encode()
                if change.value is None:
                    self._remove(key)
                else:
                    self._replace(key, self._standing(api_id, name, change.value), self._program(key))

    def reset(self, changes: Iterable[Change]) -> None:
        """Begin anew with the whole of Standing. A stage that did not change keeps its Program, one whose Snapshot did
        not change keeps that: the disk may have lost it meanwhile."""
        before = {(api_id, name): one for api_id, stages in self.programs.items() for name, one in stages.items()}
        unread = set(self._unread)
        self.programs.clear()
        self._unread.clear()
        for change in changes:
            api_id, _, name = change.key.partition("/")
            if change.kind != "stage" or change.value is None:
                continue
            key, standing = (api_id, name.encode()), self._standing(api_id, name, change.value)
            program = before.get(key)
            if program is not None and program.standing == standing and key not in unread:
                self.programs.setdefault(api_id, {})[key[1]] = program
            else:
                self._replace(key, standing, program)

    def read_again(self) -> bool:
        """Try again to read what could not be read; to be called now and then. True: other Programs serve now."""
        changed = False
        for key, standing in list(self._unread.items())[:_READ_AGAIN]:
            del self._unread[key]  # where it fails again, the others come first
            changed |= self._replace(key, standing, self._program(key), again=True)
        return changed

    def _program(self, key: Key) -> Program | None:
        return self.programs.get(key[0], {}).get(key[1])

    def _standing(self, api_id: str, name: str, record: Document) -> StageStanding:
        """A stage's Standing; of a record that is none, one whose Snapshot nobody has: the stage is refused."""
        try:
            return decode_stage(record)
        except ValueError as error:
            self._observer(NotServed(api_id, name, "", "", f"its standing cannot be read: {error}"))
            return StageStanding(api_id=api_id, stage_name=name, deployment_id="", snapshot="")

    def _remove(self, key: Key) -> None:
        self._unread.pop(key, None)
        stages = self.programs.get(key[0])
        if stages is not None:
            stages.pop(key[1], None)
            if not stages:
                del self.programs[key[0]]

    def _replace(self, key: Key, standing: StageStanding, before: Program | None, *, again: bool = False) -> bool:
        """`before` is whose Snapshots may be taken over. With `again` a failure is not told, because it was, and where
        nothing more can be read than before nothing is replaced."""
        canary = canary_of(standing)
        wanted = [standing] if canary is None else [standing, canary]
        kept = _snapshots(before)
        found: dict[str, Snapshot] = {}
        for each in wanted:
            digest = each.snapshot
            snapshot = kept.get(digest) or found.get(digest) or self._snapshot(each, tell=not again)
            if snapshot is not None:
                found[digest] = snapshot
        if any(each.snapshot not in found for each in wanted):
            self._unread[key] = standing
        else:
            self._unread.pop(key, None)
        if again and found.keys() == kept.keys():
            return False
        program = self._compiler.program(standing, found.get(standing.snapshot))
        if canary is not None and standing.canary_settings is not None:
            share = standing.canary_settings.percent_traffic
            program.split(self._compiler.program(canary, found.get(canary.snapshot)), share)
        self.programs.setdefault(key[0], {})[key[1]] = program
        return True

    def _snapshot(self, standing: StageStanding, *, tell: bool) -> Snapshot | None:
        try:
            body = self._load(standing.snapshot)
            if sha256(body).hexdigest() != standing.snapshot:
                raise PorticoError("the snapshot's content is not what its name says")
            return decode_snapshot(body)
        except (PorticoError, ValueError) as error:
            reason = f"its snapshot cannot be loaded: {error}"
            if tell:
                self._observer(NotServed(standing.api_id, standing.stage_name, "", "", reason))
            return None


def _snapshots(program: Program | None) -> dict[str, Snapshot]:
    """What a stage's Programs were made of, by content hash, but for what could not be read."""
    both = (program, program.canary) if program is not None else ()
    return {one.standing.snapshot: one.snapshot for one in both if one is not None and not one.lost}
