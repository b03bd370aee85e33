"""Lambda functions as Standing knows them: one record holds all versions, aliases and policies of one function.

Standing kind "function", key the function's name. `arn:aws:lambda:{region}:{account}:function:{name}` is made of it.
"""

from typing import Any, Final

import msgspec

from portico.model.record import Record

LATEST: Final = "$LATEST"


class FileSystem(Record, frozen=True, kw_only=True):
    """What Lambda's FileSystemConfig names: a folder that functions share."""

    access_point: str
    """`fsap-` and hexadecimal digits, of the ARN's end."""
    path: str
    """Where the function has it: `/mnt/…`."""


class JsonLogging(Record, frozen=True, kw_only=True):
    """Lambda's LoggingConfig with the format JSON."""

    application_level: str
    """TRACE, DEBUG, INFO, WARN, ERROR or FATAL: what the function logs below it is left out."""
    system_level: str
    """DEBUG, INFO or WARN: the same of Lambda's own lines."""


class FunctionVersion(Record, frozen=True, kw_only=True):
    """What an instance is started from. Two equal versions may share instances."""

    version: str
    """`$LATEST` or a number."""
    code: str
    """SHA-256 in hex of the zip, which is kept like a Snapshot."""
    runtime: str
    """`python3.12`, `nodejs20.x`, `provided.al2023` …"""
    handler: str = ""
    role: str = ""
    timeout: int = 3
    """Seconds."""
    memory_size: int = 128
    """Megabytes."""
    ephemeral_storage: int = 512
    """Megabytes of /tmp."""
    environment: dict[str, str] = {}
    file_systems: tuple[FileSystem, ...] = ()
    log_group: str | None = None
    """None: `/aws/lambda/{name}`."""
    json_logging: JsonLogging | None = None
    """None: the log is text."""
    revision: str = ""
    """Changes with every update: instances of another revision take no more calls."""


class Alias(Record, frozen=True, kw_only=True):
    version: str
    weights: dict[str, float] = {}
    """Version to its part of the calls; the rest goes to `version`."""


class FunctionStanding(Record, frozen=True, kw_only=True):
    name: str
    versions: dict[str, FunctionVersion] = {}
    """By version, `$LATEST` included."""
    aliases: dict[str, Alias] = {}
    policies: dict[str, str] = {}
    """Resource policies as JSON text, by qualifier; "" for the unqualified function."""
    reserved_concurrency: int | None = None
    """None: unreserved. 0: every call is throttled."""
    maximum_retry_attempts: int = 2
    """Of asynchronous invocations."""
    maximum_event_age: int = 21_600
    """Seconds."""


def decode_function(value: dict[str, Any]) -> FunctionStanding:
    """A function's Standing from its record. Raises msgspec.ValidationError on anything that is not one."""
    return msgspec.convert(value, FunctionStanding)
