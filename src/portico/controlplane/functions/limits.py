"""What a function's configuration may be, beyond the model's rules: Lambda's quotas, what a process can be given, and
whose role it is. All of it is refused here, so that nothing is left to fail when an instance starts.
"""

import re
from typing import Any, Final

import msgspec

from portico.controlplane.functions.faults import AccessDeniedException, InvalidParameterValueException
from portico.controlplane.functions.runtimes import check_runtime
from portico.controlplane.functions.unsupported import refuse_unsupported
from portico.controlplane.operation import Params, Realm
from portico.wire.aws.constraints import refuse, unmet

_CEILINGS: Final = {"Timeout": 900, "MemorySize": 10_240}
"""Lambda's quotas. The model's own are those of capacity providers, which are not built."""
MAX_STORAGE: Final = 10_240
"""Megabytes of /tmp."""
MAX_ENVIRONMENT: Final = 4096
"""Bytes of all variables together, as JSON."""

_RESERVED: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Guide, "Using Lambda environment variables", the reserved ones."""

_ENVIRONMENT_REFUSED: Final = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)

_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def check_configuration(realm: Realm, params: Params) -> None:
    """Raises InvalidParameterValueException, ValidationException, AccessDeniedException."""
    refuse_unsupported(params)
    for member, most in _CEILINGS.items():
        _bound(params.get(member), member[0].lower() + member[1:], most)
    _bound((params.get("EphemeralStorage") or {}).get("Size"), "ephemeralStorage.size", MAX_STORAGE)
    if params.get("Runtime"):
        check_runtime(params["Runtime"])
    _check_handler(params.get("Handler") or "")
    _check_environment((params.get("Environment") or {}).get("Variables") or {})
    if params.get("Role"):
        _check_role(realm, params["Role"])


def _check_handler(handler: str) -> None:
    """The model's pattern takes every character that is no space, and a NUL is none. What Lambda says is not known."""
    if _CONTROL.search(handler):
        raise InvalidParameterValueException("The handler has a control character: no function can be called so.")


def _check_role(realm: Realm, arn: str) -> None:
    """The model has checked its form."""
    if arn.split(":")[4] != realm.account_id:
        raise AccessDeniedException("Cross-account pass role is not allowed.")


def _bound(value: int | None, where: str, most: int) -> None:
    if value is not None and value > most:
        refuse(unmet(value, where, f"Member must have value less than or equal to {most}"))


def _check_environment(variables: dict[str, Any]) -> None:
    reserved = [name for name in variables if name in _RESERVED]
    if reserved:
        raise InvalidParameterValueException(
            f"{_ENVIRONMENT_REFUSED}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    if any("\0" in value for value in variables.values()):  # no process could be given it
        raise InvalidParameterValueException(f"{_ENVIRONMENT_REFUSED}contains a value with a NUL character.")
    measured = msgspec.json.encode(variables)
    if len(measured) > MAX_ENVIRONMENT:
        raise InvalidParameterValueException(
            f"{_ENVIRONMENT_REFUSED}exceeded the 4KB limit. String measured: {measured.decode()}"
        )
