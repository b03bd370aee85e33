"""Where a method, its responses and its integration live: inside the document of their resource.

AWS's word for what is missing depends on the call that looks for it (recorded facts 9, 58 and 59), so whoever looks
says which part it needs and gets the refusal of that part.
"""

from portico.controlplane.operation import Call
from portico.controlplane.rest.lookups import require_resource
from portico.ports.store import Document
from portico.wire.aws.faults import NotFoundException

NO_METHOD = "Invalid Method identifier specified"
NO_INTEGRATION = "Invalid Integration identifier specified"
NO_STATUS = "Invalid Response status code specified"


class MethodPlace:
    """The method that a call names, with the resource that holds it. `save` writes what was changed in place."""

    __slots__ = ("_call", "resource", "verb")

    def __init__(self, call: Call) -> None:
        """Raises NotFoundException for an unknown resource, and in the same words for an unknown API."""
        self._call = call
        self.resource = require_resource(call)
        self.verb: str = call.params["httpMethod"]

    @property
    def methods(self) -> Document:
        found: Document = self.resource.setdefault("resourceMethods", {})
        return found

    def method(self, missing: str = NO_METHOD) -> Document:
        """The method's document. Raises NotFoundException(`missing`)."""
        return _entry(self.methods, self.verb, missing)

    def integration(self, missing_method: str = NO_METHOD) -> Document:
        """The method's integration. Raises NotFoundException, for a missing method as `missing_method`."""
        return _entry(self.method(missing_method), "methodIntegration", NO_INTEGRATION)

    def method_response(self) -> Document:
        """The response declared for the call's `statusCode`. Raises NotFoundException."""
        return _entry(self.method().get("methodResponses") or {}, self._call.params["statusCode"], NO_STATUS)

    def integration_response(self, missing_method: str = NO_METHOD) -> Document:
        """The integration's response for the call's `statusCode`. Raises NotFoundException."""
        responses = self.integration(missing_method).get("integrationResponses") or {}
        return _entry(responses, self._call.params["statusCode"], NO_STATUS)

    def save(self) -> None:
        if not self.resource.get("resourceMethods"):
            self.resource.pop("resourceMethods", None)
        self._call.unit.put("resource", self._call.params["restApiId"], self.resource["id"], self.resource)


def remove_response(owner: Document, member: str, status: str) -> None:
    """Take a response out of `owner`, and its map with the last one: AWS answers no empty map of responses."""
    responses = owner[member]
    del responses[status]
    if not responses:
        del owner[member]


def _entry(owner: Document, key: str, missing: str) -> Document:
    found: Document | None = owner.get(key)
    if found is None:
        raise NotFoundException(missing)
    return found
