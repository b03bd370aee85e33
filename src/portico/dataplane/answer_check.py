"""Answers held to the model of their method response: not AWS's, and only where a stage asks for it.

An answer that is not what the API says it is never leaves: the client gets a 500, the operator reads the place and what
is wrong there (docs/decisions/0036-answers-are-checked-where-a-stage-asks.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from portico.dataplane.fault import INTERNAL, Fault
from portico.dataplane.media_types import media_type
from portico.dataplane.models import Unreadable, parse
from portico.dataplane.step import DONE, Outcome
from portico.lang.errors import BudgetExceeded
from portico.lang.jsonschema import Schema

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.step import Step

_NO_BODY: Final = (204, 304)


class AnswerCheck:
    """One method's responses: by status and media type the model's name and schema."""

    __slots__ = ("_models",)

    def __init__(self, models: Mapping[str, Mapping[str, tuple[str, Schema]]]) -> None:
        self._models = {
            int(status): {name.lower(): model for name, model in by_type.items()} for status, by_type in models.items()
        }

    def after(self, step: Step) -> Step:
        """A Step that checks the answer that `step` makes."""

        def checked(exchange: Exchange) -> Outcome | None:
            outcome = step(exchange)
            if outcome is DONE:
                self.check(exchange)
            return outcome

        return checked

    def check(self, exchange: Exchange) -> None:
        """Raises the 500 of an answer that is not what its model says. One without a model is not looked at."""
        by_type = self._models.get(exchange.status)
        if not by_type or exchange.status in _NO_BODY or exchange.head.method == b"HEAD":
            return
        headers = _headers(exchange.lines)
        name, schema = by_type.get(media_type(headers(b"content-type")), by_type.get("$default", (None, None)))
        if schema is None:
            return
        coding = headers(b"content-encoding")
        wrong = f"it is encoded as {coding}" if coding not in (None, "identity") else _wrong(schema, exchange.content)
        if wrong:
            raise Fault(INTERNAL, cause=f"the answer {exchange.status} is no {name}: {wrong}")


def _wrong(schema: Schema, content: bytes) -> str:
    try:
        value = parse(content)
        return "" if schema.accepts(value) else schema.first_error(value)
    except Unreadable as error:
        return str(error) or "it is not JSON"
    except BudgetExceeded as error:
        return str(error)


def _headers(lines: list[bytes]) -> Callable[[bytes], str | None]:
    """A look-up in the answer's header lines, some of which are several together."""
    pairs = [line.partition(b":") for line in b"".join(lines).split(b"\r\n")]
    known = {name.strip().lower(): value.strip().decode("latin-1") for name, _, value in pairs}
    return known.get
