"""A lock that several processes of one machine share: a file that is locked while something is changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is created, readable by its owner only, and stays. Raises OSError.

    On Windows nothing is locked: there one process serves.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)  # released with the descriptor, also if the process is killed
        yield
    finally:
        os.close(lock)
