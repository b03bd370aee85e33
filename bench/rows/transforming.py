"""HTTP with a request template, a response template and a body that is held to its model, next to Envoy that relays the
same body and the same answer."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench import definitions, peers
from bench.context import Bench
from bench.portico_server import portico
from bench.processes import server_core
from bench.programs import is_there
from bench.rows.proxy import against
from bench.rows.validation import DOCUMENT, MODEL
from bench.verdict import Finding
from bench.wrk import compare

OF_ENVOY: Final = 1.5
PATH: Final = f"/{definitions.STAGE}/pets/1"
_TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_SCRIPT: Final = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[BODY]==]
"""
_MEMBERS: Final = {
    "x-amazon-apigateway-request-validators": {
        "body": {"validateRequestBody": True, "validateRequestParameters": False}
    },
    "definitions": {"Order": MODEL},
}
_ROUNDS: Final = 3


def transforming(bench: Bench) -> list[Finding]:
    script = bench.folder / "order.lua"
    script.write_text(_SCRIPT.replace("BODY", DOCUMENT.decode()))
    with ExitStack() as stack:
        backend = stack.enter_context(peers.backend(bench.room("backend")))
        server = stack.enter_context(portico(bench.folder / "data", core=server_core()))
        deployed = definitions.deploy(server.client(), {"/pets/1": {"post": _order(backend)}}, "orders", **_MEMBERS)
        targets = [server.target("Portico", deployed.host, PATH)]
        if is_there("envoy"):
            targets.append(stack.enter_context(peers.envoy(bench.room("envoy"), backend, PATH)))
        targets = [replace(target, script=script) for target in targets]
        costs = dict(compare(targets, bench.seconds(5), bench.times(_ROUNDS, 1), bench.say))
    what = f"HTTP, two templates of 10 lines, {len(DOCUMENT)} bytes held to their model: CPU per request"
    return [against("Envoy", what, costs, OF_ENVOY)]


def _order(backend: int) -> definitions.Operation:
    integration = {
        "type": "http",
        "httpMethod": "POST",
        "uri": f"http://127.0.0.1:{backend}/pets/1",
        "requestTemplates": _template("order_request.vtl"),
        "responses": {"default": {"statusCode": "200", "responseTemplates": _template("order_response.vtl")}},
    }
    return {
        "consumes": ["application/json"],
        "parameters": [{"in": "body", "name": "Order", "required": True, "schema": {"$ref": "#/definitions/Order"}}],
        "responses": {"200": {"description": "OK"}},
        "x-amazon-apigateway-request-validator": "body",
        "x-amazon-apigateway-integration": integration,
    }


def _template(name: str) -> dict[str, str]:
    return {"application/json": (_TEMPLATES / name).read_text()}
