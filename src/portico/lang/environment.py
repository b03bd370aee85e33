"""What an expression (a mapping, a template, a log format) may ask of the request that is being served."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Environment(Protocol):
    """One request, or one request with its backend answer, as the mapping languages see it.

    Names of query and path parameters are case-sensitive. A header is found by its exact name first, and then without
    regard to case (decision 0046).
    """

    @property
    def path_parameters(self) -> Mapping[str, str]:
        """As routed, still percent-encoded (recorded fact 111): whoever puts one into a URI decodes it first."""
        ...

    @property
    def query(self) -> Mapping[str, Sequence[str]]:
        """Decoded once, `+` as a space, every value in order."""
        ...

    def header_values(self, name: str) -> Sequence[str]:
        """The request's values of header `name`, in order, empty where it is absent or API Gateway drops it."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers by the name that the client sent; the last value of each."""
        ...

    @property
    def stage_variables(self) -> Mapping[str, str]: ...

    def context(self, path: str) -> object:
        """`$context.<path>`: a string, number or boolean, None where it has no value."""
        ...

    def context_map(self, path: str) -> dict[str, Any] | None:
        """The map at `$context.<path>`, maps inside it included; `$context` itself for "". None where there is none."""
        ...

    @property
    def overrides(self) -> dict[str, Any]:
        """`requestOverride` and `responseOverride`, which templates write to: the same for both templates of a request
        (recorded fact 136). See new_overrides."""
        ...

    @property
    def body(self) -> str:
        """The payload that a template or mapping reads: the request's, or in a response the backend's."""
        ...

    def response_header_values(self, name: str) -> Sequence[str]:
        """The backend answer's values of header `name` (case-insensitive); empty in a request."""
        ...


class Overrides(dict[str, Any]):
    """Overrides by name. An override is final: to set one again is an error (guide, override-request-response)."""

    __slots__ = ()


def new_overrides() -> dict[str, Any]:
    """What a request begins with. Recorded: test_sqs_amz_json_protocol."""
    return {
        "requestOverride": {"path": Overrides(), "header": Overrides(), "querystring": Overrides()},
        "responseOverride": Overrides(header=Overrides()),
    }
