"""Published versions: PublishVersion, ListVersionsByFunction."""

import hashlib
import json

from portico.controlplane.functions.configuration import revise, show, show_listed
from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.marking import page
from portico.controlplane.functions.names import named, unqualified
from portico.controlplane.functions.record import find_version, put_version, require, save, versions
from portico.controlplane.functions.revisions import check_revision
from portico.controlplane.operation import Call, operation
from portico.model.function import LATEST
from portico.ports.store import Document

_OF_A_REVISION = ("Version", "RevisionId", "LastModified", "Deployed")
"""Members that tell when a version was made, not what it is."""


@operation("PublishVersion", service="lambda")
def publish_version(call: Call) -> Document:
    name = unqualified(call)
    function = require(call, name)
    latest = function["latest"]
    check_revision(call.params, latest)
    wanted = call.params.get("CodeSha256")
    if wanted and wanted != latest["CodeSha256"]:
        raise InvalidParameterValueException(
            f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({latest['CodeSha256']}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    configuration = publish(call, name, function)
    save(call, name, function)
    return show(call.realm, name, configuration, configuration["Version"])


@operation("ListVersionsByFunction", service="lambda", writes=False)
def list_versions_by_function(call: Call) -> Document:
    name, _ = named(call)
    function = require(call, name)
    found = [(LATEST, show_listed(call.realm, name, function["latest"], LATEST))]
    found += [
        (f"{int(number):020}", show_listed(call.realm, name, one, number)) for number, one in versions(call.unit, name)
    ]
    return page("Versions", found, call.params)


def save_published(call: Call, name: str, function: Document) -> Document:
    """Save a function whose code changed, publish it where the call asks for that, and answer what came of it."""
    latest = function["latest"]
    made = publish(call, name, function) if call.params.get("Publish") else latest
    save(call, name, function)
    return show(call.realm, name, made, None if made is latest else made["Version"])


def publish(call: Call, name: str, function: Document) -> Document:
    """The configuration of a new version, or of the last one where nothing has changed since it was published.

    The function is to be saved after it.
    """
    latest = function["latest"]
    content = _content(latest)
    last = find_version(call.unit, name, str(function["published"]))
    if last is not None and function.get("publishedContent") == content:
        return last
    function["published"] += 1
    function["publishedContent"] = content
    configuration = {**latest, "Version": str(function["published"])}
    if call.params.get("Description") is not None:
        configuration["Description"] = call.params["Description"]
    revise(configuration)
    put_version(call, name, configuration)
    return configuration


def _content(configuration: Document) -> str:
    """A digest of what a version is: the same for what AWS publishes once only."""
    told = {member: value for member, value in configuration.items() if member not in _OF_A_REVISION}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
