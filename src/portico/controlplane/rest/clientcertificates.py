"""Client certificates: who Portico is toward backends that ask for it. Stages point to them.

AWS's words for a certificate that a stage uses are not known: they are put here as it puts them for a usage plan that
has stages ("Cannot delete Usage Plan … because there are API Stages associated with it, including API:STAGE").
"""

from portico.controlplane.operation import Call, Params, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import PatchTable, Refusal, Rule, text
from portico.controlplane.rest.tagging import check_tags
from portico.model.client_certificate import KIND
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, NotFoundException
from portico.wire.self_signed import VALID_DAYS, new_private_key, self_signed

NO_CERTIFICATE = "Invalid Client Certificate identifier specified"
_DAY = 86_400.0


def _with_key(params: Params) -> Params:
    return {**params, "privateKey": new_private_key()}


@operation("GenerateClientCertificate", prepare=_with_key)
def generate_client_certificate(call: Call) -> Document:
    now, private_key = call.realm.clock.now(), call.params["privateKey"]
    certificate = self_signed(private_key, now)
    document: Document = {
        "clientCertificateId": call.realm.new_id(6),
        "pemEncodedCertificate": certificate,
        "createdDate": now,
        "expirationDate": now + VALID_DAYS * _DAY,
    }
    if call.params.get("description"):
        document["description"] = call.params["description"]
    if call.params.get("tags"):
        check_tags(call.params["tags"])
        document["tags"] = call.params["tags"]
    _put(call, document)
    standing = {"certificate": certificate, "privateKey": private_key}
    call.unit.stand(KIND, document["clientCertificateId"], standing)
    return document


@operation("GetClientCertificate")
def get_client_certificate(call: Call) -> Document:
    return require_client_certificate(call.unit, call.params["clientCertificateId"])


@operation("GetClientCertificates")
def get_client_certificates(call: Call) -> Document:
    """In the order in which they were made."""
    found = call.unit.find(KIND, "")
    return page(((f"{row['createdDate']:017.6f}{key}", row) for key, row in found), call.params)


@operation("UpdateClientCertificate")
def update_client_certificate(call: Call) -> Document:
    document = require_client_certificate(call.unit, call.params["clientCertificateId"])
    _PATCH.apply(document, call.params.get("patchOperations"))
    _put(call, document)
    return document


@operation("DeleteClientCertificate")
def delete_client_certificate(call: Call) -> Document:
    key = require_client_certificate(call.unit, call.params["clientCertificateId"])["clientCertificateId"]
    user = _stage_with(call.unit, key)
    if user is not None:
        raise BadRequestException(
            f"Cannot delete Client Certificate {key} because there are API Stages associated with it, including {user}"
        )
    call.unit.delete(KIND, "", key)
    call.unit.stand(KIND, key, None)
    return {}


def require_client_certificate(unit: Unit, key: str) -> Document:
    """Raises NotFoundException."""
    document = unit.get(KIND, "", key)
    if document is None:
        raise NotFoundException(NO_CERTIFICATE)
    return document


def _put(call: Call, document: Document) -> None:
    call.unit.put(KIND, "", document["clientCertificateId"], document)


def _stage_with(unit: Unit, key: str) -> str | None:
    """A stage that presents the certificate, as "API:STAGE"."""
    for api_id, _ in unit.find("restapi", ""):
        for name, stage in unit.find("stage", api_id):
            if stage.get("clientCertificateId") == key:
                return f"{api_id}:{name}"
    return None


_PATCH = PatchTable(Refusal.PATH_LIST, Rule("/description", {"replace": text("description")}))
