"""The document of an import, parsed before the transaction: the largest takes seconds, in which nobody could write."""

from portico.controlplane.openapi.reading import parse
from portico.controlplane.operation import Params
from portico.wire.aws.faults import BadRequestException


def parsed(params: Params) -> Params:
    """With `parsed`: what the parsers make of `body`, to be settled, or the BadRequestException that says why it is
    none. It is raised once the API is known to be there.
    """
    try:
        return {**params, "parsed": parse(params["body"])}
    except BadRequestException as refused:
        return {**params, "parsed": refused}
