"""Mapping templates: the Velocity 1.7 template language with API Gateway's `$input`, `$context`, `$util`.

    template = compile_template(source, "POST /pets, request template application/json")
    text = template.render(environment)

lexer.py reads characters, parser.py makes nodes.py's tree of them, compiler.py makes functions of the tree, runtime.py
holds what one rendering knows, functions.py the methods that a template may call.
"""

from portico.lang.vtl.compiler import Template, compile_template

__all__ = ["Template", "compile_template"]
