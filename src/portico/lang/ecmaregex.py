"""Regular expressions of JSON schemas, which are ECMAScript's: read as Java's, and weighed as those are.

AWS's validator runs `pattern` and `patternProperties` in Rhino: ECMA 262 of its third edition, searched anywhere in the
text. There is no look-behind, no named group, no flag and no possessive repetition; `\\s` knows Unicode's blanks, `$`
is the very end, and a brace that repeats nothing is a brace. Each piece is written again in Java's dialect and handed
to `javaregex`, which compiles it for Python and tells what a match can cost.

A pattern that is no pattern raises PatternError. One that is, and that cannot be run at a bounded cost, or not exactly
(back references; `\\S` among other members of a class), raises NotBuilt.
"""

import re
from functools import lru_cache
from math import factorial
from typing import Final, NoReturn

from portico.lang.errors import NotBuilt
from portico.lang.javaregex import PATTERN_LIMIT, PatternError, compile_java


class EcmaPattern:
    """A compiled pattern. `find(text)` is None where it is nowhere in the text; ask `steps` first."""

    __slots__ = ("_choices", "_degree", "find", "linear", "source")

    def __init__(self, source: str, regex: re.Pattern[str], *, anchored: bool, degree: int, choices: int) -> None:
        self.source = source
        self.find = regex.match if anchored else regex.search
        self._degree = degree + (not anchored)
        self._choices = choices
        self.linear = self._degree <= 1 and choices == 0
        """Whether a text takes no more steps than it has characters."""

    def steps(self, length: int) -> int:
        """How many steps a text of that length can take, about. Going straight on is quicker than trying again."""
        if self.linear:
            return length // 4
        power: int = length**self._degree
        return (length + power // factorial(self._degree)) << self._choices


@lru_cache(maxsize=1024)
def compile_ecma(source: str) -> EcmaPattern:
    """Compile a pattern. Raises PatternError and NotBuilt."""
    if len(source) > PATTERN_LIMIT:
        raise NotBuilt(f"pattern {source[:40]!r}…", f"patterns of more than {PATTERN_LIMIT} characters are not run")
    reader = _Reader(source)
    translated = reader.read()
    try:
        java = compile_java(translated)
    except PatternError as error:
        raise NotBuilt(f"pattern {source!r}", error.reason) from None
    if java.bomb:
        reason = "it can match in so many ways that no text of more than a few characters may be given to it"
        raise NotBuilt(f"pattern {source!r}", reason)
    degree = max(java.degree - reader.sure_runs, min(java.degree, 1))
    return EcmaPattern(source, java.regex, anchored=reader.anchored, degree=degree, choices=java.choices)


_BLANKS: Final = (
    r"\t\n\x0b\f\r\x20\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"  # ECMA 262, 7.2 and 7.3
)
_SETS: Final = {"d": "0-9", "w": "a-zA-Z0-9_", "s": _BLANKS}
_ANY: Final = "(?s:.)"
_DOT: Final = r"[^\n\r\u2028\u2029]"
_CONTROLS: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_QUANTIFIER: Final = re.compile(r"[*+?]|\{(\d+)(?:,(\d*))?\}")
_NUMBERED: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})")
_ASSERTIONS: Final = ("^", r"\z", r"\b", r"\B")
_GROUPS: Final = ("(?:", "(?=", "(?!", "(")


class _Group:
    """What is in a group that stands in no other."""

    __slots__ = ("ahead", "alternatives", "runs")

    def __init__(self, *, ahead: bool = False) -> None:
        self.ahead = ahead
        self.alternatives = False
        self.runs = 0


