"""Wildcards and policy variables.

`*` stands for any characters and `?` for one. In version 2012-10-17 `${key}` stands for a value of the request and
`${key, 'text'}` for that or else the text; `${*}`, `${?}` and `${$}` are those characters themselves. What a variable
brings is taken literally: a wildcard in it is none.

Matching takes time in proportion to the text and the pattern, whatever they are: nothing is ever tried again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

from portico.lang.policy.context import Context, single
from portico.lang.policy.document import PolicyError

ARN_PARTS: Final = 6
"""`arn:partition:service:region:account:resource`."""


class Wild(Enum):
    ONE = "?"
    RUN = "*"


class Variable(NamedTuple):
    key: str
    """Lower case, as context keys are."""
    default: str | None


Resolved = Sequence[str | Wild]
Tokens = Sequence[str | Wild | Variable]
Matcher = Callable[[str], bool]
Test = Callable[[str, Context], bool]
"""Whether a value of the request is what the policy's value says, in this context."""

_TOKEN = re.compile(r"\$\{(?P<variable>\$|[^$}]*)\}|(?P<wild>[*?])|(?P<open>\$\{)|[^$*?]+|\$")
_KEY = re.compile(r"[^',{*?]+")
_DEFAULT = re.compile(r"'([^']*)'")
_CHARACTERS: Final = ("*", "?", "$")


def read_pattern(place: str, source: str, *, wildcards: bool, variables: bool) -> Tokens:
    """Cut a policy's value into literal text, wildcards and variables. Raises PolicyError."""
    tokens: list[str | Wild | Variable] = []
    for match in _TOKEN.finditer(source):
        if match["wild"] and wildcards:
            tokens.append(Wild(match["wild"]))
        elif variables and match["open"]:
            raise PolicyError(place, "a policy variable is not closed, or holds another")
        elif variables and match["variable"] is not None:
            tokens.append(_variable(place, match["variable"]))
        elif match["variable"] is not None and wildcards:
            tokens += _literal(match[0])
        else:
            tokens.append(match[0])
    return tuple(tokens)


def _literal(source: str) -> list[str | Wild]:
    """`${…}` where it is no variable (version 2008-10-17): text, in which wildcards are wildcards."""
    return [Wild(piece) if piece in ("*", "?") else piece for piece in re.split(r"([*?])", source) if piece]


def _variable(place: str, inside: str) -> str | Variable:
    if inside in _CHARACTERS:
        return inside
    key, comma, rest = (piece.strip() for piece in inside.partition(","))
    default = _DEFAULT.fullmatch(rest)
    if _KEY.fullmatch(key) is None or (comma and default is None):
        raise PolicyError(place, f"${{{inside}}} is not a policy variable")
    return Variable(key.lower(), default[1] if default else None)


def compile_test(tokens: Tokens, build: Callable[[Resolved], Matcher], *, unresolved: bool) -> Test:
    """A Test of what `build` makes of the tokens: once here, or for each request where they have variables.

    `unresolved` is the answer where a variable has neither value nor default. AWS says that such a statement "may be
    invalid"; the caller chooses so that nothing is allowed by it.
    """
    if not any(isinstance(token, Variable) for token in tokens):
        matcher = build([token for token in tokens if not isinstance(token, Variable)])
        return lambda value, context: matcher(value)

    def test(value: str, context: Context) -> bool:
        resolved = _resolve(tokens, context)
        return unresolved if resolved is None else build(resolved)(value)

    return test


def _resolve(tokens: Tokens, context: Context) -> Resolved | None:
    resolved: list[str | Wild] = []
    for token in tokens:
        if isinstance(token, Variable):
            value = single(context, token.key)
            value = token.default if value is None else value
            if value is None:
                return None
            resolved.append(value)
        else:
            resolved.append(token)
    return resolved


def exact(tokens: Resolved) -> Matcher:
    return literally(tokens).__eq__


def exact_ignoring_case(tokens: Resolved) -> Matcher:
    wanted = literally(tokens).lower()
    return lambda value: value.lower() == wanted


def literally(tokens: Resolved) -> str:
    """As text, wildcards too."""
    return "".join(token.value if isinstance(token, Wild) else token for token in tokens)


def glob(tokens: Resolved) -> Matcher:
    """The whole value, wildcards spanning whatever is there."""
    if Wild.ONE in tokens:
        return _Automaton(tokens).matches
    pieces = _pieces(tokens)
    if len(pieces) == 1:
        return pieces[0].__eq__
    if len(pieces) == 2 and not pieces[1]:
        prefix = pieces[0]
        return lambda value: value.startswith(prefix)
    return lambda value: _has_in_order(pieces, value)


def arn(tokens: Resolved) -> Matcher:
    """The six parts of an ARN, each for itself: a wildcard does not leave its part (the last may hold colons)."""
    parts = [glob(part) for part in arn_parts(tokens)]

    def matches(value: str) -> bool:
        values = value.split(":", ARN_PARTS - 1)
        return len(values) == len(parts) == ARN_PARTS and all(map(_apply, parts, values))

    return matches


def _apply(matcher: Matcher, value: str) -> bool:
    return matcher(value)


def arn_parts(tokens: Resolved) -> list[list[str | Wild]]:
    """The tokens of each part; six at most."""
    parts: list[list[str | Wild]] = [[]]
    for token in tokens:
        if isinstance(token, Wild):
            parts[-1].append(token)
            continue
        first, *others = token.split(":", ARN_PARTS - len(parts))
        parts[-1].append(first)
        parts += [[other] for other in others]
    return parts


def _pieces(tokens: Resolved) -> list[str]:
    """The literal texts between the runs."""
    pieces = [""]
    for token in tokens:
        if isinstance(token, Wild):
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def _has_in_order(pieces: list[str], value: str) -> bool:
    """The leftmost place of each piece is as good as any: what comes after it can only gain room."""
    first, last = pieces[0], pieces[-1]
    at, end = len(first), len(value) - len(last)
    if at > end or not value.startswith(first) or not value.endswith(last):
        return False
    for piece in pieces[1:-1]:
        at = value.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


class _Automaton:
    """All places of the pattern where a match could be, as the bits of one number: state n has n characters behind it.

    A run is a state that stays; `?` lets every character through.
    """

    __slots__ = ("_any", "_loops", "_masks", "_size")

    def __init__(self, tokens: Resolved) -> None:
        masks: dict[str, int] = {}
        self._size = self._loops = self._any = 0
        for token in tokens:
            if token is Wild.RUN:
                self._loops |= 1 << self._size
            elif token is Wild.ONE:
                self._any |= 1 << self._size
                self._size += 1
            elif isinstance(token, str):
                for character in token:
                    masks[character] = masks.get(character, 0) | 1 << self._size
                    self._size += 1
        self._masks: Mapping[str, int] = {character: mask | self._any for character, mask in masks.items()}

    def matches(self, value: str) -> bool:
        if len(value) < self._size:
            return False
        states, masks, loops, through = 1, self._masks, self._loops, self._any
        for character in value:
            states = (states & masks.get(character, through)) << 1 | states & loops
            if not states:
                return False
        return bool(states >> self._size & 1)
