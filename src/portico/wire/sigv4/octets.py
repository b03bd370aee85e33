"""The octets and header values that a signature is computed over."""

from urllib.parse import unquote_to_bytes

from portico.wire.http1 import Request


def header_values(request: Request, name: str) -> list[str]:
    return [value for sent, value in request.headers if sent.lower() == name]


def percent_decoded(text: str) -> bytes:
    return unquote_to_bytes(octets(text))


def octets(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