class _Reader:
    """One pass over a pattern that writes it in Java's dialect."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.anchored = False
        """Whether it can match at the beginning alone."""
        self.sure_runs = 0
        """Repetitions of one character that are followed by a character they cannot hold, or are alone in a
        look-ahead: where they end is never in doubt later on, so that they multiply nothing."""
        self._depth = 0
        self._alternatives = False
        self._run = ""
        """The repeated character that the last piece was."""
        self._group = _Group()

    def read(self) -> str:
        out: list[str] = []
        while self.at < len(self.source):
            out.append(self._piece())
        if self._depth:
            self._fail("unclosed group")
        self.anchored = self.source.startswith("^") and not self._alternatives
        if self._alternatives:
            self.sure_runs = 0
        return "".join(out)

    def _piece(self) -> str:
        char = self.source[self.at]
        if char in "()|":
            return self._structure(char)
        atom, literal = self._atom(char)
        before, self._run = self._run, ""
        quantifier = self._quantifier(atom)
        if before and literal and not self._depth and quantifier[:1] in ("", "+"):
            self.sure_runs += compile_java(before).regex.fullmatch(literal) is None
        return atom + quantifier

    def _structure(self, char: str) -> str:
        if char == "|":
            self.at += 1
            self._run = ""
            self._group.alternatives = True
            self._alternatives = self._alternatives or not self._depth
            return "|"
        return self._close() if char == ")" else self._open()

    def _open(self) -> str:
        opening = next(group for group in _GROUPS if self.source.startswith(group, self.at))
        self.at += len(opening)
        if opening == "(" and self.source.startswith("?", self.at):
            self._fail("unknown kind of group")
        self._run = ""
        if not self._depth:
            self._group = _Group(ahead=opening in ("(?=", "(?!"))
        self._depth += 1
        return opening

    def _close(self) -> str:
        self.at += 1
        self._depth -= 1
        if self._depth < 0:
            self._fail("unmatched ')'")
        quantifier = self._quantifier(")")
        if quantifier or self._depth or self._group.alternatives or self._group.ahead:
            self._run = ""
        if self._group.ahead and self._group.runs == 1 and not quantifier and not self._depth:
            self.sure_runs += 1
        return ")" + quantifier

    def _quantifier(self, atom: str) -> str:
        match = _QUANTIFIER.match(self.source, self.at)
        if match is None:
            return ""
        low, high = match[1], match[2]
        if atom in _ASSERTIONS:
            self._fail("nothing to repeat")
        if high and int(high) < int(low):
            self._fail("numbers out of order")
        self.at = match.end()
        lazy = "?" if self.source.startswith("?", self.at) else ""
        self.at += len(lazy)
        if _QUANTIFIER.match(self.source, self.at):
            self._fail("nothing to repeat")
        if match[0] in ("*", "+") or high == "":
            self._group.runs += 1
            self._run = atom if atom != ")" else ""
        return match[0] + lazy

    def _atom(self, char: str) -> tuple[str, str]:
        """The next atom in Java's dialect, and the character that it is, where it is just one."""
        if _QUANTIFIER.match(self.source, self.at):
            self._fail("nothing to repeat")
        self.at += 1
        if char == "\\":
            return self._escape()
        if char == "[":
            return self._class(), ""
        if char == ".":
            return _DOT, ""
        if char in "^$":
            return ("^" if char == "^" else r"\z"), ""
        return _literal(char), char

    def _escape(self) -> tuple[str, str]:
        char = self.source[self.at : self.at + 1]
        if char in ("b", "B"):
            self.at += 1
            return f"\\{char}", ""
        members = self._set()
        if members is not None:
            return f"[{members}]", ""
        character = self._escaped_character()
        return _literal(character), character

    def _set(self) -> str | None:
        """A predefined class behind a backslash, as the inside of Java's class; None where there is none."""
        char = self.source[self.at : self.at + 1]
        if char.lower() not in _SETS or not char:
            return None
        self.at += 1
        return ("^" if char.isupper() else "") + _SETS[char.lower()]

    def _escaped_character(self) -> str:
        char = self.source[self.at : self.at + 1]
        if not char:
            self._fail("a backslash at the end")
        if match := _NUMBERED.match(self.source, self.at):
            self.at = match.end()
            return chr(int(match[1] or match[2], 16))
        self.at += 1
        if char in _CONTROLS:
            return chr(_CONTROLS[char])
        if char == "c" and self.source[self.at : self.at + 1].isalpha() and self.source[self.at].isascii():
            self.at += 1
            return chr(ord(self.source[self.at - 1]) % 32)
        if char == "0":
            return "\0"
        if char.isdigit():
            raise NotBuilt(f"pattern {self.source!r}", "back references are not built yet")
        return char

    def _class(self) -> str:
        for idiom in ("\\s\\S]", "\\S\\s]", "\\d\\D]", "\\D\\d]", "\\w\\W]", "\\W\\w]", "^]"):
            if self.source.startswith(idiom, self.at):
                self.at += len(idiom)
                return _ANY
        negated = self.source.startswith("^", self.at)
        self.at += negated
        members = []
        while not self.source.startswith("]", self.at):
            members.append(self._member())
        self.at += 1
        if not members:
            return "(?!)"
        if members[0].startswith("^") and len(members) == 1:
            return f"[{members[0][1:]}]" if negated else f"[{members[0]}]"
        if any(member.startswith("^") for member in members):
            raise NotBuilt(f"pattern {self.source!r}", "a negated class inside a class is not built yet")
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _member(self) -> str:
        """One character, a range or a predefined class; a hyphen beside a class stands for itself."""
        start, first = self._class_atom()
        if first is None or not self.source.startswith("-", self.at) or self.source.startswith("-]", self.at):
            return start
        self.at += 1
        end, last = self._class_atom()
        if last is None:
            return f"{start}\\-{end}" if not end.startswith("^") else end
        if last < first:
            self._fail("a range out of order")
        return f"{start}-{end}"

    def _class_atom(self) -> tuple[str, str | None]:
        """The next member in Java's dialect, and the character where it is just one."""
        if self.at >= len(self.source):
            self._fail("unclosed class")
        char = self.source[self.at]
        self.at += 1
        if char != "\\":
            return _literal(char), char
        if self.source.startswith("b", self.at):
            self.at += 1
            return _literal("\b"), "\b"
        members = self._set()
        if members is not None:
            return members, None
        character = self._escaped_character()
        return _literal(character), character

    def _fail(self, reason: str) -> NoReturn:
        raise PatternError(f"pattern {self.source!r}, column {self.at + 1}", reason)


def _literal(char: str) -> str:
    if char.isalnum() and char.isascii():
        return char
    return f"\\x{{{ord(char):x}}}" if ord(char) < 32 or ord(char) > 126 else f"\\{char}"
