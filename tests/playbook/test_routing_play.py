"""From a request's address and path to the method that answers: recorded facts 107 to 111, semantics section 3."""

import pytest

from playbook.stage import Play, api, http_proxy, mock, on_path, responds

FORBIDDEN = '{"message":"Forbidden"}'
MISSING = '{"message":"Missing Authentication Token"}'


def named(name: str) -> dict[str, object]:
    """A mock that says which method it is."""
    return mock(responds(responseTemplates={"application/json": name}))


def told(*methods: str) -> Play:
    """An API of these methods, "GET /pets"; each answers its own name."""
    paths: dict[str, dict[str, object]] = {}
    for each in methods:
        verb, _, path = each.partition(" ")
        paths.setdefault(path, {})[verb] = named(each)
    return Play(api(paths))


def who(play: Play, request: str) -> str:
    """Which method answers; "403 Missing" and the like where none does."""
    hears = play.asks(request).hears
    assert not play.causes
    return hears.body if hears.status == 200 else f"{hears.status} {hears.json['message']}"


# Which method answers


def test_fact_107_no_path_and_no_method_are_both_a_missing_token() -> None:
    play = told("GET /pets")
    for request in ("GET /dogs", "POST /pets", "GET /", "GET /pets/1"):
        hears = play.asks(request).hears
        assert (hears.status, hears.body) == (403, MISSING)
        assert hears["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
        assert hears["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("request_line", "answers"),
    [
        ("POST /test", "POST /test"),
        ("OPTIONS /test", "OPTIONS /{proxy+}"),
        ("OPTIONS /test/any", "ANY /test/any"),
        ("OPTIONS /elsewhere", "OPTIONS /{proxy+}"),
        ("GET /test", "403 Missing Authentication Token"),
    ],
)
def test_fact_108_routing_is_over_path_and_method_jointly(request_line: str, answers: str) -> None:
    play = told("POST /test", "ANY /test/any", "OPTIONS /{proxy+}")
    assert who(play, request_line) == answers


@pytest.mark.parametrize(
    ("request_line", "answers"),
    [
        ("GET /part1/hardcoded-value", "GET /part1/hardcoded-value"),
        ("GET /part1/random-value", "GET /{param+}"),
        ("GET /part1", "GET /{param+}"),
        ("GET /part1/hardcoded-value/deeper", "GET /{param+}"),
    ],
)
def test_fact_109_the_search_falls_back_across_branches(request_line: str, answers: str) -> None:
    assert who(told("GET /part1/hardcoded-value", "GET /{param+}"), request_line) == answers


@pytest.mark.parametrize(
    ("request_line", "answers"),
    [
        ("GET /pets/mine", "GET /pets/mine"),
        ("GET /pets/7", "GET /pets/{id}"),
        ("GET /pets/mine/toys", "GET /pets/mine/toys"),
        ("GET /pets/7/toys", "GET /pets/{id}/toys"),
        ("GET /pets/mine/food", "GET /pets/{id}/food"),
        ("DELETE /pets/mine", "DELETE /pets/{id}"),
        ("PUT /pets/mine", "ANY /{proxy+}"),
        ("GET /pets/7/toys/ball", "ANY /{proxy+}"),
        ("GET /", "403 Missing Authentication Token"),
    ],
)
def test_a_literal_goes_before_a_parameter_and_a_parameter_before_the_greedy_one(
    request_line: str, answers: str
) -> None:
    play = told(
        "GET /pets/mine",
        "GET /pets/mine/toys",
        "GET /pets/{id}",
        "DELETE /pets/{id}",
        "GET /pets/{id}/toys",
        "GET /pets/{id}/food",
        "ANY /{proxy+}",
    )
    assert who(play, request_line) == answers


@pytest.mark.parametrize(
    ("request_line", "answers"),
    [
        ("GET /a/b/c", "GET /a/{deep+}"),
        ("GET /7/b/c", "GET /{x}/b/c"),
        ("GET /7/b/d", "GET /{x}/{mid+}"),
        ("GET /7", "GET /{all+}"),
        ("PUT /a/b/c", "PUT /{all+}"),
    ],
)
def test_the_nearest_greedy_parameter_comes_after_all_that_is_below(request_line: str, answers: str) -> None:
    play = told("GET /a/b", "GET /a/{deep+}", "GET /{x}/b/c", "GET /{x}/{mid+}", "GET /{all+}", "PUT /{all+}")
    assert who(play, request_line) == answers


def test_a_path_may_have_more_parts_than_python_has_frames() -> None:
    deep = "/a" * 1200
    assert who(told(f"GET {deep}"), f"GET {deep}") == f"GET {deep}"


def test_a_verb_of_its_own_goes_before_any_whatever_the_order() -> None:
    assert who(told("ANY /a", "GET /a"), "GET /a") == "GET /a"
    assert who(told("GET /a", "ANY /a"), "GET /a") == "GET /a"
    assert who(told("GET /a", "ANY /a"), "PUT /a") == "ANY /a"
    assert who(told("GET /{x+}", "ANY /{x+}"), "GET /a") == "GET /{x+}"


@pytest.mark.parametrize("verb", ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"])
def test_any_is_seven_verbs(verb: str) -> None:
    assert who(told("ANY /a"), f"{verb} /a") == "ANY /a"
    assert told("ANY /a").asks("HEAD /a").hears.status == 200


@pytest.mark.parametrize("verb", ["TRACE", "CONNECT", "PROPFIND", "get", "ANY", "PRI"])
def test_any_is_no_other_verb(verb: str) -> None:
    assert who(told("ANY /a", "ANY /{x+}"), f"{verb} /a") == "403 Missing Authentication Token"


def test_head_is_not_implied_by_get() -> None:
    hears = told("GET /pets").asks("HEAD /pets").hears
    assert (hears.status, hears.content) == (403, b"")
    assert hears["Content-Length"] == str(len(MISSING))


def test_the_root_needs_a_method_of_its_own() -> None:
    play = told("GET /", "GET /{proxy+}")
    for path in ("", "/", "//"):
        assert who(play, f"GET {path}") == "GET /"


# Slashes


@pytest.mark.parametrize(
    ("path", "proxy"),
    [
        ("/x/a/b", "a/b"),
        ("/x/a/", "a"),
        ("//x/a", "a"),
        ("///x/a", "a"),
        ("/x/a//b", "a//b"),
    ],
)
def test_fact_110_a_slash_behind_and_slashes_in_front_do_not_count_inner_ones_do(path: str, proxy: str) -> None:
    method = http_proxy("http://backend/{proxy}", **on_path("proxy"))
    play = Play(api({"/x/{proxy+}": {"GET": method}}))
    play.asks(f"GET {path}")
    assert play.backend.hears.target == f"/{proxy}"


def test_slashes_before_the_stage_do_not_count() -> None:
    play = told("GET /pets")
    hears = play.says("GET //dev/pets HTTP/1.1\nHost: api1.execute-api.localhost\n\n").hears
    assert hears.body == "GET /pets"


def test_a_parameter_is_never_empty() -> None:
    assert who(told("GET /pets/{id}/toys"), "GET /pets//toys") == "403 Missing Authentication Token"


# Percent-encodings, dots and what else a path may be made of


def test_fact_111_path_parameters_are_not_decoded_query_parameters_are() -> None:
    mapped = mock(
        responds(
            responseTemplates={
                "application/json": "$input.params('id')|$input.params('q')|$input.params().querystring.get('two')"
            }
        )
    )
    hears = Play(api({"/{id}": {"GET": mapped}})).asks("GET /test%2Balias@x?q=a+b%2Bc&two=first&two=last").hears
    assert hears.body == "test%2Balias@x|a b+c|last"


@pytest.mark.parametrize("path", ["/%61dmin", "/ad%6Din", "/%61%64%6d%69%6e"])
def test_an_encoded_letter_is_the_letter(path: str) -> None:
    assert who(told("GET /admin", "GET /{proxy+}"), f"GET {path}") == "GET /admin"


@pytest.mark.parametrize(
    "path",
    ["/a/../b", "/..", "/a/.", "/./a", "/%2e%2e/a", "/a/%2E", "/a/.%2e/b", "/a/../../b", "/%zz", "/a%", "/%2"],
)
def test_dot_segments_and_broken_escapes_are_refused(path: str) -> None:
    hears = told("GET /{proxy+}", "GET /b", "GET /a").asks(f"GET {path}").hears
    assert (hears.status, hears.body) == (400, '{"message":"Bad Request"}')


@pytest.mark.parametrize("path", ["/a/..b", "/...", "/a.b/c..d", "/.well-known/x", "/%2e%2ea", "/~x"])
def test_dots_that_are_no_segment_pass(path: str) -> None:
    assert who(told("GET /{proxy+}"), f"GET {path}") == "GET /{proxy+}"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a%2Fb", "/a%2Fb"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%20b", "/a%20b"),
        ("/a%00b", "/a%00b"),
        ("/a%0d%0ab", "/a%0D%0Ab"),
        ("/a%252e%252e", "/a%252e%252e"),
        ("/a%3Fb=c", "/a%3Fb=c"),
        ("/a%23b", "/a%23b"),
        ("/%C3%A9", "/%C3%A9"),
        ("/a;b=c", "/a;b=c"),
        ("/a\\b", "/a%5Cb"),
        ('/a"<b>', "/a%22%3Cb%3E"),
        ("/a{b}|c", "/a%7Bb%7D%7Cc"),
    ],
)
def test_a_parameter_stays_within_its_segment_at_the_backend(path: str, sent: str) -> None:
    play = Play(api({"/{id}": {"GET": http_proxy("http://backend/{id}", **on_path("id"))}}))
    play.asks(f"GET {path}")
    assert play.backend.hears.first == f"GET {sent} HTTP/1.1"


