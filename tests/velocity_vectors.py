"""The templates of Apache Velocity's own tests, with what they print and the objects that they are given.

Upstream the objects are Java code. Here `GIVEN` sets those that a template can make itself, and a `Provider` stands for
the one that most templates ask for something. A vector may be cut before the part that is not ours, or lose single
lines on both sides; EXCLUDED says why a whole one is left out.
"""

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("PORTICO_CONFORMANCE", HERE.parent / "shared" / "conformance")) / "velocity-engine-vtl"

GIVEN = """
#set($name = "jason")
#set($name2 = "jason")
#set($name3 = "geoge")
#set($list = ["ArrayList element 1", "ArrayList element 2", "ArrayList element 3", "ArrayList element 4"])
#set($stringarray = ["first element", "second element"])
#set($vector = ["string1", "string2"])
#set($hashtable = {"Bar": "this is from a hashtable!", "Foo": "this is from a hashtable too!"})
#set($hashmap = {})
#set($nullList = ["a", "b", $nobody, "d"])
#set($obarr = ["a", "b", "c", "d"])
#set($templatenumber1 = 999.125)
#set($abc = 999.125)
#set($provider = $context.get("provider"))
""".lstrip()


@dataclass(frozen=True)
class Vector:
    name: str
    source: str
    expected: str


@dataclass(frozen=True)
class Rule:
    """How a vector is taken: `library` stands before it, both sides end before `until`, lines with `without` go."""

    library: str = ""
    until: tuple[str, str] | None = None
    without: tuple[str, ...] = ()


_QUIET_NULL = "the literal of a null argument: 1.7 prints the caller's, 2.x the macro's"
_JAVA = "asks Java objects of its own"
_LOADER = "is about where templates are loaded from, or parses and includes others"

RULES: dict[str, Rule] = {
    "arithmetic": Rule(),
    "block": Rule(),
    "commas": Rule(),
    "comment": Rule(until=("$map.size()## ok", "1barbar")),  # `$map.foo##` was no comment before 2.x
    "comment-eof": Rule(),
    "curly-directive": Rule(),
    "encodingtest": Rule(),
    "encodingtest2": Rule(),
    "encodingtest3": Rule(),
    "encodingtest_KOI8-R": Rule(),
    "equality": Rule(),
    "escape": Rule(without=("provider",)),
    "escape2": Rule(without=("#include", "--text--")),
    "foreach-array": Rule(until=("-- Empty array", "-- Empty array")),
    "foreach-introspect": Rule(),
    "foreach-null-list": Rule(),
    "foreach-variable": Rule(),
    "if": Rule(),
    "ifstatement": Rule(),
    "interpolation": Rule(),
    "logical": Rule(),
    "logical2": Rule(),
    "loop": Rule(),
    "map": Rule(),
    "math": Rule(until=("Some test for the new", "Some test for the new")),
    "method": Rule(),
    "newline": Rule(),
    "pedantic": Rule(),
    "quotes": Rule(),
    "range": Rule(),
    "reference": Rule(until=("Test lower case property names", "Test lower case property names")),
    "settest": Rule(),
    "shorthand": Rule(),
    "stop1": Rule(),
    "stop2": Rule(),
    "string": Rule(until=("## test array to string", "[10, 20, 30, 40, 50]")),
    "vm_test1": Rule(library="VM_global_library.vm"),
    "evaluate/eval1": Rule(),
    "evaluate/evalvmcontext": Rule(),
    "issues/velocity-537/templates/velocity537": Rule(),
    "issues/velocity-537/templates/velocity537b": Rule(),
    "issues/velocity-580/templates/velocity580": Rule(),
}
"""The vectors that run, by their path below `templates/` or below the whole folder."""

EXCLUDED: dict[str, str] = {
    "array": "an expression as an index is of 2.x; " + _JAVA,
    "diabolical": _JAVA,
    "foreach-map": _JAVA,
    "foreach-method": _JAVA,
    "foreach-type": "#else of a #foreach is of 2.x; " + _JAVA,
    "formal": _JAVA,
    "get": _JAVA,
    "include": _LOADER,
    "parse": _LOADER,
    "sample": _JAVA,
    "stop3": _LOADER,
    "subclass": _JAVA,
    "test": _JAVA,
    "velocimacro": _QUIET_NULL,
    "velocimacro2": _QUIET_NULL,
    "vm_test2": "a macro of the template takes the place of the library's: an option that is off by default",
    "evaluate/eval2": "gobbles blanks by lines, as 2.x does by default",
    "set/set1": "#set to null is allowed in 2.x, in 1.7 the old value stays",
    "set/set2": "#set to null is allowed in 2.x, in 1.7 the old value stays",
    "absolute/absolute": _LOADER,
    "conversion": "conversions of arguments are of 2.x; " + _JAVA,
    "includeevent": _LOADER,
    "macrolibs": _LOADER,
    "methodoverloading": _JAVA,
    "multi": _LOADER,
    "multiloader": _LOADER,
    "parsemacros": _LOADER,
    "resourceinstance": _LOADER,
}
"""Vectors, or folders of them, that are not run."""

WITHOUT_TEMPLATE = frozenset(
    {"configuration", "cpload", "ds", "macroforwarddefine", "stringloader", "context_safety1", "context_safety2"}
    | {"directive", "string-interpolation"}
)
"""Expected output for which no template is in the folder, or which is no output of a template."""


def vectors() -> list[Vector]:
    return [_vector(name, rule) for name, rule in RULES.items()]


def _vector(name: str, rule: Rule) -> Vector:
    path = FOLDER / f"{name}.vm" if "/" in name else FOLDER / "templates" / f"{name}.vm"
    folder = path.parent.parent if path.parent.name == "templates" and "/" in name else path.parent
    expected = folder / "compare" / f"{path.stem}.cmp"
    if not expected.exists():
        expected = folder / "compare" / f"{path.name}.cmp"
    source, printed = _read(path), _read(expected)
    if rule.until is not None:
        source, printed = source.partition(rule.until[0])[0], printed.partition(rule.until[1])[0]
    source, printed = _without(source, rule), _without(printed, rule)
    return Vector(name, _library(rule) + source, printed)


def _read(path: Path) -> str:
    """Some are in encodings of their own, which a template does not touch."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _without(text: str, rule: Rule) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not any(part in line for part in rule.without))


def _library(rule: Rule) -> str:
    if not rule.library:
        return ""
    lines = (FOLDER / "templates" / rule.library).read_text("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() and not line.startswith("##"))


def every_expectation() -> set[str]:
    """The names of all outputs in the folder, as they are written in the tables above."""
    found = set()
    for path in FOLDER.rglob("*.cmp"):
        relative = path.relative_to(FOLDER)
        name = path.stem.removesuffix(".vm")
        found.add(name if relative.parts[0] == "templates" else f"{relative.parts[0]}/{name}")
    return found
