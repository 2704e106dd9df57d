"""Lists that somebody has sent, each in a private folder of its own, for an hour at most.

    home/uploads/<32 hexadecimal digits>/leads.csv

The name of the folder is known only to the page of whoever sent the list; it can't be guessed. Each list that arrives
clears away those that are too old.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from leadledger.models.durable_files import write_synced
from leadledger.scoring.errors import DataError

UPLOADS = "uploads"
SECONDS_KEPT = 3600
MOST_KEPT = 10  # lists at once
LARGEST_LIST = 25_000_000  # bytes
LONGEST_NAME = 80  # characters of a file's name

_TOKEN = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class KeptList:
    """A list that was sent, and the token by which it is found again."""

    token: str
    path: Path


class KeptLists:
    """The lists of one home."""

    def __init__(self, home: Path) -> None:
        self._root = home / UPLOADS

    def keep(self, name: str, content: bytes) -> KeptList:
        """Keep a list under the name of its file. Raises DataError: too many are kept, or it can't be written."""
        self._sweep()
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(1 for _ in os.scandir(self._root)) >= MOST_KEPT:
                raise DataError(f"{MOST_KEPT} lists are being worked on already; try again in a few minutes")
            token = secrets.token_hex(16)
            folder = self._root / token
            folder.mkdir(mode=0o700)
            path = folder / make_file_name(name)
            write_synced(path, content, mode=0o600)
        except OSError as error:
            raise DataError(f"the list can't be kept: {error.strerror or error}") from None
        return KeptList(token, path)

    def find(self, token: str) -> KeptList | None:
        """A list; None: it was there for too long, or never."""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            paths = [entry for entry in (self._root / token).iterdir() if entry.is_file()]
        except OSError:
            return None
        return KeptList(token, paths[0]) if len(paths) == 1 else None

    def discard(self, token: str) -> None:
        """Remove a list; one that isn't there is none."""
        if _TOKEN.fullmatch(token):
            shutil.rmtree(self._root / token, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove the lists that are too old."""
        try:
            folders = list(self._root.iterdir())
        except OSError:
            return
        for folder in folders:
            try:
                is_old = folder.stat().st_mtime < time.time() - SECONDS_KEPT
            except OSError:
                continue
            if is_old:
                shutil.rmtree(folder, ignore_errors=True)


def make_file_name(text: str) -> str:
    """A file's name as others may have it, with signs that mean nothing to a system, and without a folder."""
    plain = re.sub(r"[^\w.-]+", "-", re.split(r"[/\\]", text)[-1], flags=re.ASCII).strip("-.")
    return plain[-LONGEST_NAME:].strip("-.") or "leads"
