"""The pages that a person reads, as tests see them: their blocks of code, their links, their tables."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "portico"
DECISIONS = ROOT / "docs" / "decisions"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block of code, and what a `text` block right behind it says that it prints."""

    language: str
    text: str
    output: str | None


class Page:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()
        self.text = path.read_text("utf-8")

    @property
    def prose(self) -> str:
        """The page without its blocks of code."""
        return _FENCE.sub("", self.text)

    def blocks(self, *languages: str) -> list[Block]:
        """Its blocks in these languages; all of them where none is named."""
        fences = list(_FENCE.finditer(self.text))
        found = []
        for fence, following in zip_longest(fences, fences[1:]):
            told = following is not None and following[1] == "text" and self._adjoin(fence, following)
            found.append(Block(fence[1], fence[2], following[2] if told and following is not None else None))
        return [block for block in found if not languages or block.language in languages]

    def _adjoin(self, fence: re.Match[str], following: re.Match[str]) -> bool:
        return not self.text[fence.end() : following.start()].strip()

    def links(self) -> list[str]:
        return [match[1] for match in _LINK.finditer(self.prose)]

    def spans(self) -> list[str]:
        """What stands in single backticks."""
        return [match[1] for match in _SPAN.finditer(self.prose)]

    def anchors(self) -> set[str]:
        """The ids that a forge gives to the headings."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def rows(self, heading: str) -> list[list[str]]:
        """The cells of the first table below a heading, without its head."""
        _, found, below = self.text.partition(f"\n## {heading}\n")
        assert found, f"{self.name} has no section {heading!r}"
        section = below.partition("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def pages() -> Iterator[Page]:
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        yield Page(path)


def page(name: str) -> Page:
    return Page(ROOT / name)
