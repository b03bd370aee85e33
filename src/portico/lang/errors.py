"""What can be wrong with a source text, and what can go wrong when a compiled one runs."""

from portico.kernel.errors import PorticoError


class SourceError(PorticoError):
    """A source text that cannot be compiled. Known at deployment: the definition is refused with this text.

    `place` says where (a parameter's name, or a template's name with line and column), `reason` says why.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


class NotBuilt(SourceError):
    """Legal in AWS, not built in Portico yet: refused instead of ignored."""


class EvaluationError(PorticoError):
    """A compiled source could not give a value for this request: the request ends in a 500."""


class InvalidRequestJson(EvaluationError):
    """A mapping reads into a request body that is not JSON. The client's fault: 400 `Invalid JSON in request body`."""


class InvalidResponseJson(EvaluationError):
    """A mapping reads into a backend's body that is not JSON: 500."""


class UnsafeValue(EvaluationError):
    """A value that would change the message it is put into: a line break or NUL in a header, dot segments in a path."""


class MissingPathParameter(EvaluationError):
    """A `{placeholder}` of an integration URI that the request's mappings did not give a value."""


class BudgetExceeded(EvaluationError):
    """Evaluation would take more steps, memory or depth than one request may."""


class UnknownStageVariable(EvaluationError):
    """`${stageVariables.x}` in a URI where the stage has no variable x: 500 (recorded fact 139)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the stage has no variable {name!r}")
        self.name = name
