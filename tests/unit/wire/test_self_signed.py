"""Certificates as AWS makes them for API Gateway: the form of one of July 2023."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from portico.wire.self_signed import new_private_key, self_signed

JULY = datetime(2023, 7, 3, 15, 44, 10, tzinfo=UTC)
KEY = new_private_key()


def test_the_form_of_a_certificate() -> None:
    pem = self_signed(KEY, JULY.timestamp() + 0.7)
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert certificate.version is x509.Version.v3
    assert certificate.subject == certificate.issuer
    assert [part.value for part in certificate.subject] == ["US", "Seattle", "ApiGateway"]
    assert certificate.not_valid_before_utc == JULY
    assert certificate.not_valid_after_utc == datetime(2024, 7, 2, 15, 44, 10, tzinfo=UTC)
    assert 0 < certificate.serial_number < 1 << 64
    assert list(certificate.extensions) == []


def test_it_is_signed_by_the_key_that_is_in_it() -> None:
    certificate = x509.load_pem_x509_certificate(self_signed(KEY, 0).encode())
    private = load_pem_private_key(KEY.encode(), None)
    public = certificate.public_key()
    assert isinstance(private, rsa.RSAPrivateKey)
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.public_numbers() == private.public_key().public_numbers()
    assert public.key_size == 2048
    algorithm = certificate.signature_hash_algorithm
    assert algorithm is not None
    assert algorithm.name == "sha256"
    public.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)


def test_the_text_of_a_certificate() -> None:
    lines = self_signed(KEY, 0).split("\r\n")
    assert (lines[0], lines[-1]) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    assert {len(line) for line in lines[1:-2]} == {64}
    assert not any("\n" in line for line in lines)


def test_no_two_have_the_same_number() -> None:
    numbers = {x509.load_pem_x509_certificate(self_signed(KEY, 0).encode()).serial_number for _ in range(20)}
    assert len(numbers) == 20
