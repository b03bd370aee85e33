"""Between the shell, which owns connections, and an application, which answers requests.

The shell parses a head and hands it to `Application.begin`. What comes back is driven until it has answered through
its Client: exactly once `answer`, or `begin`, any number of `send`, then `end` or `abort`.
"""

from typing import Protocol

from portico.wire.http1 import Head


class Client(Protocol):
    """The connection on which a request came."""

    @property
    def source_ip(self) -> str:
        """The peer's address, from the socket."""
        ...

    @property
    def scheme(self) -> bytes:
        """`http`, or `https` where the connection itself is TLS. The same object for a connection's life."""
        ...

    forwarded: bytes
    """Empty at first, and the application's to set: what it tells backends of this connection does not change."""

    @property
    def port(self) -> int:
        """The local port of the listener."""
        ...

    @property
    def closing(self) -> bool:
        """True where the connection will be closed after this answer: the answer then says `Connection: close`."""
        ...

    def close_after_answer(self) -> None:
        """Let this answer be the connection's last. To be said before the answer's head is composed."""
        ...

    def answer(self, data: bytes) -> None:
        """The whole answer, head and body. The request is over."""
        ...

    def begin(self, data: bytes) -> None:
        """The head of a streamed answer, with the first bytes of its body perhaps."""
        ...

    def send(self, data: bytes) -> bool:
        """More of a streamed answer. False: the client is slow, send nothing more until `Served.resume`."""
        ...

    def lend_socket(self) -> int | None:
        """The descriptor of the connection's socket, to write a streamed answer to it directly, head included.

        None where that cannot be: under TLS, or while bytes of before are unsent. It is for this answer alone, and not
        to be closed; `end` is still what ends the answer.
        """
        ...

    def stalled(self, waiting: bool) -> None:
        """Whoever has the socket tells whether the client takes no more at present: its deadline runs meanwhile."""
        ...

    def cut(self) -> None:
        """Whoever has the socket tells that the client has gone. `Served.gone` follows, not at once."""
        ...

    def end(self, data: bytes = b"") -> None:
        """A streamed answer is complete. The request is over."""
        ...

    def abort(self) -> None:
        """A streamed answer cannot be completed: cut the connection, so that the client sees a truncated message."""
        ...


class Served(Protocol):
    """One request under way, as the shell sees it."""

    @property
    def wants_body(self) -> bool:
        """True: collect the body and call `on_body`. False: the answer does not wait for it."""
        ...

    @property
    def body_limit(self) -> int:
        """Bytes. A longer body is told by `on_body_too_large` instead."""
        ...

    def on_body(self, body: bytes) -> None: ...

    def on_body_too_large(self) -> None: ...

    def gone(self) -> None:
        """The client went away before its answer was complete: stop what is under way. It cannot be answered."""
        ...

    def pause(self) -> None:
        """The client is slow: stop producing."""
        ...

    def resume(self) -> None: ...


class Application(Protocol):
    def begin(self, client: Client, head: Head) -> Served:
        """Start serving a request. It may have been answered already when this returns."""
        ...
