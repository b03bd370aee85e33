"""One operation of a path: its parameters, bodies, responses, protection and integration, as an ImportedMethod."""

import re
from dataclasses import dataclass

from portico.controlplane.openapi.bodies import Dialect
from portico.controlplane.openapi.descriptions import EntityDescriptions
from portico.controlplane.openapi.form import ImportedMethod
from portico.controlplane.openapi.integrations import Spot, read_integration
from portico.controlplane.openapi.place import Place
from portico.controlplane.openapi.schemas import Models
from portico.controlplane.openapi.security import read_protection
from portico.ports.store import Document

VERBS = {verb: verb.upper() for verb in ("get", "put", "post", "delete", "patch", "options", "head")} | {
    "x-amazon-apigateway-any-method": "ANY"
}
_NO_VERBS = frozenset({"$ref", "summary", "description", "servers", "parameters"})
"""What else a path item may have. Any other member is taken for a verb that is none, or is misspelt."""
_INTEGRATION = "x-amazon-apigateway-integration"
_VALIDATOR = "x-amazon-apigateway-request-validator"

_LOCATIONS = {"query": "querystring", "header": "header", "path": "path"}
_PATH_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")
_STATUS = re.compile(r"[1-5]\d\d")


@dataclass(slots=True)
class OperationReader:
    """Reads the operations of one document."""

    root: Place
    dialect: Dialect
    models: Models
    validators: dict[str, Document]
    warnings: list[str]
    descriptions: EntityDescriptions

    def read_path(self, path: str, item: Place) -> dict[str, ImportedMethod]:
        """The methods of the path item, by verb. `path` is the whole path, with what the base path made of it."""
        methods: dict[str, ImportedMethod] = {}
        self.descriptions.of_resource(path, item)
        for name, operation in item.members():
            if name in VERBS:
                methods[VERBS[name]] = self._read(path, VERBS[name], item, operation)
            elif name not in _NO_VERBS and not name.startswith("x-"):
                self.warnings.append(f"Method '{name.upper()}' of resource '{path}' is not supported. Ignoring.")
        return methods

    def _read(self, path: str, verb: str, item: Place, operation: Place) -> ImportedMethod:
        spot = Spot(path, verb, self.warnings)
        parameters = _parameters(item, operation)
        schemes = self.root.dig(*self.dialect.security_schemes)
        method = ImportedMethod(operation.pointer, read_protection(operation, self.root, schemes))
        if (name := operation.get("operationId")) is not None:
            method.operation_name = name.text()
        method.request_parameters = self._request_parameters(spot, parameters)
        method.request_validator = self._validator(operation)
        method.request_models = self._request_models(method, operation, parameters)
        method.method_responses = self._method_responses(spot, operation)
        if (integration := operation.get(_INTEGRATION)) is not None:
            method.integration = read_integration(integration, spot)
        self.descriptions.of_method(path, verb, operation, parameters, list(method.method_responses))
        return method

    def _request_parameters(self, spot: Spot, parameters: list[Place]) -> dict[str, bool]:
        """Declared ones, and the path's own: those are required whatever is said of them (recorded fact 100)."""
        read: dict[str, bool] = {}
        for parameter in parameters:
            where, name = _text(parameter, "in"), _text(parameter, "name")
            required = parameter.get("required")
            if where in _LOCATIONS:
                read[f"method.request.{_LOCATIONS[where]}.{name}"] = required is not None and required.flag()
            elif where != "body":
                self.warnings.append(
                    f"Parameter '{name}' in '{where}' of resource '{spot.path}' and method '{spot.verb}' "
                    "is not supported. Ignoring."
                )
        read.update({f"method.request.path.{name}": True for name in _PATH_PARAMETER.findall(spot.path)})
        return read

    def _validator(self, operation: Place) -> str | None:
        place = operation.get(_VALIDATOR) or self.root.get(_VALIDATOR)
        if place is None:
            return None
        if place.text() not in self.validators:
            raise place.refuse(f"there is no request validator '{place.text()}'")
        return place.text()

    def _request_models(self, method: ImportedMethod, operation: Place, parameters: list[Place]) -> dict[str, str]:
        """A body that is to be validated must have its model: a missing one is then no mere warning."""
        validated = self.validators.get(method.request_validator or "", {}).get("validateRequestBody")
        models: dict[str, str] = {}
        for media_type, schema in self.dialect.request_bodies(self.root, operation, parameters).items():
            name = self.models.of_request(schema)
            if name is not None:
                models[media_type] = name
            elif validated and schema.reference() is not None:
                raise schema.refuse("the model that the body is to be validated against does not exist")
        return models

    def _method_responses(self, spot: Spot, operation: Place) -> dict[str, Document]:
        responses: dict[str, Document] = {}
        place = operation.get("responses")
        for status, response in place.members() if place is not None else ():
            if _STATUS.fullmatch(status):
                responses[status] = self._method_response(status, operation, response)
            elif not status.startswith("x-"):
                self.warnings.append(
                    f"Response '{status}' of resource '{spot.path}' and method '{spot.verb}' has no status code. "
                    "Ignoring."
                )
        return responses

    def _method_response(self, status: str, operation: Place, response: Place) -> Document:
        document: Document = {"statusCode": status}
        headers = response.get("headers")
        names = list(headers.mapping()) if headers is not None else []
        if names:
            document["responseParameters"] = {f"method.response.header.{name}": False for name in names}
        bodies = self.dialect.response_bodies(self.root, operation, response)
        named = {media_type: self.models.of_response(schema) for media_type, schema in bodies.items()}
        models = {media_type: name for media_type, name in named.items() if name is not None}
        if models:
            document["responseModels"] = models
        return document


def _parameters(item: Place, operation: Place) -> list[Place]:
    """The path's parameters and the operation's, which take the place of those of the same name and location."""
    merged: dict[tuple[str, str], Place] = {}
    for owner in (item, operation):
        stated = owner.get("parameters")
        for parameter in stated.items() if stated is not None else ():
            merged[_text(parameter, "in"), _text(parameter, "name")] = parameter
    return list(merged.values())


def _text(place: Place, member: str) -> str:
    stated = place.get(member)
    if stated is None:
        raise place.refuse(f"'{member}' is missing")
    return stated.text()
