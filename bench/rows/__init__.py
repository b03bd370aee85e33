"""The rows of the table, in its order. One file for each family; a row runs alone as well as with the others."""

from collections.abc import Callable
from typing import Final, NamedTuple

from bench.context import Bench
from bench.rows.deployment import deployment, redeployments
from bench.rows.faults import faults
from bench.rows.fleet import fleet
from bench.rows.functions import functions
from bench.rows.kill import kill
from bench.rows.large import large
from bench.rows.memory import remembering
from bench.rows.observing import observing
from bench.rows.overload import overload
from bench.rows.pipeline import pipeline
from bench.rows.proxy import mock, proxy
from bench.rows.resources import resources
from bench.rows.restarts import restarts
from bench.rows.slowheads import slowheads
from bench.rows.start import start
from bench.rows.templates import templates
from bench.rows.transforming import transforming
from bench.rows.validation import validation
from bench.verdict import Finding


class Row(NamedTuple):
    run: Callable[[Bench], list[Finding]]
    what: str
    """For a table in which it was not measured."""
    bound: str


ROWS: Final[dict[str, Row]] = {
    "proxy": Row(proxy, "HTTP_PROXY, 71-byte JSON: CPU per request", "at most 0.60 of Envoy, 1.60 of nginx"),
    "mock": Row(mock, "MOCK, 71-byte JSON: CPU per request", "at most 0.35 of Envoy"),
    "large": Row(large, "1 MB response: CPU per request; 64 slow readers", "at most 0.60 of nginx; 16 MB"),
    "observing": Row(observing, "Access log and metrics: their part of a request's CPU", "at most 8%"),
    "resources": Row(resources, "5000 resources next to 5: CPU per request", "at most 1.2"),
    "validation": Row(validation, "A 441-byte body held to its model", "at most 3 µs"),
    "templates": Row(
        templates, "Templates: a rendering, a JSONPath, a large output", "20 µs; 10 times airspeed; 1 µs; linear"
    ),
    "transforming": Row(
        transforming, "HTTP, two templates, a body held to its model: CPU per request", "at most 1.50 of Envoy"
    ),
    "functions": Row(functions, "AWS_PROXY to a warm function", "1.5 and 3 of HTTP_PROXY; 3000/s; 120 ms; 250 ms"),
    "deployment": Row(deployment, "A deployment of 500 methods: until it is served", "at most 200 ms"),
    "redeployments": Row(redeployments, "300 deployments at half load", "0 lost, at most 5 ms more p99"),
    "fleet": Row(fleet, "1000 deployed APIs of 10 methods", "at most 150 MB in a worker, ready in 3 s"),
    "start": Row(start, "Start to ready; an idle worker", "at most 1.5 s; 50 MB"),
    "restarts": Row(restarts, "20 rolling restarts under load: lost requests", "0"),
    "kill": Row(kill, "kill -9 of one of two workers", "what it had accepted, 0 waiting; 300 ms"),
    "slowheads": Row(slowheads, "5000 slow-header clients", "closed at their deadline; p99 at most 2x or 25 ms"),
    "overload": Row(
        overload, "Twice as many requests as a worker can serve", "90% of the peak; p99 3x; refused in 50 ms"
    ),
    "memory": Row(remembering, "Memory after 1 000 000 requests and 1 000 deployments", "at most 105%"),
    "faults": Row(faults, "Faults: kills, full disks, damaged state, a lost database", "0 plays fail"),
    "pipeline": Row(pipeline, "10000 pipelined GETs on one connection", "all answered, in order"),
}
