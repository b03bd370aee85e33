"""What one rendering knows: the request, its payload, the variables, what was printed, what is left to spend."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from portico.lang.environment import Environment
from portico.lang.errors import BudgetExceeded, EvaluationError, SourceError
from portico.lang.jsonpath import MISSING, Path, compile_path, follow
from portico.lang.jsontext import JsonError, decode
from portico.lang.vtl.budget import CALL_LIMIT, LOOP_LIMIT, OUTPUT_LIMIT, SMALL, STEP_LIMIT, Budget
from portico.lang.vtl.javatypes import JavaIterator
from portico.lang.vtl.printing import json_of, text_of

EMPTY_BODY = "{}"
"""What an empty payload is to a template (recorded fact 133)."""
PARTS = 2048
"""Printed pieces that are put together at once in a loop."""
_PIECE = 1 << 20
_LONG = 10**18
"""Integers beyond are looked at before they are printed: they may have millions of digits."""

_SEQUENCES = (list, tuple, range)
_UNREAD: Any = object()
_LIKE_JSON = ("{", "[", '"', "'", "}", "]", ":")


class Rendering(Budget):
    """One rendering. The body is parsed once, however often the template reads it."""

    __slots__ = (
        "_body",
        "_document",
        "_knotted",
        "_params",
        "blocks",
        "context_values",
        "depth",
        "env",
        "macros",
        "mutated",
        "out",
        "printed",
        "variables",
    )

    def __init__(self, env: Environment, variables: dict[str, Any] | None = None) -> None:
        # Written out, and with as few objects as can be: it is made for every template of every request.
        self.left = STEP_LIMIT
        self._texts = self._containers = None
        self._held = self._kept = self._made = 0
        self.env = env
        self.variables = variables
        """Those of a template whose variables several functions see."""
        self.out: list[str] = []
        self.blocks: list[bytes] | None = None
        """What was printed and put together already."""
        self.printed = 0
        self.mutated = False
        """Whether the template changed a list or map, so that one may now be in itself."""
        self.depth = 0
        self.macros: dict[str, Callable[..., None]] | None = None
        """Those that `#evaluate` may define or call."""
        self.context_values: dict[str, Any] | None = None
        self._knotted: list[Any] | None = None
        self._body: str | None = None
        self._document = _UNREAD
        self._params: dict[str, dict[str, str]] | None = None

    # The payload and the request

    @property
    def body(self) -> str:
        body = self._body
        if body is None:
            body = self._body = self.env.body or EMPTY_BODY
        return body

    @property
    def document(self) -> Any:
        """The body's value; MISSING where it is nearly JSON."""
        document = self._document
        if document is _UNREAD:
            try:
                document = decode(self.body)
            except JsonError:
                document = _text_of_body(self.body)
            self._document = document
        return document

    def read(self, path: Path) -> Any:
        """What `path` finds in the body; MISSING also where the body is nearly JSON."""
        document = self.document
        if document is MISSING:
            return MISSING
        if path.keys is not None:
            return follow(document, path.keys)
        found, visited = path.visit(document)
        self.spend(visited)
        return found

    def json(self, path: Path) -> str:
        """`$input.json(path)`: compact JSON; an empty JSON string where nothing is (semantics section 10)."""
        found = self.read(path)
        if type(found) is int:
            return str(found)
        return '""' if found is MISSING else json_of(self, found)

    def value(self, path: Path) -> Any:
        """`$input.path(path)`: the value itself, None where nothing is."""
        if path.keys is None:
            found = self.read(path)
        else:  # the usual one, with fewer calls
            found = self.document if self._document is _UNREAD else self._document
            if path.keys and found is not MISSING:
                found = follow(found, path.keys)
        return None if found is MISSING else found

    def params(self) -> dict[str, dict[str, str]]:
        """`$input.params()`: every parameter by its place, the last value of each."""
        found = self._params
        if found is None:
            env = self.env
            found = self._params = {
                "path": dict(env.path_parameters),
                "querystring": {name: values[-1] for name, values in env.query.items() if values},
                "header": dict(env.headers),
            }
        return found

    def param(self, name: str) -> str:
        """`$input.params(name)`: searched in path, query and headers, in that order; empty where it is nowhere."""
        self.left -= 200  # headers are looked through whatever their case
        env = self.env
        found = env.path_parameters.get(name)
        if found is not None:
            return found
        values = env.query.get(name) or env.header_values(name)
        return values[-1] if values else ""

    def overrides(self, name: str) -> dict[str, Any]:
        """`$context.requestOverride` or `$context.responseOverride`."""
        self.mutated = True
        found: dict[str, Any] = self.env.overrides[name]
        return found

    def whole_context(self) -> dict[str, Any]:
        """`$context` as a map: its variables, and the maps in it."""
        found = self.context_values
        if found is None:
            found = self.context_values = {**(self.env.context_map("") or {}), **self.env.overrides}
            self.mutated = True
        return found

    # What is printed

    def show(self, value: Any, literal: str) -> str:
        """A value as it prints, or `literal` where there is none."""
        if type(value) is int and -_LONG < value < _LONG:
            return str(value)
        return literal if value is None else text_of(self, value)

    def check(self, out: list[str]) -> None:
        """Between the turns of a loop."""
        if self.left < 0:
            self.overspent()
        if len(out) > PARTS and out is self.out:
            self.flush()
        elif len(out) > PARTS:
            text = self.joined(out)
            out[:] = [text]

    def flush(self) -> None:
        """Put together what was printed. Raises BudgetExceeded where that is too much."""
        out, pending, size = self.out, list[str](), 0
        self._admit_output(sum(map(len, out)))
        for part in out:
            for piece in (part,) if len(part) <= _PIECE else _pieces(part):
                pending.append(piece)
                size += len(piece)
                if size >= _PIECE:
                    self._block(pending)
                    size = 0
        self._block(pending)
        out.clear()

    def _block(self, pending: list[str]) -> None:
        block = _utf8("".join(pending))
        self._admit_output(len(block))
        self.printed += len(block)
        if self.blocks is None:
            self.blocks = []
        self.blocks.append(block)
        pending.clear()

    def _admit_output(self, size: int) -> None:
        if self.printed + size > OUTPUT_LIMIT:
            raise BudgetExceeded(f"the template renders more than {OUTPUT_LIMIT} bytes")

    def finish(self) -> bytes:
        """All that was printed, in UTF-8."""
        out = self.out
        if self.blocks is None and sum(map(len, out)) <= _PIECE:
            return _utf8("".join(out))
        self.flush()
        return b"".join(self.blocks or ())

    def joined(self, parts: Sequence[str]) -> str:
        """The text of a string, of which some pieces are values."""
        self.left -= 12 + 6 * len(parts)
        if self.left < 0:
            self.overspent()
        size = sum(map(len, parts))
        if size > SMALL:
            self.admit(size)
            return self.made("".join(parts))
        return "".join(parts)

    def rendered(self, body: Callable[[list[str]], None]) -> str:
        """What a string with directives in it comes to."""
        out: list[str] = []
        body(out)
        return self.joined(out)

    # What directives do

    def turns(self, value: Any) -> tuple[Any, int]:
        """What a `#foreach` goes through, at most LOOP_LIMIT of it, and how many there are. Nothing where it cannot."""
        kind = type(value)
        if kind is list:
            items: Any = value
        elif kind is dict:
            self.spend(len(value) >> 4)
            items = list(value.values())
        elif isinstance(value, _SEQUENCES):
            items = value
        elif isinstance(value, Mapping):
            self.spend(len(value))
            items = list(value.values())
        elif kind is JavaIterator:
            items = list(_first(value.rest(), LOOP_LIMIT))
            return items, len(items) + value.more
        else:
            return (), 0
        return items[:LOOP_LIMIT], len(items)

    def changed(self, container: Any, value: Any) -> None:
        """A list or map got a value: where that is one too, they may be in each other now."""
        self.mutated = True
        self.keep(container, 1)
        if isinstance(value, list | dict | tuple):
            if self._knotted is None:
                self._knotted = []
            self._knotted.append(container)

    def forget(self) -> None:
        """Undo what may be a cycle: in a worker the garbage collector all but rests."""
        if self.variables is not None:
            self.variables.clear()
        self.macros = None
        if self._knotted is not None:
            overrides = self.env.overrides
            kept = {id(part) for whole in overrides.values() for part in (whole, *whole.values())} | {id(overrides)}
            for container in self._knotted:
                if id(container) not in kept:
                    container.clear()

    def enter(self) -> None:
        """Begin with a macro's body."""
        self.depth += 1
        self.spend(5)
        if self.depth > CALL_LIMIT:
            raise BudgetExceeded(f"more than {CALL_LIMIT} macros inside each other")

    def leave(self) -> None:
        self.depth -= 1


