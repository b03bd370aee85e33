"""Request validation: what is let through, what is refused, and what the refused client is told."""

import gzip
import json
from typing import Any

import pytest

from playbook.stage import Client, Play, api, http, http_proxy, lambda_proxy, mock, responds
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.ports.compilation import CompileError

PET = {
    "type": "object",
    "required": ["name", "price"],
    "properties": {"name": {"type": "string", "minLength": 1}, "price": {"type": "number", "minimum": 0}},
}
URL = "https://apigateway.amazonaws.com/restapis/api1/models/"
INVALID_BODY = '{"message":"Invalid request body"}'
TELLING = {
    "responseType": "BAD_REQUEST_BODY",
    "responseTemplates": {
        "application/json": '{"m": $context.error.messageString, "e": "$context.error.validationErrorString"}'
    },
}


def models(**schemas: Any) -> list[dict[str, Any]]:
    return [
        {"id": name.lower(), "name": name, "contentType": "application/json", "schema": json.dumps(schema)}
        for name, schema in schemas.items()
    ]


def validating(
    method: dict[str, Any], *, path: str = "/pets", body: bool = True, parameters: bool = True, **settings: Any
) -> Play:
    """A play of one POST method with a request validator."""
    validator = {"id": "val1", "name": "all", "validateRequestBody": body, "validateRequestParameters": parameters}
    methods = {path: {"POST": {"requestValidatorId": "val1", **method}}}
    known = {"requestValidators": [validator], "models": models(Pet=PET), **settings}
    return Play(api(methods, **known))


def pets(**settings: Any) -> Play:
    return validating({**mock(), "requestModels": {"application/json": "Pet"}}, **settings)


def telling(schema: Any, **settings: Any) -> Play:
    """One whose refusals tell what is wrong."""
    return pets(models=models(Pet=schema), gatewayResponses=[TELLING], **settings)


def told(play: Play, body: bytes, *headers: str) -> Any:
    hears = play.asks("POST /pets", *headers, body=body).hears
    assert hears.status == 400
    assert hears.json["m"] == "Invalid request body"
    return hears.json["e"]


def refused(client: Client) -> bool:
    hears = client.hears
    if hears.status == 400:
        assert (hears.body, hears["x-amzn-ErrorType"]) == (INVALID_BODY, "BadRequestException")
    return hears.status == 400


# Parameters


def required(*names: str, **settings: Any) -> Play:
    parameters = {f"method.request.{name}": True for name in names}
    return validating({**mock(), "requestParameters": parameters}, path="/{test}", **settings)


def test_fact_51_missing_parameters_are_listed_by_where_they_belong() -> None:
    play = required("querystring.qs1", "path.issuer", "header.x-header-param")
    hears = play.asks("POST /anything").hears
    assert hears.status == 400
    assert hears.body == '{"message":"Missing required request parameters: [x-header-param, issuer, qs1]"}'
    assert hears["x-amzn-ErrorType"] == "BadRequestException"
    assert not play.causes


@pytest.mark.parametrize(
    ("path", "headers", "missing"),
    [
        ("/a?qs1=1", ["X-Header-Param: 1"], ""),
        ("/a?qs1=1", [], "x-header-param"),
        ("/a", ["x-header-param: 1"], "qs1"),
        ("/a?qs1=", ["x-header-param: 1"], "qs1"),
        ("/a?qs1=%20", ["x-header-param:  "], "x-header-param, qs1"),
        ("/a?QS1=1", ["x-header-param: 1"], "qs1"),
        ("/a?qs1=&qs1=2", ["x-header-param: 1"], ""),
    ],
)
def test_fact_50_a_parameter_must_be_there_and_not_blank(path: str, headers: list[str], missing: str) -> None:
    play = required("querystring.qs1", "path.test", "header.x-header-param")
    hears = play.asks(f"POST {path}", *headers).hears
    expected = f'{{"message":"Missing required request parameters: [{missing}]"}}' if missing else ""
    assert (hears.status, hears.body) == (400 if missing else 200, expected)


def test_optional_parameters_are_not_missed() -> None:
    play = validating({**mock(), "requestParameters": {"method.request.querystring.a": False}})
    assert play.asks("POST /pets").hears.status == 200


def test_parameters_are_looked_at_before_the_body_is_asked_for() -> None:
    play = required("querystring.q")
    client = play.says("POST /dev/a HTTP/1.1\nHost: api1.execute-api.localhost\nContent-Length: 9\n\n", whole=False)
    assert client.hears.status == 400


