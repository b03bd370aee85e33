"""What a method's request validator asks for, as Steps; and what a stage's switch asks for of its answers."""

from __future__ import annotations

from typing import Final

import msgspec

from portico.dataplane.answer_check import AnswerCheck
from portico.dataplane.models import ModelShelf
from portico.dataplane.step import Steps
from portico.dataplane.steps.validate import BodyValidation, RequiredParameters
from portico.lang.errors import SourceError
from portico.model.rest import Method, RequestValidator, Snapshot
from portico.model.standing import StageStanding

CHECK_RESPONSES: Final = "porticoCheckResponses"
"""The stage variable that has answers held to the models of their method responses."""
_OFF: Final = ("", "false")
_DETAILS: Final = "validationErrorString"
_QUIET: Final = (None, "OFF")


def parameter_steps(snapshot: Snapshot, method: Method, path_parameters: tuple[str, ...]) -> Steps:
    """The Step for required parameters. It decides without the body. Raises SourceError."""
    validator = _validator(snapshot, method)
    if validator is None or not validator.validate_request_parameters:
        return ()
    if not any(method.request_parameters.values()):
        return ()
    return (RequiredParameters(method.request_parameters, path_parameters).check,)


def body_steps(shelf: ModelShelf, snapshot: Snapshot, standing: StageStanding, method: Method) -> Steps:
    """The Step for the body. Raises SourceError for a schema that is none, NotBuilt for one that is not enforced."""
    validator = _validator(snapshot, method)
    if validator is None or not validator.validate_request_body or not method.request_models:
        return ()
    models = shelf.of(snapshot)
    schemas = {content_type: models.schema(name) for content_type, name in method.request_models.items()}
    return (BodyValidation(schemas, details=_tells_details(snapshot, standing)).check,)


def answer_check(shelf: ModelShelf, snapshot: Snapshot, standing: StageStanding, method: Method) -> AnswerCheck | None:
    """What answers are held to, where the stage asks for it. Raises as `body_steps` does."""
    if standing.variables.get(CHECK_RESPONSES, "").lower() in _OFF:
        return None
    declared = {status: response.response_models for status, response in method.method_responses.items()}
    if not any(declared.values()):
        return None
    models = shelf.of(snapshot)
    return AnswerCheck(
        {
            status: {content_type: (name, models.schema(name)) for content_type, name in by_type.items()}
            for status, by_type in declared.items()
        }
    )


def _validator(snapshot: Snapshot, method: Method) -> RequestValidator | None:
    """Raises SourceError for a validator that is not there: a method must not let everything through for that."""
    if not method.request_validator_id:
        return None
    for validator in snapshot.request_validators:
        if validator.id == method.request_validator_id:
            return validator
    raise SourceError("", f"the API has no request validator {method.request_validator_id!r}")


def _tells_details(snapshot: Snapshot, standing: StageStanding) -> bool:
    """Whether anybody is told what is wrong with a body: to find all of it costs more than to find that it is wrong."""
    settings = standing.access_log_settings
    if settings is not None and _DETAILS in (settings.format or ""):
        return True
    if any(setting.logging_level not in _QUIET for setting in standing.method_settings.values()):
        return True
    return _DETAILS.encode() in msgspec.json.encode(snapshot.gateway_responses)
