"""GetFunction's Code.Location: a URL of the control listener, signed for who asked, under which the zip can be fetched.

AWS's leads to S3 and is good for ten minutes; so is this one. The path is none of Lambda's own operations.
"""

import re
from typing import Final

from portico.controlplane.functions.faults import ResourceNotFoundException
from portico.controlplane.functions.package import digest_of
from portico.controlplane.functions.record import find, versions
from portico.ports.store import Document, Unit
from portico.wire.http1 import Request, Response
from portico.wire.sigv4 import Credentials, Place, presign

SECONDS: Final = 600

_PATH: Final = re.compile(r"/_lambda/code/(?P<name>[a-zA-Z0-9_-]+)/(?P<digest>[0-9a-f]{64})")


def path_of(name: str, configuration: Document) -> str:
    return f"/_lambda/code/{name}/{digest_of(configuration['CodeSha256'])}"


def link(received: Request, path: str, credentials: Credentials, place: Place, now: float) -> str:
    """The URL of `path` on the listener that `received` came to, for whoever has it."""
    host = next(value for name, value in received.headers if name.lower() == "host")
    signed = presign(Request("GET", path, (("Host", host),)), credentials, place, now, SECONDS)
    return f"{received.scheme}://{host}{signed.target}"


def is_for(method: str, path: str) -> bool:
    return method == "GET" and _PATH.fullmatch(path) is not None


def answer(unit: Unit, path: str) -> Response:
    """The zip. Raises ResourceNotFoundException where the function has other code by now."""
    match = _PATH.fullmatch(path)
    name, digest = match.group("name", "digest") if match else ("", "")
    body = unit.get_snapshot(digest) if digest in _codes(unit, name) else None
    if body is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return Response(200, (("Content-Type", "application/zip"),), body)


def _codes(unit: Unit, name: str) -> set[str]:
    function = find(unit, name)
    if function is None:
        return set()
    kept = [function["latest"], *(configuration for _, configuration in versions(unit, name))]
    return {digest_of(one["CodeSha256"]) for one in kept}
