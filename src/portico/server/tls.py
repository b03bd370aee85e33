"""TLS of our own listeners. Certificates are read when a process starts: SIGHUP renews them with the processes."""

import ssl
from pathlib import Path

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
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or error.strerror or str(error)
        raise TlsError(f"TLS: {certificate} with {key}: {reason}") from error
    return context


def _no_passphrase() -> str:
    """OpenSSL would ask on the terminal, which a server has not."""
    raise TlsError("TLS: the private key is encrypted; Portico reads keys without a passphrase")
