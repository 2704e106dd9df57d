"""A folder for the temporary files of one run, gone at its end, also where a signal ends it.

What runs left that were killed outright is swept away by the next.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

if sys.platform != "win32":
    import fcntl

_PREFIX = "leadledger-"
_LOCK = "lock"
_ENDING = ("SIGTERM", "SIGHUP")


@contextmanager
def work_folder() -> Iterator[Path]:
    """A new folder in the temporary folder, for the owner alone."""
    _sweep(Path(tempfile.gettempdir()))
    with ExitStack() as stack:
        stack.enter_context(_cleaning_up())
        while True:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)))
            lock = stack.enter_context((folder / _LOCK).open("wb"))
            # Another run may have swept it before it was held; where there are no locks, nobody sweeps.
            if (hold(lock.fileno()) and (folder / _LOCK).exists()) or sys.platform == "win32":
                break
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


@contextmanager
def _cleaning_up() -> Iterator[None]:
    """Let a signal that would end the process at once end it as an exception does, so that everything is put away.

    DuckDB stops at a signal, too, and says so by an error of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    changed = [number for number in signals if signal.getsignal(number) is signal.SIG_DFL]
    received: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise SystemExit(128 + number)

    for number in changed:
        signal.signal(number, end)
    try:
        yield
    except RuntimeError as error:
        if received:
            raise SystemExit(128 + received[0]) from None
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


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
