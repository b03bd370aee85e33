"""Stages: CreateStage, GetStage, GetStages, UpdateStage, DeleteStage.

A stage acts at once: each of these operations that changes one sets its Standing in the same transaction.
"""

from typing import Any

from portico.controlplane.deploy import fall, stand
from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.clientcertificates import NO_CERTIFICATE
from portico.controlplane.rest.lookups import require, require_api
from portico.controlplane.rest.stagepatch import STAGE_PATCH
from portico.controlplane.rest.stagerules import check_stage_name, check_variables, percentage, settle_cache
from portico.controlplane.rest.tagging import check_tags
from portico.model.client_certificate import KIND as CLIENT_CERTIFICATE
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, ConflictException

NO_STAGE = "Invalid stage identifier specified"
NO_DOCUMENTATION = "Invalid Documentation version specified"
_NO_DEPLOYMENT = "Deployment id does not exist"
"""Recorded fact 73, and github.com/aws/chalice pull request 1839."""


@operation("CreateStage")
def create_stage(call: Call) -> Document:
    api = require_api(call)
    name, deployment_id = call.params["stageName"], call.params["deploymentId"]
    if call.unit.get("stage", api["id"], name) is not None:
        raise ConflictException("Stage already exists")
    stage = new_stage(name, deployment_id, call.realm.clock.now())
    apply_settings(stage, call.params)
    if call.params.get("tags"):
        check_tags(call.params["tags"])
        stage["tags"] = call.params["tags"]
    if call.params.get("documentationVersion"):
        stage["documentationVersion"] = call.params["documentationVersion"]
    if call.params.get("canarySettings") is not None:
        stage["canarySettings"] = canary(call.params["canarySettings"], deployment_id)
    save_stage(call, api, stage)
    return stage


@operation("GetStage")
def get_stage(call: Call) -> Document:
    require_api(call)
    return require(call, "stage", call.params["stageName"], NO_STAGE)


@operation("GetStages")
def get_stages(call: Call) -> Document:
    api = require_api(call)
    wanted = call.params.get("deploymentId")
    stages = [stage for _, stage in sorted(call.unit.find("stage", api["id"]), key=lambda row: row[0])]
    return {"item": [stage for stage in stages if not wanted or stage["deploymentId"] == wanted]}


@operation("UpdateStage")
def update_stage(call: Call) -> Document:
    api = require_api(call)
    stage = require(call, "stage", call.params["stageName"], NO_STAGE)
    STAGE_PATCH.apply(stage, call.params.get("patchOperations"))
    stage["lastUpdatedDate"] = call.realm.clock.now()
    save_stage(call, api, stage)
    return stage


@operation("DeleteStage")
def delete_stage(call: Call) -> Document:
    api = require_api(call)
    name = call.params["stageName"]
    require(call, "stage", name, NO_STAGE)
    call.unit.delete("stage", api["id"], name)
    fall(call.unit, api["id"], name)
    return {}


def new_stage(name: str, deployment_id: str, now: float) -> Document:
    """A stage with nothing set (recorded fact 66). Raises BadRequestException for an illegal name."""
    check_stage_name(name)
    return {
        "stageName": name,
        "deploymentId": deployment_id,
        "cacheClusterEnabled": False,
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": now,
        "lastUpdatedDate": now,
    }


def apply_settings(stage: Document, given: dict[str, Any]) -> None:
    """Take over those of a stage's settings that CreateStage and CreateDeployment share.

    An absent one stays; variables replace all that were there (decision 0047).
    """
    for member in ("cacheClusterEnabled", "tracingEnabled"):
        if given.get(member) is not None:
            stage[member] = given[member]
    for member in ("description", "cacheClusterSize", "variables"):
        if given.get(member):
            stage[member] = given[member]


def canary(given: dict[str, Any], deployment_id: str) -> Document:
    """A canary as it was asked for, on its own deployment where it names one. Raises BadRequestException."""
    found = {
        "deploymentId": given.get("deploymentId") or deployment_id,
        "percentTraffic": percentage(float(given.get("percentTraffic") or 0.0)),
        "useStageCache": bool(given.get("useStageCache")),
    }
    if given.get("stageVariableOverrides"):
        found["stageVariableOverrides"] = given["stageVariableOverrides"]
    return found


def save_stage(call: Call, api: Document, stage: Document) -> None:
    """Check the stage as a whole, keep it and let it act.

    Raises BadRequestException, also for what the stage names and is not there (decision 0047).
    """
    settle_cache(stage)
    canary_settings = stage.get("canarySettings") or {}
    check_variables(stage.get("variables") or {})
    check_variables(canary_settings.get("stageVariableOverrides") or {})
    _check_named(call.unit, api["id"], stage)
    for owner, member in ((stage, "variables"), (canary_settings, "stageVariableOverrides")):
        if not owner.get(member):
            owner.pop(member, None)  # an empty map is left out of answers
    call.unit.put("stage", api["id"], stage["stageName"], stage)
    stand(call, api, stage)


def _check_named(unit: Unit, api_id: str, stage: Document) -> None:
    for owner, member, kind, scope, missing in (
        (stage, "deploymentId", "deployment", api_id, _NO_DEPLOYMENT),
        (stage.get("canarySettings") or {}, "deploymentId", "deployment", api_id, _NO_DEPLOYMENT),
        (stage, "documentationVersion", "documentationversion", api_id, NO_DOCUMENTATION),
        (stage, "clientCertificateId", CLIENT_CERTIFICATE, "", NO_CERTIFICATE),
    ):
        if member in owner and unit.get(kind, scope, owner[member]) is None:
            raise BadRequestException(missing)
