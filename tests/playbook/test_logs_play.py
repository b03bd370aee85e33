"""One line of the access log and one record of the meters for every request that was answered."""

import json

import pytest

from playbook.stage import DATE, EXTENDED_ID, HOST, REQUEST_ID, Play, api, http_proxy, mock, responds
from portico.ports.upstream import FailureKind

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:access"


def logging(format_text: str, **standing: object) -> Play:
    settings = {"format": format_text, "destinationArn": ARN}
    methods = {"/pets/{id}": {"GET": http_proxy("http://backend/", timeoutInMillis=1000)}, "/": {"GET": mock()}}
    return Play(api(methods), accessLogSettings=settings, **standing)


def line(play: Play) -> str:
    lines = play.log.lines[ARN]
    assert len(lines) == 1
    return lines[0]


def test_the_default_line_is_json_and_tells_everything() -> None:
    play = Play(api({"/pets/{id}": {"GET": http_proxy("http://backend/")}}))
    play.asks("GET /pets/7?secret=1")
    play.clock.passes(0.25)
    play.backend.answers("HTTP/1.1 201 Created\n\n12345")
    (text,) = play.log.lines[None]
    assert json.loads(text) == {
        "requestId": REQUEST_ID,
        "extendedRequestId": EXTENDED_ID,
        "ip": "192.0.2.7",
        "requestTime": "14/Nov/2023:22:13:20 +0000",
        "httpMethod": "GET",
        "path": "/dev/pets/7",
        "resourcePath": "/pets/{id}",
        "apiId": "api1",
        "stage": "dev",
        "status": "201",
        "responseLength": "5",
        "responseLatency": "250",
        "integrationLatency": "250",
    }


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("accountId", "000000000000"),
        ("apiId", "api1"),
        ("deploymentId", "dep1"),
        ("domainName", HOST),
        ("domainPrefix", "api1"),
        ("endpointType", "REGIONAL"),
        ("error.message", "-"),
        ("error.messageString", "-"),
        ("error.responseType", "-"),
        ("extendedRequestId", EXTENDED_ID),
        ("httpMethod", "GET"),
        ("identity.sourceIp", "192.0.2.7"),
        ("identity.userAgent", "curl/8"),
        ("identity.caller", "-"),
        ("integration.status", "201"),
        ("integrationStatus", "201"),
        ("integration.latency", "250"),
        ("integrationLatency", "250"),
        ("integrationErrorMessage", "-"),
        ("path", "/dev/pets/7"),
        ("protocol", "HTTP/1.1"),
        ("requestId", REQUEST_ID),
        ("requestTime", "14/Nov/2023:22:13:20 +0000"),
        ("requestTimeEpoch", "1700000000000"),
        ("resourceId", "res1"),
        ("resourcePath", "/pets/{id}"),
        ("responseLatency", "250"),
        ("responseLength", "5"),
        ("stage", "dev"),
        ("status", "201"),
        ("xrayTraceId", "Root=1-2-3;Parent=4;Sampled=1"),
        ("awsEndpointRequestId", "backends"),
        ("authorizer.principalId", "-"),
        ("nonsense", "-"),
    ],
)
def test_every_variable_of_a_format(variable: str, text: str) -> None:
    play = logging(f"$context.requestId [$context.{variable}] 100%")
    play.asks("GET /pets/7?q=1", "User-Agent: curl/8", "X-Amzn-Trace-Id: Root=1-2-3;Parent=4;Sampled=1")
    play.clock.passes(0.25)
    play.backend.answers("HTTP/1.1 201 Created\nx-amzn-RequestId: backends\n\n12345")
    assert line(play) == f"{REQUEST_ID} [{text}] 100%"


def test_a_format_of_braces_and_quotes_is_only_text() -> None:
    play = logging("{x} {0!r} %s %(a)s ''' \"\"\" \\n \\ {{}} é $context.requestId")
    play.asks("GET /")
    assert line(play) == f"{{x}} {{0!r}} %s %(a)s ''' \"\"\" \\n \\ {{{{}}}} é {REQUEST_ID}"


def test_common_log_format() -> None:
    play = logging(
        "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "
        '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
        "$context.requestId"
    )
    play.asks("GET /")
    assert line(play) == f'192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 0 {REQUEST_ID}'


