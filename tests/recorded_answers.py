"""The recorded answers of AWS, and holding ours to them.

The recordings mask what varies: `<id:2>` stands for the same text wherever it is, `datetime` for any time, and texts
that are JSON are recorded parsed.
"""

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(os.environ.get("PORTICO_RECORDED") or Path(__file__).parents[2] / "shared" / "aws" / "recorded")
_YOUNGER = {"apiStatus", "securityPolicy"}
"""Members that the reading operations of an API answer since November 2025, after the recordings."""
_MASK = re.compile(r"<[a-z-]+(?::\d+)?>")


def recorded_scenario(file: str, name: str) -> dict[str, Any]:
    """One scenario: call -> answer, in the order of the calls. Skips where there are no recordings."""
    recordings = json.loads(recorded_file(file).read_text())
    answers: dict[str, Any] = recordings[name]["recorded-content"]
    return answers


def recorded_file(name: str) -> Path:
    if not RECORDED.is_dir():
        pytest.skip("NOT RUN: no recordings (set PORTICO_RECORDED)")
    return RECORDED / name


class Masks:
    """What the masks of one scenario have stood for so far."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def learn(self, meanings: dict[str, str]) -> None:
        """What masks stand for, told by who knows."""
        self._known.update(meanings)

    def match(self, where: str, recorded: Any, ours: Any) -> None:
        """Hold one answer to the recorded one. `where` names the call for whoever reads the failure."""
        if isinstance(recorded, dict) and isinstance(ours, str):
            ours = json.loads(ours)
        if isinstance(recorded, dict):
            self._match_members(where, recorded, ours)
        elif isinstance(recorded, list):
            assert len(ours) == len(recorded), where
            for index, value in enumerate(recorded):
                self.match(f"{where}/{index}", value, ours[index])
        elif recorded == "datetime":
            assert isinstance(ours, datetime), where
        elif isinstance(recorded, str) and _MASK.search(recorded):
            self._match_masked(where, recorded, ours)
        else:
            assert ours == recorded, where

    def _match_members(self, where: str, recorded: dict[str, Any], ours: dict[str, Any]) -> None:
        if "HTTPStatusCode" in recorded:
            assert ours["HTTPStatusCode"] == recorded["HTTPStatusCode"], where
            return
        assert ours.keys() - (_YOUNGER - recorded.keys()) == recorded.keys(), where
        for name, value in recorded.items():
            self.match(f"{where}/{name}", value, ours[name])

    def _match_masked(self, where: str, recorded: str, ours: str) -> None:
        """Learn what the masks stand for, or hold the answer to what they stood for before."""
        masks = _MASK.findall(recorded)
        texts = iter(_MASK.split(recorded))
        pattern = re.escape(next(texts))
        for mask, text in zip(masks, texts, strict=True):
            pattern += (re.escape(self._known[mask]) if mask in self._known else "(.+)") + re.escape(text)
        found = re.fullmatch(pattern, ours, re.DOTALL)
        assert found, f"{where}: {ours!r} is not {recorded!r}, where {self._known}"
        self._known.update(zip([mask for mask in masks if mask not in self._known], found.groups(), strict=True))
