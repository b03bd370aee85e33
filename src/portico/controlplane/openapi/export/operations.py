"""The methods of an API as the operations of a document's paths."""

from collections.abc import Collection
from dataclasses import dataclass

from portico.controlplane.openapi.export.dialects import Dialect, Models
from portico.controlplane.openapi.export.integrations import export_integration
from portico.controlplane.openapi.export.order import in_aws_order, ordered
from portico.controlplane.openapi.export.schemas import Schemas
from portico.controlplane.openapi.export.security import Security
from portico.controlplane.openapi.export.settings import validator_name
from portico.controlplane.openapi.export.source import Source
from portico.controlplane.openapi.export.writing import Tree
from portico.controlplane.openapi.locations import Spot
from portico.controlplane.openapi.sayings import DESCRIBED, METHOD, custom, standard
from portico.model.rest import Method, MethodResponse, RequestValidator, Resource
from portico.wire.aws.faults import BadRequestException

_ANY_METHOD = "x-amazon-apigateway-any-method"
_PARAMETERS = {
    "path": ("path", "PATH_PARAMETER"),
    "querystring": ("query", "QUERY_PARAMETER"),
    "header": ("header", "REQUEST_HEADER"),
}
"""Where a method says that a parameter is -> OpenAPI's word for it, and the type of its documentation."""

_MEMBERS = (
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "consumes",
    "produces",
    "parameters",
    "requestBody",
    "responses",
    "security",
)
"""The order of an operation's members; extensions follow."""


@dataclass(frozen=True, slots=True)
class OperationWriter:
    """Writes the paths of one document."""

    source: Source
    dialect: Dialect
    extensions: Collection[str]
    schemas: Schemas
    security: Security

    def paths(self) -> Tree:
        """Every resource that has methods; the others are implied by those below them."""
        items = {one.path: self._item(one) for one in self.source.snapshot.resources if one.resource_methods}
        return {path: items[path] for path in self.dialect.paths(items)}

    def _item(self, resource: Resource) -> Tree:
        said = self.source.documentation.of(Spot("RESOURCE", resource.path))
        item = standard(said, self.dialect.resource_members)
        for verb in self.dialect.verbs:
            if verb in resource.resource_methods:
                name = _ANY_METHOD if verb == "ANY" else verb.lower()
                item[name] = self._operation(resource, resource.resource_methods[verb])
        return {**item, **custom(said)}

    def _operation(self, resource: Resource, method: Method) -> Tree:
        spot = Spot("METHOD", resource.path, _documented_verb(method))
        said = self.source.documentation.of(spot)
        body = self._body(spot, method)
        members: Tree = {
            **standard(said, METHOD),
            "operationId": method.operation_name,
            **self.dialect.media_types(method),
            **body,
            "parameters": [*self._parameters(spot, method), *body.get("parameters", ())],
            "responses": self._responses(spot, method),
            "security": self.security.requirements(method),
        }
        written = {name: members[name] for name in _MEMBERS if members.get(name)}
        return {**written, **self._extensions(resource, method), **custom(said)}

    def _parameters(self, spot: Spot, method: Method) -> list[Tree]:
        written = []
        for declared in ordered(method.request_parameters):
            _, _, where, name = declared.split(".", 3)
            location, kind = _PARAMETERS[where]
            said = self.source.documentation.of(spot._replace(type=kind, name=name))
            required = method.request_parameters[declared]
            parameter = self.dialect.parameter(location, name, required, standard(said, DESCRIBED))
            written.append({**parameter, **custom(said)})
        return written

    def _body(self, spot: Spot, method: Method) -> Tree:
        said = self.source.documentation.of(spot._replace(type="REQUEST_BODY"))
        models = self._json(method.request_models, spot)
        return self.dialect.body(models, self.schemas, standard(said, DESCRIBED))

    def _responses(self, spot: Spot, method: Method) -> Tree:
        return {status: self._response(spot, one) for status, one in sorted(method.method_responses.items())}

    def _response(self, spot: Spot, response: MethodResponse) -> Tree:
        place = spot._replace(type="RESPONSE", status=response.status_code)
        said = self.source.documentation.of(place)
        written = {"description": f"{response.status_code} response", **standard(said, DESCRIBED)}
        names = {name.split(".", 3)[3] for name in response.response_parameters}
        headers = in_aws_order({name: self._header(place, name) for name in names})
        models = self._json(response.response_models, spot)
        return {**written, **self.dialect.answer(models, self.schemas, headers), **custom(said)}

    def _header(self, place: Spot, name: str) -> Tree:
        said = self.source.documentation.of(place._replace(type="RESPONSE_HEADER", name=name))
        return {**self.dialect.header(standard(said, DESCRIBED)), **custom(said)}

    def _json(self, models: Models, spot: Spot) -> Models:
        """The models that are JSON. Raises BadRequestException where there are only others (guide: "Export")."""
        found = {kind: name for kind, name in models.items() if name in self.schemas}
        if models and not found:
            raise BadRequestException(f"Only found non-JSON body models for {spot.method} {spot.path}")
        return found

    def _extensions(self, resource: Resource, method: Method) -> Tree:
        written: Tree = {}
        if "validators" in self.extensions and (validator := self._validator(method)) is not None:
            written["x-amazon-apigateway-request-validator"] = validator_name(validator)
        if "integrations" in self.extensions and method.method_integration is not None:
            written["x-amazon-apigateway-integration"] = export_integration(method.method_integration, resource.id)
        if "postman" in self.extensions and method.authorization_type == "AWS_IAM":
            written["x-postman-meta"] = _postman_signs(self.source.region)
        return written

    def _validator(self, method: Method) -> RequestValidator | None:
        known = self.source.snapshot.request_validators
        return next((one for one in known if one.id == method.request_validator_id), None)


def _documented_verb(method: Method) -> str:
    """ANY is documented under the sign for any method (guide: METHOD entities)."""
    return "*" if method.http_method == "ANY" else method.http_method


def _postman_signs(region: str) -> Tree:
    """What tells Postman to sign: its importer reads this member of an operation (postmanlabs/openapi-to-postman)."""
    attributes = {"id": "awsSigV4", "region": region, "saveToRequest": True, "service": "execute-api"}
    return {"currentHelper": "awsSigV4", "helperAttributes": attributes}
