"""Programs and Exchanges are freed when nobody needs them, without the garbage collector: in a worker it all but rests.

Two ways to see it. A weak reference to what only they hold is dead at once; and a collection afterwards finds nothing
of ours that could not be reached.
"""

import gc
import weakref
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

import pytest

from playbook.stage import (
    HOST,
    ROLE,
    Client,
    Play,
    api,
    aws_service,
    http,
    http_proxy,
    invocation,
    lambda_custom,
    lambda_proxy,
    mock,
    on_path,
    responds,
)
from portico.ports.functions import FailureKind as FunctionFailureKind
from portico.ports.upstream import FailureKind
from portico.wire.http1 import parse_request

MAPPED = {
    "integration.request.header.X": "method.request.header.X",
    "integration.request.querystring.q": "method.request.body.a",
}
TEMPLATES = {"application/json": "$input.params('id') $input.json('$') $context.stage"}
RESPONSE = {"method.response.header.X": "integration.response.header.X"}
METHODS = {
    "/mock": {"GET": mock(responds(responseTemplates={"application/json": "constant"}))},
    "/shown/{id}": {"GET": mock(responds(responseTemplates=TEMPLATES))},
    "/proxy/{id}": {"ANY": http_proxy("http://backend/{id}", **on_path("id"))},
    "/mapped": {"ANY": http_proxy("http://backend/", requestParameters=MAPPED)},
    "/http/{id}": {
        "ANY": http(
            "http://backend/",
            responds(responseTemplates=TEMPLATES, responseParameters=RESPONSE),
            requestTemplates=TEMPLATES,
            requestParameters=MAPPED,
        )
    },
    "/function/{id}": {"ANY": lambda_proxy()},
    "/custom": {"ANY": lambda_custom(responds(responseTemplates=TEMPLATES), requestTemplates=TEMPLATES)},
    "/stream": {
        "ANY": lambda_proxy(invocation(action="response-streaming-invocations"), responseTransferMode="STREAM")
    },
    "/service/{id}": {
        "ANY": aws_service(
            "s3:path/bucket/{id}",
            responds(responseTemplates=TEMPLATES, responseParameters=RESPONSE),
            requestTemplates=TEMPLATES,
            requestParameters={**MAPPED, **on_path("id")["requestParameters"]},
        )
    },
    "/refused": {"GET": {**mock(), "apiKeyRequired": True}},
    "/broken": {"GET": mock(template="{}")},
    "/never": {"ANY": http("http://backend/", passthroughBehavior="NEVER")},
}
GATEWAY_RESPONSES = [
    {"responseType": "DEFAULT_5XX", "responseParameters": {"gatewayresponse.header.X": "method.request.header.X"}}
]
OK = "HTTP/1.1 200 OK\nX: y\n\n{}"


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def definition() -> dict[str, Any]:
    return api(METHODS, gatewayResponses=GATEWAY_RESPONSES)


def begin(play: Play, request: str, body: bytes = b"", more: str = "") -> weakref.ref[Client]:
    """A request; what comes back dies with its Exchange, if nothing else holds that."""
    client = Client()
    length = f"\r\nContent-Length: {len(body)}" if body else ""
    head = f"{request.replace(' /', ' /dev/', 1)} HTTP/1.1\r\nHost: {HOST}\r\nX: a{length}{more}".encode()
    exchange = play.gateway.begin(client, parse_request(head, play.table, play.memory))
    if body and not exchange.over:
        exchange.on_body(body)
    return weakref.ref(client)


def freed(play: Play, client: weakref.ref[Client], ending: Any) -> None:
    """It is there until it is over, and not afterwards. No `ending`: it is over when it has begun."""
    if ending is not None:
        assert client() is not None
        ending(play)
    assert client() is None


def whole(play: Play) -> None:
    play.backend.answers(OK)


def failed(play: Play) -> None:
    play.backend.fails(FailureKind.CONNECT)


def streamed(play: Play) -> None:
    play.backend.begins("HTTP/1.1 200 OK", 5)
    play.backend.sends(b"12345")
    play.backend.ends()


def cut(play: Play) -> None:
    play.backend.begins("HTTP/1.1 200 OK", 5)
    play.backend.fails(FailureKind.CLOSED)


def left(play: Play) -> None:
    call = play.backend.last
    call._context.gone()
    call._context = None


def too_long(play: Play) -> None:
    play.backend.begins("HTTP/1.1 200 OK", 10 * 1024 * 1024 + 1)
    play.backend.last._context = None


def returned(play: Play) -> None:
    play.functions.answers({"statusCode": 201, "body": "x"})


def malformed(play: Play) -> None:
    play.functions.answers({"surprise": 1})


def raised(play: Play) -> None:
    play.functions.raises("no")


def throttled(play: Play) -> None:
    play.functions.fails(FunctionFailureKind.THROTTLED)


def spoken(play: Play) -> None:
    play.functions.begins()
    play.functions.sends(b"{}" + bytes(8) + b"x")
    play.functions.ends()


def interrupted(play: Play) -> None:
    play.functions.sends(b"{}" + bytes(8) + b"x")
    play.functions.ends("{}")


def hung_up(play: Play) -> None:
    call = play.functions.last
    call.context().gone()
    call._context = None


