"""Where a process finds AWS's services, and whose credentials it calls them with."""

import os
from collections.abc import Mapping

from portico.adapters.aws_services import AwsServices
from portico.adapters.nowhere import Nowhere
from portico.kernel.observe import Observation, Observer
from portico.ports.upstream import Upstream
from portico.settings import Settings


def open_services(
    settings: Settings,
    public: Upstream,
    trusted: Upstream,
    observer: Observer,
    environ: Mapping[str, str] = os.environ,
) -> AwsServices:
    """`public` calls AWS, `trusted` the endpoints that an operator named."""
    return AwsServices(
        environ,
        dict(settings.role),
        settings.region,
        settings.control,
        public=public,
        trusted=trusted,
        observer=observer,
    )


def check_services(settings: Settings) -> None:
    """Raises NotCallable where a profile of `--role` has no credentials."""
    nowhere = Nowhere()
    open_services(settings, nowhere, nowhere, _discard).check()


def _discard(_observation: Observation) -> None:
    """Nothing is called, so nothing is told."""
