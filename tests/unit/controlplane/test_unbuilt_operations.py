"""The operations of AWS's models that Portico does not have yet: one list a service, and it may only shrink.

Each of them answers a clear error that names it (test_dispatch). To write the lists anew after building some:

    python tests/unit/controlplane/test_unbuilt_operations.py
"""

from pathlib import Path

import pytest

from portico.controlplane.dispatch import SERVICES
from portico.controlplane.operation import OPERATIONS
from portico.wire.aws.model import load

HERE = Path(__file__).parent
LISTS = {
    "apigateway": HERE / "unbuilt_operations.txt",
    "lambda": HERE / "unbuilt_lambda_operations.txt",
}
HOW = f"write the list anew with `python {Path(__file__).relative_to(Path(__file__).parents[3])}`"


def unbuilt(service: str) -> list[str]:
    known = {(service, name) for name in load(service).operation_names}
    return sorted(f"{service} {name}" for service, name in known - OPERATIONS.keys())


def listed(service: str) -> list[str]:
    return LISTS[service].read_text().splitlines()


def test_every_service_has_its_list() -> None:
    assert LISTS.keys() == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_was_lost(service: str) -> None:
    assert set(unbuilt(service)) <= set(listed(service)), "an operation that was built is gone"


@pytest.mark.parametrize("service", SERVICES)
def test_what_was_built_has_left_the_list(service: str) -> None:
    built = set(listed(service)) - set(unbuilt(service))
    assert not built, f"built, but still listed: {sorted(built)}; {HOW}"


def test_every_operation_that_is_built_is_one_of_a_model() -> None:
    known = {(service, name) for service in SERVICES for name in load(service).operation_names}
    assert OPERATIONS.keys() <= known


if __name__ == "__main__":
    for service, path in LISTS.items():
        path.write_text("".join(f"{name}\n" for name in unbuilt(service)))
