"""The records of a CRM that stands in for a real one: kept in memory, with a clock that only tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

START = datetime(2026, 3, 3, 10, 0, 0, tzinfo=UTC)


@dataclass
class StoredRecord:
    """A record: its values, when it was made and changed, and whether it is still there.

    `master`: the id of the record that it was merged into. `is_purged`: deleted for good. `is_uncommitted`: written
    by a transaction that nobody else sees yet, although its stamp is set.
    """

    id: str
    values: dict[str, Any]
    created: datetime
    stamp: datetime
    is_deleted: bool = False
    is_purged: bool = False
    is_uncommitted: bool = False
    master: str = ""


@dataclass
class RecordStore:
    """The records of one object. `make_id` gives the id of the n-th record.

    `keeps_merged`: a record that was merged into another stays, and says so; else it is deleted.
    """

    make_id: Callable[[int], str]
    keeps_merged: bool = False
    now: datetime = START
    records: dict[str, StoredRecord] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)  # of updates, with their reasons, by id
    lock: RLock = field(default_factory=RLock)

    def tick(self, seconds: float = 1.0) -> datetime:
        """Let time pass."""
        with self.lock:
            self.now += timedelta(seconds=seconds)
            return self.now

    def add(self, **values: Any) -> str:
        """A new record, stamped now."""
        with self.lock:
            record_id = self.make_id(len(self.records) + 1)
            self.records[record_id] = StoredRecord(record_id, dict(values), self.now, self.now)
            return record_id

    def change(self, record_id: str, **values: Any) -> None:
        """Other values of a record, stamped now."""
        with self.lock:
            record = self.records[record_id]
            record.values |= values
            record.stamp = self.now

    def delete(self, record_id: str, *, for_good: bool = False) -> None:
        """Delete a record; where a CRM has a bin, into it, unless `for_good`."""
        with self.lock:
            record = self.records[record_id]
            record.is_deleted, record.is_purged, record.stamp = True, for_good, self.now

    def merge(self, record_id: str, master: str) -> None:
        """Merge a record into another."""
        with self.lock:
            if not self.keeps_merged:
                self.delete(record_id)
            self.records[record_id].master = master
            self.records[record_id].stamp = self.now
            self.records[master].stamp = self.now

    def begin_late(self, **values: Any) -> str:
        """A new record, stamped now, that nobody sees until `commit_late`."""
        with self.lock:
            record_id = self.add(**values)
            self.records[record_id].is_uncommitted = True
            return record_id

    def commit_late(self) -> None:
        """Show what was begun; the stamps stay."""
        with self.lock:
            for record in self.records.values():
                record.is_uncommitted = False

    def seen(self, *, with_deleted: bool = False) -> Iterator[StoredRecord]:
        """The records that queries see."""
        with self.lock:
            yield from [
                record
                for record in self.records.values()
                if not record.is_uncommitted and not record.is_purged and (with_deleted or not record.is_deleted)
            ]

    def find(self, record_id: str) -> StoredRecord | None:
        """A record that is there; None where it is not, or no longer."""
        with self.lock:
            return next((record for record in self.seen() if record.id == record_id), None)
