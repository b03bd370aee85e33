"""Writes an imported definition into an API, through the same operations that a client would call one by one.

So an import obeys their rules and stores their documents, and what they refuse is collected in AWS's form:

    Errors found during import:
        Unable to put integration on 'GET' for resource at path '/': Invalid HTTP endpoint specified for URI
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portico.controlplane.openapi.form import ImportedApi, ImportedMethod
from portico.controlplane.openapi.schemas import schema_text
from portico.controlplane.operation import OPERATIONS, Call
from portico.controlplane.rest.authorizers import new_authorizer
from portico.controlplane.rest.documentationparts import put_parts
from portico.controlplane.rest.gatewayresponses import DEFAULT_STATUS
from portico.controlplane.rest.methodplace import MethodPlace
from portico.controlplane.rest.resourcetree import ResourceTree
from portico.ports.store import Document
from portico.wire.aws.faults import AwsError, BadRequestException

_PARTS = ("model", "requestvalidator", "authorizer", "gatewayresponse")


def erase_definition(call: Call, api: Document) -> None:
    """Take away all that a document can define, but for the root resource itself: what overwriting begins with."""
    for kind in _PARTS:
        for key, _ in call.unit.find(kind, api["id"]):
            call.unit.delete(kind, api["id"], key)
    for key, _ in call.unit.find("resource", api["id"]):
        call.unit.delete("resource", api["id"], key)
    root = api["rootResourceId"]
    call.unit.put("resource", api["id"], root, {"id": root, "path": "/"})


def write_definition(call: Call, api: Document, imported: ImportedApi) -> None:
    """Add what was imported to the API; what has the same name, type or path and verb is replaced under its old id.

    Raises BadRequestException with all that was refused; the transaction must then be given up.
    """
    writer = _Writer(call, api)
    writer.write_parts(imported)
    for path in sorted(imported.resources):
        writer.write_resource(path, imported.resources[path])
    put_parts(call, api["id"], imported.documentation, overwrite=False)
    if writer.errors:
        raise BadRequestException(_told(writer.errors, [*imported.warnings, *writer.warnings]))


def _told(errors: list[str], warnings: list[str]) -> str:
    """In AWS's layout, as callers have published it: what was warned of stands behind what went wrong."""
    lines = "\n\t".join(["Errors found during import:", *errors])
    return "\n\t".join([f"{lines}\nAdditionally, these warnings were found:", *warnings]) if warnings else lines


