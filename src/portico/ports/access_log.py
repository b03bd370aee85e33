"""Where the lines of access logs go. Adapter: adapters/access_log.py.

A Program asks for its stage's Sink once, when it is compiled, and calls it once per request. A Sink never blocks and
never raises: a line that cannot be kept is dropped, counted and told to the operator by the adapter.
"""

from collections.abc import Callable
from typing import Protocol

Sink = Callable[[bytes], None]
"""Takes one formatted line, without its line break."""


class AccessLog(Protocol):
    def sink(self, destination_arn: str | None, /) -> Sink:
        """The Sink for a stage's `accessLogSettings.destinationArn`; None is the server's own access log."""
        ...
