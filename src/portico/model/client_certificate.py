"""A certificate by which Portico shows backends who it is, with its private key, as Standing knows it.

Standing kind "clientcertificate", key the certificate's id. The key is in no document: what is not there is not
answered.
"""

from typing import Any, Final

import msgspec

KIND: Final = "clientcertificate"


class ClientCertificate(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Both in PEM."""

    certificate: str
    private_key: str

    def __repr__(self) -> str:
        """Without the key: what is printed ends in logs."""
        return f"ClientCertificate({self.certificate!r}, …)"


def decode_client_certificate(value: dict[str, Any]) -> ClientCertificate:
    """Raises msgspec.ValidationError on anything that is not one."""
    return msgspec.convert(value, ClientCertificate)