ENDINGS: list[tuple[str, bytes, Any]] = [
    ("GET /mock", b"", None),
    ("GET /shown/7", b"", None),
    ("GET /proxy/7", b"", whole),
    ("GET /proxy/7%20", b"", whole),
    ("POST /proxy/7", b"x", whole),
    ("GET /proxy/7", b"", failed),
    ("GET /proxy/7", b"", streamed),
    ("GET /mapped", b"", streamed),
    ("GET /mapped", b"", cut),
    ("GET /mapped", b"", left),
    ("GET /mapped", b"", too_long),
    ("HEAD /mapped", b"", whole),
    ("POST /mapped", b'{"a": 1}', whole),
    ("POST /mapped", b"{broken", None),
    ("GET /http/7", b"", whole),
    ("POST /service/7", b'{"a": 1}', whole),
    ("POST /service/7", b'{"a": 1}', failed),
    ("POST /service/7", b'{"a": 1}', left),
    ("POST /service/7", b"{broken", None),
    ("GET /http/7", b"", failed),
    ("GET /http/7", b"", left),
    ("POST /http/7", b"{}", whole),
    ("GET /function/7", b"", returned),
    ("POST /function/7", b"x", returned),
    ("GET /function/7", b"", malformed),
    ("GET /function/7", b"", raised),
    ("GET /function/7", b"", throttled),
    ("GET /function/7", b"", hung_up),
    ("POST /custom", b"{}", returned),
    ("POST /custom", b"{}", raised),
    ("GET /stream", b"", spoken),
    ("GET /stream", b"", interrupted),
    ("GET /stream", b"", hung_up),
    ("GET /refused", b"", None),
    ("GET /broken", b"", None),
    ("POST /never", b"x", None),
    ("GET /nowhere", b"", None),
    ("GET /a/../b", b"", None),
]


@pytest.mark.parametrize(("request_line", "body", "ending"), ENDINGS)
def test_an_exchange_is_freed_when_it_is_over(request_line: str, body: bytes, ending: Any) -> None:
    play = Play(definition())
    freed(play, begin(play, request_line, body), ending)
    assert play.causes is not None  # and no bug of ours was on the way


def in_turns(play: Play) -> None:
    returned_long(play)
    assert play.turns.take()


def returned_long(play: Play) -> None:
    play.functions.answers({"statusCode": 200, "body": "x" * 500_000})


def in_pieces(play: Play) -> None:
    play.backend.begins("HTTP/1.1 200 OK", None)
    play.backend.sends(b"12345" * 50_000)
    play.backend.ends()


COMPRESSED: list[tuple[str, bytes, Any]] = [
    ("GET /mock", b"", None),
    ("GET /proxy/7", b"", whole),
    ("GET /mapped", b"", in_pieces),
    ("GET /mapped", b"", cut),
    ("GET /http/7", b"", whole),
    ("GET /function/7", b"", in_turns),
]


@pytest.mark.parametrize(("request_line", "body", "ending"), COMPRESSED)
def test_an_exchange_whose_answer_is_compressed_is_freed(request_line: str, body: bytes, ending: Any) -> None:
    play = Play(api(METHODS, minimumCompressionSize=0))
    freed(play, begin(play, request_line, body, "\r\nAccept-Encoding: gzip"), ending)


@pytest.mark.parametrize("ending", [whole, failed])
def test_an_exchange_that_waited_for_credentials_is_freed(ending: Any) -> None:
    play = Play()
    play.services.late = True
    play.deploy(definition())
    client = begin(play, "POST /service/7", b"{}")
    assert client() is not None and not play.backend.calls
    play.services.known[ROLE].come()
    ending(play)
    assert client() is None


def test_nothing_of_ours_is_left_for_the_collector() -> None:
    play = Play(definition())
    for request_line, body, ending in ENDINGS:
        begin(play, request_line, body)
        if ending is not None:
            ending(play)
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    ours = [each for each in gc.garbage if _is_ours(each)]
    assert not ours, ours[:5]


def _is_ours(value: object) -> bool:
    module: str = getattr(type(value), "__module__", "")
    return module.startswith("portico.") or isinstance(value, FrameType | TracebackType)


def test_a_program_that_was_replaced_is_freed_with_its_routes() -> None:
    play = Play()
    made: list[weakref.ref[Any]] = []
    watch(play, made)
    play.deploy(definition())
    for request_line, body, ending in ENDINGS:
        begin(play, request_line, body)
        if ending is not None:
            ending(play)
    play.backend.calls.clear()
    assert len(made) > 8
    old = list(made)
    play.deploy(api({"/": {"GET": mock()}}))
    assert [ref() for ref in old if ref() is not None] == []


def test_an_exchange_keeps_its_program_until_it_is_over() -> None:
    play = Play()
    made: list[weakref.ref[Any]] = []
    watch(play, made)
    play.deploy(definition())
    begin(play, "GET /mapped")
    old = list(made)
    play.deploy(api({"/": {"GET": mock()}}))
    assert any(ref() is not None for ref in old)
    whole(play)
    play.backend.calls.clear()
    assert [ref() for ref in old if ref() is not None] == []


def watch(play: Play, made: list[weakref.ref[Any]]) -> None:
    """Remember weakly what the ports give to Programs (a Sink, Meters) and to Routes (Meters, Destinations)."""

    class Held:
        def record(self, *_: object) -> None:
            pass

    def meter(*_: str) -> Held:
        held = Held()
        made.append(weakref.ref(held))
        return held

    def sink(_: object) -> Any:
        def write(_line: object, _told: object) -> None:
            pass

        made.append(weakref.ref(write))
        return write

    reach = play.backend.to

    def to(origin: Any) -> Any:
        destination = reach(origin)
        made.append(weakref.ref(destination))
        return destination

    for port, name, fake in ((play.meters, "meter", meter), (play.log, "sink", sink), (play.backend, "to", to)):
        setattr(port, name, fake)
