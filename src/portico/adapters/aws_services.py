"""The Services port: endpoints by the environment, credentials by `--role`, by sts:AssumeRole, or by neither.

docs/decisions/0033-credentials-of-roles.md says why a role that nobody mapped is assumed or refused, and never played
by the server's own credentials.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from portico.adapters.assumed_role import AssumedRole
from portico.adapters.aws_credentials import NoCredentials, aws_credentials
from portico.adapters.service_endpoints import GENERAL, find_endpoint
from portico.kernel.observe import Observer
from portico.lang.aws_services import STS, Service
from portico.ports.services import GATEWAY_PRINCIPAL, Keys, KeyWaiter, NotCallable, ServiceEndpoint
from portico.ports.upstream import Upstream
from portico.settings import Address
from portico.settings.roles import ANY_ROLE
from portico.wire.sigv4 import Credentials

T = TypeVar("T")


class AwsServices:
    """One per process."""

    def __init__(
        self,
        environ: Mapping[str, str],
        roles: Mapping[str, str],
        region: str,
        ours: Sequence[Address],
        *,
        public: Upstream,
        trusted: Upstream,
        observer: Observer,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`roles`: profiles by principal. `public` calls AWS, `trusted` what an operator named, wherever that is.

        `ours` are the control listeners, `region` the one whose STS is asked.
        """
        self._environ = environ
        self._roles = roles
        self._region = region
        self._ours = ours
        self._public = public
        self._trusted = trusted
        self._observer = observer
        self._clock = clock
        self._keys: dict[str, Keys] = {}

    def endpoint(self, service: Service, region: str, subdomain: str = "", /) -> ServiceEndpoint:
        found = find_endpoint(service, region, subdomain, self._environ, self._ours)
        upstream = self._public if found.aws else self._trusted
        return ServiceEndpoint(upstream.to(found.origin), found.host, found.path, found.aws, found.origin.secure)

    def keys(self, principal: str, at: ServiceEndpoint, /) -> Keys:
        profile = self._profile(principal)
        if profile is None:
            self._check_assumable(principal, at)
        known = self._keys.get(principal)
        if known is None:
            known = self._keys[principal] = self._made(principal, profile)
        return known

    def check(self) -> None:
        """That each profile of the map has credentials. Raises NotCallable."""
        for profile in self._roles.values():
            self._credentials(profile)

    def _profile(self, principal: str) -> str | None:
        """What the map says; None where it is silent. ANY_ROLE is no word for the gateway itself."""
        if principal == GATEWAY_PRINCIPAL:
            return self._roles.get(principal)
        return self._roles.get(principal, self._roles.get(ANY_ROLE))

    def _check_assumable(self, principal: str, at: ServiceEndpoint) -> None:
        """Raises NotCallable."""
        if principal == GATEWAY_PRINCIPAL:
            raise NotCallable(
                f"it names no credentials; give it a role, or say whose to use: --role {GATEWAY_PRINCIPAL}=PROFILE"
            )
        if self.endpoint(STS, self._region).aws and not at.aws:
            raise NotCallable(
                f"{at.host} is not AWS, and {principal} would be assumed there; set {GENERAL}_{STS.variable}, or say"
                f" whose credentials to use: --role {principal}=PROFILE"
            )

    def _made(self, principal: str, profile: str | None) -> Keys:
        """Raises NotCallable."""
        if profile is not None:
            return _OwnKeys(self._credentials(profile))
        sts = self.endpoint(STS, self._region)
        return AssumedRole(principal, sts, self._region, self._credentials(""), self._clock, self._observer)

    def _credentials(self, profile: str) -> Credentials:
        """Raises NotCallable."""
        try:
            return aws_credentials(self._environ, profile or None)
        except NoCredentials as error:
            raise NotCallable(str(error)) from None


class _OwnKeys:
    """Keys that were read from the environment or a file when they were first asked for."""

    lasting = True

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def at_hand(self) -> Credentials:
        return self._credentials

    def fetch(self, waiter: KeyWaiter[T], context: T, /) -> "_OwnKeys":
        """Nobody has to: they are at hand."""
        waiter.on_credentials(context)
        return self

    def cancel(self) -> None:
        """The waiter has heard everything."""
