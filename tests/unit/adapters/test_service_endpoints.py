"""Where services are: at AWS, or where the variables of AWS's tools say."""

import pytest

from portico.adapters.service_endpoints import EndpointAddress, find_endpoint
from portico.lang.aws_services import SERVICES
from portico.ports.services import NotCallable
from portico.ports.upstream import Origin
from portico.settings import Address

OURS = (Address("127.0.0.1", 4566),)
SQS = SERVICES["sqs"]


def found(**environ: str) -> EndpointAddress:
    return find_endpoint(SQS, "eu-west-1", "", environ, OURS)


def test_without_a_word_it_is_at_aws() -> None:
    host = "sqs.eu-west-1.amazonaws.com"
    assert found() == EndpointAddress(Origin(True, host, 443), host, "", True)


def test_its_own_variable_wins_over_the_general_one() -> None:
    both = {"AWS_ENDPOINT_URL": "http://general:1000", "AWS_ENDPOINT_URL_SQS": "http://sqs.test:2000/"}
    assert found(**both) == EndpointAddress(Origin(False, "sqs.test", 2000), "sqs.test:2000", "", False)
    assert found(AWS_ENDPOINT_URL="http://general:1000").origin.host == "general"
    assert found(AWS_ENDPOINT_URL="http://general:1000", AWS_ENDPOINT_URL_S3="http://s3").origin.host == "general"
    assert found(AWS_ENDPOINT_URL_S3="http://s3").aws


@pytest.mark.parametrize(
    ("url", "origin", "host", "path"),
    [
        ("https://sqs.test", Origin(True, "sqs.test", 443), "sqs.test", ""),
        ("http://sqs.test", Origin(False, "sqs.test", 80), "sqs.test", ""),
        ("https://gate.test:8443/aws/sqs/", Origin(True, "gate.test", 8443), "gate.test:8443", "/aws/sqs"),
        ("http://[::1]:9324", Origin(False, "::1", 9324), "[::1]:9324", ""),
        ("http://127.0.0.1:9324", Origin(False, "127.0.0.1", 9324), "127.0.0.1:9324", ""),
    ],
)
def test_urls(url: str, origin: Origin, host: str, path: str) -> None:
    assert found(AWS_ENDPOINT_URL_SQS=url) == EndpointAddress(origin, host, path, False)


def test_variables_can_be_set_aside() -> None:
    environ = {"AWS_ENDPOINT_URL": "http://general", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert found(**environ).aws
    assert not found(**{**environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}).aws
    assert found(AWS_ENDPOINT_URL="").aws, "an empty one is none"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"])
def test_our_own_listener_is_no_service(name: str) -> None:
    with pytest.raises(NotCallable) as caught:
        found(**{name: "http://localhost:4566"})
    assert str(caught.value) == (
        f"{name} is this server's own --control, which has no sqs; say where it is in AWS_ENDPOINT_URL_SQS"
    )


@pytest.mark.parametrize("url", ["sqs", "ftp://sqs", "http://user:secret@sqs", "http://sqs?x", "http://sqs\r\nX: y"])
def test_what_is_no_url_is_told_without_its_text(url: str) -> None:
    with pytest.raises(NotCallable, match="AWS_ENDPOINT_URL_SQS is not an http or https URL") as caught:
        found(AWS_ENDPOINT_URL_SQS=url)
    assert "secret" not in str(caught.value)
