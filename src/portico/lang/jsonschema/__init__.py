"""JSON Schema, draft 4, as API Gateway's models use it.

    documents = {"…/models/Pet": {...}, "…/models/Pets": {...}}
    schema = compile_schema(documents, "…/models/Pets")
    schema.accepts(value)           # quick: generated code
    schema.errors(value)            # AWS's words for what is wrong

AWS validates with the Java library json-schema-validator; what is recorded of its errors, in the field and in the
guide, is that library's wording. `references` finds what a `$ref` means among the documents and nowhere else, `nodes`
reads keywords, `checker` makes them Python, `report` walks them again where a value was refused and has `keywords`
tell why, and `syntax` tells what CreateModel refuses.
"""

from portico.lang.jsonschema.schema import Schema, Schemas, compile_schema

__all__ = ["Schema", "Schemas", "compile_schema"]
