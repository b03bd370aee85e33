"""A document as text, in the hand of AWS's writer (Jackson): in JSON a blank on both sides of the colon and arrays on
one line, in YAML every text in double quotes.
"""

import json
from typing import Any

import yaml

try:
    from yaml import CSafeDumper as _SafeDumper
except ImportError:  # a PyYAML built without libyaml: the same text, slower
    from yaml import SafeDumper as _SafeDumper  # type: ignore[assignment]

Tree = dict[str, Any]

_NO_FOLDING = 2**31 - 1
"""Columns; the most that libyaml can count."""
_TEXT = "tag:yaml.org,2002:str"


def as_json(document: Tree) -> bytes:
    return _json(document, "\n").encode()


def _json(value: Any, line: str) -> str:
    """`line` is the end of a line and the indentation of the next."""
    if isinstance(value, dict):
        inner = line + "  "
        members = (f"{_scalar(name)} : {_json(item, inner)}" for name, item in value.items())
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}" if value else "{ }"
    if isinstance(value, list):
        return f"[ {', '.join(_json(item, line) for item in value)} ]" if value else "[ ]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_yaml(document: Tree) -> bytes:
    text: str = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        explicit_start=True,
        width=_NO_FOLDING,
        default_flow_style=False,
    )
    return text.encode()


class _Dumper(_SafeDumper):
    """Texts in double quotes, keys bare where YAML would read them as texts all the same; nothing is an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, _ in node.value:
            key.style = None if _is_plain(key.value) else '"'
        return node


def _is_plain(name: str) -> bool:
    """Whether YAML reads the bare word as a text."""
    return bool(_RESOLVER.resolve(yaml.ScalarNode, name, (True, False)) == _TEXT)


_RESOLVER: Any = yaml.resolver.Resolver()
_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(_TEXT, text, style='"'))