def test_parameters_come_before_the_body() -> None:
    method = {"requestModels": {"application/json": "Pet"}, "requestParameters": {"method.request.querystring.q": True}}
    play = validating({**mock(), **method})
    assert play.asks("POST /pets", body=b"{}").hears.body == '{"message":"Missing required request parameters: [q]"}'
    assert refused(play.asks("POST /pets?q=1", body=b"{}"))


def test_what_is_missing_is_told_to_a_customised_response() -> None:
    template = {
        "application/json": '{"missing": "$context.error.validationErrorString", "m": "$context.error.message"}'
    }
    custom = {"responseType": "BAD_REQUEST_PARAMETERS", "statusCode": "422", "responseTemplates": template}
    play = required("querystring.b", "header.a", gatewayResponses=[custom])
    hears = play.asks("POST /x").hears
    assert hears.status == 422
    assert hears.json == {"missing": "[a, b]", "m": "Missing required request parameters: [a, b]"}


# Bodies


def test_fact_50_an_invalid_body_is_refused_without_a_word_why() -> None:
    play = pets()
    assert refused(play.asks("POST /pets", body=b'{"name": "cat"}'))
    assert not refused(play.asks("POST /pets", body=b'{"name": "cat", "price": 1.5}'))
    assert not play.causes


def test_the_backend_of_a_refused_request_is_not_called() -> None:
    for integration in (http("http://b/"), http_proxy("http://b/"), lambda_proxy()):
        play = validating({**integration, "requestModels": {"application/json": "Pet"}})
        assert refused(play.asks("POST /pets", body=b"[]"))
        assert not play.backend.calls
        assert not play.functions.calls
        play.asks("POST /pets", body=b'{"name":"x","price":1}')
        assert play.backend.calls or play.functions.calls


