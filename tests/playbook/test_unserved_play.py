"""Not enforced is not served: every member of the model is obeyed, refused, or harmless for a reason.

Whoever adds a member to the model decides here what it comes to, or a test below fails.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from playbook.stage import Play, api, http, http_proxy, mock
from portico.dataplane.compile.rest import Compiler
from portico.model import rest, standing
from portico.ports.compilation import Unserved

INTERNAL = '{"message": "Internal server error"}'


class Obeyed(NamedTuple):
    """The play that shows it."""

    play: str


class Refused(NamedTuple):
    """A value that asks for more than is built, and what of the reason the operator reads."""

    value: Any
    reason: str
    also: dict[str, Any] = {}
    """Members beside it, without which it asks for nothing."""


class Harmless(NamedTuple):
    """Nobody is let in, and nothing is answered otherwise, because it is not acted on."""

    why: str


Decision = Obeyed | Refused | Harmless

SNAPSHOT: dict[str, Decision] = {
    "api_id": Obeyed("test_every_variable_of_a_format"),
    "name": Harmless("a name for people"),
    "api_key_source": Harmless("says where a key is looked for; a method that asks for a key is refused"),
    "binary_media_types": Obeyed("test_fact_140_a_requests_body"),
    "minimum_compression_size": Obeyed("test_an_answer_is_compressed_for_who_asks_for_it"),
    "endpoint_configuration": Refused({"types": ["PRIVATE"]}, "private APIs"),
    "policy": Refused('{"Statement": []}', "resource policies"),
    "security_policy": Refused("SecurityPolicy_TLS13_1_3_2025_09", "security policies"),
    "endpoint_access_mode": Refused("STRICT", "endpoint access mode STRICT"),
    "resources": Obeyed("test_a_literal_goes_before_a_parameter_and_a_parameter_before_the_greedy_one"),
    "models": Obeyed("test_fact_52_models_refer_to_each_other"),
    "request_validators": Obeyed("test_a_validator_that_is_switched_off_lets_everything_through"),
    "authorizers": Harmless("only a method that names one asks for it, and that method is refused"),
    "gateway_responses": Obeyed("test_a_type_of_its_own_acts_with_all_it_sets"),
}
ENDPOINT: dict[str, Decision] = {
    "types": Obeyed("test_correction_9_a_url_has_a_length_by_the_endpoints_type"),
    "ip_address_type": Harmless("which addresses are listened on is the server's setting"),
    "vpc_endpoint_ids": Harmless("of private APIs, which are refused"),
}
RESOURCE: dict[str, Decision] = {
    "id": Obeyed("test_every_variable_of_a_format"),
    "path": Obeyed("test_every_variable_of_a_format"),
    "parent_id": Harmless("the path says it"),
    "path_part": Harmless("the path says it"),
    "resource_methods": Obeyed("test_fact_108_routing_is_over_path_and_method_jointly"),
}
METHOD: dict[str, Decision] = {
    "http_method": Obeyed("test_any_is_seven_verbs"),
    "authorization_type": Refused("AWS_IAM", "authorization is not enforced"),
    "authorizer_id": Harmless("without an authorizationType that uses it AWS ignores it too: recorded fact 40"),
    "authorization_scopes": Harmless("without an authorizationType there is no token that could have them"),
    "api_key_required": Refused(True, "API keys"),
    "request_validator_id": Obeyed("test_fact_51_missing_parameters_are_listed_by_where_they_belong"),
    "operation_name": Obeyed("test_stage_variables_and_the_operations_name_are_told"),
    "request_parameters": Obeyed("test_fact_51_missing_parameters_are_listed_by_where_they_belong"),
    "request_models": Obeyed("test_the_content_type_selects_the_model"),
    "method_responses": Obeyed("test_a_status_that_the_method_does_not_declare_is_a_500"),
    "method_integration": Refused(None, "no integration"),
}
METHOD_RESPONSE: dict[str, Decision] = {
    "status_code": Obeyed("test_a_status_that_the_method_does_not_declare_is_a_500"),
    "response_parameters": Harmless("the control plane takes no mapping to an undeclared header"),
    "response_models": Obeyed("test_a_stage_can_have_answers_held_to_their_models"),
}
INTEGRATION: dict[str, Decision] = {
    "type": Refused("TELEPATHY", "integrations of type TELEPATHY are not built"),
    "http_method": Obeyed("test_http_integration_method_is_the_integrations_own"),
    "uri": Obeyed("test_where_a_request_goes"),
    "connection_type": Refused("CARRIER_PIGEON", "connections other than INTERNET and VPC_LINK"),
    "connection_id": Obeyed("test_a_link_leads_to_its_machines_under_the_name_of_the_uri"),
    "credentials": Obeyed("test_with_credentials_the_role_counts"),
    "request_parameters": Obeyed("test_every_source_of_a_request_reaches_a_header"),
    "request_templates": Obeyed("test_passthrough"),
    "passthrough_behavior": Obeyed("test_passthrough"),
    "content_handling": Obeyed("test_http_proxy_obeys_its_content_handling"),
    "timeout_in_millis": Obeyed("test_an_integrations_timeout_is_handed_to_the_backends_port"),
    "cache_namespace": Harmless("names entries of a cache; a stage with a cache in use is refused"),
    "cache_key_parameters": Harmless("keys of a cache; a stage with a cache in use is refused"),
    "integration_responses": Obeyed("test_patterns_match_the_whole_status"),
    "tls_config": Obeyed("test_an_integration_may_skip_verification_of_its_backend"),
    "response_transfer_mode": Obeyed("test_a_stream_begins_when_the_delimiter_has_come_and_goes_on_as_it_comes"),
    "integration_target": Refused("arn:aws:elasticloadbalancing:x", "VPC links V2"),
}
INTEGRATION_RESPONSE: dict[str, Decision] = {
    "status_code": Obeyed("test_patterns_match_the_whole_status"),
    "selection_pattern": Obeyed("test_patterns_match_the_whole_status"),
    "response_parameters": Obeyed("test_every_source_of_a_response"),
    "response_templates": Obeyed("test_a_response_template_is_chosen_by_the_first_type_of_accept"),
    "content_handling": Obeyed("test_fact_141_an_answers_payload"),
}
TLS_CONFIG: dict[str, Decision] = {
    "insecure_skip_verification": Obeyed("test_an_integration_may_skip_verification_of_its_backend"),
}
GATEWAY_RESPONSE: dict[str, Decision] = {
    "response_type": Obeyed("test_a_type_of_its_own_acts_with_all_it_sets"),
    "status_code": Obeyed("test_a_type_of_its_own_acts_with_all_it_sets"),
    "response_parameters": Obeyed("test_headers_come_from_the_request_the_context_and_the_stage"),
    "response_templates": Obeyed("test_templates_are_plain_substitution_and_no_velocity"),
}
STAGE: dict[str, Decision] = {
    "api_id": Obeyed("test_an_api_answers_under_its_hosts_with_and_without_a_region"),
    "stage_name": Obeyed("test_a_stage_that_is_unknown_is_forbidden"),
    "deployment_id": Obeyed("test_every_variable_of_a_format"),
    "snapshot": Obeyed("test_a_new_deployment_acts_and_an_old_one_can_come_back"),
    "variables": Obeyed("test_fact_152_stage_variables_act_without_a_deployment"),
    "method_settings": Refused({"*/*": {"throttlingBurstLimit": 1}}, "throttles"),
    "access_log_settings": Obeyed("test_every_variable_of_a_format"),
    "cache_cluster_enabled": Refused(True, "caching", {"methodSettings": {"*/*": {"cachingEnabled": True}}}),
    "cache_cluster_size": Harmless("the size of a cache that is refused where it is in use"),
    "tracing_enabled": Harmless("tells a tracing service; the trace header goes on in any case"),
    "client_certificate_id": Obeyed("test_a_stages_client_certificate_is_shown_to_backends"),
    "canary_settings": Obeyed("test_a_canary_gets_its_share_of_the_requests"),
    "web_acl_arn": Refused("arn:aws:wafv2:x", "web ACLs"),
    "disable_execute_api_endpoint": Obeyed("test_the_default_endpoint_can_be_disabled_on_every_address"),
    "vpc_links": Obeyed("test_a_link_leads_to_its_machines_under_the_name_of_the_uri"),
}
ACCESS_LOG: dict[str, Decision] = {
    "format": Obeyed("test_every_variable_of_a_format"),
    "destination_arn": Obeyed("test_a_request_for_nobody_is_in_the_servers_own_log"),
}
_CACHED = {"cacheClusterEnabled": True}
_ONLY_WITH_A_CACHE = Harmless("how a cache acts, and a method whose cache is on is refused")
METHOD_SETTING: dict[str, Decision] = {
    "metrics_enabled": Harmless("metrics by method are always on"),
    "logging_level": Harmless("how much the operator is told"),
    "data_trace_enabled": Harmless("how much the operator is told"),
    "throttling_burst_limit": Refused(100, "throttles"),
    "throttling_rate_limit": Refused(0.5, "throttles"),
    "caching_enabled": Refused(True, "caching", _CACHED),
    "cache_ttl_in_seconds": _ONLY_WITH_A_CACHE,
    "cache_data_encrypted": _ONLY_WITH_A_CACHE,
    "require_authorization_for_cache_control": _ONLY_WITH_A_CACHE,
    "unauthorized_cache_control_header_strategy": _ONLY_WITH_A_CACHE,
}
CANARY: dict[str, Decision] = {
    "percent_traffic": Obeyed("test_a_canary_gets_its_share_of_the_requests"),
    "deployment_id": Obeyed("test_a_canary_is_another_deployment_with_variables_of_its_own"),
    "snapshot": Obeyed("test_a_canary_gets_its_share_of_the_requests"),
    "stage_variable_overrides": Obeyed("test_a_canary_is_another_deployment_with_variables_of_its_own"),
    "use_stage_cache": Harmless("whose cache a canary uses; a stage with a cache in use is refused"),
}
MODEL: dict[str, Decision] = {
    "id": Harmless("methods and other models name it by its name"),
    "name": Obeyed("test_fact_52_models_refer_to_each_other"),
    "content_type": Obeyed("test_a_model_that_is_not_of_json_refuses_the_method"),
    "schema": Obeyed("test_the_content_type_selects_the_model"),
}
VALIDATOR: dict[str, Decision] = {
    "id": Obeyed("test_a_validator_that_is_switched_off_lets_everything_through"),
    "name": Harmless("a name for people"),
    "validate_request_body": Obeyed("test_a_validator_that_is_switched_off_lets_everything_through"),
    "validate_request_parameters": Obeyed("test_a_validator_that_is_switched_off_lets_everything_through"),
}
_READ_BY_NOBODY = {
    rest.Authorizer: "a method that authorizes is refused",
}
TABLE: dict[type[msgspec.Struct], dict[str, Decision]] = {
    rest.Snapshot: SNAPSHOT,
    rest.EndpointConfiguration: ENDPOINT,
    rest.Resource: RESOURCE,
    rest.Method: METHOD,
    rest.MethodResponse: METHOD_RESPONSE,
    rest.Integration: INTEGRATION,
    rest.IntegrationResponse: INTEGRATION_RESPONSE,
    rest.TlsConfig: TLS_CONFIG,
    rest.GatewayResponse: GATEWAY_RESPONSE,
    rest.Model: MODEL,
    rest.RequestValidator: VALIDATOR,
    standing.StageStanding: STAGE,
    standing.CanaryStanding: STAGE,
    standing.AccessLogSettings: ACCESS_LOG,
    standing.MethodSetting: METHOD_SETTING,
    standing.CanarySettings: CANARY,
}


# Nothing is forgotten


def structs() -> Iterator[type[msgspec.Struct]]:
    for module in (rest, standing):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__struct_fields__:
                yield value


def test_every_struct_of_the_model_is_in_the_table() -> None:
    assert set(structs()) == TABLE.keys() | _READ_BY_NOBODY.keys()


@pytest.mark.parametrize("struct", TABLE, ids=lambda struct: struct.__name__)
def test_every_member_of_the_model_is_decided(struct: type[msgspec.Struct]) -> None:
    assert set(struct.__struct_fields__) == TABLE[struct].keys()


def test_every_play_that_the_table_names_is_there() -> None:
    here = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    plays = set(re.findall(r"^def (test_\w+)\(", here, re.MULTILINE))
    named = {decision.play for table in TABLE.values() for decision in table.values() if isinstance(decision, Obeyed)}
    assert named <= plays, named - plays


def test_every_harmless_member_says_why() -> None:
    decisions = [decision for table in TABLE.values() for decision in table.values()]
    assert all(decision.why for decision in decisions if isinstance(decision, Harmless))


# What is refused is refused


def refusals(struct: type[msgspec.Struct]) -> list[Any]:
    rows = [(name, each) for name, each in TABLE[struct].items() if isinstance(each, Refused)]
    return [pytest.param(_wire(struct, name), each, id=name) for name, each in rows]


def _wire(struct: type[msgspec.Struct], name: str) -> str:
    """A member's name in AWS's documents."""
    return next(field.encode_name for field in msgspec.structs.fields(struct) if field.name == name)


def hold_refused(play: Play, reason: str, *unserved: tuple[str, str]) -> None:
    """Every request is the 500 that says nothing, the operator reads why, and a deployment is warned."""
    hears = play.asks("GET /").hears
    assert (hears.status, hears.body) == (500, INTERNAL)
    assert hears["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert reason not in str(hears)
    assert not play.backend.calls
    assert play.causes and reason in play.causes[0] and play.causes[0].startswith("not served: ")
    stage = play.stages["api1", "dev"]
    warned = Compiler(play.ports).check(msgspec.json.decode(play.load(stage.snapshot), type=rest.Snapshot), stage)
    assert {(each.method, each.path) for each in warned if reason in each.reason} == set(unserved)


@pytest.mark.parametrize(("name", "refused"), refusals(rest.Snapshot))
def test_what_an_api_asks_for_and_does_not_get_refuses_the_whole_api(name: str, refused: Refused) -> None:
    play = Play(api({"/": {"GET": mock()}, "/b": {"GET": mock()}}, **{name: refused.value}))
    hold_refused(play, refused.reason, ("", ""))
    assert play.asks("GET /nowhere").hears.status == 500


@pytest.mark.parametrize(("name", "refused"), refusals(rest.Method))
def test_what_a_method_asks_for_and_does_not_get_refuses_the_method(name: str, refused: Refused) -> None:
    asking = {**mock(), name: refused.value}
    play = Play(api({"/": {"GET": asking, "POST": mock()}, "/b": {"GET": mock()}}))
    hold_refused(play, refused.reason, ("GET", "/"))
    assert play.asks("POST /").hears.status == 200
    assert play.asks("GET /b").hears.status == 200


@pytest.mark.parametrize(("name", "refused"), refusals(rest.Integration))
@pytest.mark.parametrize("build", [http, http_proxy])
def test_what_an_integration_asks_for_and_does_not_get_refuses_its_method(
    build: Any, name: str, refused: Refused
) -> None:
    asking = build("http://backend/")
    asking["methodIntegration"][name] = refused.value
    play = Play(api({"/": {"GET": asking, "POST": mock()}}))
    hold_refused(play, refused.reason, ("GET", "/"))
    assert play.asks("POST /").hears.status == 200


@pytest.mark.parametrize(("name", "refused"), refusals(standing.StageStanding))
def test_what_a_stage_asks_for_and_does_not_get_is_refused(name: str, refused: Refused) -> None:
    play = Play(api({"/": {"GET": mock()}}), **{name: refused.value, **refused.also})
    of_the_method = name in ("methodSettings", "cacheClusterEnabled")
    hold_refused(play, refused.reason, ("GET", "/") if of_the_method else ("", ""))
    play.deploy(api({"/": {"GET": mock()}}), "calm")
    assert play.says("GET /calm/ HTTP/1.1\nHost: api1.execute-api.localhost\n\n").hears.status == 200


@pytest.mark.parametrize(("name", "refused"), refusals(standing.MethodSetting))
@pytest.mark.parametrize("key", ["*/*", "pets/{id}/GET", "~1pets~1{id}/GET", "/pets/{id}/GET", "pets/{id}/*"])
def test_what_a_methods_settings_ask_for_and_do_not_get_refuses_the_method(
    key: str, name: str, refused: Refused
) -> None:
    methods = {"/pets/{id}": {"GET": mock(), "POST": mock()}, "/pets": {"GET": mock()}}
    play = Play(api(methods), methodSettings={key: {name: refused.value}}, **refused.also)
    assert play.asks("GET /pets/7").hears.body == INTERNAL
    assert refused.reason in play.causes[0]
    others = 500 if key == "*/*" else 200
    assert play.asks("GET /pets").hears.status == others
    assert play.asks("POST /pets/7").hears.status == (500 if key in ("*/*", "pets/{id}/*") else 200)


# Values that ask for nothing


@pytest.mark.parametrize(
    "setting",
    [
        {"throttlingBurstLimit": 5000, "throttlingRateLimit": 10000.0},
        {"throttlingBurstLimit": -1, "throttlingRateLimit": -1},
        {"cachingEnabled": True},
        {"cachingEnabled": False, "cacheTtlInSeconds": 60},
        {"metricsEnabled": True, "loggingLevel": "INFO", "dataTraceEnabled": True},
        {},
    ],
)
def test_aws_own_defaults_are_served(setting: dict[str, Any]) -> None:
    play = Play(api({"/": {"GET": mock()}}), methodSettings={"*/*": setting})
    assert play.asks("GET /").hears.status == 200


def test_a_cache_that_nobody_uses_is_served() -> None:
    idle = {"cacheClusterEnabled": True, "cacheClusterSize": "0.5"}
    assert Play(api({"/": {"GET": mock()}}), **idle).asks("GET /").hears.status == 200


def test_settings_of_other_methods_refuse_nobody() -> None:
    keys = ("pets/POST", "petshop/GET", "pets/{id}/GET", "other/*", "/GET")
    play = Play(api({"/pets": {"GET": mock()}}), methodSettings={key: {"throttlingBurstLimit": 1} for key in keys})
    assert play.asks("GET /pets").hears.status == 200


def test_a_setting_of_one_verb_acts_on_a_method_of_any_verb() -> None:
    play = Play(api({"/pets": {"ANY": mock()}}), methodSettings={"pets/GET": {"throttlingRateLimit": 1.0}})
    assert play.asks("GET /pets").hears.status == 500


def test_a_methods_own_entry_is_completed_by_that_of_all() -> None:
    settings = {"*/*": {"throttlingRateLimit": 1.0}, "pets/GET": {"metricsEnabled": True}}
    assert Play(api({"/pets": {"GET": mock()}}), methodSettings=settings).asks("GET /pets").hears.status == 500
    settings["pets/GET"] = {"throttlingRateLimit": 10000.0}
    assert Play(api({"/pets": {"GET": mock()}}), methodSettings=settings).asks("GET /pets").hears.status == 200


@pytest.mark.parametrize("kind", ["AWS_EVERYTHING", "SOMETHING_NEW"])
def test_an_integration_that_is_not_built_is_refused(kind: str) -> None:
    asking = http("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations")
    asking["methodIntegration"]["type"] = kind
    hold_refused(Play(api({"/": {"GET": asking}})), f"integrations of type {kind} are not built", ("GET", "/"))


@pytest.mark.parametrize("kind", ["CUSTOM", "COGNITO_USER_POOLS", "AWS_IAM", "none of the above", "custom"])
def test_an_authorization_of_any_name_is_refused(kind: str) -> None:
    hold_refused(Play(api({"/": {"GET": {**mock(), "authorizationType": kind}}})), "authorization", ("GET", "/"))


@pytest.mark.parametrize("kind", ["NONE", "none"])
def test_no_authorization_is_none(kind: str) -> None:
    assert Play(api({"/": {"GET": {**mock(), "authorizationType": kind}}})).asks("GET /").hears.status == 200


def test_a_refusal_cannot_be_reached_around() -> None:
    """By no spelling of the path, no verb and no header."""
    play = Play(api({"/admin": {"GET": {**mock(), "apiKeyRequired": True}}, "/{proxy+}": {"POST": mock()}}))
    for path in ("/admin", "/admin/", "//admin", "/%61dmin", "/admin?x=1"):
        assert play.asks(f"GET {path}", "x-api-key: k").hears.status == 500
    assert play.asks("POST /admin", "X-HTTP-Method-Override: GET").hears.status == 500
    assert play.asks("HEAD /admin").hears.status == 403


def test_check_finds_nothing_in_an_api_that_asks_for_nothing() -> None:
    play = Play(api({"/": {"GET": mock(), "POST": http("http://b/"), "PUT": http_proxy("http://b/")}}))
    stage = play.stages["api1", "dev"]
    snapshot = rest.decode_snapshot(play.load(stage.snapshot))
    assert Compiler(play.ports).check(snapshot, stage) == []
    assert Compiler(play.ports).check(snapshot, None) == []


def test_check_warns_of_an_unknown_stage_variable() -> None:
    play = Play(api({"/": {"GET": http("http://${stageVariables.host}/")}}))
    stage = play.stages["api1", "dev"]
    snapshot = rest.decode_snapshot(play.load(stage.snapshot))
    assert Compiler(play.ports).check(snapshot, stage) == [Unserved("GET", "/", "the stage has no variable 'host'")]
