"""A file copied in one pass: what was read is what is written, synced and digested."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from leadledger.api.backups.manifest import BackedUpFile

PIECE = 1 << 20  # bytes


def copy_file(source: Path, target: Path, mode: int) -> BackedUpFile:
    """Copy a file to where none is, with some permissions from its first byte on. Raises OSError.

    Returns what was written, with the permissions of the source.
    """
    digest, size = hashlib.sha256(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with source.open("rb") as reader:
        kept = os.fstat(reader.fileno()).st_mode & 0o777
        _make_folder(target.parent)
        with open(os.open(target, flags, mode), "wb") as writer:
            while piece := reader.read(PIECE):
                digest.update(piece)
                size += writer.write(piece)
            writer.flush()
            os.fsync(writer.fileno())
    return BackedUpFile(digest.hexdigest(), size, kept)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each its owner's alone: `mkdir` gives a mode to the last one only."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)


def digest_file(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file, and its bytes. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size
