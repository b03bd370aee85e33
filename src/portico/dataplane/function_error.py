"""What becomes of a function's error: a Fault whose cause is the function's own message."""

from typing import Final

from portico.dataplane.fault import FUNCTION_ERROR, Fault
from portico.ports.functions import FunctionAnswer
from portico.wire.lambda_answers import error_message

_LONGEST_MESSAGE: Final = 1024
"""Characters of a function's error message that the operator's log gets: AWS cuts its events there too."""


def function_error(answer: FunctionAnswer) -> Fault:
    """What a client is told of a function that failed; the operator gets the function's own message."""
    message = error_message(answer.payload)
    told = "no errorMessage" if message is None else message[:_LONGEST_MESSAGE]
    words = f"Lambda execution failed with status {answer.status} due to customer function error: {told}"
    return Fault(FUNCTION_ERROR, cause=f"the function failed ({answer.error}): {told}", words=words)
