"""The JavaScript client of a stage: a zip with `apigClient.js`, named and called as AWS's generated one.

    client = apigClientFactory.newClient({...});
    client.petsPetIdGet({petId: 7}, body, {headers, queryParams})

Unlike AWS's it needs no other script to be loaded, and takes an `invokeUrl`: a stage of Portico answers where its
operator says. Methods for any verb have no function, as with AWS (guide: "Use a JavaScript SDK").
"""

import io
import json
import re
import zipfile
from importlib import resources
from typing import Any, NamedTuple

from portico.controlplane.openapi.export.source import Source
from portico.model.rest import Method, Snapshot

_FOLDER = "apiGateway-js-sdk"
_SLOT = "/* the API */ null"
_WORD = re.compile(r"[A-Za-z0-9]+")
_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
"""The same stage makes the same bytes."""


class Function(NamedTuple):
    """What the client knows of one method."""

    verb: str
    path: str
    query: list[str]
    headers: list[str]
    required: list[str]


def generate(source: Source) -> bytes:
    """The zip's bytes."""
    functions = functions_of(source.snapshot)
    invoke_url = f"https://{source.host}/{source.stage_name}"
    files = {"README.md": _readme(source, functions, invoke_url)}
    if functions:
        files["apigClient.js"] = _client(source, functions, invoke_url)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{_FOLDER}/{name}", _EPOCH_OF_ZIP), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def functions_of(snapshot: Snapshot) -> dict[str, Function]:
    """By name. Two methods whose names fall together are told apart by a number, the paths being in order."""
    found: dict[str, Function] = {}
    for resource in sorted(snapshot.resources, key=lambda one: one.path):
        for verb, method in sorted(resource.resource_methods.items()):
            if verb != "ANY":
                found[_free(_name(resource.path, verb), found)] = _function(resource.path, method)
    return found


def _name(path: str, verb: str) -> str:
    """`/{a}/{b}/{op}` and GET make `aBOpGet`, the root is `root` (guide)."""
    words: list[str] = _WORD.findall(path) or ["root"]
    first, *others = [*words, verb.lower()]
    return first[0].lower() + first[1:] + "".join(word[0].upper() + word[1:] for word in others)


def _free(name: str, taken: dict[str, Function]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free


def _function(path: str, method: Method) -> Function:
    names: dict[str, list[str]] = {"path": [], "querystring": [], "header": []}
    required = []
    for parameter, needed in method.request_parameters.items():
        _, _, where, name = parameter.split(".", 3)
        names[where].append(name)
        if needed:
            required.append(name)
    in_path = re.findall(r"\{([^{}+]+)\+?\}", path)
    needed_too = [name for name in in_path if name not in required]
    return Function(method.http_method, path, names["querystring"], names["header"], [*needed_too, *required])


def _client(source: Source, functions: dict[str, Function], invoke_url: str) -> str:
    methods = {name: function._asdict() for name, function in functions.items()}
    api: dict[str, Any] = {"invokeUrl": invoke_url, "region": source.region, "methods": methods}
    return _text("apigClient.js").replace(_SLOT, json.dumps(api, indent=2, ensure_ascii=True), 1)


def _readme(source: Source, functions: dict[str, Function], invoke_url: str) -> str:
    rows = [f"| `{name}` | {one.verb} `{one.path}` |" for name, one in functions.items()]
    return _text("README.txt").format(
        title=" ".join(source.snapshot.name.split()),
        stage=source.stage_name,
        region=source.region,
        invoke_url=invoke_url,
        methods="\n".join(rows),
    )


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