@pytest.mark.parametrize("path", ["/a%2F..%2Fb", "/..%2Fb", "/a/..%2f..%2fb", "/%2e%2e%2Fb"])
@pytest.mark.parametrize("name", ["proxy", "rest"])
def test_no_encoding_climbs_out_of_a_backends_path(path: str, name: str) -> None:
    play = Play(api({f"/{{{name}+}}": {"GET": http_proxy(f"http://backend/base/{{{name}}}", **on_path(name))}}))
    hears = play.asks(f"GET {path}").hears
    assert hears.status in (400, 500)
    assert not play.backend.calls


@pytest.mark.parametrize("name", ["proxy", "rest"])
def test_a_greedy_parameters_slashes_stay_slashes_whatever_its_name(name: str) -> None:
    play = Play(api({f"/{{{name}+}}": {"GET": http_proxy(f"http://backend/{{{name}}}", **on_path(name))}}))
    play.asks("GET /a/b%20c/d")
    assert play.backend.hears.target == "/a/b%20c/d"


def test_a_semicolon_splits_query_parameters() -> None:
    shown = mock(responds(responseTemplates={"application/json": "$input.params('a')|$input.params('b')"}))
    assert Play(api({"/": {"GET": shown}})).asks("GET /?a=1;b=2").hears.body == "1|2"


