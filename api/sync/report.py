"""What a sync did, or would do: counts for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_EXAMPLES = 20  # that a report lists; the rest are counted


class ValueChange(NamedTuple):
    """A property of a record: what the CRM has now (None: it isn't known), and what is, or would be, written."""

    id: str
    lead: str
    property: str
    now: Any
    then: Any

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return self._asdict()


@dataclass
class SyncReport:
    """What became of the records of an account, or, with `is_dry`, would become of them.

    `read` records came, of which `unchanged` say what they said before, `scored` entered the book, and others were left
    alone: `thin` ones lack properties that they had, `foreign` ones are of another kind, `unreadable` ones hold values
    that the card can't read, or no id, or that of another record. `given_up` are the properties that thin ones lack.
    `deleted` and `merged` records are gone from the CRM. `events` were stored of activities, `skipped_events` were not.
    `written` records were updated, `properties` in all; `retried` updates will be tried again, `refused` ones won't;
    of `lost` records the release that scored them is gone. `missing` properties don't exist in the CRM. `problems` are
    those of records, by id, `notes` say what the connector left out. `changes` lists what would be written, `calls`
    counts what was asked of the API.
    """

    system: str
    account: str = ""
    is_dry: bool = False
    is_whole: bool = False
    read: int = 0
    unchanged: int = 0
    scored: int = 0
    thin: int = 0
    foreign: int = 0
    unreadable: int = 0
    given_up: set[str] = field(default_factory=set)
    deleted: int = 0
    merged: int = 0
    events: int = 0
    skipped_events: int = 0
    decisions: int = 0
    written: int = 0
    properties: int = 0
    retried: int = 0
    refused: int = 0
    lost: int = 0
    missing: tuple[str, ...] = ()
    problems: list[tuple[str, str]] = field(default_factory=list)
    changes: list[ValueChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    calls: int = 0
    is_busy: bool = False  # another sync of the account is at work, and nothing was done

    def add_changes(self, changes: list[ValueChange]) -> None:
        """Note what would be written to a record."""
        self.written += 1
        self.properties += len(changes)
        self.changes += changes[: max(0, MOST_EXAMPLES - len(self.changes))]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "system": self.system,
            "account": self.account,
            "dry_run": self.is_dry,
            "whole": self.is_whole,
            "busy": self.is_busy,
            "read": self.read,
            "unchanged": self.unchanged,
            "scored": self.scored,
            "thin": self.thin,
            "foreign": self.foreign,
            "unreadable": self.unreadable,
            "deleted": self.deleted,
            "merged": self.merged,
            "events": self.events,
            "skipped_events": self.skipped_events,
            "decisions": self.decisions,
            "written": self.written,
            "properties": self.properties,
            "retried": self.retried,
            "refused": self.refused,
            "lost": self.lost,
            "missing": list(self.missing),
            "problems": [{"id": record_id, "problem": problem} for record_id, problem in self.problems],
            "changes": [change.to_dict() for change in self.changes],
            "notes": self.notes,
            "calls": self.calls,
        }
