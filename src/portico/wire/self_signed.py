"""X.509 certificates that sign themselves, as GenerateClientCertificate makes them.

Taken from certificates that people have published (localstack issue 8698 shows one of July 2023 in full): version 3
without extensions, 2048 bits of RSA with SHA-256, a serial number of 64 bits, the same name as subject and issuer, and
PEM whose lines end in CRLF, the last one in nothing.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

_NAME: Final = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        x509.NameAttribute(NameOID.LOCALITY_NAME, "Seattle"),
        x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway"),
    ]
)
VALID_DAYS: Final = 365


def new_private_key() -> str:
    """PKCS #8 in PEM. Takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def self_signed(private_key: str, since: float) -> str:
    """The certificate of a key, valid for `VALID_DAYS` from then on."""
    key = load_pem_private_key(private_key.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey), "it was made here"
    begins = datetime.fromtimestamp(int(since), UTC)
    serial = secrets.randbits(63) + 1
    builder = x509.CertificateBuilder(
        _NAME, _NAME, key.public_key(), serial, begins, begins + timedelta(days=VALID_DAYS)
    )
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    return "\r\n".join(pem.splitlines())
