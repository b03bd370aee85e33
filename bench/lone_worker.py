"""A worker alone on the state directory of a server, with or without access log and metrics.

    python -m bench.lone_worker DATA_DIR PORT [--silent]

That a request is neither logged nor counted is no option of Portico: this composition exists to measure what both
cost. Neither the formatting of the line nor the reading of the clock for it is left in a silent worker.
"""

import os
import socket
import sys
from pathlib import Path

from portico.adapters import json_log
from portico.adapters.log_limit import LimitedLog
from portico.app.worker import build_worker
from portico.dataplane.exchange import Exchange
from portico.dataplane.program import Program
from portico.server import tuning
from portico.server.loop import run
from portico.settings import Settings


def main() -> int:
    data, port, *flags = sys.argv[1:]
    if "--silent" in flags:
        Program.served = _untold  # type: ignore[method-assign,assignment]
    tuning.keep_buffers()
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=4096)
    observer = LimitedLog(json_log.observer("json"))

    async def life() -> int:
        worker = build_worker(Settings(data_dir=Path(data)), os.getpid(), [listener], (), observer)
        return await worker.serve(lambda: None)

    return run(life, observer)


def _untold(_program: Program, _exchange: Exchange) -> None:
    """Of an answered request nothing is told."""


if __name__ == "__main__":
    sys.exit(main())
