"""What one rendering of a template knows, and how members of values are found."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from portico.lang.environment import Environment
from portico.lang.errors import BudgetExceeded, EvaluationError, SourceError
from portico.lang.jsonpath import MISSING, Path, compile_path
from portico.lang.jsontext import JsonError, decode, encode

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Characters of a rendered template or of any string made on the way: AWS's payload quota."""
EMPTY_BODY = "{}"
"""What an empty payload is to a template (recorded fact 133)."""

T = TypeVar("T")
_UNREAD = object()


class Rendering:
    """One rendering. The body is parsed once, however often the template reads it."""

    __slots__ = ("_document", "env")

    def __init__(self, env: Environment) -> None:
        self.env = env
        self._document: Any = _UNREAD

    @property
    def body(self) -> str:
        return self.env.body or EMPTY_BODY

    def read(self, path: Path) -> Any:
        """What `path` finds in the body; MISSING also where the body is not JSON."""
        if self._document is _UNREAD:
            try:
                self._document = decode(self.body)
            except JsonError:
                self._document = MISSING
        return MISSING if self._document is MISSING else path.read(self._document)


class Input:
    """`$input`"""

    __slots__ = ("_run",)

    def __init__(self, run: Rendering) -> None:
        self._run = run

    def json(self, path: str) -> str:
        return json_of(self._run, path_of(path))

    def path(self, path: str) -> Any:
        return value_of(self._run, path_of(path))

    def params(self) -> dict[str, dict[str, str]]:
        return all_params(self._run)

    def param(self, name: str) -> str:
        return param_of(self._run, name)


class Util:
    """`$util`: it has no state, its methods are in functions.py."""

    __slots__ = ()


def json_of(run: Rendering, path: Path) -> str:
    """`$input.json(path)`: compact JSON; an empty JSON string where nothing is (semantics section 10)."""
    found = run.read(path)
    return '""' if found is MISSING else bounded(encode(found))


def value_of(run: Rendering, path: Path) -> Any:
    """`$input.path(path)`: the value itself, None where nothing is."""
    found = run.read(path)
    return None if found is MISSING else found


def all_params(run: Rendering) -> dict[str, dict[str, str]]:
    """`$input.params()`: every parameter by its place, the last value of each."""
    env = run.env
    return {
        "path": dict(env.path_parameters),
        "querystring": {name: values[-1] for name, values in env.query.items() if values},
        "header": dict(env.headers),
    }


def param_of(run: Rendering, name: str) -> str:
    """`$input.params(name)`: searched in path, query and headers, in that order; empty where it is nowhere."""
    env = run.env
    found = env.path_parameters.get(name)
    if found is not None:
        return found
    values = env.query.get(name) or env.header_values(name)
    return values[-1] if values else ""


def path_of(source: str) -> Path:
    """A JSONPath that is known only now. Raises EvaluationError where it is none."""
    try:
        return compile_path(source)
    except SourceError as error:
        raise EvaluationError(str(error)) from None


def bounded(text: str) -> str:
    if len(text) > OUTPUT_LIMIT:
        raise BudgetExceeded(f"a template makes a text of more than {OUTPUT_LIMIT} characters")
    return text


def property_of(value: Any, name: str) -> Any:
    """`value.name`: the member of a map, or what a Java getter answers; None where there is neither."""
    if isinstance(value, Mapping):
        return value.get(name)
    getter = _GETTERS.get((type(value), name))
    return getter(value) if getter is not None else None


def index_of(value: Any, key: Any) -> Any:
    """`value[key]`: of a list by position, from the end where negative; of a map by key; None where nothing is."""
    if isinstance(value, Mapping):
        return value.get(key)
    if not isinstance(value, list | tuple) or type(key) is not int:
        return None
    return value[key] if -len(value) <= key < len(value) else None


_GETTERS: dict[tuple[type, str], Callable[[Any], Any]] = {
    (Input, "body"): lambda value: value._run.body,
    (str, "empty"): lambda value: not value,
    (list, "empty"): lambda value: not value,
    (tuple, "empty"): lambda value: not value,
}
