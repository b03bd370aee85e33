"""The log lines of a Python function as JSON objects, as AWS's own client writes them: python_runtime.py imports this
where AWS_LAMBDA_LOG_FORMAT is JSON, so that no function that logs text pays for it.

    {"timestamp": "2025-01-31T12:00:00.123Z", "level": "INFO", "message": "fed", "logger": "pets", "requestId": "79b4…"}
"""

from __future__ import annotations

import json
import logging
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "aws_request_id", "taskName"}
"""What every record has; everything else was given as `extra`."""
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # Levels of one's own count as the level below, as there.
        level = min(logging.CRITICAL, max(logging.NOTSET, record.levelno)) // 10 * 10
        told = {
            "timestamp": _stamp(record.created),
            "level": logging.getLevelName(level),
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
            **_raised(record),
            "requestId": getattr(record, "aws_request_id", None),
        }
        if "errorType" in told:
            told["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        for name, value in record.__dict__.items():
            if name not in _PLAIN:
                told.setdefault(name, value)
        return _encode({name: value for name, value in told.items() if value is not None}) + "\n"


def error_line(error: dict[str, Any]) -> str:
    """An error that the runtime tells, as it tells it."""
    return _encode({"timestamp": _stamp(time.time()), "level": "ERROR", **error}) + "\n"


def _raised(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, error, trace = record.exc_info
    return {"stackTrace": traceback.format_tb(trace), "errorType": kind.__name__, "errorMessage": str(error)}


def _stamp(moment: float) -> str:
    """As in the guide; the client of 2026 leaves the milliseconds out."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
