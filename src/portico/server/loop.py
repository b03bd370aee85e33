"""The event loop of our processes."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from portico.kernel.observe import Observer, UnexpectedError
from portico.kernel.stack import with_room


@with_room
def run(main: Callable[[], Coroutine[Any, Any, int]], observer: Observer) -> int:
    """Run a process's coroutine to its end. What no callback caught is observed, and the process goes on."""

    def unexpected(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        told = "" if error is None else "".join(traceback.format_exception(error))
        observer(UnexpectedError("", str(context.get("message")), told))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(unexpected)
        return runner.run(main())
