"""Files that are whole or not there, also after a loss of power: written aside, synced, renamed, the folder synced."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

_LEFT = 3600  # seconds after which what nobody has given its name is left over; writing takes far less than one


def write_synced(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a new file and sync it. Raises FileExistsError where it is there already, OSError where it can't be.

    `mode` are the permissions from the first byte on, less those that the process's umask takes away.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would change line ends
    with open(os.open(path, flags, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Put a whole new file in the place of `path`: a reader sees the old or the new one. Raises OSError."""
    sweep(path.parent, rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}")
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_synced(part, content, mode)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_file(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Put a whole new file where there is none. Raises FileExistsError where somebody was faster, OSError.

    Of several who create it at once, one succeeds: a link is made in one step, and never in the place of a file.
    https://pubs.opengroup.org/onlinepubs/9799919799/functions/link.html
    """
    sweep(path.parent, rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}")
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_synced(part, content, mode)
        os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def sweep(folder: Path, pattern: str) -> None:
    """Remove the files and folders whose whole names match, and which a killed process left an hour ago or longer."""
    with suppress(OSError):
        for entry in list(folder.iterdir()):
            with suppress(OSError):
                if not re.fullmatch(pattern, entry.name) or time.time() - entry.lstat().st_mtime < _LEFT:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()


def publish_file(written: Path, path: Path) -> None:
    """Move a file that some library has written to its place, once its bytes are on the disk. Raises OSError."""
    with written.open("rb") as stream:
        os.fsync(stream.fileno())
    written.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder last through a loss of power."""
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