class _Writer:
    def __init__(self, call: Call, api: Document) -> None:
        self._call = call
        self._api_id: str = api["id"]
        self._tree = ResourceTree(call.unit, self._api_id)
        self._by_path = {node["path"]: node for node in self._tree.nodes.values()}
        self._authorizers = {row["name"]: key for key, row in call.unit.find("authorizer", self._api_id)}
        self._validators = {row.get("name"): key for key, row in call.unit.find("requestvalidator", self._api_id)}
        self._refused_models: set[str] = set()
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def _run(self, name: str, params: dict[str, Any]) -> Document:
        call = Call({"restApiId": self._api_id, **params}, self._call.unit, self._call.realm)
        ran = OPERATIONS["apigateway", name].run(call)
        assert isinstance(ran, dict), "no operation of API Gateway waits for a function"
        return ran

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except AwsError as error:
            self.errors.append(f"{what}: {error.message}")

    # What stands beside the resources

    def write_parts(self, imported: ImportedApi) -> None:
        for name, model in imported.models.items():
            failed = len(self.errors)
            with self._doing(f"Unable to create model for '{name}'"):
                self._write_model(model)
            if len(self.errors) > failed:
                self._refused_models.add(name)
        for name, validator in imported.request_validators.items():
            with self._doing(f"Unable to create request validator '{name}'"):
                self._write_validator(name, validator)
        for name, authorizer in imported.authorizers.items():
            with self._doing(f"Unable to create authorizer '{name}'"):
                self._write_authorizer(name, authorizer)
        for kind, response in imported.gateway_responses.items():
            with self._doing(f"Unable to put gateway response '{kind}'"):
                if kind not in DEFAULT_STATUS:
                    raise BadRequestException("Invalid gateway response type specified")
                self._run("PutGatewayResponse", response)

    def _write_model(self, model: Document) -> None:
        before = self._call.unit.get("model", self._api_id, model["name"])
        self._call.unit.delete("model", self._api_id, model["name"])
        written = self._run("CreateModel", {**model, "schema": schema_text(model["schema"], self._api_id)})
        if before is not None:
            self._call.unit.put("model", self._api_id, model["name"], {**written, "id": before["id"]})

    def _write_validator(self, name: str, validator: Document) -> None:
        before = self._validators.get(name)
        if before is not None:
            self._call.unit.put("requestvalidator", self._api_id, before, {"id": before, **validator})
        else:
            self._validators[name] = self._run("CreateRequestValidator", validator)["id"]

    def _write_authorizer(self, name: str, authorizer: Document) -> None:
        key = self._authorizers.get(name) or self._call.realm.new_id(6)
        document = new_authorizer(key, authorizer)
        if "authorizerResultTtlInSeconds" not in authorizer:
            document.pop("authorizerResultTtlInSeconds", None)  # not shown where the document is silent: fact 101
        self._call.unit.put("authorizer", self._api_id, key, document)
        self._authorizers[name] = key

    # Resources and their methods

    def write_resource(self, path: str, methods: dict[str, ImportedMethod]) -> None:
        with self._doing(f"Unable to create resource at path '{path}'"):
            resource = self._resource(path)
            for verb in sorted(methods):
                self._write_method(resource["id"], path, verb, methods[verb])

    def _resource(self, path: str) -> Document:
        """The resource at the path, made together with those above it where they are not there (recorded fact 97)."""
        missing: list[str] = []
        while path not in self._by_path:
            path, _, part = path.rpartition("/")
            path = path or "/"
            missing.append(part)
        resource = self._by_path[path]
        for part in reversed(missing):
            resource = {"id": self._call.realm.new_id(6), "parentId": resource["id"], "pathPart": part}
            self._tree.place(resource)
            self._tree.save_from(resource)
            self._by_path[resource["path"]] = resource
        return resource

    def _write_method(self, resource_id: str, path: str, verb: str, method: ImportedMethod) -> None:
        spot = {"resourceId": resource_id, "httpMethod": verb}
        failed = len(self.errors)
        with self._doing(f"Unable to put method '{verb}' on resource at path '{path}'"):
            self._forget_method(spot)
            self._check_models(method)
            self._run("PutMethod", {**spot, **self._method_params(method)})
            for response in method.method_responses.values():
                self._run("PutMethodResponse", {**spot, **response})
        if len(self.errors) == failed and method.integration is not None:
            self._write_integration(spot, path, method.integration)

    def _forget_method(self, spot: Document) -> None:
        place = MethodPlace(Call({"restApiId": self._api_id, **spot}, self._call.unit, self._call.realm))
        if place.methods.pop(place.verb, None) is not None:
            place.save()

    def _check_models(self, method: ImportedMethod) -> None:
        """A model that could not be created is none to a method either; AWS says so twice, and calls it null."""
        used = [
            method.request_models,
            *(response.get("responseModels") for response in method.method_responses.values()),
        ]
        refused = [name for models in used for name in (models or {}).values() if name in self._refused_models]
        self.warnings += [f"Reference to model '{name}' not found. Ignoring." for name in dict.fromkeys(refused)]
        if refused:
            raise BadRequestException("Invalid model identifier specified: null")

    def _method_params(self, method: ImportedMethod) -> Document:
        protection = method.protection
        params: Document = {
            "authorizationType": protection.authorization_type,
            "apiKeyRequired": protection.api_key_required,
            "operationName": method.operation_name,
            "requestParameters": method.request_parameters,
            "requestModels": method.request_models,
            "authorizationScopes": protection.scopes,
        }
        if protection.authorizer is not None:
            params["authorizerId"] = self._authorizers.get(protection.authorizer)
        if method.request_validator is not None:
            params["requestValidatorId"] = self._validators.get(method.request_validator)
        return params

    def _write_integration(self, spot: Document, path: str, integration: Document) -> None:
        at = f"'{spot['httpMethod']}' for resource at path '{path}'"
        params = {name: value for name, value in integration.items() if name != "responses"}
        failed = len(self.errors)
        with self._doing(f"Unable to put integration on {at}"):
            self._run("PutIntegration", {**spot, **params})
        for response in integration["responses"] if len(self.errors) == failed else ():
            with self._doing(f"Unable to put integration response on {at}"):
                self._run("PutIntegrationResponse", {**spot, **response})
