"""`make run`: a Portico of its own, a backend, a sample API deployed on it, and lines to try it with.

    python examples/sample.py [--control 127.0.0.1:4566] [--gateway 127.0.0.1:8080] [--data-dir .portico]

Everything that is kept is in the data directory: started again, the same API answers. SIGINT (Ctrl-C), SIGTERM and
SIGHUP stop all of it. Exit status: Portico's own where it could not start or ended by itself.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from backend import PetShop
from petstore import deploy, set_aside
from portico_process import Portico, PorticoEnded
from screen import show, show_failure, show_stopping

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    options = _options()
    console = Console(highlight=False)
    in_the_way = set_aside()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with PetShop() as shop, Portico(options.control, options.gateway, options.data_dir) as portico:
            threading.Thread(target=shop.serve_forever, daemon=True).start()
            place = portico.wait_until_ready()
            show(console, place, deploy(place, shop.address), in_the_way)
            portico.watch()
    except PorticoEnded as ended:
        show_failure(console, ended)
        return ended.status or 1
    except KeyboardInterrupt:
        show_stopping(console)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run Portico with a sample API.")
    parser.add_argument("--control", default="127.0.0.1:4566", help="where the AWS API answers")
    parser.add_argument("--gateway", default="127.0.0.1:8080", help="where the sample API answers")
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".portico", help="where all of it is kept")
    return parser.parse_args()


def _stop(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number).name)


if __name__ == "__main__":
    sys.exit(main())
