"""RevisionId: an edit that applies only to what its author has seen."""

from portico.controlplane.functions.faults import PreconditionFailedException
from portico.controlplane.operation import Params
from portico.ports.store import Document


def check_revision(params: Params, document: Document, source: str = "GetFunction or the GetAlias") -> None:
    """Raises PreconditionFailedException where `params` name another revision than `document`'s."""
    wanted = params.get("RevisionId")
    if wanted and wanted != document["RevisionId"]:
        raise PreconditionFailedException(
            "The RevisionId provided does not match the latest RevisionId. "
            f"Call the {source} API to retrieve the latest RevisionId for your resource."
        )
