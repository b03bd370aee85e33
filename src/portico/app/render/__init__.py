"""`portico render`: one mapping template with one request, at the terminal; step by step if asked.

The request is an event as a REST API hands it to a function (payload format 1.0), of which everything may be left out.
"""

from collections.abc import Callable

from portico.app.render.remarks import doubts, remarks
from portico.app.render.request import RenderError, Request, read_event, read_text, request_of
from portico.app.render.steps import Steps
from portico.kernel.stack import with_room
from portico.lang.vtl import compile_template
from portico.lang.vtl.runtime import Rendering

__all__ = ["RenderError", "Request", "read_event", "read_text", "remarks", "render", "request_of"]


@with_room
def render(source: str, name: str, request: Request, tell: Callable[[str], None] | None = None) -> bytes:
    """What a template comes to; `tell` hears of every step. Raises TemplateError and EvaluationError with the place."""
    if tell is None:
        return compile_template(source, name).render_bytes(request)
    for words in doubts(source):
        tell(words)
    return compile_template(source, name, trace=Steps(tell, Rendering(request))).render_bytes(request)
