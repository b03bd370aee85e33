"""What a template makes use of: decides how its variables are kept, before a line is written.

Most templates only set variables, loop and branch: theirs are local variables of one Python function. Macros,
`#define`, `#evaluate` and directives inside of strings need variables that several functions see.
"""

from portico.lang.vtl.nodes import (
    Block,
    Break,
    Call,
    Define,
    Evaluate,
    Foreach,
    Index,
    Interpolation,
    Literal,
    MacroCall,
    Property,
    Reference,
    Set,
    Step,
    Text,
    Tree,
    walk,
)

API_ROOTS = frozenset({"input", "context", "stageVariables", "util"})
OVERRIDES = ("requestOverride", "responseOverride")
LOOP_ROOTS = frozenset({"foreach", "velocityCount", "velocityHasNext"})
LOOP_MEMBERS = frozenset({"index", "count", "hasNext", "first", "last"})
LOOP_METHODS = {
    "getIndex": "index",
    "getCount": "count",
    "hasNext": "hasNext",
    "isFirst": "first",
    "isLast": "last",
}


class Survey:
    """What is in a Tree."""

    def __init__(self, tree: Tree, *, evaluated: bool) -> None:
        nodes = list(walk(tree.body))
        references = [node for node in nodes if isinstance(node, Reference)]
        self.roots = {reference.root for reference in references}
        sets = [node.target for node in nodes if isinstance(node, Set)]
        self.assigned = {target.root for target in sets if not target.steps}
        self.assigned |= {node.name for node in nodes if isinstance(node, Foreach | Define)}
        self.evaluates = any(isinstance(node, Evaluate) for node in nodes)
        self.stops_scopes = any(_leaves_scope(node) for node in nodes)
        self.free_context = any(map(_frees_context, references)) or any(map(_sets_context, sets))
        self.dynamic = (
            evaluated
            or bool(tree.macros)
            or bool(self.assigned & LOOP_ROOTS)
            or any(_needs_functions(node) for node in nodes)
            or any(loop_member(reference) is None for reference in references if reference.root == "foreach")
        )


def loop_member(reference: Reference) -> tuple[int, str, tuple[Step, ...]] | None:
    """`$foreach.parent.index.x` as (loops outwards, member, steps that remain); None where it is more than that."""
    outwards, steps = 0, reference.steps
    while steps and steps[0] == Property("parent"):
        outwards, steps = outwards + 1, steps[1:]
    if not steps:
        return None
    first = steps[0]
    if isinstance(first, Property) and first.name in LOOP_MEMBERS:
        return outwards, first.name, steps[1:]
    if isinstance(first, Call) and not first.arguments and first.name in LOOP_METHODS:
        return outwards, LOOP_METHODS[first.name], steps[1:]
    return None


def names_of(steps: tuple[Step, ...]) -> list[str]:
    """The names that a chain begins with: of `.name`, `['name']` and `.get('name')`."""
    names: list[str] = []
    for step in steps:
        name = _written_name(step)
        if name is None:
            break
        names.append(name)
    return names


def is_plain(body: Block) -> bool:
    """Whether there are only text and references in a string."""
    return all(isinstance(node, Text | Reference) for node in body)


def _written_name(step: Step) -> str | None:
    if isinstance(step, Property):
        return step.name
    if isinstance(step, Index):
        key = step.key
    elif step.name == "get" and len(step.arguments) == 1:
        key = step.arguments[0]
    else:
        return None
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else None


def _needs_functions(node: object) -> bool:
    if isinstance(node, Interpolation):
        return not is_plain(node.body)
    return isinstance(node, Define | Evaluate) or (isinstance(node, MacroCall) and node.body is not None)


def _leaves_scope(node: object) -> bool:
    return (isinstance(node, Break) and node.scope is not None) or (isinstance(node, Call) and node.name == "stop")


def _frees_context(reference: Reference) -> bool:
    """Whether `$context` is used as a map that can be written to or asked for any key."""
    if reference.root != "context":
        return False
    first = reference.steps[0] if reference.steps else None
    return isinstance(first, Call | Index) and not names_of((first,)) and not _only_reads(first)


def _only_reads(step: Step) -> bool:
    return isinstance(step, Call) and step.name in ("keySet", "entrySet", "values", "size", "isEmpty", "toString")


def _sets_context(target: Reference) -> bool:
    names = names_of(target.steps)
    return target.root == "context" and bool(target.steps) and not (names and names[0] in OVERRIDES)
