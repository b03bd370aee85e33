"""The table of services against botocore's models, and the rule for those that have no row."""

import pytest
from botocore.loaders import Loader

from portico.lang.aws_services import SERVICES, Service, find_service

BOTOCORE = {
    "api.sagemaker": "sagemaker",
    "elasticloadbalancing": "elbv2",
    "email": "ses",
    "es": "opensearch",
    "geo": "location",
    "ingest.timestream": "timestream-write",
    "monitoring": "cloudwatch",
    "query.timestream": "timestream-query",
    "runtime-v2-lex": "lexv2-runtime",
    "runtime.lex": "lex-runtime",
    "runtime.sagemaker": "sagemaker-runtime",
    "states": "stepfunctions",
    "streams.dynamodb": "dynamodbstreams",
}
"""Models whose names are not their endpoints' first labels."""
ITS_OWN = {"appsync-api", "iotdata"}
"""Named by API Gateway's guide and by no model: data planes with hosts for each customer."""


@pytest.mark.parametrize("service", [SERVICES[name] for name in sorted(SERVICES.keys() - ITS_OWN)])
def test_rows_are_what_the_models_say(service: Service) -> None:
    metadata = Loader().load_service_model(BOTOCORE.get(service.name, service.name), "service-2")["metadata"]
    assert service.name == metadata["endpointPrefix"]
    assert service.signing == metadata.get("signingName", metadata["endpointPrefix"])
    assert service.variable == metadata["serviceId"].upper().replace(" ", "_").replace("-", "_")
    if service.target:
        assert (service.target, service.json) == (metadata["targetPrefix"], metadata["jsonVersion"])


def test_rows_without_a_model_lead_where_the_guide_says() -> None:
    assert SERVICES["iotdata"].host("eu-west-1", "a1b2-ats") == "a1b2-ats.iot.eu-west-1.amazonaws.com"
    assert SERVICES["appsync-api"].host("eu-west-1", "abc") == "abc.appsync-api.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "name", "subdomain"),
    [
        ("sqs", "sqs", ""),
        ("photos.s3", "s3", "photos"),
        ("my.photos.s3", "s3", "my.photos"),
        ("runtime.sagemaker", "runtime.sagemaker", ""),
        ("streams.dynamodb", "streams.dynamodb", ""),
        ("mturk-requester", "mturk-requester", ""),
    ],
)
def test_names_and_subdomains(text: str, name: str, subdomain: str) -> None:
    service, found = find_service(text)
    assert (service.name, found) == (name, subdomain)


def test_a_service_without_a_row_follows_the_rule() -> None:
    service, _ = find_service("mturk-requester")
    assert service == Service("mturk-requester", "mturk-requester", "MTURK_REQUESTER")
    assert service.host("us-east-1", "") == "mturk-requester.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "region", "host", "signed_for"),
    [
        ("sqs", "eu-west-1", "sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs", "cn-north-1", "sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sqs", "us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("iam", "eu-west-1", "iam.amazonaws.com", "us-east-1"),
        ("email", "eu-west-1", "email.eu-west-1.amazonaws.com", "eu-west-1"),
    ],
)
def test_hosts_and_the_regions_they_are_signed_for(name: str, region: str, host: str, signed_for: str) -> None:
    service = SERVICES[name]
    assert (service.host(region, ""), service.signing_region(region)) == (host, signed_for)
