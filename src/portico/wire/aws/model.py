"""The services whose wire API Portico answers, read from botocore's own models.

A service is added by naming it: `load("apigateway")`. What its operations take and answer is resolved as they are
called, so that loading costs the parsing of one JSON file.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from botocore.loaders import Loader

from portico.wire.aws.routing import Match, Query, Router
from portico.wire.aws.shapes import Raw, Shape, Shapes


@dataclass(frozen=True, eq=False)
class OperationModel:
    """One operation as the model tells it."""

    service: str
    """The model's name."""
    name: str
    method: str
    request_uri: str
    status: int
    """Of a success, where no member carries it. For apigateway the model agrees with recorded fact 36."""
    input: Shape
    output: Shape

    @property
    def input_name(self) -> str:
        """The input's name in validation messages, whatever the model calls its shape (recorded facts 2 to 4)."""
        return f"{self.name[0].lower()}{self.name[1:]}Input"


class ServiceModel:
    """One service: its operations by name and by request."""

    def __init__(self, name: str, raw: Raw) -> None:
        self.name = name
        self._raw = raw
        self._shapes = Shapes(raw["shapes"])
        self._operations: dict[str, OperationModel] = {}

    @property
    def signing_name(self) -> str:
        """The service in the credential scope of requests meant for it."""
        metadata: Raw = self._raw["metadata"]
        return str(metadata.get("signingName", metadata["endpointPrefix"]))

    @property
    def operation_names(self) -> frozenset[str]:
        return frozenset(self._raw["operations"])

    def operation(self, name: str) -> OperationModel:
        """Raises KeyError where the model has no such operation."""
        built = self._operations.get(name)
        if built is None:
            built = self._operations[name] = self._build(name, self._raw["operations"][name])
        return built

    def _build(self, name: str, raw: Raw) -> OperationModel:
        http = raw["http"]
        return OperationModel(
            service=self.name,
            name=name,
            method=http["method"],
            request_uri=http["requestUri"],
            status=http.get("responseCode", 200),
            input=self._shape_of(raw.get("input")),
            output=self._shape_of(raw.get("output")),
        )

    def _shape_of(self, reference: Raw | None) -> Shape:
        return self._shapes.empty() if reference is None else self._shapes.named(reference["shape"])

    @cached_property
    def _router(self) -> Router[str]:
        router: Router[str] = Router()
        for name, raw in self._raw["operations"].items():
            router.add(raw["http"]["method"], raw["http"]["requestUri"], name)
        return router

    def route(self, method: str, path: str, query: Query) -> Match[str] | None:
        """The name of the operation that a request asks for, with its labels; `path` still percent-encoded."""
        return self._router.match(method, path, query)


@cache
def load(name: str) -> ServiceModel:
    """botocore's newest model of the service. Raises botocore.exceptions.UnknownServiceError."""
    raw: dict[str, Any] = Loader().load_service_model(name, "service-2")
    return ServiceModel(name, raw)
