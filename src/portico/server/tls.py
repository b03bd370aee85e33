"""TLS of our own listeners. Certificates are read when a process starts: SIGHUP renews them with the processes."""

import ssl
from pathlib import Path
from typing import Final

from portico.kernel.errors import PorticoError


class TlsError(PorticoError):
    """A certificate or key cannot be used."""


def server_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """TLS 1.2 and 1.3, HTTP/1.1; None without a certificate. Raises TlsError."""
    if certificate is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except ssl.SSLError as error:
        raise TlsError(f"TLS: {certificate} with {key}: {_WHY.get(error.reason or '', _NO_PEM)}") from error
    except OSError as error:
        raise TlsError(f"TLS: {certificate} with {key}: {error.strerror}") from error
    return context


_NO_PEM: Final = "there is no certificate chain, or no private key, in PEM form"
_WHY: Final = {
    "KEY_VALUES_MISMATCH": "the private key does not belong to the certificate",
    "KEY_TYPE_MISMATCH": "the private key does not belong to the certificate",
    "EE_KEY_TOO_SMALL": "the certificate's key is too short to be safe",
    "CA_MD_TOO_WEAK": "the certificate's signature is too weak to be safe",
}
"""OpenSSL's reasons in words. What it has no reason for, or a reason of its parser's, is no PEM."""


def _no_passphrase() -> str:
    """OpenSSL would ask on the terminal, which a server has not."""
    raise TlsError("TLS: the private key is encrypted; Portico reads keys without a passphrase")