class Input:
    """`$input`, where a template does more with it than name its members."""

    __slots__ = ("run",)

    def __init__(self, run: Rendering) -> None:
        self.run = run


class Util:
    """`$util`"""

    __slots__ = ()


def path_of(run: Rendering, source: str) -> Path:
    """A JSONPath that is known only now. Raises EvaluationError where it is none."""
    run.spend(50 + 8 * len(source))
    try:
        return compile_path(source)
    except SourceError as error:
        raise EvaluationError(str(error)) from None


def _text_of_body(body: str) -> Any:
    """What a body is that is no JSON: a text, without blanks at its ends. MISSING where it begins like JSON.

    AWS's parser is lenient, and templates for forms live from that: those of Amazon's own blueprints for chat commands
    (`{"body": $input.json("$")}`) and of the Serverless Framework (`$input.path('$').split('&')`).
    """
    text = body.strip(" \t\r\n")
    return MISSING if text.startswith(_LIKE_JSON) or not text else text


def _utf8(text: str) -> bytes:
    """In UTF-8. Halves of characters that a template put together again are whole; one alone is `?`, as in Java."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        units = text.encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le", "surrogatepass").encode("utf-8", "replace")


def _first(items: Iterable[Any], count: int) -> Iterable[Any]:
    for at, item in enumerate(items):
        yield item
        if at + 1 == count:
            return


def _pieces(text: str) -> Iterable[str]:
    return (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
