"""JSONPath as Jayway's library reads it, which is what API Gateway's mappings and templates use.

    path = compile_path("$.pets[?(@.price < 10)].name")
    path.read({"pets": [{"name": "Bo", "price": 9}]})     # ["Bo"]

paths.py takes the steps, parser.py reads them, filters.py and functions.py are what `[?( )]` and `.length()` stand for.
"""

from portico.lang.jsonpath.parser import compile_path
from portico.lang.jsonpath.paths import MISSING, Path, PathError, follow

__all__ = ["MISSING", "Path", "PathError", "compile_path", "follow"]
