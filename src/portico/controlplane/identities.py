"""Who may call the control plane. For now one root identity per server; companions of IAM add their own look-ups."""

from typing import NamedTuple, Protocol


class Identity(NamedTuple):
    """A set of credentials: long-lived ones have no session token."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class Identities(Protocol):
    def find(self, access_key_id: str) -> Identity | None:
        """The credentials with that access key id, None where there are none that are valid."""
        ...


class RootIdentity:
    """The credentials made at first start, or given in the environment."""

    def __init__(self, access_key_id: str, secret_access_key: str) -> None:
        self._root = Identity(access_key_id, secret_access_key)

    def find(self, access_key_id: str) -> Identity | None:
        return self._root if access_key_id == self._root.access_key_id else None
