"""A lock that several processes of one machine share: a file that is locked while something is changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_file(path: Path, mode: int = 0o600) -> Iterator[None]:
    """Wait for the lock of a file and hold it. The file is created with a mode, and stays. Raises OSError.

    On Windows nothing is locked: there one process serves.
    """
    with _opened(path, mode) as lock:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)  # released with the descriptor, also if the process is killed
        yield


@contextmanager
def try_lock_file(path: Path) -> Iterator[bool]:
    """Hold the lock of a file, if nobody else does: whether it is held. Raises OSError. On Windows it always is."""
    with _opened(path) as lock:
        is_free = True
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_free = False
        yield is_free


@contextmanager
def _opened(path: Path, mode: int = 0o600) -> Iterator[int]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        yield lock
    finally:
        os.close(lock)
