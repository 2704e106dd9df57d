"""The journal of a home: which release became the current one, when, and who made it so.

    home/releases.jsonl    a line of JSON for each change, the oldest first

A line is synced before the change is made, so that no change lacks its line, whoever is killed when. A line whose
change was not made any more shows itself: the next one begins with the same release as it did.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from leadledger.models.durable_files import sync_folder

JOURNAL_FILE = "releases.jsonl"
LONGEST_NOTE = 1000  # characters

ReleaseChange: TypeAlias = Literal["published", "chosen"]


@dataclass(frozen=True)
class JournalEntry:
    """A change of the current release, from `was` (empty: there was none) to `release`, `at` a time in UTC.

    `by` is the name of a key; empty: it was made on the command line, or no keys are needed. `change` says whether the
    release was new. `happened` is False where the process was killed before it.
    """

    at: str
    by: str
    change: ReleaseChange
    release: str
    was: str
    note: str
    happened: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return dict(self.__dict__)


def append_entry(home: Path, entry: JournalEntry) -> None:
    """Write an entry, and sync it. Raises OSError."""
    path = home / JOURNAL_FILE
    kept = {key: value for key, value in entry.to_dict().items() if key != "happened"}
    line = json.dumps({**kept, "note": entry.note[:LONGEST_NOTE]}) + "\n"
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o666), "rb+", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        if size:
            stream.seek(size - 1)
            if stream.read(1) != b"\n":  # a loss of power has cut off the last line
                line = f"\n{line}"
        stream.write(line.encode())
        os.fsync(stream.fileno())
    if not size:
        sync_folder(home)


def read_journal(home: Path, current: str | None) -> tuple[JournalEntry, ...]:
    """The entries, the oldest first; a line that is no entry is left out. Raises OSError.

    `current` is the current release, which tells whether the last change was made.
    """
    try:
        content = (home / JOURNAL_FILE).read_bytes()
    except FileNotFoundError:
        return ()
    entries = [entry for line in content.splitlines() if (entry := _read_entry(line)) is not None]
    following = [*(entry.was for entry in entries[1:]), current or ""]
    return tuple(
        replace(entry, happened=False) if then == entry.was != entry.release else entry
        for entry, then in zip(entries, following, strict=True)
    )


def _read_entry(line: bytes) -> JournalEntry | None:
    try:
        kept = json.loads(line)
        at, by, release, was, note = (str(kept[key]) for key in ("at", "by", "release", "was", "note"))
        return JournalEntry(at, by, "published" if kept["change"] == "published" else "chosen", release, was, note)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
