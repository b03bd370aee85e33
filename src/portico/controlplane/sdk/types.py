"""The types of client that GetSdk knows, and the parameters of each (API reference: GetSdk).

Only clients for JavaScript are generated; the parameters of the others are checked all the same. The descriptions are
ours: AWS's are not known.
"""

from typing import NamedTuple

from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, NotFoundException


class _Parameter(NamedTuple):
    name: str
    label: str
    description: str
    required: bool = True


_PREFIX = _Parameter("classPrefix", "Prefix", "What the names of the generated classes begin with.")
_TYPES: dict[str, tuple[str, tuple[_Parameter, ...]]] = {
    "android": (
        "Android",
        (
            _Parameter("groupId", "Group ID", "The group of the Maven artifact."),
            _Parameter("invokerPackage", "Invoker package", "The Java package of the client."),
            _Parameter("artifactId", "Artifact ID", "The name of the Maven artifact."),
            _Parameter("artifactVersion", "Artifact version", "The version of the Maven artifact."),
        ),
    ),
    "java": (
        "Java SDK",
        (
            _Parameter("serviceName", "Service Name", "The name of the client's interface."),
            _Parameter("javaPackageName", "Java Package Name", "The Java package of the client."),
            _Parameter("javaBuildSystem", "Java Build System", "maven or gradle.", required=False),
            _Parameter("javaGroupId", "Java Group ID", "The group of the artifact.", required=False),
            _Parameter("javaArtifactId", "Java Artifact ID", "The name of the artifact.", required=False),
            _Parameter("javaArtifactVersion", "Java Artifact Version", "The version of the artifact.", required=False),
            _Parameter("sourceCodeLicenseText", "Source Code License Text", "The license's text.", required=False),
            _Parameter("licenseHeaderText", "License Header Text", "The head of each source file.", required=False),
        ),
    ),
    "javascript": ("JavaScript", ()),
    "objectivec": ("iOS (Objective-C)", (_PREFIX,)),
    "ruby": ("Ruby", (_Parameter("service.name", "Service Name", "The name of the client's gem and class."),)),
    "swift": ("iOS (Swift)", (_PREFIX,)),
}
GENERATED = ("javascript",)


def sdk_types() -> dict[str, Document]:
    """What GetSdkTypes lists, by id."""
    return {name: sdk_type(name) for name in _TYPES}


def sdk_type(name: str) -> Document:
    """Raises NotFoundException."""
    if name not in _TYPES:
        raise NotFoundException("Invalid SDK type identifier specified")
    label, parameters = _TYPES[name]
    written: Document = {"id": name, "friendlyName": label, "description": f"A client in the language of {label}."}
    if parameters:
        written["configurationProperties"] = [
            {"name": one.name, "friendlyName": one.label, "description": one.description, "required": one.required}
            for one in parameters
        ]
    return written


def check_parameters(name: str, given: dict[str, str]) -> None:
    """Raises BadRequestException for a type that is none, for a parameter it lacks or does not have."""
    if name not in _TYPES:
        raise BadRequestException(f"Invalid SDK type specified. Valid options are {', '.join(_TYPES)}")
    parameters = _TYPES[name][1]
    for one in parameters:
        if one.required and not given.get(one.name):
            raise BadRequestException(f"Missing required parameter {one.name} of an SDK of type {name}")
    for unknown in given.keys() - {one.name for one in parameters}:
        raise BadRequestException(f"Unknown parameter {unknown} of an SDK of type {name}")