INJECTIONS = ['"', "\\", '","status":"200', "\t", "\xe9", "\xa0", "\x85", "%s", "{x}", "$context.stage", "a b"]


@pytest.mark.parametrize("value", INJECTIONS)
@pytest.mark.parametrize("quoted", [True, False])
def test_nobody_writes_a_line_of_his_own(quoted: bool, value: str) -> None:
    mark = '"' if quoted else ""
    play = logging(f'{{"ua":{mark}$context.identity.userAgent{mark},"id":"$context.requestId"}}')
    agent = f"a{value}z"
    play.asks("GET /", f"User-Agent: {agent}")
    text = line(play)
    assert text.isprintable() or value == "\xa0"
    if quoted:
        assert json.loads(text) == {"ua": agent, "id": REQUEST_ID}


@pytest.mark.parametrize(
    "target", ['/dev/"x', "/dev/a\\b", "/dev/<script>", "/dev/pets/%22%0d%0a", '/dev/nowhere","status":"200']
)
def test_a_path_stays_in_its_quotes(target: str) -> None:
    play = Play(api({"/": {"GET": mock()}}))
    play.says(f"GET {target} HTTP/1.1\nHost: {HOST}\n\n")
    (text,) = play.log_lines
    assert json.loads(text)["path"] == target
    assert json.loads(text)["status"] in ("403", "400")


def test_the_host_and_an_override_stay_in_their_quotes() -> None:
    play = logging('{"host":"$context.domainName","method":"$context.httpMethod","id":"$context.requestId"}')
    play.asks("GET /", 'X-HTTP-Method-Override: G"E')
    assert json.loads(line(play))["method"] in ("-", 'G"E')


def test_an_error_is_told_with_its_cause() -> None:
    names = ("status", "error.responseType", "error.message", "integrationErrorMessage")
    play = logging("$context.requestId|" + "|".join(f"$context.{name}" for name in names))
    play.asks("GET /pets/7")
    play.backend.fails(FailureKind.TIMEOUT, "a while\nand a line")
    cause = "the backend did not answer in time: a while\\nand a line"
    assert line(play) == f"{REQUEST_ID}|504|INTEGRATION_TIMEOUT|Endpoint request timed out|{cause}"


def test_a_request_for_nobody_is_in_the_servers_own_log() -> None:
    play = logging("$context.requestId")
    play.asks("GET /", host="nobody.example")
    assert play.log.lines[ARN] == []
    assert '"status":"403"' in play.log.lines[None][0]
    assert '"apiId":"-"' in play.log.lines[None][0] or '"apiId":""' in play.log.lines[None][0]


def test_a_format_that_cannot_be_compiled_falls_back_to_the_default() -> None:
    play = logging("$context.requestId $stageVariables.x")
    play.asks("GET /")
    assert json.loads(line(play))["requestId"] == REQUEST_ID


def test_every_answer_is_one_line_and_one_record() -> None:
    play = Play(api({"/pets": {"GET": mock(), "POST": mock(responds("400"), template='{"statusCode": 1}')}}))
    play.asks("GET /pets")
    play.asks("GET /pets")
    play.asks("POST /pets")
    play.asks("GET /nowhere")
    play.asks("GET /", host="nobody.example")
    assert len(play.log_lines) == 5
    assert sorted(play.meters.records) == [
        (("", "", "", ""), 403),
        (("api1", "dev", "", ""), 403),
        (("api1", "dev", "GET", "/pets"), 200),
        (("api1", "dev", "GET", "/pets"), 200),
        (("api1", "dev", "POST", "/pets"), 500),
    ]


def test_meters_tell_both_latencies() -> None:
    play = Play(api({"/": {"GET": http_proxy("http://backend/")}, "/mock": {"GET": mock()}}))
    play.asks("GET /")
    play.clock.passes(0.5)
    play.backend.answers()
    play.asks("GET /mock")
    by_path = {meter.labels[3]: meter.records for meter in play.meters.known.values()}
    assert by_path["/"] == [(200, 0.5, 0.5)]
    assert by_path["/mock"] == [(200, 0.0, None)]


def test_the_date_of_an_answer_follows_the_clock() -> None:
    play = Play(api({"/": {"GET": mock()}}))
    assert play.asks("GET /").hears["Date"] == DATE
    play.clock.passes(1)
    assert play.asks("GET /").hears["Date"] == "Tue, 14 Nov 2023 22:13:21 GMT"
