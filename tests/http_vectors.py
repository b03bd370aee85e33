"""Third-party HTTP/1 vectors as bytes: http-desync-guardian's YAML and llhttp's Markdown."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parents[1]
SUITES = Path(os.environ.get("PORTICO_CONFORMANCE", HERE.parent / "shared" / "conformance"))
GUARDIAN = SUITES / "http-desync-guardian" / "tests"
LLHTTP = SUITES / "llhttp-tests" / "test" / "request"


@dataclass(frozen=True)
class Vector:
    name: str
    data: bytes
    expected: str
    """The guardian's tier, or llhttp's error; "" where llhttp takes it."""
    log: str = ""

    def with_host(self) -> bytes:
        """Most vectors have no Host, which would be the only reason to refuse them."""
        if re.search(rb"(?im)^host:", self.data):
            return self.data
        return _REQUEST_LINE.sub(rb"\1\r\nHost: localhost\r\n", self.data)


_REQUEST_LINE = re.compile(rb"(?m)^([!-~]+ [^\r\n]* HTTP/1\.[01])\r\n")


# http-desync-guardian


def guardian() -> list[Vector]:
    """Every vector, its requests completed by the body that their framing promises."""
    return [
        _guardian_vector(f"{path.stem}: {case['name']}", case)
        for path in sorted(GUARDIAN.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text("utf-8"))
    ]


def _guardian_vector(name: str, case: dict[str, Any]) -> Vector:
    lines = [" ".join(part for part in (case["method"], case["uri"], case["version"]) if part)]
    if not case["uri"]:
        lines = [f"{case['method']}  {case['version']}"]
    lines += [f"{header['name']}:{header['value']}" for header in case["headers"] or []]
    data = b"\r\n".join(_bytes(line) for line in lines) + b"\r\n\r\n"
    return Vector(name, data, case["expected"]["tier"])


def _bytes(text: str) -> bytes:
    """YAML's `\\xa0` means that byte; what is beyond Latin-1 is text, in UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


# llhttp

_SECTION = re.compile(r"<!-- meta=(\{.*?\}) -->\s*```http\n(.*?)\n```.*?```log\n(.*?)```", re.DOTALL)
_ERROR = re.compile(r'off=\d+ error code=(\d+) reason="(.*)"')
_PAUSES = {"21", "22", "23"}
"""Not errors: the parser stops for its owner, before an upgrade, CONNECT or HTTP/2."""


def llhttp() -> list[Vector]:
    """Every vector of strict requests."""
    vectors = []
    for path in sorted(LLHTTP.glob("*.md")):
        text = path.read_text("utf-8")
        for match in _SECTION.finditer(text):
            if json.loads(match[1]).get("type") == "request":
                title = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)[-1]
                error = _ERROR.search(match[3])
                refused = error is not None and error[1] not in _PAUSES
                vectors.append(
                    Vector(
                        f"{path.stem}: {title} ({text[: match.start()].count(chr(10)) + 1})",
                        llhttp_bytes(match[2]),
                        error[2] if error is not None and refused else "",
                        match[3],
                    )
                )
    return vectors


_ESCAPES = {"\\r": "\r", "\\n": "\n", "\\t": "\t", "\\f": "\f"}


def llhttp_bytes(text: str) -> bytes:
    """A request as Markdown writes it: lines end in CRLF, unless a backslash joins them; escapes for the rest."""
    text = re.sub(r"\\\n", "", text)
    text = text.replace("\n", "\r\n")
    text = re.sub(r"\\[rntf]", lambda escape: _ESCAPES[escape[0]], text)
    pieces = re.split(r"\\x([0-9a-fA-F]{2})", text)
    return b"".join(bytes.fromhex(piece) if at % 2 else piece.encode() for at, piece in enumerate(pieces))


_SPAN = re.compile(r'off=(\d+) len=(\d+) span\[\w+\]="(.*)"')


def spans(vector: Vector) -> list[tuple[int, int, bytes]]:
    """(offset, length, text) of what llhttp saw in it: proof that the Markdown was read as llhttp reads it."""
    return [(int(at), int(length), shown.encode()) for at, length, shown in _SPAN.findall(vector.log)]
