"""`X-Amzn-Trace-Id`: one for every request, continued where the client began one (recorded fact 128)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_LONGEST: Final = 256


def continued_trace(exchange: Exchange, sent: str) -> str:
    """The client's Root kept, its Parent kept or made, its Sampled kept, else 1 if it sent a Parent and 0 if not."""
    fields = dict(part.strip().partition("=")[::2] for part in sent[:_LONGEST].split(";"))
    root = fields.get("Root", "")
    if not root:
        return exchange.ports.ids.trace_id(int(exchange.epoch), exchange.request_id[-8:])
    parent = fields.get("Parent", "")
    sampled = fields.get("Sampled") or ("1" if parent else "0")
    return f"Root={root};Parent={parent or exchange.ports.ids.span_id(exchange.request_id[-8:])};Sampled={sampled}"


def trace_id(exchange: Exchange) -> str:
    """The request's trace, made when it is first needed: an answer without a backend needs none."""
    trace = exchange.trace_id
    if not trace:
        trace = exchange.trace_id = exchange.ports.ids.trace_id(int(exchange.epoch), exchange.request_id[-8:])
    return trace
