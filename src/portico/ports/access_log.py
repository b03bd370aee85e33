"""Where the lines of access logs go. Adapter: adapters/access_log.py.

A Program asks for its stage's Sink once, when it is compiled, and calls it once per request, with the Exchange itself
and who makes the line of it: lines are made together, when their batch is written.
A Sink never blocks and never raises: a line that cannot be kept is dropped, counted and told to the operator by the
adapter.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Sink = Callable[[Callable[[T], bytes], T], None]
"""Takes who makes a line, without its line break, and what of. That is not to change any more, and is held until its
batch is written."""


class AccessLog(Protocol):
    def sink(self, destination_arn: str | None, /) -> Sink[Any]:
        """The Sink for a stage's `accessLogSettings.destinationArn`; None is the server's own access log."""
        ...
