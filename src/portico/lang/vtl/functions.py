"""The methods that a template may call: those of `$input` and `$util`, and of Java's strings, lists, maps and numbers.

As in Java a method is chosen by name and by the types of its arguments. Calling one that is not there is no error: the
reference then has no value. A method that a Java object would answer with an exception raises EvaluationError.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote_plus

from portico.lang.errors import EvaluationError, SourceError
from portico.lang.javaregex import JavaPattern, compile_java
from portico.lang.jsontext import JsonError, decode, to_text
from portico.lang.vtl.runtime import OUTPUT_LIMIT, Input, Util, bounded

Scalar = (str, bool, int, float)
"""What `$util` takes for a string. Maps and lists give nothing, as recorded (test_sqs_amz_json_protocol)."""


class Method(NamedTuple):
    run: Callable[..., Any]
    types: tuple[Any, ...]
    """Of each argument, for isinstance."""


def call(value: Any, name: str, arguments: list[Any]) -> Any:
    """`value.name(arguments)`; None where there is no such method. Raises EvaluationError."""
    method = _methods_of(value).get((name, len(arguments))) or _OBJECT.get((name, len(arguments)))
    if value is None or method is None or not all(map(isinstance, arguments, method.types)):
        return None
    return method.run(value, *arguments)


def escape_javascript(text: str) -> str:
    """Java's StringEscapeUtils.escapeJavaScript: quotes, both slashes, control characters and what is not ASCII."""
    return bounded(_JS_UNSAFE.sub(_escape, text))


def url_encode(text: str) -> str:
    """Java's URLEncoder: a blank is `+` (recorded fact 134), a tilde is escaped, an asterisk is not."""
    return bounded(quote_plus(text, safe="*", errors="replace").replace("~", "%7E"))


def url_decode(text: str) -> str:
    if _BAD_PERCENT.search(text):
        raise EvaluationError("urlDecode: a '%' without two hexadecimal digits")
    return unquote_plus(text)


def base64_encode(text: str) -> str:
    return bounded(base64.b64encode(text.encode("utf-8", "replace")).decode())


def base64_decode(text: str) -> str:
    """Lenient like Java's codec: both alphabets, foreign characters are passed over, what is not UTF-8 is replaced."""
    known = _NOT_BASE64.sub("", text.translate(_URL_ALPHABET))
    known = known[:-1] if len(known) % 4 == 1 else known
    return base64.b64decode(known + "=" * (-len(known) % 4)).decode("utf-8", "replace")


def parse_json(text: str) -> Any:
    try:
        return decode(text)
    except JsonError as error:
        raise EvaluationError(f"parseJson: {error}") from None


_JS_UNSAFE = re.compile(r"[\"'\\/\x00-\x1f\x7f-\U0010ffff]")
_JS_SHORT = {"\b": "\\b", "\n": "\\n", "\t": "\\t", "\f": "\\f", "\r": "\\r"}
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_URL_ALPHABET = str.maketrans("-_", "+/")
_REPLACEMENT = re.compile(r"\\(.)|\$(\d)", re.DOTALL)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in "\"'\\/":
        return "\\" + char
    if char == "\x7f":
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return _JS_SHORT.get(char) or "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))


def _of_text(run: Callable[[str], Any]) -> Callable[[Util, Any], Any]:
    return lambda _, value: run(to_text(value))


def _pattern(source: str, text: str) -> JavaPattern:
    try:
        pattern = compile_java(source)
    except SourceError as error:
        raise EvaluationError(str(error)) from None
    pattern.check_search(text)
    return pattern


def _matches(text: str, source: str) -> bool:
    return _pattern(source, text).matches(text)


def _replace_all(text: str, source: str, replacement: str) -> str:
    pattern = _pattern(source, text)
    parts, size, at = list[str](), 0, 0
    for match in pattern.regex.finditer(text):
        parts += [text[at : match.start()], _expanded(replacement, match)]
        size += len(parts[-2]) + len(parts[-1])
        if size > OUTPUT_LIMIT:
            break
        at = match.end()
    return bounded("".join(parts) + text[at:])


