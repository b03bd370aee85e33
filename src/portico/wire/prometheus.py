"""The text format that Prometheus scrapes, version 0.0.4."""

from collections.abc import Iterable, Iterator, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Sequence[tuple[str, str]]


def head(name: str, kind: str, text: str) -> Iterator[str]:
    """What comes before the samples of a metric. `kind` is counter, gauge or histogram."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def sample(name: str, labels: Labels, value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{written}}} {value:.10g}" if written else f"{name} {value:.10g}"


def histogram(
    name: str, labels: Labels, bounds: Sequence[float], buckets: Iterable[int], total: float
) -> Iterator[str]:
    """The samples of one histogram. `buckets` are not cumulated and one more than `bounds`."""
    count = 0
    for bound, hits in zip([*map(str, bounds), "+Inf"], buckets, strict=True):
        count += hits
        yield sample(name + "_bucket", [*labels, ("le", bound)], count)
    yield sample(name + "_sum", labels, total)
    yield sample(name + "_count", labels, count)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
