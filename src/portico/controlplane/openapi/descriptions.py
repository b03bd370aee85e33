"""The descriptions, summaries and tags that stand at a document's entities, as documentation parts of them."""

from collections.abc import Iterable

from portico.controlplane.openapi.documentation import Descriptions, Part
from portico.controlplane.openapi.place import Place
from portico.controlplane.openapi.sayings import API, DESCRIBED, INFO, METHOD, RESOURCE, standard

_KINDS = {"query": "QUERY_PARAMETER", "header": "REQUEST_HEADER", "path": "PATH_PARAMETER"}
_BODY = "body"
_INFO = tuple(name for name in INFO if name != "description")
"""The description of an API is a member of its own."""
_AUTHORIZER = "x-amazon-apigateway-authorizer"


class EntityDescriptions:
    """Told of each entity while the document is read; knows the parts at the end."""

    def __init__(self, root: Place, said: Descriptions) -> None:
        self._said = said
        info = root.get("info")
        stated = standard(info.mapping(), _INFO) if info is not None else {}
        said.say({**standard(root.mapping(), API), "info": stated}, "API")

    def of_resource(self, path: str, item: Place) -> None:
        self._said.say(standard(item.mapping(), RESOURCE), "RESOURCE", path=path)

    def of_method(
        self, path: str, verb: str, operation: Place, parameters: Iterable[Place], statuses: Iterable[str]
    ) -> None:
        """`statuses` are those of the responses that the method has."""
        at = {"path": path, "method": "*" if verb == "ANY" else verb}
        self._said.say(standard(operation.mapping(), METHOD), "METHOD", **at)
        self._of_request(at, operation, parameters)
        responses = operation.get("responses")
        for status in statuses:
            response = responses.get(status) if responses is not None else None
            if response is not None:
                self._of_response({**at, "statusCode": status}, response)

    def finish(self, schemes: Place | None) -> list[Part]:
        """The parts, those of the authorizers with them."""
        for name, scheme in schemes.members() if schemes is not None else ():
            if scheme.get(_AUTHORIZER) is not None:
                self._said.say(standard(scheme.mapping(), DESCRIBED), "AUTHORIZER", name=name)
        return self._said.parts

    def _of_request(self, at: dict[str, str], operation: Place, parameters: Iterable[Place]) -> None:
        body = operation.get("requestBody")
        if body is not None:
            self._said.say(standard(body.mapping(), DESCRIBED), "REQUEST_BODY", **at)
        for parameter in parameters:
            said, where = standard(parameter.mapping(), DESCRIBED), parameter.mapping().get("in")
            if where == _BODY:
                self._said.say(said, "REQUEST_BODY", **at)
            elif where in _KINDS:
                self._said.say(said, _KINDS[where], **at, name=str(parameter.mapping()["name"]))

    def _of_response(self, at: dict[str, str], response: Place) -> None:
        """What an export writes where nothing is said, `200 response`, says nothing."""
        said = standard(response.mapping(), DESCRIBED)
        if said.get("description") != f"{at['statusCode']} response":
            self._said.say(said, "RESPONSE", **at)
        headers = response.get("headers")
        for name, header in headers.members() if headers is not None else ():
            self._said.say(standard(header.mapping(), DESCRIBED), "RESPONSE_HEADER", **at, name=name)
