"""Which API a request is for: by its Host, or by its path where the Host belongs to nobody (DESIGN section 12)."""

import re
from typing import Final

_EXECUTE_API = re.compile(r"([0-9a-z]{1,64})\.execute-api\.(.+)")
_CACHED: Final = 4096

PATH_STYLES: Final = ((b"/restapis/", b"/_user_request_"), (b"/_aws/execute-api/", b""))
"""Prefix, and what follows the stage: `/restapis/{api}/{stage}/_user_request_/`, `/_aws/execute-api/{api}/{stage}/`."""


class Addresses:
    """Answers, for a Host header, the id of the API that it names.

    `domains` are the suffixes under which `{api}.execute-api.` and `{api}.execute-api.{region}.` are ours.
    """

    def __init__(self, domains: tuple[str, ...]) -> None:
        self._domains = frozenset(domain.lower() for domain in domains)
        self._known: dict[bytes, str | None] = {}

    def api_of(self, host: bytes | None) -> str | None:
        """The API id in the Host, None where it names none."""
        if host is None:
            return None
        try:
            return self._known[host]
        except KeyError:
            if len(self._known) >= _CACHED:
                self._known.clear()
            api = self._known[host] = self._read(host)
            return api

    def _read(self, host: bytes) -> str | None:
        name = host.decode("latin-1").lower()
        if not name.startswith("["):
            name = name.partition(":")[0].rstrip(".")
        match = _EXECUTE_API.fullmatch(name)
        if match is None:
            return None
        suffix = match[2]
        below_region = suffix.partition(".")[2]
        return match[1] if suffix in self._domains or below_region in self._domains else None


def split_stage(path: bytes) -> tuple[bytes, bytes]:
    """(stage, the rest with its slash) of a path whose first segment names the stage: "//stage/x" is accepted."""
    start = 1
    if path[:2] == b"//":  # recorded: extra slashes before the stage are of no account
        start = len(path) - len(path.lstrip(b"/"))
    end = path.find(b"/", start)
    return (path[start:], b"/") if end < 0 else (path[start:end], path[end:])


def split_path_style(path: bytes) -> tuple[str, bytes] | None:
    """(API id, the path from the stage on) of a path-style address; None where it is not one."""
    for prefix, marker in PATH_STYLES:
        if path.startswith(prefix):
            api, _, rest = path[len(prefix) :].partition(b"/")
            if not marker:
                return api.decode("latin-1"), b"/" + rest
            stage, slash, rest = rest.partition(b"/")
            head, _, tail = rest.partition(b"/")
            if slash and b"/" + head == marker:
                return api.decode("latin-1"), b"/" + stage + b"/" + tail
    return None