@pytest.mark.parametrize(
    ("content_type", "looked_at"),
    [
        (None, True),
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/json;charset=UTF-8", True),
        ("application/vnd.api+json", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
    ],
)
def test_the_content_type_selects_the_model(content_type: str | None, looked_at: bool) -> None:
    headers = [f"Content-Type: {content_type}"] if content_type else []
    assert refused(pets().asks("POST /pets", *headers, body=b"nonsense")) is looked_at


def test_default_is_for_every_other_type() -> None:
    method = {**mock(), "requestModels": {"$default": "Pet", "text/plain": "Empty"}}
    play = validating(method, models=models(Pet=PET, Empty={}))
    for content_type in ("application/json", "a/b", "text/html; charset=x"):
        assert refused(play.asks("POST /pets", f"Content-Type: {content_type}", body=b"{}"))
    assert refused(play.asks("POST /pets", body=b"{}"))
    assert not refused(play.asks("POST /pets", "Content-Type: text/plain", body=b"{}"))


def test_without_a_model_nothing_is_looked_at() -> None:
    assert validating(mock()).asks("POST /pets", body=b"nonsense").hears.status == 200


def test_a_validator_that_is_switched_off_lets_everything_through() -> None:
    method = {"requestModels": {"application/json": "Pet"}, "requestParameters": {"method.request.querystring.q": True}}
    for body, parameters in ((True, False), (False, True), (False, False)):
        play = validating({**mock(), **method}, body=body, parameters=parameters)
        assert play.asks("POST /pets", body=b"{}").hears.status == (400 if body or parameters else 200)
        assert play.asks("POST /pets?q=1", body=b"{}").hears.status == (400 if body else 200)


def test_a_compressed_body_is_judged_by_what_is_in_it() -> None:
    good, bad = gzip.compress(b'{"name":"a","price":1}'), gzip.compress(b"{}")
    assert pets().asks("POST /pets", "Content-Encoding: gzip", body=good).hears.status == 200
    assert refused(pets().asks("POST /pets", "Content-Encoding: gzip", body=bad))


NO_TEXT = (b"", b" ", b"{", b"nonsense", b"{'a':1}", b"{} x", b'{"a":1,}', b'{"a":NaN}', b"01", b"/**/{}")
NO_CODING = (b"\xef\xbb\xbf{}", b'"\xff"', "{}".encode("utf-16"))
TOO_MUCH = (b"[1e400]", b"[" * 5000, b"[" * 5000 + b"]" * 5000, b"9" * 5000)


@pytest.mark.parametrize("body", [*NO_TEXT, *NO_CODING, *TOO_MUCH])
def test_fact_52_what_is_no_json_is_refused_and_an_empty_body_is_none(body: bytes) -> None:
    play = telling({})
    assert told(play, body) == "[Unknown error parsing request body]"
    assert not play.causes


@pytest.mark.parametrize(
    "body",
    [b"{}", b" [1, 2.5e3] ", b"null", b'"\\u00e9\\n"', b'"\\ud800"', b'{"a":1,"a":2}', b"12345678901234567890123"],
)
def test_what_is_json_is_taken(body: bytes) -> None:
    assert telling({}).asks("POST /pets", body=body).hears.status == 200


def test_of_names_that_come_twice_the_last_counts() -> None:
    play = pets()
    assert not refused(play.asks("POST /pets", body=b'{"name":1,"price":1,"name":"x"}'))
    assert refused(play.asks("POST /pets", body=b'{"name":"x","price":1,"name":1}'))


def test_fact_52_models_refer_to_each_other() -> None:
    play = pets(models=models(Pet={"type": "array", "items": {"$ref": f"{URL}One"}}, One=PET))
    assert not refused(play.asks("POST /pets", body=b'[{"name":"x","price":1}]'))
    assert refused(play.asks("POST /pets", body=b'[{"name":"x","price":1},{}]'))


def test_fact_52_models_in_a_circle() -> None:
    house = {"type": "object", "properties": {"contains": {"type": "array", "items": {"$ref": f"{URL}Pet"}}}}
    person = {"type": "object", "required": ["name", "b"], "properties": {"house": {"$ref": f"{URL}House"}}}
    play = pets(models=models(Pet=person, House=house))
    good = {"name": "a", "b": 1, "house": {"contains": [{"name": "b", "b": 2}]}}
    assert not refused(play.asks("POST /pets", body=json.dumps(good).encode()))
    del good["house"]["contains"][0]["b"]  # type: ignore[index]
    assert refused(play.asks("POST /pets", body=json.dumps(good).encode()))


def test_fact_52_one_of_several_models() -> None:
    schema = {"oneOf": [{"$ref": f"{URL}Cat"}, {"$ref": f"{URL}Dog"}]}
    cat = {"type": "object", "required": ["meows"]}
    dog = {"type": "object", "required": ["barks"]}
    play = pets(models=models(Pet=schema, Cat=cat, Dog=dog))
    assert not refused(play.asks("POST /pets", body=b'{"meows":1}'))
    assert refused(play.asks("POST /pets", body=b'{"meows":1,"barks":1}'))
    assert refused(play.asks("POST /pets", body=b"{}"))


# What is told of it


def test_what_is_wrong_is_told_in_the_order_of_a_java_set() -> None:
    """Seen in the field: a list of orders, four of whose members were wrong."""
    item = {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["STOCK", "BOND", "CASH"]},
            "symbol": {"type": "string", "minLength": 1, "maxLength": 4},
            "shares": {"type": "number", "minimum": 1, "maximum": 1000},
            "order-date": {"type": "string", "pattern": r"^\d{4}\-(0[1-9]|1[012])\-(0[1-9]|[12][0-9]|3[01])$"},
        },
    }
    order = {"type": "foobar", "symbol": "thisstringistoolong", "shares": 999999, "order-date": "2018-1-2"}
    play = telling({"type": "array", "minItems": 1, "items": item})
    raw = play.asks("POST /pets", body=json.dumps([order]).encode()).hears.body
    assert raw.partition('"e": ')[2] == (
        r'"[ECMA 262 regex \"^\\d{4}\\-(0[1-9]|1[012])\\-(0[1-9]|[12][0-9]|3[01])$\" does not match input string '
        r"\"2018-1-2\", numeric instance is greater than the required maximum (maximum: 1000, found: 999999), "
        r"string \"thisstringistoolong\" is too long (length: 19, maximum allowed: 4), instance value (\"foobar\") "
        r'not found in enum (possible values: [\"STOCK\",\"BOND\",\"CASH\"])]"}'
    )
    order = {"type": "WOW", "shares": 10000000}
    assert told(play, json.dumps([order]).encode()) == (
        '[instance value ("WOW") not found in enum (possible values: ["STOCK","BOND","CASH"]), '
        "numeric instance is greater than the required maximum (maximum: 1000, found: 10000000)]"
    )


