"""Client certificates: made, described, tagged, listed, deleted; and never their keys."""

import pytest
from cryptography import x509

from portico.model.client_certificate import decode_client_certificate
from rest_play import RestPlay, patch, refusal, without_dates

UNKNOWN = "404 NotFoundException: Invalid Client Certificate identifier specified"


@pytest.fixture
def play() -> RestPlay:
    return RestPlay()


def made(play: RestPlay, **params):
    answer = play.client.generate_client_certificate(**params)
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    return answer


def standing(play: RestPlay):
    _, records = play.store.standing()
    return {record.key: record.value for record in records if record.kind == "clientcertificate"}


def test_a_certificate_is_made_and_its_key_is_nobody_s_answer(play):
    answer = made(play, description="mine", tags={"team": "zoo"})
    key = answer["clientCertificateId"]
    assert without_dates(answer).keys() == {
        *("clientCertificateId", "description", "expirationDate", "pemEncodedCertificate", "tags")
    }
    assert (answer["expirationDate"] - answer["createdDate"]).days == 365
    certificate = x509.load_pem_x509_certificate(answer["pemEncodedCertificate"].encode())
    assert certificate.not_valid_before_utc == answer["createdDate"].replace(microsecond=0)
    kept = decode_client_certificate(standing(play)[key])
    assert kept.certificate == answer["pemEncodedCertificate"]
    assert "PRIVATE KEY" in kept.private_key
    assert "PRIVATE KEY" not in repr(kept)
    read = play.client.get_client_certificate(clientCertificateId=key)
    read.pop("ResponseMetadata")
    assert read == answer
    with play.store.read() as unit:
        assert "PRIVATE KEY" not in str(unit.find("clientcertificate", ""))


def test_certificates_in_the_order_in_which_they_were_made(play):
    keys = [made(play)["clientCertificateId"] for _ in range(3)]
    first = play.client.get_client_certificates(limit=2)
    rest = play.client.get_client_certificates(position=first["position"])
    assert [one["clientCertificateId"] for one in first["items"] + rest["items"]] == keys


def test_a_description_is_replaced_and_nothing_else(play):
    key = made(play, description="old")["clientCertificateId"]

    def update(*edits):
        return play.client.update_client_certificate(clientCertificateId=key, patchOperations=list(edits))

    assert update(patch("replace", "/description", "new"))["description"] == "new"
    assert refusal(update, patch("replace", "/expirationDate", "0")) == (
        "400 BadRequestException: Invalid patch path  '/expirationDate' specified for op 'replace'. "
        "Must be one of: [/description]"
    )
    assert refusal(update, patch("remove", "/description")).endswith("Please choose supported operations")
    assert play.client.get_client_certificate(clientCertificateId=key)["description"] == "new"


def test_who_is_not_there(play):
    for operation in ("get", "delete", "update"):
        act = getattr(play.client, f"{operation}_client_certificate")
        assert refusal(act, clientCertificateId="nobody") == UNKNOWN


def test_a_certificate_that_a_stage_presents_stays(play):
    key = made(play)["clientCertificateId"]
    play.mock_method()
    play.deploy("dev")
    answer = play.update_stage(patch("replace", "/clientCertificateId", key))
    assert answer["clientCertificateId"] == key
    assert play.standing()["clientCertificateId"] == key
    assert refusal(play.client.delete_client_certificate, clientCertificateId=key) == (
        f"400 BadRequestException: Cannot delete Client Certificate {key} because there are API Stages associated "
        f"with it, including {play.api}:dev"
    )
    assert key in standing(play)
    assert "clientCertificateId" not in play.update_stage(patch("replace", "/clientCertificateId", ""))
    assert "clientCertificateId" not in play.standing()
    deleted = play.client.delete_client_certificate(clientCertificateId=key)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert standing(play) == {}


def test_a_stage_presents_no_certificate_that_is_not_there(play):
    play.mock_method()
    play.deploy("dev")
    assert refusal(play.update_stage, patch("replace", "/clientCertificateId", "nobody")) == (
        "400 BadRequestException: Invalid Client Certificate identifier specified"
    )
    assert "clientCertificateId" not in play.standing()


def test_tags_of_a_certificate(play):
    arn = "arn:aws:apigateway:us-east-1::/clientcertificates/{}"
    own = arn.format(made(play, tags={"a": "1"})["clientCertificateId"])
    play.client.tag_resource(resourceArn=own, tags={"b": "2"})
    assert play.client.get_tags(resourceArn=own)["tags"] == {"a": "1", "b": "2"}
    assert refusal(play.client.get_tags, resourceArn=arn.format("nobody")) == UNKNOWN
    assert refusal(made, play, tags={"aws:x": ""}).startswith("400 BadRequestException: Invalid tag key")
