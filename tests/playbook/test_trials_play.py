"""TestInvokeMethod: what a method that is tried out is called with, and whom it is asked past."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from playbook.stage import Play
from portico.dataplane.tryout import Trials
from portico.model.rest import Snapshot
from portico.ports.tryout import NOBODY, InvalidTrial, Trial, Tried
from rest_play import refusal
from trial_scene import MOCK, TrialScene, function, http


def test_what_is_tried_is_the_definition_as_it_is_now() -> None:
    trials = TrialScene()
    trials.method("/pets", "GET", MOCK)
    trials.client.create_deployment(restApiId=trials.api, stageName="dev")
    assert trials.tries("/pets")["body"] == ""
    changed = {"restApiId": trials.api, "resourceId": trials.resource("/pets"), "httpMethod": "GET"}
    templates = {"application/json": "changed"}
    trials.client.put_integration_response(**changed, statusCode="200", responseTemplates=templates)
    assert trials.tries("/pets")["body"] == "changed"


def test_a_method_needs_neither_a_deployment_nor_its_neighbours() -> None:
    trials = TrialScene()
    trials.method("/pets", "GET", MOCK)
    at = {"restApiId": trials.api, "resourceId": trials.resource("/pets"), "httpMethod": "POST"}
    trials.client.put_method(**at, authorizationType="NONE")
    assert trials.tries("/pets")["status"] == 200
    assert refusal(trials.tries, "/pets", "POST") == "404 NotFoundException: Invalid Integration identifier specified"
    assert refusal(trials.tries, "/pets", "PUT") == "404 NotFoundException: Invalid Method identifier specified"


def test_path_query_headers_body_and_stage_variables_reach_templates() -> None:
    template = json.dumps(
        {
            "id": "$input.params().path.get('id')",
            "q": "$input.params().querystring.get('q')",
            "h": "$input.params().header.get('X-Color')",
            "body": "$util.escapeJavaScript($input.body)",
            "v": "$stageVariables.v",
            "stage": "$context.stage",
            "path": "$context.path",
            "resource": "$context.resourcePath",
            "ip": "$context.identity.sourceIp",
            "domain": "$context.domainName",
        }
    )
    trials = TrialScene(lambda play: play.backend.answers())
    integration = http("http://pets.example.com/", requestTemplates={"application/json": template})
    trials.method("/pets/{id}", "POST", {**integration, "integrationHttpMethod": "POST"})
    trials.tries(
        "/pets/{id}",
        "POST",
        pathWithQueryString="/pets/7?q=a%20b",
        headers={"X-Color": "red"},
        body="miau",
        stageVariables={"v": "1"},
    )
    assert trials.play.backend.hears.json == {
        "id": "7",
        "q": "a b",
        "h": "red",
        "body": "miau",
        "v": "1",
        "stage": "test-invoke-stage",
        "path": "/pets/7",
        "resource": "/pets/{id}",
        "ip": "test-invoke-source-ip",
        "domain": "testPrefix.testDomainName",
    }


def test_headers_of_several_values_win_over_single_ones() -> None:
    trials = TrialScene(lambda play: play.backend.answers())
    trials.method("/pets", "GET", http("http://pets.example.com/", "HTTP_PROXY"))
    trials.tries("/pets", headers={"X-A": "1", "X-B": "2"}, multiValueHeaders={"x-a": ["3", "4"]})
    assert (trials.play.backend.hears.all("x-a"), trials.play.backend.hears["x-b"]) == (["3", "4"], "2")


def test_a_backend_is_not_told_of_a_client_that_there_is_not() -> None:
    trials = TrialScene(lambda play: play.backend.answers())
    trials.method("/pets", "GET", http("http://pets.example.com/", "HTTP_PROXY"))
    trials.tries("/pets")
    assert trials.play.backend.hears["X-Forwarded-For"] is None
    assert trials.play.backend.hears["Host"] == "pets.example.com"


def test_the_event_of_a_function_is_that_of_the_consoles_tests() -> None:
    trials = TrialScene(lambda play: play.functions.answers({"statusCode": 201, "body": "made"}))
    trials.method("/pets/{id}", "POST", function())
    answer = trials.tries("/pets/{id}", "POST", pathWithQueryString="/pets/7?q=1", body="{}")
    assert (answer["status"], answer["body"]) == (201, "made")
    event = trials.play.functions.event
    context = event.pop("requestContext")
    identity = context.pop("identity")
    assert event == {
        "resource": "/pets/{id}",
        "path": "/pets/7",
        "httpMethod": "POST",
        "headers": None,
        "multiValueHeaders": None,
        "queryStringParameters": {"q": "1"},
        "multiValueQueryStringParameters": {"q": ["1"]},
        "pathParameters": {"id": "7"},
        "stageVariables": None,
        "body": "{}",
        "isBase64Encoded": False,
    }
    assert {name: context[name] for name in ("path", "stage", "domainName", "domainPrefix", "accountId")} == {
        "path": "/pets/7",
        "stage": "test-invoke-stage",
        "domainName": "testPrefix.testDomainName",
        "domainPrefix": "testPrefix",
        "accountId": "000000000000",
    }
    assert "deploymentId" not in context
    assert identity["userAgent"].startswith("Boto3/")
    assert {name: value for name, value in identity.items() if value is not None and name != "userAgent"} == {
        "apiKey": "test-invoke-api-key",
        "apiKeyId": "test-invoke-api-key-id",
        "userArn": "arn:aws:iam::000000000000:root",
        "accountId": "000000000000",
        "caller": "000000000000",
        "user": "000000000000",
        "sourceIp": "test-invoke-source-ip",
        "accessKey": "AKIDPORTICOTESTS",
    }


def test_headers_of_a_test_are_the_events() -> None:
    trials = TrialScene(lambda play: play.functions.answers({}))
    trials.method("/pets", "GET", function())
    trials.tries("/pets", multiValueHeaders={"X-A": ["1", "2"]})
    assert trials.play.functions.event["headers"] == {"X-A": "2"}
    assert trials.play.functions.event["multiValueHeaders"] == {"X-A": ["1", "2"]}


def test_a_functions_policy_is_asked_about_the_stage_of_tests() -> None:
    trials = TrialScene(lambda play: play.functions.answers({}))
    trials.method("/pets", "GET", function())
    trials.tries("/pets")
    caller = trials.play.functions.last.function.invocable.caller
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{trials.api}/test-invoke-stage/GET/pets"
    assert caller.source_arn == arn


def test_a_trial_is_asked_past_keys_authorizers_and_the_apis_policy() -> None:
    trials = TrialScene()
    patch = [{"op": "replace", "path": "/policy", "value": json.dumps(_NOBODY)}]
    trials.client.update_rest_api(restApiId=trials.api, patchOperations=patch)
    trials.method("/pets", "GET", MOCK, authorizationType="AWS_IAM", apiKeyRequired=True)
    assert trials.tries("/pets")["status"] == 200


_STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
_NOBODY = {"Version": "2012-10-17", "Statement": [_STATEMENT]}


def test_a_trial_is_validated() -> None:
    trials = TrialScene()
    named = {"name": "all", "validateRequestBody": True, "validateRequestParameters": True}
    validator = trials.client.create_request_validator(restApiId=trials.api, **named)["id"]
    schema = json.dumps({"type": "object", "required": ["name"]})
    trials.client.create_model(restApiId=trials.api, name="pet", contentType="application/json", schema=schema)
    asked = {"requestModels": {"application/json": "pet"}, "requestParameters": {"method.request.querystring.q": True}}
    trials.method("/pets", "POST", MOCK, requestValidatorId=validator, **asked)
    refused = trials.tries("/pets", "POST", body="{}", pathWithQueryString="/pets?q=1")
    assert (refused["status"], refused["body"]) == (400, '{"message":"Invalid request body"}')
    assert refused["headers"] == {"x-amzn-ErrorType": "BadRequestException"}
    words = "Request body does not match model schema for content type application/json"
    assert f'{words}: [object has missing required properties (["name"])]\n' in refused["log"]
    refused = trials.tries("/pets", "POST", body='{"name": "x"}')
    assert refused["body"] == '{"message":"Missing required request parameters: [q]"}'
    assert trials.tries("/pets", "POST", body='{"name": "x"}', pathWithQueryString="/pets?q=1")["status"] == 200


def test_a_method_of_any_is_tried_with_a_verb() -> None:
    trials = TrialScene(lambda play: play.backend.answers())
    trials.method("/pets", "ANY", {**http("http://pets.example.com/", "HTTP_PROXY"), "integrationHttpMethod": "ANY"})
    trials.tries("/pets", "DELETE")
    assert trials.play.backend.hears.first.startswith("DELETE / ")
    words = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD"
    assert refusal(trials.tries, "/pets", "ANY") == f"400 BadRequestException: {words}"


def test_a_method_that_is_not_served_says_why() -> None:
    trials = TrialScene()
    missing = {"type": "HTTP", "uri": "http://${stageVariables.host}/", "integrationHttpMethod": "GET"}
    trials.method("/pets", "GET", missing)
    answer = trials.tries("/pets")
    assert answer["status"] == 500
    assert "not served: " in answer["log"]


def test_a_custom_gateway_response_is_answered() -> None:
    trials = TrialScene(lambda play: play.functions.answers("nonsense"))
    trials.client.put_gateway_response(
        restApiId=trials.api,
        responseType="DEFAULT_5XX",
        statusCode="503",
        responseParameters={"gatewayresponse.header.Retry-After": "'9'"},
        responseTemplates={"application/json": '{"r": $context.error.messageString}'},
    )
    trials.method("/pets", "GET", function())
    answer = trials.tries("/pets")
    assert (answer["status"], answer["body"]) == (503, '{"r": "Internal server error"}')
    assert answer["headers"]["Retry-After"] == "9"


def test_real_latency_is_told_in_milliseconds() -> None:
    def slow(play: Play) -> None:
        play.clock.passes(0.25)
        play.backend.answers()

    trials = TrialScene(slow)
    trials.method("/pets", "GET", http("http://pets.example.com/"))
    assert trials.tries("/pets")["latency"] == 250


def test_what_a_url_may_not_hold_is_encoded() -> None:
    trials = TrialScene(lambda play: play.backend.answers())
    trials.method("/{proxy+}", "GET", http("http://pets.example.com/", "HTTP_PROXY"))
    trials.tries("/{proxy+}", pathWithQueryString="/a?q=ü x#\r\nX: y")
    assert trials.play.backend.hears.target == "/?q=%C3%BC%20x%23%0D%0AX:%20y"


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X Y": "a"}, {"X": "☃"}])
def test_a_header_that_no_client_could_send_is_refused(headers: dict[str, str]) -> None:
    trials = TrialScene()
    trials.method("/pets", "GET", MOCK)
    assert refusal(trials.tries, "/pets", headers=headers).startswith("400 BadRequestException: Invalid request header")


def test_a_method_is_tried_through_its_vpc_link() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/pets/0123"
    trials = TrialScene(lambda play: play.backend.answers())
    trials.play.ports = replace(trials.play.ports, link_targets={arn: [("10.0.0.7", 8080)]})
    link = trials.client.create_vpc_link(name="pets", targetArns=[arn])["id"]
    connection = {"connectionType": "VPC_LINK", "connectionId": "${stageVariables.link}"}
    trials.method("/pets", "GET", {**http("http://pets.example.com/"), **connection})
    assert trials.tries("/pets", stageVariables={"link": link})["status"] == 200
    assert trials.play.backend.last.origin.via == (("10.0.0.7", 8080),)
    refused = trials.tries("/pets", stageVariables={"link": "other"})
    assert refused["status"] == 500


def test_a_certificate_that_there_is_not_is_refused_and_one_that_there_is_is_presented() -> None:
    trials = TrialScene(lambda play: play.backend.answers())
    trials.method("/pets", "GET", http("https://pets.example.com/"))
    assert refusal(trials.tries, "/pets", clientCertificateId="unknown").startswith("404 NotFoundException")
    certificate = trials.client.generate_client_certificate()["clientCertificateId"]
    trials.tries("/pets", clientCertificateId=certificate)
    assert trials.play.backend.last.origin.identity == certificate


# Without the control plane


def begun(play: Play, told: list[Tried], **changed: Any) -> Any:
    method = {"httpMethod": "GET", "methodIntegration": {"type": "HTTP_PROXY", "uri": "http://b/", "httpMethod": "GET"}}
    resource = {"id": "r", "path": "/pets", "resourceMethods": {"GET": method}}
    usual: dict[str, Any] = {
        "snapshot": _snapshot(resource),
        "http_method": "GET",
        "target": "/pets",
        "headers": (),
        "body": b"",
        "variables": {},
        "client_certificate_id": None,
        "signer": NOBODY,
    }
    return Trials(play.ports).begin(Trial(**{**usual, **changed}), told.append)


def _snapshot(resource: dict[str, Any]) -> Snapshot:
    return msgspec.convert({"apiId": "api1", "resources": [resource]}, Snapshot)


def test_whoever_gives_up_hears_nothing_more_and_the_backend_is_let_go() -> None:
    play, told = Play(), list[Tried]()
    give_up = begun(play, told)
    give_up()
    assert play.backend.last.cancelled
    assert told == []
    give_up()  # twice is no harm


def test_an_answer_of_any_length_is_kept_to_ten_megabytes() -> None:
    play, told = Play(), list[Tried]()
    begun(play, told)
    play.backend.begins("HTTP/1.1 200 OK\n\n", None)
    for _ in range(10):
        play.backend.sends(b"x" * 1024 * 1024)
    play.backend.ends()
    assert len(told[0].body) == 10 * 1024 * 1024


def test_a_trial_is_in_no_access_log_and_no_meter() -> None:
    play, told = Play(), list[Tried]()
    begun(play, told)
    play.backend.answers()
    assert len(told) == 1
    assert play.log_lines == []


def test_a_header_is_checked_before_anything_is_called() -> None:
    play, told = Play(), list[Tried]()
    with pytest.raises(InvalidTrial):
        begun(play, told, headers=(("X", "a\nb"),))
    assert play.backend.calls == []
