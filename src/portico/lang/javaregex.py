"""Regular expressions in Java's dialect, compiled to Python's, with a bound on what a match can cost.

Python backtracks, so a pattern is weighed when it is compiled. Repeating something that can itself match in several
ways (`(a+)+`, `(a|ab)*`) takes exponential time: such a pattern is a `bomb`. Otherwise n characters take at most about
n^d steps, d being the unbounded repetitions that follow each other, doubled by each optional piece; `max_length` is
the longest text for which that stays within STEP_LIMIT.

Refused with a reason: intersections and unions inside a class, Unicode properties, back references, `\\G`, `\\X` and
the flags x, d, u and U. What Java means by `.`, `$`, `\\d`, `\\s`, `\\h`, `\\v` and `\\R` is spelled out for Python.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from math import factorial
from typing import NoReturn

from portico.lang.errors import BudgetExceeded, SourceError

PATTERN_LIMIT = 4096
"""Characters of a pattern."""
NESTING_LIMIT = 50
LENGTH_LIMIT = 65_536
"""Characters of a text that any pattern is matched against."""
SEARCH_LIMIT = 10 * 1024 * 1024
"""Characters of a text that is searched with a pattern that takes linear time."""
STEP_LIMIT = 3 * 10**7
"""About a second of Python's engine, at its slowest."""
SHORT_TEXT = 3
"""Characters up to which even a bomb is harmless: those of a status code."""
WEIGHT_LIMIT = 20_000
"""Atoms of a pattern, counted repetitions written out; 256 inside one that can match in several ways."""


class PatternError(SourceError):
    """Not a pattern, or one that is refused."""


class UnsupportedPattern(PatternError):
    """Java may take it, this dialect does not."""


@dataclass(frozen=True, slots=True)
class JavaPattern:
    """A compiled pattern. `bomb`: only texts of SHORT_TEXT characters may be matched."""

    source: str
    regex: re.Pattern[str]
    max_length: int
    max_search: int
    bomb: bool
    degree: int = 0
    """Unbounded repetitions after each other: a match takes about n^degree / degree! steps…"""
    choices: int = 0
    """… doubled as many times as this."""

    def matches(self, text: str) -> bool:
        """Java's String.matches: the whole text. Raises BudgetExceeded for a text that is too long to be safe."""
        self._check(text, self.max_length)
        return self.regex.fullmatch(text) is not None

    def check_search(self, text: str) -> None:
        """Raise BudgetExceeded where finding all matches in `text` is not safe: it begins at every character anew."""
        self._check(text, self.max_search)

    def match_cost(self, text: str) -> int:
        """About how many microseconds `matches` may take; a text that is too long costs more than a second."""
        return _cost(len(text), self.max_length)

    def search_cost(self, text: str) -> int:
        """The same for finding all matches in `text`."""
        return _cost(len(text), self.max_search)

    def _check(self, text: str, limit: int) -> None:
        if len(text) > limit:
            raise BudgetExceeded(f"a text of {len(text)} characters is too long for the pattern {self.source!r}")


def _cost(length: int, limit: int) -> int:
    """Up to its limit a text is matched in a second; what does not take linear time takes quadratic at least."""
    linear = 1 + (length >> 6)
    return linear if length <= SHORT_TEXT or limit >= SEARCH_LIMIT else linear + int(10**6 * (length / limit) ** 2)


