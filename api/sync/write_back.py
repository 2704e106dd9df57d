"""Writes the scores of the book to the records of a CRM: of each record the properties that moved, and no others.

A result is worked out of the book by the release that gave it, so what `rescore` moved goes out as well. What was
written last is kept as digests; only what differs from them leaves. A run that is killed between the CRM's answer and
our note writes the same once more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.database import write_whole
from leadledger.api.log.record import decode_counts, decode_input
from leadledger.api.log.sync_store import DueRecord, SyncedRecord, write_records
from leadledger.api.sync.account import SyncAccount, digest_value
from leadledger.api.sync.api_client import clean_excerpt
from leadledger.api.sync.connector import RecordUpdate
from leadledger.api.sync.departures import mark_gone
from leadledger.api.sync.report import ValueChange
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.result import Result


class PlannedUpdate(NamedTuple):  # made for each record
    """What is written to a record: the properties that moved (none: it stands as it should), and its row after that."""

    properties: Mapping[str, Any]
    record: SyncedRecord


class WriteBack:
    """Plans and makes the updates of an account."""

    def __init__(self, account: SyncAccount) -> None:
        self.account = account

    def run(self) -> None:
        """Write whatever moved. Raises SyncError, SQLAlchemyError."""
        account, most = self.account, self.account.connector.most_updates
        waiting: list[PlannedUpdate] = []
        for page in account.store.read_due(account.name):
            settled: list[PlannedUpdate] = []
            for update in self._plan_page(page):
                (waiting if update.properties else settled).append(update)
            self._note([update.record for update in settled])
            while len(waiting) >= most:
                self._write(waiting[:most])
                waiting = waiting[most:]
        if waiting:
            self._write(waiting)

    def preview(self, besides: Collection[str]) -> Iterator[PlannedUpdate]:
        """What would be written, but for some records."""
        for page in self.account.store.read_due(self.account.name):
            yield from self._plan_page([due for due in page if due.record.id not in besides])

    def _plan_page(self, page: Sequence[DueRecord]) -> Iterator[PlannedUpdate]:
        for due in page:
            result = self.work_out(due.row)
            if result is None:
                self.account.report.lost += 1
                continue
            yield self.plan(due.record, result, due.mark)

    def plan(self, record: SyncedRecord, result: Result, mark: str) -> PlannedUpdate:
        """What a result makes of a record."""
        account = self.account
        written = json.loads(record.written)
        values = account.reply.write(result)
        digests = {name: digest_value(value) for name, value in values.items()}
        moved = [name for name, digest in digests.items() if written.get(name) != digest]
        if not account.companions.issuperset(moved):
            properties = {name: values[name] for name in moved}
            written = {**written, **{name: digests[name] for name in moved}}
        else:
            properties = {}
        return PlannedUpdate(properties, record._replace(written=json.dumps(written), mark=mark))

    def work_out(self, row: BookRow) -> Result | None:
        """The result that a row of the book holds; None where the release that gave it is gone."""
        loaded = self.account.loaded
        try:
            is_same = (row.release, row.card_digest) == (loaded.release, loaded.digest)
            engine = loaded.engine if is_same else self.account.replayer.engine(row._asdict())
            values, ignored = decode_input(engine.card.card, row.input)
        except ScoringError:
            return None
        counts = decode_counts(engine.card.card, row.input, values)
        return engine.build_result(values, date.fromisoformat(row.as_of), ignored, counts)

    def _write(self, updates: Sequence[PlannedUpdate]) -> None:
        """Write some records, and note what became of each."""
        account, report = self.account, self.account.report
        sent = [RecordUpdate(update.record.id, update.properties) for update in updates]
        outcomes = {outcome.id: outcome for outcome in account.connector.write(sent)}
        noted: list[SyncedRecord] = []
        gone: list[SyncedRecord] = []
        for properties, record in updates:
            outcome = outcomes.get(record.id)
            if outcome is None or outcome.may_retry:  # nothing is noted, so the next run tries it
                report.retried += 1
            elif outcome.is_gone:
                gone.append(record)
            elif outcome.problem:
                problem = clean_excerpt(outcome.problem)
                # What was written before stands there still; the next score is tried again.
                report.refused += 1
                noted.append(record._replace(problem=problem, written=self._find_written(record)))
            else:
                noted.append(record._replace(problem=""))
                changes = [ValueChange(record.id, record.lead, name, None, value) for name, value in properties.items()]
                report.add_changes(changes)
        self._note(noted)
        if gone:
            report.deleted += write_whole(account.log.engine, lambda connection: mark_gone(connection, gone))

    def _find_written(self, record: SyncedRecord) -> str:
        known = self.account.store.read_records(self.account.name, [record.id])
        return known[record.id].written if record.id in known else "{}"

    def _note(self, records: Sequence[SyncedRecord]) -> None:
        if records:
            write_whole(self.account.log.engine, lambda connection: write_records(connection, records))
