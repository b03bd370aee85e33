"""A compiled schema: what request validation asks."""

from collections.abc import Mapping
from typing import Any

from portico.lang.errors import BudgetExceeded
from portico.lang.javaset import set_order
from portico.lang.jsonschema.budget import STEPS, TooMuch
from portico.lang.jsonschema.checker import Checker, Checkers
from portico.lang.jsonschema.nodes import Node, Nodes
from portico.lang.jsonschema.references import References
from portico.lang.jsonschema.report import Enough, Report


class Schema:
    """One model's schema. Its code is generated when the first document comes."""

    __slots__ = ("_check", "_checkers", "_root", "_schemas")

    def __init__(self, root: Node, checkers: Checkers, schemas: "Schemas") -> None:
        self._root = root
        self._checkers = checkers
        self._schemas = schemas
        """Kept for as long as one of them is."""
        self._check: Checker | None = None

    def accepts(self, value: Any) -> bool:
        """Whether a parsed JSON document is valid. Raises BudgetExceeded for one that costs too much to tell."""
        check = self._check
        if check is None:
            check = self._check = self._checkers.compile(self._root)
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


class Schemas:
    """The schemas of documents that may refer to each other, parsed JSON by URI. What they share is there once.

    For one thread.
    """

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self._nodes = Nodes(References(documents))
        self._checkers = Checkers()
        self._known: dict[str, Schema] = {}

    def __contains__(self, uri: str) -> bool:
        return uri in self._documents

    def schema(self, uri: str) -> Schema:
        """The schema of the document `uri`.

        Raises SourceError for one that is none, NotBuilt for one that would not be enforced as AWS does.
        """
        known = self._known.get(uri)
        if known is None:
            known = self._known[uri] = Schema(self._nodes.root(uri), self._checkers, self)
        return known


def compile_schema(documents: Mapping[str, Any], uri: str) -> Schema:
    """The schema of one document, when no other is asked for. Raises as Schemas.schema does."""
    return Schemas(documents).schema(uri)
