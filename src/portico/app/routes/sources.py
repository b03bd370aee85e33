"""Where an API's definition is found: a running server has what is being edited, the state directory what is served."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from portico.adapters.credentials import RootCredentials, root_credentials
from portico.adapters.state_dir import Reset, StateReader
from portico.kernel.errors import PorticoError
from portico.model.rest import Snapshot, decode_snapshot
from portico.model.standing import StageStanding, canary_of, decode_stage
from portico.settings import Settings
from portico.settings.values import Address

_NO_FILES: Final[tuple[Any, ...]] = (None, [], os.devnull, None)
"""For botocore: none of the user's configuration."""
_COLLECTIONS: Final = {
    "models": "get_models",
    "requestValidators": "get_request_validators",
    "authorizers": "get_authorizers",
}
"""Members of a Snapshot, and the operation that lists them."""


class RoutesError(PorticoError):
    """What was asked for cannot be shown. The text says why, and what there is."""


class Source(NamedTuple):
    """An API to be shown: as it is defined, or under the stage that serves it."""

    snapshot: Snapshot
    standing: StageStanding | None = None

    @property
    def title(self) -> str:
        name = f"{self.snapshot.name or 'API'} ({self.snapshot.api_id})"
        if self.standing is None:
            return f"{name}, as it is defined now"
        of_canary = ", its canary" if self.standing.canary else ""
        return f"{name}, stage {self.standing.stage_name}{of_canary}, deployment {self.standing.deployment_id}"


# What is deployed


def deployed(data_dir: Path, api: str, stage: str) -> list[Source]:
    """A stage with its canary, from the workers' copy of the state. `api` is an id or a name. Raises RoutesError,
    StateError."""
    state = State(data_dir)
    found = [one for one in state.stages if api in (one.api_id, state.snapshot(one).name)]
    standing = next((one for one in found if one.stage_name == stage), None)
    if standing is None:
        there = [f"{one.api_id}/{one.stage_name}" for one in found or state.stages]
        known = f"there are {', '.join(sorted(there))}" if there else "nothing is deployed"
        raise RoutesError(f"no stage {stage} of {api} is deployed; {known}")
    canary = canary_of(standing)
    return [Source(state.snapshot(one), one) for one in (standing, canary) if one is not None]


class State:
    """What the workers serve, read where they read it. Raises StateError."""

    def __init__(self, data_dir: Path) -> None:
        self._reader = StateReader(data_dir / "state")
        news = self._reader.poll()
        self.changes = news.changes if isinstance(news, Reset) else news

    @property
    def stages(self) -> list[StageStanding]:
        return [decode_stage(one.value) for one in self.changes if one.kind == "stage" and one.value is not None]

    def snapshot(self, standing: StageStanding) -> Snapshot:
        return decode_snapshot(self.load(standing.snapshot))

    def load(self, digest: str) -> bytes:
        return self._reader.snapshot(digest)


# What is defined


def defined(settings: Settings, api: str) -> Source:
    """An API as it is now, asked of the server of this data directory. `api` is an id or a name. Raises RoutesError,
    DataDirError."""
    from botocore.exceptions import BotoCoreError, ClientError

    url = control_url(settings)
    try:
        return Source(_asked(_client(settings, url), api))
    except ClientError as error:
        raise RoutesError(f"the server at {url} says: {error.response['Error']['Message']}") from None
    except BotoCoreError as error:
        words = f"no server answers at {url}, which --control names"
        raise RoutesError(f"{words}; with --stage is shown what is deployed, also without a server") from error


def control_url(settings: Settings) -> str:
    """Of the first control listener, from this machine."""
    host, port = settings.control[0]
    here = Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)  # noqa: S104  nothing is bound
    return f"{'https' if settings.control_tls_cert else 'http'}://{here}"


def _client(settings: Settings, url: str) -> Any:
    from botocore.config import Config
    from botocore.session import Session

    credentials = _credentials(settings.data_dir / "credentials")
    session = Session(
        session_vars={"profile": (None, [], None, None), "config_file": _NO_FILES, "credentials_file": _NO_FILES}
    )
    return session.create_client(
        "apigateway",
        endpoint_url=url,
        region_name=settings.region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        verify=str(settings.control_tls_cert) if settings.control_tls_cert else None,
        config=Config(proxies={}, connect_timeout=5, retries={"total_max_attempts": 1}),
    )


def _credentials(path: Path) -> RootCredentials:
    key, secret = os.environ.get("PORTICO_ACCESS_KEY_ID"), os.environ.get("PORTICO_SECRET_ACCESS_KEY")
    if not key and not path.exists():
        raise RoutesError(f"there are no credentials in {path.parent}: no server was started with this --data-dir")
    return root_credentials(path, key, secret)


def _asked(client: Any, api: str) -> Snapshot:
    document = _api(client, api)
    api_id = document["id"]
    rows: dict[str, Any] = {name: list(_pages(client, op, api_id)) for name, op in _COLLECTIONS.items()}
    rows["resources"] = list(_pages(client, "get_resources", api_id, embed=["methods"]))
    responses = client.get_gateway_responses(restApiId=api_id)["items"]
    rows["gatewayResponses"] = [one for one in responses if not one.get("defaultResponse")]
    return msgspec.convert({**document, "apiId": api_id, **rows}, Snapshot)


def _api(client: Any, api: str) -> Mapping[str, Any]:
    """By its id, else by its name where only one is called so."""
    known = [one for page in client.get_paginator("get_rest_apis").paginate() for one in page["items"]]
    found = [one for one in known if one["id"] == api] or [one for one in known if one.get("name") == api]
    if len(found) == 1:
        return dict(found[0])
    listed = ", ".join(f"{one['id']} ({one.get('name', '')})" for one in found or known) or "none"
    raise RoutesError(f"{api} names {'several APIs' if found else 'no API'}; there are {listed}")


def _pages(client: Any, operation: str, api_id: str, **params: Any) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator(operation).paginate(restApiId=api_id, **params):
        yield from page["items"]
