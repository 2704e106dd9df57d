"""Reads what changed in a CRM and scores it into the log and the book, a page at a time, each in one transaction.

A run that is killed repeats at most its window: a record whose values are those that were scored last is dropped, so
what we wrote ourselves brings nothing back. A record that isn't whole, is of another kind or can't be read overwrites
nothing; it is counted, and its problem kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from leadledger.api.crm.read_names import read_named_values
from leadledger.api.crm.reader import read_record_id
from leadledger.api.log.book_rows import BookRow, write_book
from leadledger.api.log.book_store import BookStore
from leadledger.api.log.database import write_whole
from leadledger.api.log.event_store import EventStore
from leadledger.api.log.lead_ids import clean_id
from leadledger.api.log.outbox import write_messages
from leadledger.api.log.raw_events import make_raw_events
from leadledger.api.log.record import find_lead_id, now
from leadledger.api.log.score_rows import write_scores
from leadledger.api.log.sync_store import LEFT, LIVE, MERGED, SyncedRecord, write_records
from leadledger.api.requests.lead_events import count_events
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, format_path
from leadledger.api.service.scoring import ScoredLead, score_lead
from leadledger.api.service.stored_events import LeadEvents
from leadledger.api.sync.account import SyncAccount, digest_value, is_empty
from leadledger.api.sync.connector import RecordPage, RemoteRecord
from leadledger.api.sync.departures import join_leads, keep_answers, mark_gone
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.memory import REMEMBERED, fill_memory

MOST_MISTAKES = 3  # of a record that are kept


class _Changed(NamedTuple):  # made for each record
    """A record whose values changed, with what was known of it, and what it says now."""

    record: RemoteRecord
    known: SyncedRecord
    digest: str


class _Readable(NamedTuple):  # made for each record
    changed: _Changed
    lead: Lead
    lead_id: str


class PulledScore(NamedTuple):  # made for each record
    """A record and its new score."""

    record: RemoteRecord
    known: SyncedRecord
    score: ScoredLead


class Pull:
    """Takes in pages of records. `given` are the properties that records had so far.

    `occupied` names properties of ours that already hold values which we didn't write, each with the id of a record.
    `newest` is the newest stamp. `seen` are the ids of all records, where `keeps_ids`.
    """

    def __init__(self, account: SyncAccount, given: Iterable[str], keeps_ids: bool) -> None:
        self.account = account
        self.given = set(given)
        self.occupied: dict[str, tuple[str, Any]] = {}
        self.newest = ""
        self.seen: set[str] | None = set() if keeps_ids else None
        self.scores: list[PulledScore] = []  # of the last page
        self._events = EventStore(account.log.engine)
        self._book = BookStore(account.log.engine)

    def take(self, page: RecordPage) -> None:
        """Take in a page. Raises SyncError, SQLAlchemyError."""
        account, report = self.account, self.account.report
        records = {record.id: record for record in page.records}  # of one that changed meanwhile, the last
        wanted = [*records, *page.deleted, *page.merged, *page.merged.values()]
        known = account.store.read_records(account.name, list(dict.fromkeys(wanted)))
        merged = {
            other: stays
            for other, stays in page.merged.items()
            if other != stays and (other not in known or known[other].state != MERGED)
        }
        absent = [stays for stays in dict.fromkeys(merged.values()) if stays not in records]
        if absent:
            fetched = account.connector.read_records(absent, account.asked_names)
            records |= {record.id: record for record in fetched}
        gone = [known[record_id] for record_id in page.deleted if record_id in known and record_id not in records]
        changed = [found for record in records.values() if (found := self._check(record, known, merged)) is not None]
        readable, left = self._clean(changed)
        if not report.is_dry:
            self._join(merged, known, readable)
        self.scores = self._score(readable)
        report.scored += len(self.scores)
        if report.is_dry:
            report.deleted += sum(record.state == LIVE for record in gone)
            report.merged += len(merged)
            return
        self._write(left)
        self._take_out(gone, merged, known)

    def _check(
        self, record: RemoteRecord, known: Mapping[str, SyncedRecord], merged: Mapping[str, str]
    ) -> _Changed | None:
        """A record that is to be scored; None: it is as it was, or isn't whole."""
        account, report = self.account, self.account.report
        report.read += 1
        self.newest = max(self.newest, record.changed)
        if self.seen is not None:
            self.seen.add(record.id)
        crm = account.connector.crm
        row = known.get(record.id) or SyncedRecord(account.name, record.id, state=LEFT)
        if read_record_id(crm, record.content) not in (None, record.id):
            report.foreign += 1
            return None
        values = read_named_values(crm, record.content, account.asked_names)
        self._find_occupied(record, row, values)
        read = {name: values[name] for name in account.read_names if name in values}
        lacking = self.given - read.keys()
        if lacking:
            report.thin += 1
            report.given_up |= lacking
            return None
        self.given |= read.keys()
        digest = digest_value(read)
        if row.state == LIVE and row.digest == digest and record.id not in merged.values():
            report.unchanged += 1
            return None
        return _Changed(record, row, digest)

    def _find_occupied(self, record: RemoteRecord, row: SyncedRecord, values: Mapping[str, Any]) -> None:
        if row.mark:
            return
        for name in self.account.written_names:
            if name not in self.occupied and not is_empty(values.get(name)):
                self.occupied[name] = (record.id, values[name])

    def _clean(self, changed: Sequence[_Changed]) -> tuple[list[_Readable], list[SyncedRecord]]:
        """The records that can be read, and the rows of those that can't."""
        account, report = self.account, self.account.report
        reader, system = account.loaded.reader, account.connector.crm.name
        readable: list[_Readable] = []
        left: list[SyncedRecord] = []
        for item in changed:
            mistakes = Mistakes(MOST_MISTAKES)
            lead = reader.clean(system, item.record.content, ROOT, mistakes)
            lead_id = None if lead is None else find_lead_id(account.loaded.card.card, lead.values)
            if lead is not None and lead_id is not None:
                readable.append(_Readable(item, lead, clean_id(lead_id)))
                continue
            problem = "; ".join(f"{format_path(mistake.path)} {mistake.reason}" for mistake in mistakes.listed)
            left.append(_leave(item, problem or "it has no value in any field of kind id"))
        owners = {find_id_key(item.lead_id): (account.name, item.changed.record.id) for item in reversed(readable)}
        for other in account.store.read_by_leads(list(owners)):
            if other.state == LIVE:
                owners[other.lead_key] = (other.system, other.id)
        own: list[_Readable] = []
        for entry in readable:
            owner, record_id = owners[find_id_key(entry.lead_id)]
            if (owner, record_id) == (account.name, entry.changed.record.id):
                own.append(entry)
            else:
                left.append(_leave(entry.changed, f"its id as a lead is that of record {record_id} of {owner}"))
        report.unreadable += len(left)
        if report.is_dry:
            report.problems += [(row.id, row.problem) for row in left]
        return own, left

    def _score(self, readable: Sequence[_Readable]) -> list[PulledScore]:
        """Score records, with what the book remembers of their leads and the events that are stored."""
        account, loaded, day = self.account, self.account.loaded, self.account.day
        card = loaded.card.card
        ids = [item.lead_id for item in readable]
        rows: dict[str, BookRow] = self._book.read_leads(ids) if card.memory_fields and ids else {}
        stored = LeadEvents(card, {}, None)
        if card.events and ids:
            events, reader = self._events.read(ids), loaded.engine.event_reader
            since = reader.read_time(events.first).day if events.first else None
            stored = LeadEvents(card, {lead: make_raw_events(reader, events.of(lead)) for lead in ids}, since)
        scores = []
        for changed, lead, lead_id in readable:
            row = rows.get(find_id_key(lead_id))
            if row is not None:  # it knows the newest advice; the CRM's copy may be older, or edited by hand
                values = {name: None if name in REMEMBERED else value for name, value in lead.values.items()}
                lead = replace(lead, values=fill_memory(values, row.remember(card.name, day)))
            counts = count_events(loaded.engine, NOTHING, day, lead, Mistakes(), stored.find(lead, day))
            score = score_lead(loaded, lead, day, account.key, True, counts)
            lead_key = find_id_key(lead_id)
            known = changed.known._replace(
                lead=lead_id, lead_key=lead_key, changed=changed.record.changed, digest=changed.digest
            )
            scores.append(PulledScore(changed.record, known._replace(state=LIVE, problem=""), score))
        return scores

    def _write(self, left: Sequence[SyncedRecord]) -> None:
        if not self.scores and not left:
            return
        records = [record for score in self.scores for record in score.score.records]
        rows = [*left, *(score.known for score in self.scores)]

        def write(connection: Any) -> int:
            write_scores(connection, records)
            changes = write_book(connection, records)
            write_messages(connection, changes, records)
            write_records(connection, rows)
            return len(changes)

        self.account.report.decisions += write_whole(self.account.log.engine, write)

    def _join(
        self, merged: Mapping[str, str], known: Mapping[str, SyncedRecord], readable: Sequence[_Readable]
    ) -> None:
        """Make ids of merged leads one, before the lead that stays is scored with the events of both."""
        account = self.account
        leads = {item.changed.record.id: item.lead_id for item in readable}
        joins: dict[str, str] = {}
        for other, stays in merged.items():
            lead = leads.get(stays)
            if lead is None:
                continue
            former = known[other].lead if other in known else ""
            if former or lead == stays:  # else a record that was never read had an id that nobody knows
                joins[former or other] = lead
        if joins:
            write_whole(account.log.engine, lambda connection: join_leads(connection, joins, now(), account.key))

    def _take_out(
        self, gone: Sequence[SyncedRecord], merged: Mapping[str, str], known: Mapping[str, SyncedRecord]
    ) -> None:
        account, report = self.account, self.account.report
        stays = {score.record.id: score.known for score in self.scores}
        # One whose other half can't be read yet is merged once that can be.
        joined = {other: stays[lead] for other, lead in merged.items() if lead in stays}
        former = [known.get(other) or SyncedRecord(account.name, other, state=LEFT) for other in joined]
        if not gone and not former:
            return

        def write(connection: Any) -> tuple[int, int]:
            keys = {record.lead_key: joined[record.id].lead_key for record in former if record.lead_key}
            keep_answers(connection, {other: lead for other, lead in keys.items() if other != lead})
            return mark_gone(connection, gone), mark_gone(connection, former, MERGED)

        deleted, merges = write_whole(account.log.engine, write)
        report.deleted += deleted
        report.merged += merges


def _leave(item: _Changed, problem: str) -> SyncedRecord:
    """The row of a record that can't be read. One that was scored before keeps its lead, and is written to."""
    return item.known._replace(changed=item.record.changed, digest="", problem=problem)
