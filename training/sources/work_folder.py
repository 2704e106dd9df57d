"""A folder for the temporary files of one run; what runs left that were killed is swept away by the next."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "leadledger-"
_LOCK = "lock"


@contextmanager
def work_folder() -> Iterator[Path]:
    """A new folder in the temporary folder, for the owner alone; gone at the end, whatever happens."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / _LOCK).open("wb") as lock:
            hold(lock.fileno())
            yield folder


def hold(handle: int) -> bool:
    """Lock an open file until it is closed, or the process ends, however it ends; False: somebody else holds it."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(temporary: Path) -> None:
    """Remove the folders of this user that no process holds any more."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        for folder in temporary.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                    continue
                handle = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
                try:
                    if hold(handle):
                        shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(handle)
