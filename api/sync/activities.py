"""Stores the mails, calls, tasks and meetings of a CRM as events, and scores their leads again.

An activity names a record; its event names the lead of that record. A lead that did something counts anew at once,
whether or not its record changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadledger.api.log.book_store import BookStore
from leadledger.api.log.book_updates import plan_update, write_updates
from leadledger.api.log.database import write_whole
from leadledger.api.log.event_rows import EventBatch, write_events
from leadledger.api.log.record import now
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.rescored_leads import LeadRescorer
from leadledger.api.service.sent_events import SentEvents
from leadledger.api.sync.account import SyncAccount
from leadledger.api.sync.connector import Window

EVENTS_PATH = ("$",)


def store_activities(account: SyncAccount, window: Window) -> None:
    """Store the activities of a window, each once. Raises SyncError, SQLAlchemyError.

    Those of records that aren't known, and those that can't be read, are counted and left out.
    """
    if not account.loaded.card.card.events:
        return
    for page in account.connector.read_activities(window):
        _store(account, page)


def _store(account: SyncAccount, page: Sequence[dict[str, Any]]) -> None:
    report, store = account.report, account.store
    known = store.read_records(account.name, list(dict.fromkeys(str(event.get("lead", "")) for event in page)))
    events = []
    for event in page:
        record = known.get(str(event.get("lead", "")))
        if record is not None and record.lead:
            events.append({**event, "lead": record.lead})
    report.skipped_events += len(page) - len(events)
    sent, mistakes, at = SentEvents(), Mistakes(), now()
    paths = [(*EVENTS_PATH, number) for number in range(len(events))]
    report.skipped_events += account.loaded.event_reader.read_all(events, paths, at, account.key, sent, mistakes)
    if not sent.events:
        return
    batch = EventBatch(sent.events, sent.joins)
    write_whole(account.log.engine, lambda connection: write_events(connection, batch))
    report.events += batch.stored
    if batch.stored:
        _rescore(account, list(dict.fromkeys(event.lead for event in sent.events)))


def _rescore(account: SyncAccount, leads: Sequence[str]) -> None:
    """Score leads of the book again, with the events that are stored by now."""
    rows = list(BookStore(account.log.engine).read_leads(leads).values())
    rescorer = LeadRescorer(account.log, account.loaded, account.home, account.day)
    rows = [row for row in rows if row.as_of <= account.day.isoformat()]
    at = now()
    planned = [plan_update(lead.row, lead.score, at) for lead in rescorer.rescore(rows) if lead is not None]
    updates = [update for update in planned if update is not None]
    written, _ = write_whole(account.log.engine, lambda connection: write_updates(connection, updates))
    account.report.decisions += sum(update.before.decision != update.after.decision for update in written)
