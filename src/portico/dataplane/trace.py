"""`X-Amzn-Trace-Id`: one for every request, continued where the client began one (recorded fact 128)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_LONGEST: Final = 256


def new_trace(exchange: Exchange) -> str:
    """A trace of our own: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0`."""
    digits = exchange.ports.ids.hex(40)
    return f"Root=1-{int(exchange.epoch):08x}-{digits[:24]};Parent={digits[24:]};Sampled=0"


def continued_trace(exchange: Exchange, sent: str) -> str:
    """The client's Root kept, its Parent kept or made, its Sampled kept, else 1 if it sent a Parent and 0 if not."""
    fields = dict(part.strip().partition("=")[::2] for part in sent[:_LONGEST].split(";"))
    root = fields.get("Root", "")
    if not root:
        return new_trace(exchange)
    parent = fields.get("Parent", "")
    sampled = fields.get("Sampled") or ("1" if parent else "0")
    return f"Root={root};Parent={parent or exchange.ports.ids.hex(16)};Sampled={sampled}"


def trace_id(exchange: Exchange) -> str:
    """The request's trace, made when it is first needed: an answer without a backend needs none."""
    if not exchange.trace_id:
        exchange.trace_id = new_trace(exchange)
    return exchange.trace_id
