"""A record of a function's log in the format JSON as lines that one reads at a terminal.

{"timestamp": …, "level": "INFO", "message": "fed", "logger": "pets", "pet": 1}    INFO pets: fed {"pet":1}
{"timestamp": …, "level": "ERROR", "errorType": "KeyError", "stackTrace": […], …}  ERROR KeyError: 'name' …
"""

import json
from typing import Any, Final

_EVERY_RECORD: Final = ("timestamp", "level", "message", "logger", "requestId", "location")
_ERROR: Final = ("errorType", "errorMessage", "stackTrace")


def legible(line: str) -> list[str]:
    """Any other line is what it is."""
    record = _record(line)
    if record is None:
        return [line]
    message = record.get("message")
    # Node.js tells an error that is logged alone as the message.
    error = message if isinstance(message, dict) and "errorType" in message else record
    words = [str(record["level"])]
    if record.get("logger", "root") != "root":
        words.append(f"{record['logger']}:")
    if message is not None and error is record:
        words.append(_text(message))
    if "errorType" in error:
        words.append(f"{error['errorType']}: {error.get('errorMessage', '')}")
    more = {name: value for name, value in {**record, **error}.items() if name not in (*_EVERY_RECORD, *_ERROR)}
    if more:
        words.append(_text(more))
    return [*" ".join(words).splitlines(), *_trace(error.get("stackTrace"))]


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and {"timestamp", "level"} <= record.keys() else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _trace(entries: Any) -> list[str]:
    told = entries if isinstance(entries, list) else []
    return [line for entry in told for line in str(entry).splitlines()]
