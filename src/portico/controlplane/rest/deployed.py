"""A stage as it is deployed: what is read to export it, or to make a client for it."""

from portico.controlplane.openapi.export.source import Source
from portico.controlplane.operation import Call
from portico.controlplane.rest.documentationversions import published
from portico.controlplane.rest.lookups import require, require_api
from portico.controlplane.rest.models import is_default
from portico.controlplane.rest.policydocument import shorten_policy
from portico.controlplane.rest.stages import NO_STAGE
from portico.model.rest import Snapshot, decode_snapshot
from portico.ports.store import Document, Unit


def deployed(call: Call) -> Source:
    """The stage that the call names. Raises NotFoundException."""
    api = require_api(call)
    stage = require(call, "stage", call.params["stageName"], NO_STAGE)
    snapshot = _snapshot(call.unit, api["id"], stage)
    documentation, extension = published(call.unit, api["id"], stage.get("documentationVersion"))
    return Source(
        snapshot,
        api,
        policy=shorten_policy(snapshot.policy, call.realm, api["id"]) if snapshot.policy else None,
        stage_name=stage["stageName"],
        region=call.realm.region,
        host=f"{api['id']}.execute-api.{call.realm.region}.amazonaws.com",
        unneeded=frozenset(model.name for model in snapshot.models if is_default(model.name, model.schema)),
        documentation=documentation,
        published=extension,
    )


def _snapshot(unit: Unit, api_id: str, stage: Document) -> Snapshot:
    deployment = unit.get("deployment", api_id, stage["deploymentId"])
    assert deployment is not None, "stages only ever refer to deployments that exist"
    body = unit.get_snapshot(deployment["snapshot"])
    assert body is not None, "a deployment's Snapshot is kept as long as the deployment"
    return decode_snapshot(body)