def test_a_format_that_is_not_known_is_told_beside_what_is_wrong() -> None:
    """Seen in the field: latitude and longitude."""
    number = {"type": "number", "format": "double"}
    play = telling({"type": "object", "properties": {"lat": number, "lon": number}})
    assert play.asks("POST /pets", body=b'{"lat": 1, "lon": 2}').hears.status == 200
    assert told(play, b'{"lat": null, "lon": 2}') == (
        '[instance type (null) does not match any allowed primitive type (allowed: ["integer","number"]), '
        'format attribute "double" not supported]'
    )


def test_an_access_log_can_tell_what_is_wrong() -> None:
    validator = {"id": "val1", "validateRequestBody": True}
    method = {**mock(), "requestValidatorId": "val1", "requestModels": {"application/json": "Pet"}}
    settings = {"format": '{"e":"$context.error.validationErrorString","t":"$context.error.responseType"}'}
    play = Play(
        api({"/pets": {"POST": method}}, requestValidators=[validator], models=models(Pet=PET)),
        accessLogSettings={"destinationArn": "arn:x", **settings},
    )
    play.asks("POST /pets", body=b"{}")
    assert json.loads(play.log_lines[-1]) == {
        "e": '[object has missing required properties (["name","price"])]',
        "t": "BAD_REQUEST_BODY",
    }


def test_nobody_is_told_where_nobody_asks() -> None:
    play = pets()
    client = play.asks("POST /pets", body=b"{}")
    assert client.exchange is not None and client.exchange.fault is not None
    assert client.exchange.fault.validation is None


# What cannot be enforced


def checked(play: Play) -> list[str]:
    stage = play.stages["api1", "dev"]
    return [each.reason for each in Compiler(play.ports).check(decode_snapshot(play.load(stage.snapshot)), stage)]


def test_a_model_that_is_not_of_json_refuses_the_method() -> None:
    play = pets(models=[{"id": "m", "name": "Pet", "contentType": "application/xml", "schema": "<xs:schema/>"}])
    assert play.asks("POST /pets", body=b"{}").hears.status == 500
    assert "only JSON is validated" in play.causes[0]
    assert checked(play) == ["model Pet: only JSON is validated, and it is of application/xml"]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"pattern": "(a+)+$"}, "it can match in so many ways"),
        ({"pattern": r"(a)\1"}, "back references"),
    ],
)
def test_a_pattern_that_is_not_run_refuses_the_method(schema: Any, reason: str) -> None:
    play = pets(models=models(Pet=schema))
    assert play.asks("POST /pets", body=b"{}").hears.status == 500
    assert reason in play.causes[0]
    assert reason in checked(play)[0]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": f"{URL}Nobody"}, "leads to no model of this API"),
        ({"$ref": "https://apigateway.amazonaws.com/restapis/other/models/Pet"}, "leads to no model of this API"),
        ({"$ref": "http://169.254.169.254/latest"}, "leads to no model of this API"),
        ({"$ref": "file:///etc/passwd"}, "leads to no model of this API"),
        ({"$ref": "#/definitions/no"}, "nothing is"),
        ({"$ref": "#"}, "refers to itself"),
        ({"allOf": [{"$ref": "#"}]}, "refers to itself"),
        ({"maxLength": "35"}, "wrong form"),
        ({"type": "text"}, "no type 'text'"),
        ({"pattern": "("}, "unclosed group"),
        ([], "a schema is an object"),
    ],
)
def test_a_schema_that_is_none_is_refused_at_the_deployment(schema: Any, reason: str) -> None:
    with pytest.raises(CompileError, match=reason):
        checked(pets(models=models(Pet=schema)))


@pytest.mark.parametrize(
    "missing", [{"requestValidators": []}, {"models": []}, {"models": [{"id": "m", "name": "Pet", "schema": "{"}]}]
)
def test_what_a_method_names_must_be_there(missing: dict[str, Any]) -> None:
    with pytest.raises(CompileError):
        checked(pets(**missing))
    assert pets(**missing).asks("POST /pets", body=b'{"name":"x","price":1}').hears.status == 500


# Answers


