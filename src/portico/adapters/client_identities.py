"""Who we are toward backends that ask for a certificate: TLS contexts by the id of a client certificate.

A context is made when a connection first needs it, and kept as long as the certificate stands.
"""

import ssl
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress

from portico.model.client_certificate import KIND, ClientCertificate, decode_client_certificate
from portico.ports.changes import Change


class UnknownIdentity(Exception):
    """There is no such certificate, or its record cannot be read."""


class ClientIdentities:
    """The client certificates that stand. For one thread."""

    def __init__(self, trust: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        """`trust` makes a context that verifies backends."""
        self._trust = trust
        self._standing: dict[str, ClientCertificate] = {}
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}

    def apply(self, changes: Iterable[Change]) -> None:
        """Act on changes of Standing, of which only those of certificates count."""
        for change in changes:
            if change.kind == KIND:
                self._forget(change.key)
                if change.value is not None:
                    with suppress(ValueError):  # then it is unknown, and who needs it is told so
                        self._standing[change.key] = decode_client_certificate(change.value)

    def reset(self, changes: Iterable[Change]) -> None:
        """Begin anew with the whole of Standing."""
        self._standing.clear()
        self._contexts.clear()
        self.apply(changes)

    def context(self, identity: str, verify: bool) -> ssl.SSLContext:
        """A client's context with the certificate in it. Raises UnknownIdentity, and ssl.SSLError for what is none."""
        context = self._contexts.get((identity, verify))
        if context is None:
            certificate = self._standing.get(identity)
            if certificate is None:
                raise UnknownIdentity(f"the client certificate {identity} is not known here")
            context = self._trust() if verify else mistrusting()
            _load(context, certificate)
            self._contexts[identity, verify] = context
        return context

    def _forget(self, identity: str) -> None:
        self._standing.pop(identity, None)
        for verify in (True, False):
            self._contexts.pop((identity, verify), None)


def mistrusting() -> ssl.SSLContext:
    """A client's context that takes every certificate of a backend."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _load(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Python has OpenSSL read certificates from files alone: from one of mode 0600 then, that is gone at once."""
    with tempfile.NamedTemporaryFile(prefix="portico-") as file:
        file.write(f"{certificate.private_key}\n{certificate.certificate}\n".encode())
        file.flush()
        context.load_cert_chain(file.name)
