"""What an integration is compiled from, and the form of the plugin files in `integrations/`.

A plugin file is `KIND`, AWS's name of the type, and `compile(spec) -> Step`. It is registered by being named in
`compile/rest.py`, where the order of Steps is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from portico.dataplane.answer_check import AnswerCheck
from portico.dataplane.compression import Compression
from portico.dataplane.ports import Ports
from portico.model.rest import Integration, Method


class Place(NamedTuple):
    """Where a method is: what events and permissions of functions tell of it."""

    resource_id: str
    resource_path: str
    stage: str
    deployment_id: str
    edge: bool
    """Whether the API's endpoint is edge-optimised."""
    canary: bool | None = None
    """Whether the stage's canary serves it; None where the stage has none."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One method's integration under one stage's variables."""

    api_id: str
    place: Place
    method: Method
    integration: Integration
    parameter_names: tuple[str, ...]
    """Of the resource's path, in its order."""
    greedy: str | None
    """The name of its {name+}."""
    variables: Mapping[str, str]
    binary_media_types: tuple[str, ...]
    ports: Ports
    answers: AnswerCheck | None = None
    """What answers are held to, where the stage asks for it."""
    client_certificate: str | None = None
    """The id of what backends are shown that ask for a certificate."""
    compression: Compression | None = None
    """What is done to answers before they are sent, where the API asks for it."""
    request_ids: bool = False
    """Whether anybody reads those of functions' invocations."""
    vpc_links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ARNs behind each VPC link that is known."""
