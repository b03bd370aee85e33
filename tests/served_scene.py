"""What a control plane's deployments serve: a gateway that is told of everything that stands, asked by clients.

served = Served(store, api_id)
assert served.asks("GET /pets").hears.status == 200
"""

import json
from dataclasses import replace
from typing import Any

from playbook.stage import Client, Play
from portico.adapters.memory import MemoryStore
from portico.dataplane.front import Gateway
from portico.model.standing import decode_stage
from recorded_calls import ACCOUNT


class Served:
    """A store's stages as they stand at each request, to clients of one API."""

    def __init__(self, store: MemoryStore, api: str) -> None:
        self.play = Play()
        self.play.gateway = Gateway(replace(self.play.ports, account_id=ACCOUNT), self.play.load, self.play.dice)
        self._store = store
        self.host = f"{api}.execute-api.localhost"

    def asks(self, method_and_path: str, *headers: str, body: Any = None) -> Client:
        """A request to stage "dev"; `body` is sent as JSON."""
        self.follow()
        content = b"" if body is None else json.dumps(body).encode()
        return self.play.asks(method_and_path, *headers, body=content, host=self.host)

    def follow(self) -> None:
        """Act on all that stands now."""
        _, standing = self._store.standing()
        for stage in (decode_stage(change.value) for change in standing if change.kind == "stage" and change.value):
            for digest in (stage.snapshot, stage.canary_settings.snapshot if stage.canary_settings else None):
                self.play.snapshots[digest or ""] = self._store.snapshot(digest or "") or b""
        self.play.gateway.reset(standing)
