"""The closed set of things worth telling an operator. Whoever sees one happen hands it to an Observer.

Each Observation is frozen and says what happened in past tense; how it is shown (a JSON line, a counter) is decided by
the shell. The hot path makes none of these for a request that went well: access log and meters read the Exchange.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that happened."""


@dataclass(frozen=True, slots=True)
class FaultRaised(Observation):
    """A request ended in a gateway response. `cause` is for the operator and never reaches the client."""

    request_id: str
    api_id: str
    stage: str
    method: str
    path: str
    kind: str
    status: int
    cause: str


@dataclass(frozen=True, slots=True)
class UnexpectedError(Observation):
    """A bug of ours. The client saw a 500 that says nothing; `traceback` is the operator's."""

    request_id: str
    where: str
    traceback: str


@dataclass(frozen=True, slots=True)
class NotServed(Observation):
    """Part of a definition will be refused at run time, because something that it asks for is not enforced yet."""

    api_id: str
    stage: str
    method: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class BadClient(Observation):
    """A connection broke the protocol or a limit and was refused."""

    peer: str
    status: int
    reason: str


class Observer(Protocol):
    def __call__(self, observation: Observation, /) -> None: ...