@lru_cache(maxsize=1024)
def compile_java(source: str) -> JavaPattern:
    """Compile a pattern. Raises PatternError."""
    if len(source) > PATTERN_LIMIT:
        raise UnsupportedPattern(f"pattern {source[:40]!r}…", f"it has more than {PATTERN_LIMIT} characters")
    piece = _Parser(source).parse()
    try:
        regex = re.compile(piece.text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"pattern {source!r}", str(error)) from None
    length = piece.max_length()
    bomb = length <= SHORT_TEXT
    return JavaPattern(
        source, regex, max(length, SHORT_TEXT), piece.max_search(), bomb, piece.degree, min(piece.choices, 60)
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """A translated part of a pattern and what it can cost."""

    text: str
    degree: int = 0
    """Unbounded repetitions after each other."""
    choices: int = 0
    """Decisions between two ways."""
    bomb: bool = False
    sure: bool = True
    """From one place it matches in one way at most."""
    single: bool = False
    """It is exactly one character."""
    first: str = ""
    """The literal character it begins with, if it does."""
    run: bool = False
    """It is one character, repeated."""
    weight: int = 1
    """Atoms, with counted repetitions written out."""

    def max_length(self) -> int:
        if self.bomb:
            return 0
        steps = STEP_LIMIT >> min(self.choices, 60)
        if self.degree == 0:
            return LENGTH_LIMIT if steps > 1000 else 0
        return min(LENGTH_LIMIT, int((steps * factorial(min(self.degree, 20))) ** (1 / self.degree)))

    def max_search(self) -> int:
        """A pattern of one repeated character never looks at a character twice; others may from every beginning."""
        if self.bomb:
            return 0
        if self.degree == 0 or self.run:
            return SEARCH_LIMIT if self.choices <= 4 and self.weight <= 100 else LENGTH_LIMIT
        return replace(self, degree=self.degree + 1).max_length()


_LINE_END = r"\n\r\u0085\u2028\u2029"
_AT_END = rf"(?=(?:\r\n|[{_LINE_END}])?\Z)"
_HORIZONTAL = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n\x0b\f\r\x85\u2028\u2029"
_SETS = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\x0b\f\r", "h": _HORIZONTAL, "v": _VERTICAL}
_PUNCTUATION = r"!-/:-@\[-`{-~"
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": _PUNCTUATION,
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_ANCHORS = {"A": r"\A", "z": r"\Z", "Z": _AT_END, "b": r"\b", "B": r"\B"}
_HEX = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|x\{([0-9A-Fa-f]{1,6})\}")
_OCTAL = re.compile(r"0([0-3]?[0-7]{1,2})")
_PROPERTY = re.compile(r"([pP])\{(\w+)\}")
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d{1,4})(,(\d{1,4})?)?\})([?+]?)")
_GROUP = re.compile(r"\((\?(?:(?:<(?=[A-Za-z])(\w+)>)|(:|=|!|<=|<!|>)|([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])))?")
_FLAGS = frozenset("ism")
_SIMPLE_COUNTS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class _Parser:
    """Recursive descent over the pattern, one method for each rank of its grammar."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.flags: frozenset[str] = frozenset()
        self.nesting = 0

    def parse(self) -> _Piece:
        piece = self.alternation()
        if self.at < len(self.source):
            self.fail("unmatched ')'")
        return piece

    def alternation(self) -> _Piece:
        self.nesting += 1
        if self.nesting > NESTING_LIMIT:
            self.lack(f"more than {NESTING_LIMIT} groups inside each other")
        flags = self.flags
        options = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            options.append(self.sequence())
        self.flags = flags
        self.nesting -= 1
        return options[0] if len(options) == 1 else _either(options)

    def sequence(self) -> _Piece:
        pieces: list[_Piece] = []
        while self.peek() not in ("", "|", ")"):
            pieces.append(self.quantified(self.atom()))
        return pieces[0] if len(pieces) == 1 else _joined(pieces)

    def quantified(self, piece: _Piece) -> _Piece:
        match = _QUANTIFIER.match(self.source, self.at)
        if match is not None:
            if not piece.text:
                self.fail(f"nothing to repeat before {match[0]!r}")
            self.at = match.end()
            piece = _repeated(piece, *_counts(match), match[5])
            if piece.weight > (WEIGHT_LIMIT if piece.sure else 256):
                self.lack("it repeats too much")
        if self.peek() == "{":
            self.fail("'{' must be written '\\{'")
        return piece

    def atom(self) -> _Piece:
        char = self.source[self.at]
        if char == "(":
            return self.group()
        if char in "*+?{":
            self.fail(f"nothing to repeat before {char!r}")
        self.at += 1
        if char == "\\":
            return self.escape()
        if char == "[":
            return self.single(self.char_class())
        if char == ".":
            return self.single("(?s:.)" if "s" in self.flags else f"[^{_LINE_END}]")
        if char in "^$":
            return _Piece(self.anchor(char))
        return self.literal(char)

    def anchor(self, char: str) -> str:
        if "m" not in self.flags:
            return r"\A" if char == "^" else _AT_END
        return rf"(?:\A|(?<=[{_LINE_END}]))" if char == "^" else rf"(?=[{_LINE_END}]|\Z)"

    def literal(self, char: str) -> _Piece:
        return self.single(re.escape(char), "" if "i" in self.flags else char)

    def single(self, text: str, first: str = "") -> _Piece:
        return _Piece(f"(?i:{text})" if "i" in self.flags else text, single=True, first=first)

    def group(self) -> _Piece:
        match = _GROUP.match(self.source, self.at)
        if match is None or (match[1] and match[4] == "" and match[5] is None and match[6] is not None):
            self.fail("unknown kind of group")
        self.at = match.end()
        if match[6] == ")":
            self.flags = self.changed_flags(match)
            return _Piece("")
        flags = self.flags
        if match[6] == ":":
            self.flags = self.changed_flags(match)
        piece = self.alternation()
        self.flags = flags
        if self.peek() != ")":
            self.fail("unclosed group")
        self.at += 1
        return _grouped(piece, match[3] or ("(" if match[2] or not match[1] else ":"), match[2])

    def changed_flags(self, match: re.Match[str]) -> frozenset[str]:
        for flag in (match[4] or "") + (match[5] or ""):
            if flag not in _FLAGS:
                self.lack(f"the flag {flag!r} is not supported")
        return (self.flags | frozenset(match[4] or "")) - frozenset(match[5] or "")

    def escape(self) -> _Piece:
        char = self.peek()
        if char in _ANCHORS and char:
            self.at += 1
            return _Piece(_ANCHORS[char])
        if char == "Q":
            return self.quotation()
        if char == "R":
            self.at += 1
            return _Piece(rf"(?>\r\n|[{_VERTICAL}])")
        members = self.escaped_set()
        if members is not None:
            return self.single(members)
        return self.literal(self.escaped_char())

    def quotation(self) -> _Piece:
        end = self.source.find("\\E", self.at)
        end = len(self.source) if end < 0 else end
        text = self.source[self.at + 1 : end]
        self.at = min(end + 2, len(self.source))
        pieces = [self.literal(char) for char in text]
        last = self.quantified(pieces.pop()) if pieces else _Piece("(?:)")
        return _joined([*pieces, last])

    def escaped_set(self) -> str | None:
        """A predefined or POSIX class as a class of Python; None where the escape is something else."""
        char = self.peek()
        if char.lower() in _SETS and char:
            self.at += 1
            return f"[{'^' if char.isupper() else ''}{_SETS[char.lower()]}]"
        if char not in ("p", "P"):
            return None
        match = _PROPERTY.match(self.source, self.at)
        if match is None or match[2] not in _POSIX:
            self.lack("only POSIX classes such as \\p{Alpha} are supported, no Unicode properties")
        self.at = match.end()
        return f"[{'^' if char == 'P' else ''}{_POSIX[match[2]]}]"

    def escaped_char(self) -> str:
        for form, base in ((_HEX, 16), (_OCTAL, 8)):
            if match := form.match(self.source, self.at):
                self.at = match.end()
                return self.code_point(int(next(digits for digits in match.groups() if digits), base))
        char = self.peek()
        self.at += 1
        if char in _CONTROLS and char:
            return _CONTROLS[char]
        if char == "c" and self.at < len(self.source):
            self.at += 1
            return self.code_point(ord(self.source[self.at - 1]) ^ 64)
        if char.isascii() and (char.isalnum() or not char):
            self.lack(f"the escape or back reference \\{char} is not supported")
        return char

    def code_point(self, number: int) -> str:
        if number > 0x10FFFF:
            self.fail("no such character")
        return chr(number)

    def char_class(self) -> str:
        negated = self.peek() == "^"
        self.at += negated
        members: list[str] = []
        while self.peek() != "]" or not members:
            members.append(self.class_member())
        self.at += 1
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def class_member(self) -> str:
        start = self.class_atom()
        if len(start) > 1 or self.peek() != "-" or self.source[self.at + 1 : self.at + 2] in ("]", ""):
            return start if len(start) > 1 else _in_class(start)
        self.at += 1
        end = self.class_atom()
        if len(end) != 1 or ord(end) < ord(start):
            self.fail("not a range")
        return f"{_in_class(start)}-{_in_class(end)}"

    def class_atom(self) -> str:
        """One character as it is, or the translated members of a predefined class (always more than one)."""
        char = self.peek()
        if not char:
            self.fail("unclosed class")
        if char == "[" or self.source.startswith("&&", self.at):
            self.lack("a class inside a class is not supported")
        if char == "]":
            self.fail("']' in a class must be written '\\]'")
        self.at += 1
        if char != "\\":
            return char
        members = self.escaped_set()
        if members is None:
            return self.escaped_char()
        if members.startswith("[^"):
            self.lack("a negated class inside a class is not supported")
        return members[1:-1]

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def fail(self, reason: str, kind: type[PatternError] = PatternError) -> NoReturn:
        raise kind(f"pattern {self.source!r}, column {self.at + 1}", reason)

    def lack(self, reason: str) -> NoReturn:
        self.fail(reason, UnsupportedPattern)


def _in_class(char: str) -> str:
    return "\\" + char if char in "\\]^-[&~|" else char


def _counts(match: re.Match[str]) -> tuple[int, int | None]:
    if match[1]:
        return _SIMPLE_COUNTS[match[1]]
    low = int(match[2])
    if match[3] is None:
        return low, low
    return low, int(match[4]) if match[4] else None


def _repeated(piece: _Piece, low: int, high: int | None, suffix: str) -> _Piece:
    body = piece.text if piece.single else f"(?:{piece.text})"
    count = f"{{{low},{'' if high is None else high}}}"
    sure = suffix == "+"
    changed = replace(piece, text=f"{body}{count}{suffix}", single=False, run=False, first=piece.first if low else "")
    weight = piece.weight * max(low, high or 1)
    if high == low:
        return replace(changed, degree=piece.degree * low, choices=piece.choices * low, weight=weight)
    if low == 0 and high == 1:
        return replace(changed, choices=piece.choices + (not sure), sure=sure)
    # Up to `high` times something is as bad as any number of times, if what is repeated is unsure itself.
    weight = weight if not piece.sure else piece.weight
    bomb = piece.bomb or not piece.sure
    return replace(changed, degree=piece.degree + 1, bomb=bomb, sure=sure, weight=weight, run=piece.single)


def _grouped(piece: _Piece, kind: str, name: str | None = None) -> _Piece:
    opening = f"(?P<{name}>" if name else "(" if kind == "(" else f"(?{kind}"
    grouped = replace(piece, text=f"{opening}{piece.text})")
    # Look-around and atomic groups are left for good once they matched.
    return grouped if kind in ("(", ":") else replace(grouped, sure=True, single=False, run=False, first="")


def _joined(pieces: list[_Piece]) -> _Piece:
    return _Piece(
        "".join(piece.text for piece in pieces),
        sum(piece.degree for piece in pieces),
        sum(piece.choices for piece in pieces),
        any(piece.bomb for piece in pieces),
        all(piece.sure for piece in pieces),
        first=pieces[0].first if pieces else "",
        weight=sum(piece.weight for piece in pieces),
    )


def _either(options: list[_Piece]) -> _Piece:
    """Alternatives of one character each are one character; others are unambiguous if they begin differently."""
    text = "|".join(option.text for option in options)
    if all(option.single for option in options):
        return _Piece(f"(?>{text})", single=True)
    firsts = {option.first for option in options}
    distinct = len(firsts) == len(options) and "" not in firsts
    return _Piece(
        f"(?:{text})",
        max(option.degree for option in options),
        max(option.choices for option in options) + (0 if distinct else len(options).bit_length()),
        any(option.bomb for option in options),
        distinct and all(option.sure for option in options),
        weight=sum(option.weight for option in options),
    )