def _expanded(replacement: str, match: re.Match[str]) -> str:
    def part(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        try:
            return match[int(found[2])] or ""
        except IndexError:
            raise EvaluationError(f"replaceAll: the pattern has no group {found[2]}") from None

    return _REPLACEMENT.sub(part, replacement)


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * (len(new) - len(old)) > OUTPUT_LIMIT:
        bounded(" " * (OUTPUT_LIMIT + 1))
    return text.replace(old, new)


def _split(text: str, source: str) -> list[str]:
    """Java's split: empty strings at the end are dropped, and one at the beginning of an empty match."""
    pattern = _pattern(source, text)
    parts, at = list[str](), 0
    for match in pattern.regex.finditer(text):
        if match.end() > 0 and match.start() < len(text):
            parts.append(text[at : match.start()])
            at = match.end()
    if not parts:
        return [text]
    parts.append(text[at:])
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise EvaluationError(f"substring({start}, {end}) of a text of {len(text)} characters")
    return text[start:end]


def _item(items: Any, at: int) -> Any:
    if not 0 <= at < len(items):
        raise EvaluationError(f"get({at}) of a list of {len(items)}")
    return items[at]


def _position(items: Any, value: Any) -> int:
    return items.index(value) if value in items else -1


_OBJECT: dict[tuple[str, int], Method] = {
    ("toString", 0): Method(to_text, ()),
    ("equals", 1): Method(lambda value, other: type(value) is type(other) and value == other, (object,)),
}
_INPUT = {
    ("json", 1): Method(Input.json, (str,)),
    ("path", 1): Method(Input.path, (str,)),
    ("params", 0): Method(Input.params, ()),
    ("params", 1): Method(Input.param, (str,)),
}
_UTIL = {
    ("escapeJavaScript", 1): Method(_of_text(escape_javascript), (Scalar,)),
    ("parseJson", 1): Method(_of_text(parse_json), (Scalar,)),
    ("urlEncode", 1): Method(_of_text(url_encode), (Scalar,)),
    ("urlDecode", 1): Method(_of_text(url_decode), (Scalar,)),
    ("base64Encode", 1): Method(_of_text(base64_encode), (Scalar,)),
    ("base64Decode", 1): Method(_of_text(base64_decode), (Scalar,)),
}
_STRING = {
    ("length", 0): Method(len, ()),
    ("isEmpty", 0): Method(lambda text: not text, ()),
    ("trim", 0): Method(lambda text: text.strip("".join(map(chr, range(33)))), ()),
    ("toLowerCase", 0): Method(str.lower, ()),
    ("toUpperCase", 0): Method(str.upper, ()),
    ("contains", 1): Method(lambda text, part: part in text, (str,)),
    ("startsWith", 1): Method(str.startswith, (str,)),
    ("endsWith", 1): Method(str.endswith, (str,)),
    ("indexOf", 1): Method(str.find, (str,)),
    ("lastIndexOf", 1): Method(str.rfind, (str,)),
    ("equalsIgnoreCase", 1): Method(lambda text, other: text.lower() == other.lower(), (str,)),
    ("concat", 1): Method(lambda text, other: bounded(text + other), (str,)),
    ("replace", 2): Method(_replace, (str, str)),
    ("replaceAll", 2): Method(_replace_all, (str, str)),
    ("matches", 1): Method(_matches, (str,)),
    ("split", 1): Method(_split, (str,)),
    ("substring", 1): Method(_substring, (int,)),
    ("substring", 2): Method(_substring, (int, int)),
}
_LIST = {
    ("size", 0): Method(len, ()),
    ("isEmpty", 0): Method(lambda items: not items, ()),
    ("get", 1): Method(_item, (int,)),
    ("contains", 1): Method(lambda items, value: value in items, (object,)),
    ("indexOf", 1): Method(_position, (object,)),
}
_MAP = {
    ("size", 0): Method(len, ()),
    ("isEmpty", 0): Method(lambda entries: not entries, ()),
    ("get", 1): Method(lambda entries, key: entries.get(key), (Scalar,)),
    ("containsKey", 1): Method(lambda entries, key: key in entries, (Scalar,)),
    ("containsValue", 1): Method(lambda entries, value: value in entries.values(), (object,)),
    # Tuples, because Java prints a view of a map as [a, b] and a JSON list as JSON.
    ("keySet", 0): Method(lambda entries: tuple(entries), ()),
    ("values", 0): Method(lambda entries: tuple(entries.values()), ()),
}
_METHODS: dict[type, dict[tuple[str, int], Method]] = {
    Input: _INPUT,
    Util: _UTIL,
    str: _STRING,
    list: _LIST,
    tuple: _LIST,
    dict: _MAP,
}


def _methods_of(value: Any) -> dict[tuple[str, int], Method]:
    found = _METHODS.get(type(value))
    if found is not None:
        return found
    return _MAP if isinstance(value, Mapping) else {}