def answering(content: str, model: str = "Pet", *, variable: str = "true", **settings: Any) -> Play:
    method = mock(responds(responseTemplates={"application/json": content}), **settings)
    method["methodResponses"]["200"]["responseModels"] = {"application/json": model}
    return Play(api({"/pets": {"GET": method}}, models=models(Pet=PET)), variables={"porticoCheckResponses": variable})


def test_a_stage_can_have_answers_held_to_their_models() -> None:
    play = answering('{"name": "x", "price": "much"}')
    hears = play.asks("GET /pets").hears
    assert (hears.status, hears.body) == (500, '{"message": "Internal server error"}')
    (cause,) = play.causes
    assert cause == (
        "the answer 200 is no Pet: /price: instance type (string) does not match any allowed primitive type "
        '(allowed: ["integer","number"])'
    )
    assert answering('{"name": "x", "price": 1}').asks("GET /pets").hears.body == '{"name": "x", "price": 1}'


@pytest.mark.parametrize("variable", ["", "false", "False"])
def test_a_stage_that_does_not_ask_checks_no_answer(variable: str) -> None:
    assert answering("{}", variable=variable).asks("GET /pets").hears.status == 200


def test_the_switch_acts_without_a_deployment() -> None:
    play = answering("{}", variable="false")
    play.update(variables={"porticoCheckResponses": "true"})
    assert play.asks("GET /pets").hears.status == 500


def test_an_answer_that_is_no_json_is_not_what_its_model_says() -> None:
    play = answering("hello")
    assert play.asks("GET /pets").hears.status == 500
    assert play.causes == ["the answer 200 is no Pet: it is not JSON"]


@pytest.mark.parametrize("build", ["http", "http_proxy", "lambda"])
@pytest.mark.parametrize(("body", "status"), [('{"name":"x","price":1}', 200), ('{"name":"x"}', 500)])
def test_answers_of_every_integration_are_checked(build: str, body: str, status: int) -> None:
    method = {"http": http("http://b/"), "http_proxy": http_proxy("http://b/"), "lambda": lambda_proxy()}[build]
    method["methodResponses"]["200"]["responseModels"] = {"application/json": "Pet"}
    play = Play(api({"/": {"GET": method}}, models=models(Pet=PET)), variables={"porticoCheckResponses": "true"})
    client = play.asks("GET /")
    if build == "lambda":
        play.functions.answers({"statusCode": 200, "body": body})
    else:
        play.backend.answers(f"HTTP/1.1 200 OK\nContent-Type: application/json\n\n{body}")
    assert client.hears.status == status
    assert client.hears.body == (body if status == 200 else '{"message": "Internal server error"}')


def test_of_an_answer_without_a_model_or_a_body_nothing_is_checked() -> None:
    method = http_proxy("http://b/")
    method["methodResponses"] = {"200": {"statusCode": "200", "responseModels": {"application/json": "Pet"}}}
    play = Play(api({"/": {"ANY": method}}, models=models(Pet=PET)), variables={"porticoCheckResponses": "true"})
    for answer in (
        "HTTP/1.1 404 Not Found\nContent-Type: application/json\n\n{}",
        "HTTP/1.1 200 OK\nContent-Type: text/html\n\n<p>",
    ):
        client = play.asks("GET /")
        play.backend.answers(answer)
        assert client.hears.status != 500
    client = play.asks("HEAD /")
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: application/json\n\n")
    assert client.hears.status == 200


def test_an_encoded_answer_cannot_be_checked_and_does_not_leave() -> None:
    method = http_proxy("http://b/")
    method["methodResponses"]["200"]["responseModels"] = {"application/json": "Pet"}
    play = Play(api({"/": {"GET": method}}, models=models(Pet=PET)), variables={"porticoCheckResponses": "true"})
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip\n\n{}")
    assert client.hears.status == 500
    assert play.causes == ["the answer 200 is no Pet: it is encoded as gzip"]


def test_streamed_answers_cannot_be_checked_and_are_refused() -> None:
    method = lambda_proxy(
        "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/"
        "arn:aws:lambda:us-east-1:000000000000:function:pets/response-streaming-invocations",
        responseTransferMode="STREAM",
    )
    method["methodResponses"]["200"]["responseModels"] = {"application/json": "Pet"}
    play = Play(api({"/": {"GET": method}}, models=models(Pet=PET)), variables={"porticoCheckResponses": "true"})
    assert play.asks("GET /").hears.status == 500
    assert checked(play) == ["answers that are streamed are not checked against their model"]
