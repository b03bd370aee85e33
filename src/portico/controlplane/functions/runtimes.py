"""The runtimes that a function may name."""

import hashlib
import re
from typing import Final

from portico.controlplane.functions.faults import InvalidParameterValueException

RUNTIMES: Final = (
    "nodejs24.x",
    "nodejs22.x",
    "nodejs20.x",
    "nodejs18.x",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "provided.al2023",
    "provided.al2",
)
"""Those that an instance can be started for; whether this machine has the interpreter is known when one is."""

_RETIRED: Final = re.compile(
    r"nodejs|nodejs(?:4\.3(?:-edge)?|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x)|python(?:2\.7|3\.[678])|provided|go1\.x"
    r"|java8|ruby2\.[57]|dotnet(?:core[123]\.[01]|[567])"
)
"""Lambda creates and updates no functions of these any more (guide, "Lambda runtimes")."""
_OTHERS: Final = re.compile(r"java\S+|ruby\S+|dotnet\S+")


def check_runtime(runtime: str) -> None:
    """Raises InvalidParameterValueException."""
    if runtime in RUNTIMES:
        return
    if _RETIRED.fullmatch(runtime):
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    known = ", ".join(RUNTIMES)
    if _OTHERS.fullmatch(runtime):
        raise InvalidParameterValueException(
            f"The runtime {runtime} is not supported by Portico, which runs functions in [{known}]."
        )
    raise InvalidParameterValueException(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{known}] or "
        "be a valid ARN"
    )


def version_arn(runtime: str, region: str) -> str:
    """The ARN that AWS would give the build of a runtime. There are no builds here: one runtime has one name."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"