@pytest.mark.parametrize("query", ["a=x|y", "a={x}", "{=1", "a=1&b=}"])
def test_bars_and_braces_of_a_query_are_refused_unless_they_are_encoded(query: str) -> None:
    """The guide's important notes: a client must encode them."""
    shown = mock(responds(responseTemplates={"application/json": "$input.params('a')"}))
    play = Play(api({"/": {"GET": shown}}))
    hears = play.asks(f"GET /?{query}").hears
    assert (hears.status, hears.body) == (400, '{"message":"Bad Request"}')
    assert play.asks("GET /?a=%7Bx%7C%7D").hears.body == "{x|}"


# Addresses


@pytest.mark.parametrize(
    "host",
    [
        "api1.execute-api.localhost",
        "api1.execute-api.localhost:8080",
        "API1.Execute-API.LocalHost.",
        "api1.execute-api.us-east-1.localhost:8080",
        "api1.execute-api.us-east-1.amazonaws.com",
        "api1.execute-api.amazonaws.com",
        "api1.execute-api.gateway.example",
        "api1.execute-api.eu-central-1.gateway.example",
    ],
)
def test_an_api_answers_under_its_hosts_with_and_without_a_region(host: str) -> None:
    play = told("GET /pets")
    assert play.asks("GET /pets", host=host).hears.body == "GET /pets"


@pytest.mark.parametrize(
    "host",
    [
        "api2.execute-api.localhost",
        "localhost",
        "api1.localhost",
        "api1.execute-api.evil.example",
        "api1.execute-api.a.b.gateway.example",
        "x.api1.execute-api.localhost",
        "[::1]:8080",
    ],
)
def test_other_hosts_are_nobodys(host: str) -> None:
    hears = told("GET /pets").asks("GET /pets", host=host).hears
    assert (hears.status, hears.body, hears["x-amzn-ErrorType"]) == (403, FORBIDDEN, "ForbiddenException")


@pytest.mark.parametrize(
    "path",
    [
        "/restapis/api1/dev/_user_request_/pets",
        "/restapis/api1/dev/_user_request_//pets/",
        "/_aws/execute-api/api1/dev/pets",
    ],
)
@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "whatever.example"])
def test_an_api_answers_under_both_path_styles(path: str, host: str) -> None:
    play = told("GET /pets")
    assert play.says(f"GET {path} HTTP/1.1\nHost: {host}\n\n").hears.body == "GET /pets"


