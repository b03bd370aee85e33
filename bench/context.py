"""What a row is given: how long it may take, where it may write, and whom to tell how far it is."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bench:
    quick: bool
    """Only to see that every row works: seconds instead of minutes, and numbers that mean nothing."""
    folder: Path
    """Empty, and gone after the row."""
    say: Callable[[str], None]

    def seconds(self, full: float) -> float:
        """How long to measure one thing."""
        return 1.0 if self.quick else full

    def times(self, full: int, quick: int) -> int:
        """How often, or how many."""
        return quick if self.quick else full

    def room(self, name: str) -> Path:
        """A folder of its own in `folder`, for a peer or a data directory."""
        path = self.folder / name
        path.mkdir()
        return path


@contextmanager
def temporary(quick: bool, say: Callable[[str], None]) -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="portico-bench-"))
    folder.chmod(0o755)  # nginx started by root reads its files as nobody
    try:
        yield Bench(quick, folder, say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
