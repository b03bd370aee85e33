"""Deployments: CreateDeployment, GetDeployment, GetDeployments, UpdateDeployment, DeleteDeployment."""

from portico.controlplane.deploy import api_summary, assemble, check, freeze
from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import PatchTable, Refusal, Rule, text
from portico.controlplane.rest.lookups import require, require_api
from portico.controlplane.rest.stages import apply_settings, canary, new_stage, save_stage
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_NO_DEPLOYMENT = "Invalid Deployment identifier specified"
_INVALID = "Invalid deployment content specified."


@operation("CreateDeployment")
def create_deployment(call: Call) -> Document:
    """Freeze the API as it is, and where a stage is named let it serve that at once."""
    api = require_api(call)
    if call.params.get("canarySettings") is not None and not call.params.get("stageName"):
        raise BadRequestException(  # recorded fact 74, without the blank after the first sentence
            f"{_INVALID}Non null and non empty stageName must be provided for canary deployment. "
            f"Provided value is {call.params.get('stageName') or 'null'}"
        )
    snapshot = assemble(call.unit, api)
    deployment: Document = {
        "id": call.realm.new_id(6),
        "createdDate": call.realm.clock.now(),
        "snapshot": freeze(call.unit, snapshot),
        "apiSummary": api_summary(snapshot),
    }
    if call.params.get("description"):
        deployment["description"] = call.params["description"]
    call.unit.put("deployment", api["id"], deployment["id"], deployment)
    if call.params.get("stageName"):
        _put_on_stage(call, api, deployment["id"])
    else:
        check(call.realm, snapshot, None)
    return _answer(deployment)


@operation("GetDeployment")
def get_deployment(call: Call) -> Document:
    require_api(call)
    deployment = require(call, "deployment", call.params["deploymentId"], _NO_DEPLOYMENT)
    embedded = [part.lower() for part in call.params.get("embed") or ()]
    return _answer(deployment, summary="apisummary" in embedded)


@operation("GetDeployments")
def get_deployments(call: Call) -> Document:
    """In the order in which they were made, as APIs are: AWS's own order is not known, an id's would be chance."""
    found = call.unit.find("deployment", require_api(call)["id"])
    return page(((f"{row['createdDate']:017.6f}{key}", _answer(row)) for key, row in found), call.params)


@operation("UpdateDeployment")
def update_deployment(call: Call) -> Document:
    api = require_api(call)
    deployment = require(call, "deployment", call.params["deploymentId"], _NO_DEPLOYMENT)
    _PATCH.apply(deployment, call.params.get("patchOperations"))
    call.unit.put("deployment", api["id"], deployment["id"], deployment)
    return _answer(deployment)


@operation("DeleteDeployment")
def delete_deployment(call: Call) -> Document:
    api = require_api(call)
    deployment = require(call, "deployment", call.params["deploymentId"], _NO_DEPLOYMENT)
    for _, stage in call.unit.find("stage", api["id"]):
        if deployment["id"] in (stage["deploymentId"], stage.get("canarySettings", {}).get("deploymentId")):
            raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    call.unit.delete("deployment", api["id"], deployment["id"])
    return {}


_PATCH = PatchTable(Refusal.PATH_LIST, Rule("/description", {"replace": text("description")}))


def _answer(deployment: Document, *, summary: bool = False) -> Document:
    kept = {"snapshot"} if summary else {"snapshot", "apiSummary"}
    return {name: value for name, value in deployment.items() if name not in kept}


def _put_on_stage(call: Call, api: Document, deployment_id: str) -> None:
    """Point the stage, or its canary, to the new deployment. A canary needs a stage that serves something else.

    A stage with a canary takes canaries alone. Both refusals are in the live service's words, as people quote them in
    the issues of serverless (11518) and of terraform's AWS provider (39929).
    """
    now, asked = call.realm.clock.now(), call.params.get("canarySettings")
    name = call.params["stageName"]
    stage = call.unit.get("stage", api["id"], name)
    if stage is None and asked is not None:
        raise BadRequestException(
            f"{_INVALID}Stage {name} must already be created before making a canary release deployment"
        )
    if stage is None:
        stage = new_stage(name, deployment_id, now)
    elif asked is not None:
        stage["canarySettings"] = canary(asked, deployment_id)  # the stage's own pointer stays: recorded fact 75
    elif "canarySettings" in stage:
        raise BadRequestException(
            f"{_INVALID}Non canary deployment not supported on stage {name} because Canary is enabled. "
            "Provide CanarySettings in deploymentInput."
        )
    else:
        stage["deploymentId"] = deployment_id
    apply_settings(stage, {**call.params, "description": call.params.get("stageDescription")})
    stage["lastUpdatedDate"] = now
    save_stage(call, api, stage)
