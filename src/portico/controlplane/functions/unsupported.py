"""What Lambda has and Portico does not: asking for it is refused, because a function without it would not be the same.

An empty value asks for nothing, as templates and terraform write it. What is accepted without effect is told in
docs/fidelity.md.
"""

from typing import Any, Final, NoReturn

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.operation import Params

REASONS: Final = {
    "Layers": "layers are not built; put what they hold into the zip",
    "VpcConfig": "functions run on this machine, in its network",
    "S3FilesConfig": "buckets are not mounted",
    "DeadLetterConfig": "dead-letter queues are not built, and what failed would be lost without a trace",
    "KMSKeyArn": "environments and code are not encrypted with keys of KMS",
    "SourceKMSKeyArn": "environments and code are not encrypted with keys of KMS",
    "CodeSigningConfigArn": "signatures of code are not checked",
    "ImageConfig": "container images are not run",
    "TenancyConfig": "instances are not kept apart by tenant",
    "CapacityProviderConfig": "capacity providers are not built",
    "DurableConfig": "durable executions are not built",
    "DurableExecutionName": "durable executions are not built",
    "TenantId": "instances are not kept apart by tenant",
    "RuntimeConfig": "only AWS's own names of runtimes are known",
    "AcceleratorConfig": "accelerators are not handed out",
    "PublishTo": "capacity providers are not built",
}
"""Member of a request, and why it is refused."""


def refuse_unsupported(params: Params) -> None:
    """Raises InvalidParameterValueException naming what cannot be honoured."""
    for member, reason in REASONS.items():
        if asks_for_something(params.get(member)):
            raise InvalidParameterValueException(f"{member} is not supported by Portico: {reason}.")


def refuse_other_code(code: Params) -> NoReturn:
    """Of a function whose code is not sent with the request. Raises InvalidParameterValueException."""
    if code.get("ImageUri"):
        raise InvalidParameterValueException("Code.ImageUri is not supported by Portico: container images are not run.")
    if any(code.get(member) for member in S3_MEMBERS):
        raise InvalidParameterValueException(
            "Code.S3Bucket is not supported by Portico: no S3 endpoint is configured. Send the zip as Code.ZipFile."
        )
    raise InvalidParameterValueException("Please provide a source for function code.")


S3_MEMBERS: Final = ("S3Bucket", "S3Key", "S3ObjectVersion", "S3ObjectStorageMode")


def asks_for_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(asks_for_something(one) for one in value.values())
    return bool(value)
