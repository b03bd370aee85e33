"""Where a function is kept, and what of it stands.

One document per function holds its `$LATEST`, aliases, policies and settings; one per published version its
configuration. Whatever changes one of them lets the function stand anew, in the same transaction.

    {"latest": FunctionConfiguration, "published": 2, "publishedContent": …, "aliases": {name: AliasConfiguration},
     "policies": {qualifier or "": [statement]}, "tags": {…}, "reserved": 5, "eventInvoke": {…}, "codeSize": 1234}
"""

from collections.abc import Iterator

import msgspec

from portico.controlplane.functions.filesystems import file_systems
from portico.controlplane.functions.logs import json_logging
from portico.controlplane.functions.names import is_version, not_found
from portico.controlplane.functions.package import digest_of
from portico.controlplane.functions.policy import policy_text
from portico.controlplane.operation import Call
from portico.model.function import LATEST, Alias, FunctionStanding, FunctionVersion
from portico.ports.store import Document, Unit

KIND = "function"
_VERSION = "functionversion"


def _scope(name: str) -> str:
    """No API's id has a slash, so that the deletion of one deletes nothing of a function."""
    return f"function/{name}"


def find(unit: Unit, name: str) -> Document | None:
    return unit.get(KIND, "", name)


def require(call: Call, name: str, qualifier: str | None = None) -> Document:
    """The function, whose version or alias `qualifier` is looked for too. Raises ResourceNotFoundException."""
    function = find(call.unit, name)
    if function is None or not _has(call.unit, name, function, qualifier):
        raise not_found(call.realm, name, qualifier)
    return function


def everything(unit: Unit) -> list[tuple[str, Document]]:
    """Every function by its name."""
    return unit.find(KIND, "")


def versions(unit: Unit, name: str) -> Iterator[tuple[str, Document]]:
    """The published versions, by their number, the oldest first."""
    yield from sorted(unit.find(_VERSION, _scope(name)), key=lambda row: int(row[0]))


def find_version(unit: Unit, name: str, number: str) -> Document | None:
    return unit.get(_VERSION, _scope(name), number)


def configuration_of(call: Call, name: str, function: Document, qualifier: str | None) -> Document:
    """Of `$LATEST`, a version, or the version that an alias points to. The qualifier has been looked for."""
    if qualifier is None or qualifier == LATEST:
        latest: Document = function["latest"]
        return latest
    number = qualifier if is_version(qualifier) else function["aliases"][qualifier]["FunctionVersion"]
    found = function["latest"] if number == LATEST else find_version(call.unit, name, number)
    if found is None:
        raise not_found(call.realm, name, qualifier)
    return dict(found)


def put_version(call: Call, name: str, configuration: Document) -> None:
    """Keep a published version. The function is to be saved after it."""
    call.unit.put(_VERSION, _scope(name), configuration["Version"], configuration)


def delete_version(call: Call, name: str, number: str) -> bool:
    """The function is to be saved after it."""
    return call.unit.delete(_VERSION, _scope(name), number)


def save(call: Call, name: str, function: Document) -> None:
    """Keep the function and let it stand."""
    published = list(versions(call.unit, name))
    function["codeSize"] = sum(one["CodeSize"] for one in [function["latest"], *(one for _, one in published)])
    call.unit.put(KIND, "", name, function)
    call.unit.stand(KIND, name, msgspec.to_builtins(_standing(call, name, function, published)))


def delete(call: Call, name: str) -> None:
    call.unit.delete(KIND, "", name)
    call.unit.delete_scope(_scope(name))
    call.unit.stand(KIND, name, None)


def _has(unit: Unit, name: str, function: Document, qualifier: str | None) -> bool:
    if qualifier is None or qualifier == LATEST:
        return True
    if is_version(qualifier):
        return find_version(unit, name, qualifier) is not None
    return qualifier in function["aliases"]


def _standing(call: Call, name: str, function: Document, published: list[tuple[str, Document]]) -> FunctionStanding:
    invoking = function.get("eventInvoke", {})
    configurations = {LATEST: function["latest"], **dict(published)}
    settings = {
        "maximum_retry_attempts": invoking.get("MaximumRetryAttempts"),
        "maximum_event_age": invoking.get("MaximumEventAgeInSeconds"),
        "reserved_concurrency": function.get("reserved"),
    }
    return FunctionStanding(
        name=name,
        versions={number: _version(name, one) for number, one in configurations.items()},
        aliases={alias: _alias(one) for alias, one in function["aliases"].items()},
        policies={qualifier: policy_text(statements) for qualifier, statements in function["policies"].items()},
        **{member: value for member, value in settings.items() if value is not None},
    )


def _version(name: str, configuration: Document) -> FunctionVersion:
    log_group = configuration["LoggingConfig"]["LogGroup"]
    return FunctionVersion(
        version=configuration["Version"],
        code=digest_of(configuration["CodeSha256"]),
        runtime=configuration["Runtime"],
        handler=configuration["Handler"],
        role=configuration["Role"],
        timeout=configuration["Timeout"],
        memory_size=configuration["MemorySize"],
        ephemeral_storage=configuration["EphemeralStorage"]["Size"],
        environment=configuration.get("Environment", {}).get("Variables", {}),
        file_systems=file_systems(configuration),
        log_group=None if log_group == f"/aws/lambda/{name}" else log_group,
        json_logging=json_logging(configuration["LoggingConfig"]),
        revision=configuration["Deployed"],
    )


def _alias(alias: Document) -> Alias:
    routing = alias.get("RoutingConfig", {})
    return Alias(version=alias["FunctionVersion"], weights=routing.get("AdditionalVersionWeights", {}))
