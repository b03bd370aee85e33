"""What is counted and measured about requests, by API, stage, method and resource. Adapter: adapters/meters.py.

A Program asks for the Meter of each of its methods once, when it is compiled. `Meter.record` is called for a batch of
requests together: it takes no lock and never raises.
"""

from typing import Protocol


class Meter(Protocol):
    """The counters of one method: AWS's Count, 4XXError, 5XXError, Latency and IntegrationLatency."""

    def record(self, status: int, latency: float, integration_latency: float | None, /) -> None:
        """One request was answered with `status`, `latency` seconds after its head was complete.

        `integration_latency` is the seconds between calling the backend and its answer, None where none was called.
        """
        ...


class Meters(Protocol):
    def meter(self, api_id: str, stage: str, method: str, resource_path: str, /) -> Meter:
        """The Meter of one method, the same cells for the same labels, also in a worker's successor.

        Never fails: beyond the adapter's cap of rows, methods share one row that is labelled as the overflow.
        """
        ...
