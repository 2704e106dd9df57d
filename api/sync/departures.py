"""Records that are gone from a CRM: deleted ones, and those that were merged into others.

A lead of such a record leaves the book; its scores, events and outcomes stay in the log. A merge makes two ids one, as
an event `alias` does, so that what was known of either counts for the one that stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from leadledger.api.log.book_rows import read_rows
from leadledger.api.log.event_rows import EventBatch, JoinRow, write_events
from leadledger.api.log.sync_store import GONE, LIVE, SyncedRecord, remove_from_book, write_records


def mark_gone(connection: Connection, records: Sequence[SyncedRecord], state: str = GONE) -> int:
    """Note that records are gone, and take their leads out of the book, but for those of which another record is live.

    Records of which that is known are left out. Returns how many were new.
    """
    fresh = [record for record in records if record.state != state]
    write_records(connection, [record._replace(state=state, digest="", problem="", mark="") for record in fresh])
    keys = sorted({record.lead_key for record in fresh if record.lead_key})
    query = text("SELECT 1 FROM synced_records WHERE lead_key = :key AND state = :live LIMIT 1")
    remove_from_book(
        connection, [key for key in keys if connection.execute(query, {"key": key, "live": LIVE}).first() is None]
    )
    return len(fresh)


def join_leads(connection: Connection, leads: Mapping[str, str], at: str, key: str) -> None:
    """Make ids one: those of leads that were merged, each with that of the lead that stays.

    What sales said of the former counts for the latter, where that has a row in the book.
    """
    joins = [JoinRow("alias", lead, other, at, at, key) for other, lead in leads.items() if other != lead]
    write_events(connection, EventBatch((), joins))


def keep_answers(connection: Connection, merged: Mapping[str, str]) -> None:
    """What sales said of leads that were merged counts for those that stay, all by the keys of their ids."""
    rows = read_rows(connection, {*merged, *merged.values()})
    for other, lead in merged.items():
        if other not in rows or lead not in rows:
            continue
        values = {}
        for name in ("rejected_on", "snoozed_until", "answered_on"):
            days = [day for day in (getattr(rows[other], name), getattr(rows[lead], name)) if day]
            values[name] = max(days, default=None)
        query = text(
            "UPDATE book SET rejected_on = :rejected_on, snoozed_until = :snoozed_until, answered_on = :answered_on"
            " WHERE key = :key"
        )
        connection.execute(query, {**values, "key": lead})