def test_a_path_style_address_alone_is_the_apis_root() -> None:
    play = told("GET /")
    for path in ("/restapis/api1/dev/_user_request_", "/_aws/execute-api/api1/dev", "/_aws/execute-api/api1/dev/"):
        assert play.says(f"GET {path} HTTP/1.1\nHost: localhost\n\n").hears.body == "GET /"


@pytest.mark.parametrize(
    "path",
    [
        "/restapis/api2/dev/_user_request_/pets",
        "/restapis/api1/test/_user_request_/pets",
        "/restapis/api1/dev/pets",
        "/restapis/api1/dev",
        "/restapis/api1",
        "/restapis/",
        "/_aws/execute-api/api1/test/pets",
        "/_aws/execute-api/api1",
        "/_aws/execute-api//dev/pets",
        "/_aws/execute-api/",
        "/",
        "/de%76/pets",
    ],
)
def test_unknown_apis_and_stages_are_forbidden(path: str) -> None:
    hears = told("GET /pets").says(f"GET {path} HTTP/1.1\nHost: localhost\n\n").hears
    assert (hears.status, hears.body, hears["x-amzn-ErrorType"]) == (403, FORBIDDEN, "ForbiddenException")


def test_a_stage_that_is_unknown_is_forbidden() -> None:
    play = told("GET /pets")
    for path in ("/test/pets", "/", "/pets", "/DEV/pets"):
        assert play.says(f"GET {path} HTTP/1.1\nHost: api1.execute-api.localhost\n\n").hears.body == FORBIDDEN


def test_the_host_wins_over_a_path_style_address() -> None:
    play = told("GET /pets")
    play.deploy(api({"/pets": {"GET": named("another")}}, "api2"))
    path = "/_aws/execute-api/api2/dev/pets"
    assert play.says(f"GET {path} HTTP/1.1\nHost: localhost\n\n").hears.body == "another"
    hears = play.says(f"GET {path} HTTP/1.1\nHost: api1.execute-api.localhost\n\n").hears
    assert hears.body == FORBIDDEN, "a stage of api1 that is called _aws"


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("api1.execute-api.localhost", "/dev/pets"),
        ("api1.execute-api.us-east-1.localhost", "/dev/pets"),
        ("localhost", "/restapis/api1/dev/_user_request_/pets"),
        ("localhost", "/_aws/execute-api/api1/dev/pets"),
    ],
)
def test_the_default_endpoint_can_be_disabled_on_every_address(host: str, path: str) -> None:
    play = Play(api({"/pets": {"GET": named("pets")}}), disableExecuteApiEndpoint=True)
    for verb in ("GET", "POST"):
        hears = play.says(f"{verb} {path} HTTP/1.1\nHost: {host}\n\n").hears
        assert (hears.status, hears.body) == (403, FORBIDDEN)


def test_a_request_without_a_host_may_use_a_path_style_address() -> None:
    play = told("GET /pets")
    assert play.says("GET /_aws/execute-api/api1/dev/pets HTTP/1.0\n\n").hears.body == "GET /pets"
    assert play.says("GET /dev/pets HTTP/1.0\n\n").hears.body == FORBIDDEN


# Length of the URL: corrections.md 9


@pytest.mark.parametrize(("types", "longest"), [(["REGIONAL"], 10_240), (["EDGE"], 8_192)])
def test_correction_9_a_url_has_a_length_by_the_endpoints_type(types: list[str], longest: int) -> None:
    play = Play(api({"/": {"GET": named("root")}}, endpointConfiguration={"types": types}))
    path = "/?" + "x" * (longest - len("/dev/?"))
    assert play.asks(f"GET {path}").hears.body == "root"
    if longest < 10_240:
        hears = play.asks(f"GET {path}x").hears
        assert (hears.status, hears.body) == (414, '{"message":"Request URI too long"}')


# An Authorization that is no signature: corrections.md 4


def test_correction_4_a_bearer_token_on_an_unknown_path() -> None:
    hears = told("GET /pets").asks("GET /dogs", "Authorization: Bearer secret").hears
    assert hears.status == 403
    assert hears.body == (
        '{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and '
        "encoded with Base64): 'v/3iBBM0e3oA4TY94/l8pp5BncCupV9KSnUBj6s6Do4='.\"}"
    )
    assert hears["x-amzn-ErrorType"] == "IncompleteSignatureException"


def test_correction_4_a_signature_on_an_unknown_path_is_not_complained_of() -> None:
    hears = told("GET /pets").asks("GET /dogs", "Authorization: AWS4-HMAC-SHA256 Credential=x").hears
    assert hears.body == MISSING
