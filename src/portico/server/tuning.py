"""What a worker asks of its process before it serves: descriptors, memory, and a collector that has nothing to do."""

import ctypes
import gc
import resource
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_MMAP_THRESHOLD: Final = 4 * 1024 * 1024
"""Bytes. glibc maps blocks of 128 KB and more one by one and gives them back at once: each read of 256 KB then costs
64 page faults. Buffers of bodies stay below this and are used again."""
_TRIM_THRESHOLD: Final = 8 * 1024 * 1024
"""Bytes at the top of the heap that are kept for the next burst."""
_GC_THRESHOLDS: Final = (50_000, 20, 50)
"""Programs and Exchanges are acyclic: the collector is for what others leave behind, and may come rarely."""


def keep_buffers() -> None:
    """Let the C library keep freed buffers. Does nothing where there is no `mallopt` (macOS, musl)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD)


def settle() -> None:
    """Call it once everything long-lived is there: it is never looked at by the collector again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def allow_descriptors(wanted: int) -> int:
    """Raise the process's limit of open files to `wanted`, or as far as the system allows. What it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return wanted if soft == resource.RLIM_INFINITY else soft
