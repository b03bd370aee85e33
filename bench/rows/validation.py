"""What it costs to hold a body to its model, parsing included: this process is measured, no server."""

import timeit
from typing import Final

import msgspec

from bench.context import Bench
from bench.verdict import BenchError, Finding, judge
from portico.dataplane.models import Models, parse
from portico.model.rest import Model, Snapshot

MICROSECONDS: Final = 3.0
_RUNS: Final = 2_000
DOCUMENT: Final = (
    b'{"account-id":"abcdef123456","type":"STOCK","symbol":"AMZN","shares":100,"order-date":"2018-01-28","customer":'
    b'{"name":"Jane Doe-Smith","email":"jane@example.com","address":{"street":"12 Main Street","city":"Springfield",'
    b'"zip":"49007","country":"US"}},"items":[{"sku":"A-100","quantity":2,"price":9.95},{"sku":"B-205","quantity":1,'
    b'"price":24.5},{"sku":"C-7","quantity":12,"price":0.99}],"express":true,"tags":["gift","fragile"],"total":56.28}'
)
"""441 bytes of 31 values."""
_TEXT: Final = {"type": "string"}
_ADDRESS: Final = {
    "type": "object",
    "properties": {"street": _TEXT, "city": _TEXT, "zip": _TEXT, "country": {"type": "string", "maxLength": 2}},
}
_CUSTOMER: Final = {
    "type": "object",
    "required": ["name", "email"],
    "properties": {"name": {"type": "string", "minLength": 1}, "email": _TEXT, "address": _ADDRESS},
}
_ITEM: Final = {
    "type": "object",
    "required": ["sku", "quantity"],
    "properties": {
        "sku": _TEXT,
        "quantity": {"type": "integer", "minimum": 1},
        "price": {"type": "number", "minimum": 0},
    },
}
MODEL: Final = {
    "type": "object",
    "required": ["account-id", "type", "symbol", "shares", "order-date", "customer", "items"],
    "properties": {
        "account-id": {"type": "string", "pattern": "^[A-Za-z]{6}[0-9]{6}$"},
        "type": {"type": "string", "enum": ["STOCK", "BOND", "CASH"]},
        "symbol": {"type": "string", "minLength": 1, "maxLength": 4},
        "shares": {"type": "number", "minimum": 1, "maximum": 1000},
        "order-date": {"type": "string", "pattern": r"^\d{4}\-(0[1-9]|1[012])\-(0[1-9]|[12][0-9]|3[01])$"},
        "customer": _CUSTOMER,
        "items": {"type": "array", "minItems": 1, "items": _ITEM},
        "express": {"type": "boolean"},
        "tags": {"type": "array", "items": _TEXT},
        "total": {"type": "number"},
    },
}
"""A guide's sample of an order, with more of what models have: two patterns, an enum, an array of objects."""


def validation(bench: Bench) -> list[Finding]:
    """The best of many short runs: the others tell of what else the machine did."""
    name, content_type = "Order", "application/json"
    model = Model(id="m", name=name, content_type=content_type, schema=msgspec.json.encode(MODEL).decode())
    schema = Models(Snapshot(api_id="api1", models=(model,))).schema(name)
    if not schema.accepts(parse(DOCUMENT)) or schema.accepts(parse(DOCUMENT.replace(b"AMZN", b"AMAZON"))):
        raise BenchError("the model does not judge its document")
    repeats = bench.times(200, 20)

    def took(act: str) -> float:
        names = {"parse": parse, "accepts": schema.accepts, "body": DOCUMENT}
        return min(timeit.repeat(act, repeat=repeats, number=_RUNS, globals=names)) / _RUNS * 1e6

    whole, parsing = took("accepts(parse(body))"), took("parse(body)")
    return [
        Finding(
            f"A body of {len(DOCUMENT)} bytes held to its model",
            f"at most {MICROSECONDS:g} µs",
            f"{whole:.1f} µs",
            judge(whole <= MICROSECONDS),
            note=f"{parsing:.1f} µs of it are for parsing; best of {repeats}",
        )
    ]
