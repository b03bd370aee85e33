"""`portico routes`: what each method of an API will do, and what of it would not work; `portico explain`: where one
request would go.

`sources` finds the API, `rows` asks the compiler, `printing` shows it.
"""

import os
import sys
from collections.abc import Callable

from portico.adapters.nowhere import NoFunctions, Nowhere
from portico.app.routes.explain import explain
from portico.app.routes.printing import as_json, print_plainly, print_to_terminal, safe
from portico.app.routes.rows import Sheet, sheet_of
from portico.app.routes.sources import defined, deployed
from portico.app.services import open_services
from portico.app.told import Told, found
from portico.app.trials import stageless_ports
from portico.dataplane.compile.rest import Compiler
from portico.kernel.observe import Observation
from portico.settings import Settings


def show(settings: Settings, api: str, stage: str | None, *, json: bool, write: Callable[[str], object]) -> None:
    """Raises RoutesError, StateError, DataDirError."""
    shown = sheets(settings, api, stage)
    if json:
        write(as_json(shown))
    elif sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        print_to_terminal(shown)
    else:
        print_plainly(shown, write)


def tell(settings: Settings, method: str, url: str, write: Callable[[str], object]) -> None:
    """`portico explain`. Raises StateError."""
    server = found(settings)
    domains = ("localhost", "amazonaws.com", settings.domain, server.settings.domain)
    for line in explain(settings.data_dir, domains, compiler_of(server), method, url):
        write(f"{safe(line)}\n")


def sheets(settings: Settings, api: str, stage: str | None) -> list[Sheet]:
    """The API as it is defined; with a stage what is deployed there, its canary too."""
    sources = [defined(settings, api)] if stage is None else deployed(settings.data_dir, api, stage)
    compiler = compiler_of(found(settings))
    return [sheet_of(compiler, one) for one in sources]


def compiler_of(server: Told) -> Compiler:
    """One that calls nobody, and otherwise is the server's."""
    nowhere = Nowhere()
    services = open_services(server.settings, nowhere, nowhere, _unheard, server.environ)
    return Compiler(stageless_ports(server.settings, nowhere, NoFunctions(), services, _unheard))


def _unheard(_observation: Observation) -> None:
    """Nothing is served, so nothing happens."""
