"""From rows to what is served: a deployment's Snapshot, and the Standing of a stage.

A Snapshot is kept as canonical JSON (every object's members sorted) under its SHA-256, so that two deployments of one
definition share it. A stage stands only after its Snapshot has been compiled once: what cannot be compiled is refused
here, and what would not be protected as configured is told to the operator (the data plane refuses those requests).
"""

import hashlib
from typing import Any

import msgspec

from portico.controlplane.links import link_uses, targets_of
from portico.controlplane.operation import Call, Realm
from portico.controlplane.patch import unescape
from portico.model.rest import Snapshot, decode_snapshot
from portico.model.standing import StageStanding, canary_of
from portico.ports.compilation import CompileError
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException

_COLLECTIONS = {
    "resources": "resource",
    "models": "model",
    "requestValidators": "requestvalidator",
    "authorizers": "authorizer",
    "gatewayResponses": "gatewayresponse",
}
"""What a Snapshot holds besides the API itself, and the kind of its rows."""


def assemble(unit: Unit, api: Document) -> Snapshot:
    """The Snapshot of an API as it is now. Raises BadRequestException where there is nothing that could be served."""
    rows = collections(unit, api["id"])
    _check_methods(rows["resources"])
    return msgspec.convert({**api, "apiId": api["id"], **rows}, Snapshot)


def collections(unit: Unit, api_id: str) -> dict[str, list[Document]]:
    """What a Snapshot holds besides the API itself, by the names of its members."""
    return {name: _rows(unit, kind, api_id) for name, kind in _COLLECTIONS.items()}


def _rows(unit: Unit, kind: str, api_id: str) -> list[Document]:
    # By key: the order in which rows were put is no part of the definition, and must not change its digest.
    return [document for _, document in sorted(unit.find(kind, api_id), key=lambda row: row[0])]


def _check_methods(resources: list[Document]) -> None:
    methods = [method for resource in resources for method in (resource.get("resourceMethods") or {}).values()]
    if not methods:
        raise BadRequestException("The REST API doesn't contain any methods")
    if not all("methodIntegration" in method for method in methods):
        raise BadRequestException("No integration defined for method")


def freeze(unit: Unit, snapshot: Snapshot) -> str:
    """Keep the Snapshot; its digest is what stages and deployments refer to it by."""
    body = msgspec.json.encode(snapshot, order="sorted")
    digest = hashlib.sha256(body).hexdigest()
    unit.put_snapshot(digest, body)
    return digest


def api_summary(snapshot: Snapshot) -> Document:
    """{path: {verb: {authorizationType, apiKeyRequired}}}: what a deployment answers for `embed=apisummary`."""
    return {
        resource.path: {
            verb: {"authorizationType": method.authorization_type, "apiKeyRequired": method.api_key_required}
            for verb, method in resource.resource_methods.items()
        }
        for resource in snapshot.resources
        if resource.resource_methods
    }


def check(realm: Realm, snapshot: Snapshot, stage: StageStanding | None) -> None:
    """Compile the Snapshot once, under the stage if there is one.

    Raises BadRequestException with the compiler's own text. Every method that will be refused at run time is told to
    the operator with its reason.
    """
    try:
        unserved = realm.compilation.check(snapshot, stage)
    except CompileError as error:
        raise BadRequestException(str(error)) from error
    where = f"api {snapshot.api_id}" + (f" stage {stage.stage_name}" if stage else "")
    where += " canary" if stage and stage.canary else ""
    for method, path, reason in unserved:
        realm.warn(f"{where}: {f'{method} {path}'.strip() or 'every method'} will not be served: {reason}")


def stand(call: Call, api: Document, stage: Document) -> None:
    """Let a stage act as its document now says: on its variables, settings and deployments at once."""
    standing = standing_of(call.unit, api, stage)
    served = served_by(call.unit, standing)
    links = targets_of(call.unit, [use for snapshot, one in served for use in link_uses(snapshot, one.variables)])
    for snapshot, one in served:
        check(call.realm, snapshot, msgspec.structs.replace(one, vpc_links=links))
    standing = msgspec.structs.replace(standing, vpc_links=links)
    call.unit.stand("stage", _key(api["id"], stage["stageName"]), msgspec.to_builtins(standing))


def served_by(unit: Unit, standing: StageStanding) -> list[tuple[Snapshot, StageStanding]]:
    """What a stage serves under what, and what its canary does where that is anything else."""
    return [(_snapshot(unit, one.snapshot), one) for one in _served(standing)]


def _snapshot(unit: Unit, digest: str) -> Snapshot:
    body = unit.get_snapshot(digest)
    assert body is not None, "a deployment's Snapshot is kept as long as the deployment"
    return decode_snapshot(body)


def fall(unit: Unit, api_id: str, stage_name: str) -> None:
    """Take a stage's Standing away: its address is unknown from now on."""
    unit.stand("stage", _key(api_id, stage_name), None)


_ACTING = frozenset(field.encode_name for field in msgspec.structs.fields(StageStanding))
"""The members of a stage that act on requests; its description, dates and tags do not."""


def standing_of(unit: Unit, api: Document, stage: Document) -> StageStanding:
    """What acts of a stage's document, with the digests that its deployments froze."""
    record: dict[str, Any] = {
        **stage,
        "apiId": api["id"],
        "snapshot": _digest(unit, api["id"], stage["deploymentId"]),
        "methodSettings": {plain_method_key(key): value for key, value in stage["methodSettings"].items()},
        # The API's switch acts from the stage's next deployment or update on, as on AWS.
        "disableExecuteApiEndpoint": api.get("disableExecuteApiEndpoint", False),
    }
    canary = stage.get("canarySettings")
    if canary:
        record["canarySettings"] = {**canary, "snapshot": _digest(unit, api["id"], canary["deploymentId"])}
    return msgspec.convert({name: value for name, value in record.items() if name in _ACTING}, StageStanding)


def plain_method_key(key: str) -> str:
    """A key of `methodSettings` as the data plane reads it: "pets/{id}/GET", for the root "/GET", for all "*/*".

    AWS keeps some of them as they were addressed, with `~1` for a slash.
    """
    resource, _, verb = key.rpartition("/")
    return f"{unescape(resource).removeprefix('/')}/{verb}"


def _digest(unit: Unit, api_id: str, deployment_id: str) -> str:
    deployment = unit.get("deployment", api_id, deployment_id)
    assert deployment is not None, "stages only ever refer to deployments that exist"
    digest: str = deployment["snapshot"]
    return digest


def _served(standing: StageStanding) -> list[StageStanding]:
    """The stage, and its canary where that is anything else."""
    canary = canary_of(standing)
    if canary is None or (canary.snapshot, canary.variables) == (standing.snapshot, standing.variables):
        return [standing]
    return [standing, canary]


def _key(api_id: str, stage_name: str) -> str:
    return f"{api_id}/{stage_name}"
