"""The operations of AWS's model that Portico does not have yet: a list that may only shrink.

Each of them answers a clear error that names it (test_dispatch). To write the list anew after building some:

    python tests/unit/controlplane/test_unbuilt_operations.py
"""

from pathlib import Path

import portico.controlplane.rest  # noqa: F401  importing the families registers their operations
from portico.controlplane.dispatch import SERVICES
from portico.controlplane.operation import OPERATIONS
from portico.wire.aws.model import load

LIST = Path(__file__).with_name("unbuilt_operations.txt")
HOW = f"write the list anew with `python {Path(__file__).relative_to(Path(__file__).parents[3])}`"


def unbuilt() -> list[str]:
    known = {(service, name) for service in SERVICES for name in load(service).operation_names}
    return sorted(f"{service} {name}" for service, name in known - OPERATIONS.keys())


def listed() -> list[str]:
    return LIST.read_text().splitlines()


def test_no_operation_was_lost() -> None:
    assert set(unbuilt()) <= set(listed()), "an operation that was built is gone"


def test_what_was_built_has_left_the_list() -> None:
    built = set(listed()) - set(unbuilt())
    assert not built, f"built, but still listed: {sorted(built)}; {HOW}"


def test_every_operation_that_is_built_is_one_of_the_model() -> None:
    known = {(service, name) for service in SERVICES for name in load(service).operation_names}
    assert OPERATIONS.keys() <= known


if __name__ == "__main__":
    LIST.write_text("".join(f"{name}\n" for name in unbuilt()))
