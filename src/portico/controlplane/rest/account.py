"""The account: its CloudWatch role, its limits, its features."""

import re

from portico.controlplane.operation import Call, operation
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_KEY = ("account", "", "account")
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")


@operation("GetAccount")
def get_account(call: Call) -> Document:
    return call.unit.get(*_KEY) or _new_account()


@operation("UpdateAccount")
def update_account(call: Call) -> Document:
    document = call.unit.get(*_KEY) or _new_account()
    _PATCH.apply(document, call.params.get("patchOperations"))
    call.unit.put(*_KEY, document)
    return document


def _new_account() -> Document:
    # The quotas of an account in a large region (guide, "API Gateway quotas"); the rest is what AWS answers today.
    return {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }


def _replace_role(document: Document, edit: Edit) -> None:
    if not edit.value:
        document.pop("cloudwatchRoleArn", None)
    elif _ROLE.fullmatch(edit.value):
        document["cloudwatchRoleArn"] = edit.value
    else:
        raise BadRequestException("The role ARN is not well formed")  # terraform-provider-aws, apigateway/account.go


def _add_feature(document: Document, edit: Edit) -> None:
    # UsagePlans is the only feature there is, and every account has it.
    if edit.value not in document["features"]:
        raise BadRequestException(f"Invalid feature specified: {edit.value}")


def _remove_feature(document: Document, edit: Edit) -> None:
    if edit.value == "UsagePlans":  # the guide's PATCH table: "but not for the UsagePlans feature"
        raise BadRequestException("Usage Plans cannot be disabled once enabled")
    raise BadRequestException(f"Invalid feature specified: {edit.value}")


_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    Rule("/cloudwatchRoleArn", {"replace": _replace_role}),
    Rule("/features", {"add": _add_feature, "remove": _remove_feature}),
)
