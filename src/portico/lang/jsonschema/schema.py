"""A compiled schema: what request validation asks."""

from collections.abc import Mapping
from typing import Any

from portico.lang.errors import BudgetExceeded
from portico.lang.javaset import set_order
from portico.lang.jsonschema.budget import STEPS, TooMuch
from portico.lang.jsonschema.checker import Checker, compile_checker
from portico.lang.jsonschema.nodes import Node, read_nodes
from portico.lang.jsonschema.references import References
from portico.lang.jsonschema.report import Enough, Report


class Schema:
    """One model's schema. Its code is generated when the first document comes."""

    __slots__ = ("__weakref__", "_check", "_root")

    def __init__(self, root: Node) -> None:
        self._root = root
        self._check: Checker | None = None

    def accepts(self, value: Any) -> bool:
        """Whether a parsed JSON document is valid. Raises BudgetExceeded for one that costs too much to tell."""
        check = self._check
        if check is None:
            check = self._check = compile_checker(self._root)
        try:
            return check(value, [STEPS])
        except RecursionError:
            raise BudgetExceeded("the document is nested too deeply") from None

    def errors(self, value: Any) -> str:
        """What is wrong with an invalid document: `[one message, another message]`, as AWS prints it."""
        return f"[{', '.join(set_order(self._judged(value).messages))}]"

    def first_error(self, value: Any) -> str:
        """Where the first error is, and which: `/items/0/price: instance type …`."""
        return self._judged(value).first

    def _judged(self, value: Any) -> Report:
        report = Report()
        try:
            report.judge(self._root, value)
        except Enough:
            pass
        except (TooMuch, RecursionError):
            report.messages.append("the document is too large or too deep for all errors to be told")
        return report


def compile_schema(documents: Mapping[str, Any], uri: str) -> Schema:
    """The schema of the document `uri`; references lead to any of `documents`, which are parsed JSON by URI.

    Raises SourceError for a schema that is none, NotBuilt for one that would not be enforced as AWS does.
    """
    return Schema(read_nodes(References(documents), uri))
