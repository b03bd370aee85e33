"""A small TOML file of a project: which keys it may have, of which type, and in which line one of them is."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from portico.app.dev.problems import ProjectError

_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)")
_WORDS: Final = {str: "text", int: "a whole number", dict: "a table of texts"}


def read_toml(path: Path, keys: Mapping[str, type]) -> dict[str, Any]:
    """Its values; {} where there is no such file. Raises ProjectError. A `dict` is a table whose values are texts."""
    try:
        text = path.read_text("utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ProjectError.at(path, _AT_LINE.sub("", str(error)), line) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError.at(path, str(error)) from None
    for key, value in values.items():
        if key not in keys:
            raise ProjectError.at(path, f"the key {key!r} is not one of {', '.join(keys)}", _line(text, key))
        if not _fits(value, keys[key]):
            raise ProjectError.at(path, f"{key} has to be {_WORDS[keys[key]]}", _line(text, key))
    return values


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, dict) and kind is dict:
        return all(isinstance(one, str) for one in value.values())
    return isinstance(value, kind) and not isinstance(value, bool)


def _line(text: str, key: str) -> int | None:
    pattern = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}\b""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), None)
