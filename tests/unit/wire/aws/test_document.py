"""JSON bodies: what is taken, what is refused, and in which words."""

from typing import Any

import pytest

from portico.wire.aws import document
from portico.wire.aws.document import MAX_DEPTH, SerializationException, decode
from portico.wire.aws.shapes import Shapes

SHAPES = Shapes(
    {
        "Everything": {
            "type": "structure",
            "members": {
                "text": {"shape": "Text"},
                "renamed": {"shape": "Text", "locationName": "wireName"},
                "flag": {"shape": "Flag"},
                "count": {"shape": "Count"},
                "ratio": {"shape": "Ratio"},
                "when": {"shape": "When"},
                "octets": {"shape": "Octets"},
                "texts": {"shape": "Texts"},
                "named": {"shape": "Named"},
                "inner": {"shape": "Everything"},
                "embedded": {"shape": "Text", "jsonvalue": True},
            },
        },
        "Text": {"type": "string"},
        "Flag": {"type": "boolean"},
        "Count": {"type": "integer"},
        "Ratio": {"type": "double"},
        "When": {"type": "timestamp"},
        "Octets": {"type": "blob"},
        "Texts": {"type": "list", "member": {"shape": "Text"}},
        "Named": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    }
)


def read(body: bytes) -> dict[str, Any]:
    return document.read_members(list(SHAPES.named("Everything").members.values()), decode(body))


def refusal(body: bytes) -> str:
    with pytest.raises(SerializationException) as raised:
        read(body)
    assert (raised.value.code, raised.value.status) == ("SerializationException", 400)
    return raised.value.message


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", {}),
        (b'{"text":"a","unknown":[1]}', {"text": "a"}),
        (b'{"wireName":"a"}', {"renamed": "a"}),
        (b'{"renamed":"a"}', {}),
        (b'{"text":null,"texts":["a",null],"named":{"x":null}}', {"texts": ["a"], "named": {"x": ""}}),
        (b'{"count":5.9,"ratio":2}', {"count": 5, "ratio": 2.0}),
        (b'{"when":1500000000}', {"when": 1500000000.0}),
        (b'{"when":"2017-07-14T02:40:00Z"}', {"when": 1500000000.0}),
        (b'{"octets":"aGk="}', {"octets": b"hi"}),
        (b'{"inner":{"inner":{"flag":true}}}', {"inner": {"inner": {"flag": True}}}),
        (b'{"embedded":"{\\"a\\": [1]}"}', {"embedded": {"a": [1]}}),
    ],
)
def test_reads(body: bytes, expected: dict[str, Any]) -> None:
    assert read(body) == expected


NUMBER = "com.amazon.coral.value.json.numbers.TruncatingBigNumber"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        # Recorded fact 7.
        (b'{"named":{"a":true}}', "class java.lang.Boolean can not be converted to an String"),
        (b'{"named":{"a":123}}', f"class {NUMBER} can not be converted to an String"),
        (b'{"text":1.5}', f"class {NUMBER} can not be converted to an String"),
        (b'{"flag":"true"}', "class java.lang.String can not be converted to an Boolean"),
        (b'{"count":true}', "class java.lang.Boolean can not be converted to an Integer"),
        (b'{"text":[]}', "Start of list found where not expected"),
        (b'{"text":{}}', "Start of structure or map found where not expected."),
        (b'{"texts":{}}', "Start of structure or map found where not expected."),
        (b'{"named":[]}', "Start of list found where not expected"),
        (b'{"texts":"a"}', "Unrecognized collection type class java.lang.String"),
        (b'{"inner":1}', f"Unrecognized collection type class {NUMBER}"),
        (b"[]", "Start of list found where not expected"),
        (b"null", "Unrecognized collection type null"),
    ],
)
def test_a_wrong_type_is_told_in_javas_words(body: bytes, sentence: str) -> None:
    assert refusal(body) == sentence


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a':1}",
        b'{"text":"\xff"}',
        b'{"text":"\\ud800"}',
        b'{"count":NaN}',
        b'{"ratio":1e999}',
        b'{"count":' + b"9" * 10_000 + b"}",
        b'{"count":9999999999}',
        b'{"ratio":' + b"9" * 400 + b"}",
        b'{"when":"yesterday"}',
        b'{"when":"nan"}',
        b'{"octets":"%"}',
        b'{"embedded":"{"}',
        b"[" * 1_000_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    ],
)
def test_a_broken_or_hostile_document_is_refused(body: bytes) -> None:
    assert refusal(body)
