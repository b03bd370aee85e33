"""The data plane's own copy of the state, on disk: what workers start from and follow, also with the database down.

    <data-dir>/state/
        head                            which log, how much of it, as of which Change
        standing-<n>.log                Changes of Standing, appended; only the bytes that head vouches for count
        snapshots/<2 hex>/<digest>.json Snapshots under their SHA-256

Control owns the one StateWriter; every worker has a StateReader. A reader never answers anything that was not written:
whatever does not match its checksum is StateCorrupt. Nothing here knows a database.
"""

from portico.adapters.state_dir.format import StateAbsent, StateCorrupt, StateError
from portico.adapters.state_dir.reader import Reset, StateReader
from portico.adapters.state_dir.writer import StateWriter

__all__ = ["Reset", "StateAbsent", "StateCorrupt", "StateError", "StateReader", "StateWriter"]
