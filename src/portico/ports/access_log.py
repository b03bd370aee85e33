"""Where the lines of access logs go. Adapter: adapters/access_log.py.

A Program asks for its stage's Sink once, when it is compiled, and calls it once per request, with the Exchange itself:
lines are made together, when their batch is written (log and meters took 3.4 µs of a request before, some 3.0 since).
A Sink never blocks and never raises: a line that cannot be kept is dropped, counted and told to the operator by the
adapter.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

Sink = Callable[[T], None]
"""Takes what a line is made of. It is not to change any more, and is held until its batch is written."""


class AccessLog(Protocol):
    def sink(self, destination_arn: str | None, line: Callable[[T], bytes], /) -> Sink[T]:
        """The Sink for a stage's `accessLogSettings.destinationArn`; None is the server's own access log.

        `line` makes the line, without its line break.
        """
        ...
