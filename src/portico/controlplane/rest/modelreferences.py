"""Who refers to a model: other models by `$ref`, methods by name."""

import json
import re
from typing import Any

from portico.ports.store import Unit
from portico.wire.aws.faults import BadRequestException

_REFERENCE = re.compile(r"https://apigateway\.amazonaws\.com/restapis/([^/]+)/models/([^/#]+)(?:#(/.*))?")


def are_canonical(schema: Any) -> bool:
    """Whether every reference in a parsed schema leads into the schema itself or to a model by its address."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str) and not target.startswith("#") and not _REFERENCE.fullmatch(target):
                return False
        waiting.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
    return True


def referred_model(reference: str) -> tuple[str, str] | None:
    """The name of the model that a reference leads to, and the pointer into it; None where it is none to a model."""
    found = _REFERENCE.fullmatch(reference)
    return None if found is None else (found[2], found[3] or "")


def flatten(unit: Unit, api_id: str, schema: str) -> str:
    """The schema with every model of the API that it reaches under `definitions`, and references into there.

    A schema that refers to no other model comes back as it is. Raises BadRequestException where a reference leads to
    no model of this API, and for schemas nested deeper than can be walked.
    """
    try:
        return _flattened(unit, api_id, schema)
    except RecursionError as error:
        raise BadRequestException("Model schema is nested too deeply to be flattened") from error


def _flattened(unit: Unit, api_id: str, schema: str) -> str:
    reached: dict[str, Any] = {}
    root = _rewrite(json.loads(schema), api_id, reached)
    definitions: dict[str, Any] = {}
    while missing := [name for name in reached if name not in definitions]:
        for name in missing:
            definitions[name] = _rewrite(_load(unit, api_id, name), api_id, reached)
    if not definitions:
        return schema
    own = root.get("definitions")
    root["definitions"] = {**(own if isinstance(own, dict) else {}), **definitions}
    return json.dumps(root, ensure_ascii=False)


def method_using(unit: Unit, api_id: str, name: str) -> str | None:
    """Which method holds the model, as a refusal words it: "method request: /pets/GET".

    The resource made last is named first, as in the recording of recorded fact 44.
    """
    for _, resource in reversed(unit.find("resource", api_id)):
        for verb, method in resource.get("resourceMethods", {}).items():
            if name in (method.get("requestModels") or {}).values():
                return f"method request: {resource['path']}/{verb}"
            responses = method.get("methodResponses", {}).values()
            if any(name in (response.get("responseModels") or {}).values() for response in responses):
                # Without the status: github.com/amazon-archives/aws-apigateway-importer issue 113
                return f"method response: {resource['path']}/{verb}"
    return None


def _load(unit: Unit, api_id: str, name: str) -> Any:
    model = unit.get("model", api_id, name)
    if model is None:
        raise BadRequestException(f"Invalid model identifier specified: {name}")
    try:
        return json.loads(model["schema"])
    except ValueError as error:  # a model of XML keeps what it was given
        raise BadRequestException(f"Model {name} is no JSON schema: it cannot be referred to") from error


def _rewrite(node: Any, api_id: str, reached: dict[str, Any]) -> Any:
    """The node with its references to the API's models turned inwards; the names met are added to `reached`."""
    if isinstance(node, list):
        return [_rewrite(item, api_id, reached) for item in node]
    if not isinstance(node, dict):
        return node
    rewritten = {key: _rewrite(value, api_id, reached) for key, value in node.items()}
    reference = _REFERENCE.fullmatch(node["$ref"]) if isinstance(node.get("$ref"), str) else None
    if reference and reference[1] == api_id:
        reached.setdefault(reference[2])
        rewritten["$ref"] = f"#/definitions/{reference[2]}{reference[3] or ''}"
    return rewritten
