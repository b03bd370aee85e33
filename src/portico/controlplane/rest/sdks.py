"""GetSdkTypes, GetSdkType, GetSdk: clients for what a stage serves."""

from datetime import UTC, datetime

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.rest.deployed import deployed
from portico.controlplane.sdk import javascript
from portico.controlplane.sdk.types import GENERATED, check_parameters, sdk_type, sdk_types
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException


@operation("GetSdkTypes")
def get_sdk_types(call: Call) -> Document:
    return page(sdk_types().items(), call.params)


@operation("GetSdkType")
def get_sdk_type(call: Call) -> Document:
    return sdk_type(call.params["id"])


@operation("GetSdk")
def get_sdk(call: Call) -> Document:
    source, kind = deployed(call), call.params["sdkType"]
    check_parameters(kind, call.params.get("parameters") or {})
    if kind not in GENERATED:
        raise BadRequestException(f"Portico generates SDKs of type {' and '.join(GENERATED)} only, not of type {kind}")
    made = datetime.fromtimestamp(call.realm.clock.now(), UTC)
    return {
        "contentType": "application/octet-stream",
        # As in the example of the AWS CLI's reference, "android_2016-02-22_23-52Z.zip".
        "contentDisposition": f'attachment; filename="{kind}_{made:%Y-%m-%d_%H-%MZ}.zip"',
        "body": javascript.generate(source),
    }
