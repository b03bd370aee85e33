"""The OpenAPI document of a project: its lines, and the functions that it names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from portico.app.dev.problems import Problem, ProjectError

_FUNCTION: Final = re.compile(r"arn:aws[a-z-]*:lambda:(?P<region>[^:/]*):(?P<account>[^:/]*):function:(?P<name>[^:/]+)")
_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.(\w+)\}")
_LINE: Final = re.compile(r", line (\d+)\)")
_PATH: Final = re.compile(r"(?:path|resource) '?(/[^\s']*?)'?\.?(?:\s|$)")


class Place(NamedTuple):
    """Which account and region the functions are of."""

    region: str
    account_id: str


class Document:
    """Raises ProjectError for a document that cannot be parsed; what AWS would refuse the server finds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.body = path.read_bytes()
            text = self.body.decode("utf-8-sig")
        except FileNotFoundError:
            raise ProjectError.at(path, "there is no OpenAPI document of this name") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ProjectError.at(path, str(error)) from None
        if path.suffix == ".json":
            text = text.replace("\t", " ")  # YAML has no tabs where JSON has them
        try:
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise ProjectError.at(path, error.problem or str(error), mark.line + 1 if mark else None) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise ProjectError.at(path, str(error)) from None

    def functions(self, here: Place, variables: Mapping[str, str]) -> frozenset[str]:
        """The names of the functions that its integrations call. Raises ProjectError for those of somewhere else."""
        problems: list[Problem] = []
        found = {name for name, line in self._named(here, variables, problems)}
        if problems:
            raise ProjectError(problems)
        return frozenset(found)

    def missing(self, here: Place, variables: Mapping[str, str], there: frozenset[str]) -> list[Problem]:
        """What it calls and is not there."""
        known = ", ".join(sorted(there)) or "no function"
        return [
            Problem(self.path, line, f"there is no function {name!r}; there is {known}")
            for name, line in self._named(here, variables, [])
            if name not in there
        ]

    def refused(self, message: str) -> ProjectError:
        """A server's words about it, with the line that they name, or that of the path that they name."""
        line, path = _LINE.search(message), _PATH.search(message)
        if line:
            return ProjectError.at(self.path, message.replace(line[0], ")"), int(line[1]))
        return ProjectError.at(self.path, message, self._line_of_path(path[1]) if path else None)

    def _named(self, here: Place, variables: Mapping[str, str], problems: list[Problem]) -> Iterator[tuple[str, int]]:
        for node in _scalars(self._root, set()):
            line = node.start_mark.line + 1
            text = node.value.replace("${AWS::Region}", here.region).replace("${AWS::AccountId}", here.account_id)
            if ":function:" not in text:
                continue
            unknown = [name for name in _STAGE_VARIABLE.findall(text) if name not in variables]
            problems += [Problem(self.path, line, f"stage.toml has no variable {name!r}") for name in unknown]
            match = _FUNCTION.search(_STAGE_VARIABLE.sub(lambda one: variables.get(one[1], ""), text))
            if unknown or match is None:
                continue
            if (match["region"], match["account"]) != here:
                text = f"{match[0]} is a function of another place: --account-id and --region say which is played here"
                problems.append(Problem(self.path, line, text))
            else:
                yield match["name"], line

    def _line_of_path(self, path: str) -> int | None:
        paths = _member(self._root, "paths")
        key = _member(paths[1], path) if paths else None
        return key[0].start_mark.line + 1 if key else None


def _member(node: Any, name: str) -> tuple[Any, Any] | None:
    """Key and value."""
    members = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((member for member in members if member[0].value == name), None)


def _scalars(node: Any, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """Every text once, also where aliases repeat it."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for child in node.value:
        for one in child if isinstance(child, tuple) else (child,):
            yield from _scalars(one, seen)
