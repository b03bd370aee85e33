"""`#foreach` as Python: the loop around what function.py writes for each turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.lang.vtl.nodes import Foreach
from portico.lang.vtl.source import constant

if TYPE_CHECKING:
    from portico.lang.vtl.function import Function


class PlainLoop:
    """A loop whose variable is a local one, and whose `$foreach` is a counter."""

    def __init__(self, function: Function, node: Foreach, number: int) -> None:
        self._function, self._node, self._number = function, node, number

    def write(self) -> None:
        function, node, number = self._function, self._node, self._number
        source, variable = function.unit.source, function.unit.locals[node.name]
        source.line(f"s{number} = {variable}")
        source.line(f"i{number} = 0")
        with source.block(f"for e{number} in l{number}:", node.at):
            source.line(f"{variable} = {function.element(number)}")
            source.line(f"i{number} += 1")
            function.turn(node, number)
        source.line(f"{variable} = s{number}")


class ScopedLoop:
    """A loop whose variables other functions see, and with a `$foreach` that is an object."""

    def __init__(self, function: Function, node: Foreach, number: int) -> None:
        self._function, self._node, self._number = function, node, number
        loops = ["foreach", "velocityCount", "velocityHasNext"]
        wanted = loops if function.unit.late else [name for name in loops if name in function.unit.survey.roots]
        self._names = list(dict.fromkeys(["foreach", *wanted]))

    def write(self) -> None:
        function, node, number = self._function, self._node, self._number
        source = function.unit.source
        source.line(f"s{number} = {function.read(node.name)}")
        for at, name in enumerate(self._names):
            source.line(f"s{number}_{at} = variables.get({constant(name)})")
        source.line(f"c{number} = ForeachScope(n{number}, s{number}_0)")
        if function.unit.survey.stops_scopes:
            with source.block("try:"):
                self._loop()
            with source.block("except Broken as broken:"):
                self._restore()
                with source.block(f"if broken.scope is not c{number}:"):
                    source.line("raise")
        else:
            self._loop()
        self._restore()

    def _loop(self) -> None:
        function, node, number = self._function, self._node, self._number
        source = function.unit.source
        with source.block(f"for e{number} in l{number}:", node.at):
            source.line(f"c{number}.count += 1")
            source.line(f'variables["foreach"] = c{number}')
            if "velocityCount" in self._names:
                source.line(f'variables["velocityCount"] = c{number}.count')
            if "velocityHasNext" in self._names:
                source.line(f'variables["velocityHasNext"] = c{number}.count < n{number}')
            function.write(node.name, function.element(number), node.at)
            function.turn(node, number)

    def _restore(self) -> None:
        function, number = self._function, self._number
        for at, name in enumerate(self._names):
            function.unit.source.line(f"variables[{constant(name)}] = s{number}_{at}")
        function.write(self._node.name, f"s{number}", self._node.at)
