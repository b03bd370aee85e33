"""LoggingConfig: in which form a function's log is written, and how much of it."""

from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.operation import Params
from portico.model.function import JsonLogging
from portico.ports.store import Document

LEVELS: Final = ("ApplicationLogLevel", "SystemLogLevel")
_USUAL_LEVEL: Final = "INFO"
"""Guide, "Log-level filtering": of either kind, as long as nobody chose."""


def logging_config(kept: Document, asked: Params) -> Document:
    """What is kept once `asked` is taken over: a member that is not given stays as it is, but for levels, which go
    with the format JSON. Raises InvalidParameterValueException."""
    log_format = asked.get("LogFormat") or kept["LogFormat"]
    levels = {}
    if log_format == "JSON":
        levels = {level: asked.get(level) or kept.get(level) or _USUAL_LEVEL for level in LEVELS}
    elif any(asked.get(level) for level in LEVELS):
        # Lambda's words.
        raise InvalidParameterValueException(
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
            'the LogFormat to "Json" and try again.'
        )
    return {"LogFormat": log_format, **levels, "LogGroup": asked.get("LogGroup") or kept["LogGroup"]}


def json_logging(kept: Document) -> JsonLogging | None:
    """What instances know of it; None: text."""
    if kept["LogFormat"] != "JSON":
        return None
    application, system = (kept[level] for level in LEVELS)
    return JsonLogging(application_level=application, system_level=system)
