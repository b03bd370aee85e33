"""Mapping templates: the Velocity 1.7 template language with API Gateway's `$input`, `$context`, `$util`.

    template = compile_template(source, "POST /pets, request template application/json")
    text = template.render(environment)

From source to function: lexer.py reads characters, expressions.py and parser.py make nodes.py's tree of them, survey.py
looks what is in it, references.py, loops.py, function.py and compiler.py write it as Python. What a rendering runs on:
runtime.py knows the request and what was printed, scopes.py what directives leave behind, budget.py what is left to
spend; operators.py, printing.py and methods.py, with the tables behind it, know what values can do.
"""

from portico.lang.vtl.compiler import Template, compile_template

__all__ = ["Template", "compile_template"]
