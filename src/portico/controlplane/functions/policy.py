"""A function's resource policy as AWS writes it: one statement for each AddPermission."""

import json
import re
from typing import Any, Final

from portico.controlplane.functions.faults import InvalidParameterValueException, PolicyLengthExceededException
from portico.controlplane.operation import Params
from portico.ports.store import Document

MAX_POLICY: Final = 20_480
"""Bytes of a policy: Lambda's quota of 20 KB."""

_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)
_ARN: Final = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+", re.ASCII)
_SERVICE: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?|[a-z0-9-]+\.alexa\.com", re.ASCII)

_CONDITIONS: Final = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)
"""Parameter of AddPermission, operator, key: in the order in which AWS writes them."""


def statement(params: Params, resource: str) -> Document:
    """The statement that AddPermission adds. Raises InvalidParameterValueException for a principal that is none."""
    made: Document = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"]),
        "Action": params["Action"],
        "Resource": resource,
    }
    condition: dict[str, dict[str, str]] = {}
    for member, operator, key in _CONDITIONS:
        value = params.get(member)
        if value is not None:
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else value
    return {**made, "Condition": condition} if condition else made


def _principal(text: str) -> Any:
    if text == "*":
        return text
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _ARN.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


def statement_text(one: Document) -> str:
    return json.dumps(one, separators=(",", ":"), ensure_ascii=False)


def policy_text(statements: list[Document]) -> str:
    """Raises PolicyLengthExceededException."""
    text = statement_text({"Version": "2012-10-17", "Id": "default", "Statement": statements})
    size = len(text.encode())
    if size > MAX_POLICY:
        raise PolicyLengthExceededException(f"The final policy size ({size}) is bigger than the limit ({MAX_POLICY}).")
    return text
