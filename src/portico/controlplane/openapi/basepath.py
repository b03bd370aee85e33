"""The document's base path, and what the import's `basepath` parameter makes of it (recorded fact 96)."""

import re
from urllib.parse import urlsplit

from portico.controlplane.openapi.place import Place

MODES = ("ignore", "prepend", "split")
"""None of it; all of it as resources; all but the first segment, which is for a custom domain's mapping."""

_VARIABLE = re.compile(r"\{([^{}]+)\}")


def prefix_of(base_path: str, mode: str) -> str:
    """What every path of the document is put under: "" or "/a/b"."""
    segments = [segment for segment in base_path.split("/") if segment]
    kept = {"ignore": [], "prepend": segments, "split": segments[1:]}[mode]
    return "".join(f"/{segment}" for segment in kept)


def swagger_base_path(root: Place) -> str:
    """Version 2.0: `basePath`."""
    place = root.get("basePath")
    return "" if place is None else place.text()


def server_base_path(root: Place) -> str:
    """Version 3.0: the first server's variable `basePath`, used in its URL or not, else the path of its URL."""
    servers = root.get("servers")
    if servers is None or not servers.items():
        return ""
    server = servers.items()[0]
    base = server.dig("variables", "basePath", "default")
    if base is not None:
        return base.text()
    url = server.get("url")
    return "" if url is None else urlsplit(_filled(url, server)).path


def _filled(url: Place, server: Place) -> str:
    """The URL with its variables' defaults in place."""

    def default(found: re.Match[str]) -> str:
        value = server.dig("variables", found[1], "default")
        if value is None:
            raise url.refuse(f"the server's variable '{found[1]}' has no default")
        return value.text()

    return _VARIABLE.sub(default, url.text())
