"""One sync of an account: what changed is read and scored, then what moved is written back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.crm.read_names import read_named_values
from leadledger.api.log.database import write_whole
from leadledger.api.log.record import now
from leadledger.api.log.store import LogStore
from leadledger.api.log.sync_lock import try_sync_lock
from leadledger.api.log.sync_store import SyncState, write_state
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.sync.account import SyncAccount
from leadledger.api.sync.activities import store_activities
from leadledger.api.sync.connector import Connector, RecordPage, Window
from leadledger.api.sync.crm_times import read_time, shift_time
from leadledger.api.sync.pull import Pull
from leadledger.api.sync.report import SyncReport, ValueChange
from leadledger.api.sync.write_back import PlannedUpdate, WriteBack
from leadledger.scoring.errors import SyncError, quote

WHOLE_EVERY = timedelta(days=1)  # formulas move no stamp, and what was missed comes in
# The watermark never stays further behind the CRM's clock than this: so far that clock may differ from its stamps.
QUIET_SECONDS = 3600
SECONDS_OF_ACTIVITIES = 366 * 86_400  # that are read the first time
IDS_PER_CHECK = 100
MOST_PROBLEMS = 20


@dataclass(frozen=True)
class SyncOptions:
    """What is asked of a sync. `is_whole`: every record is read, also those that didn't change.

    `rewrites`: every property is written, also those that didn't move.
    `takes_over`: properties of ours that already hold values are ours from now on. `accepts_missing`: properties that
    records have lost count as unknown from now on. `day` is that of the scores.
    """

    day: date
    is_dry: bool = False
    is_whole: bool = False
    takes_over: bool = False
    accepts_missing: bool = False
    rewrites: bool = False


def run_sync(
    log: LogStore,
    loaded: LoadedCard,
    home: Path,
    connector: Connector,
    name: str,
    options: SyncOptions,
    progress: Callable[[str], None] = lambda step: None,
) -> SyncReport:
    """Sync an account, `name` in the log. Raises SyncError: what is done is kept, and the next run goes on from there.

    Raises SQLAlchemyError where the database fails.
    """
    report = SyncReport(name, is_dry=options.is_dry)
    account = SyncAccount(name, connector, log, loaded, home, options.day, report)
    if options.is_dry:
        SyncRun(account, options, progress).preview()
        return report
    with try_sync_lock(log.engine, name) as is_held:
        if not is_held:
            report.is_busy = True
            return report
        if loaded.digest:
            log.keep_card(loaded.digest, loaded.text)
        try:
            SyncRun(account, options, progress).run()
        except SyncError as error:
            with suppress(SQLAlchemyError):
                state = account.store.read_state(name)
                _keep(account, state._replace(at=now(), problem=str(error)))
            raise
    return report


class SyncRun:
    """One run, while its lock is held."""

    def __init__(self, account: SyncAccount, options: SyncOptions, progress: Callable[[str], None]) -> None:
        self.account, self.options, self.progress = account, options, progress
        self.report, self.connector = account.report, account.connector
        self.state = account.store.read_state(account.name)

    def run(self) -> None:
        """Pull, then write back."""
        account, report = self.account, self.report
        self._open()
        self._require_properties()
        pull, window = self._pull()
        self.progress("activities")
        store_activities(account, self._find_activity_window(window))
        # The watermark is kept once all of its window is stored. What is to be written, the book knows by itself.
        self.state = self._move(pull, window)
        _keep(account, self.state)
        self._claim(pull)
        self.progress("write-back")
        if self.options.rewrites:
            account.store.forget_written(account.name)
        WriteBack(account).run()
        self.state = self.state._replace(at=now(), problem="")
        _keep(account, self.state)
        report.notes = list(self.connector.notes)
        report.problems = account.store.read_problems(account.name, MOST_PROBLEMS)
        report.calls = self.connector.calls

    def run_records(self, ids: Sequence[str]) -> None:
        """Pull some records by their ids, then write back. The watermark stays."""
        account, state = self.account, self.state
        self._open()
        self._require_properties()
        pull = Pull(account, state.given_names if state.asked == account.asked_digest else (), keeps_ids=False)
        for start in range(0, len(ids), IDS_PER_CHECK):
            part = ids[start : start + IDS_PER_CHECK]
            found = self.connector.read_records(part, account.asked_names)
            there = {record.id for record in found}
            pull.take(RecordPage(found, deleted=[record_id for record_id in part if record_id not in there]))
        self._claim(pull)
        WriteBack(account).run()
        self.report.calls = self.connector.calls

    def preview(self) -> None:
        """What both would do."""
        account, report = self.account, self.report
        self._open()
        write_back, planned = WriteBack(account), set[str]()

        def preview_page(pull: Pull) -> None:
            for record, known, score in pull.scores:
                planned.add(record.id)
                current = read_named_values(self.connector.crm, record.content, account.written_names)
                self._show(write_back.plan(known, score.result, ""), current)

        self._pull(preview_page)
        for update in write_back.preview(planned):
            self._show(update, {})
        report.calls = self.connector.calls

    def _show(self, update: PlannedUpdate, current: dict[str, object] | object) -> None:
        if update.properties:
            values = current if isinstance(current, dict) else {}
            record = update.record
            self.report.add_changes(
                [
                    ValueChange(record.id, record.lead, name, values.get(name), value)
                    for name, value in update.properties.items()
                ]
            )

    def _open(self) -> None:
        """Check the account and its properties. Raises SyncError."""
        account = self.account
        label = self.connector.check()
        self.report.account = label
        if self.state.account and self.state.account != label:
            raise SyncError(
                f"the secrets open the account {quote(label)}, and this log was synced with"
                f" {quote(self.state.account)}. Records of two accounts must not mix: use another home or log for this"
                " one. Nothing was read or written."
            )
        unfit = self.connector.find_unfit_properties(account.property_kinds)
        if unfit:
            reasons = "; ".join(f"{quote(name)} {reason}" for name, reason in unfit.items())
            raise SyncError(
                f"results can't be written to {self.connector.crm.title} as the card says: {reasons}. Name others under"
                " write_back: in the card. Nothing was read or written."
            )
        self.report.missing = tuple(self.connector.find_missing_properties(account.property_kinds))

    def _require_properties(self) -> None:
        """Refuse to begin where properties for results are missing. Raises SyncError."""
        account, report = self.account, self.report
        if report.missing:
            names = ", ".join(map(quote, report.missing))
            raise SyncError(
                f"{account.connector.crm.title} has no property {names}, to which results are written. Make what is"
                f" missing there, or let `leadledger sync {account.connector.crm.name} --fields` do it; or name others"
                " under write_back: in the card. Nothing was read or written."
            )

    def _pull(self, look: Callable[[Pull], None] | None = None) -> tuple[Pull, Window]:
        account, state = self.account, self.state
        is_whole = (
            self.options.is_whole
            or not state.watermark
            or state.asked != account.asked_digest
            or not state.whole_at
            or read_time(now()) - read_time(state.whole_at) > WHOLE_EVERY
        )
        self.report.is_whole = is_whole
        since = "" if is_whole else shift_time(state.watermark, -self.connector.overlap_seconds)
        window = Window(since, self.connector.now())
        same_names = state.asked == account.asked_digest and not self.options.accepts_missing
        pull = Pull(account, state.given_names if same_names else (), keeps_ids=is_whole)
        for page in self.connector.read_changes(window, account.asked_names):
            pull.take(page)
            if look is not None:
                look(pull)
            self.progress(f"{self.report.read:,} records read")
        if is_whole and not self.report.is_dry:
            self._find_vanished(pull)
        return pull, window

    def _find_vanished(self, pull: Pull) -> None:
        """After a whole pass: records that are live and didn't come are looked up, and gone if they aren't there."""
        account = self.account
        for page in account.store.read_live(account.name):
            absent = [record.id for record in page if pull.seen is not None and record.id not in pull.seen]
            for start in range(0, len(absent), IDS_PER_CHECK):
                part = absent[start : start + IDS_PER_CHECK]
                found = self.connector.read_records(part, account.asked_names)
                there = {record.id for record in found}
                gone = [record_id for record_id in part if record_id not in there]
                pull.take(RecordPage(found, deleted=gone))

    def _move(self, pull: Pull, window: Window) -> SyncState:
        """The state after a pull.

        Changes come in the order of their stamps, so all up to the newest one are read. A whole pass has another order:
        what changed meanwhile comes again.
        """
        account, state = self.account, self.state
        read_to = "" if self.report.is_whole else min(pull.newest, window.until)
        watermark = max(state.watermark, read_to, shift_time(window.until, -QUIET_SECONDS))
        if self.report.thin and not self.report.is_whole:  # they come again once the access may read them
            watermark = state.watermark
        return state._replace(
            account=self.report.account,
            watermark=watermark,
            asked=account.asked_digest,
            given=json.dumps(sorted(pull.given)),
            whole_at=now() if self.report.is_whole else state.whole_at,
        )

    def _find_activity_window(self, window: Window) -> Window:
        """The window of activities: from the last one on, also in a whole pass; the first time, a year."""
        if self.state.watermark:
            return Window(shift_time(self.state.watermark, -self.connector.overlap_seconds), window.until)
        return Window(shift_time(window.until, -SECONDS_OF_ACTIVITIES), window.until)

    def _claim(self, pull: Pull) -> None:
        """Make the written properties ours, once; values that others wrote stop it. Raises SyncError."""
        names, owned = self.account.written_names, self.state.owned_names
        if owned.issuperset(names):
            return
        occupied = {name: pull.occupied[name] for name in names if name in pull.occupied and name not in owned}
        if occupied and not self.options.takes_over:
            name, (record_id, _) = next(iter(occupied.items()))
            raise SyncError(
                f"the property {quote(name)} already holds values that this log hasn't written, as of record"
                f" {record_id}. If people or another program keep something there, name another property under"
                " write_back: in the card. If leadledger wrote them, run the sync once with --take-over. Nothing was"
                " written."
            )
        self.state = self.state._replace(owned=json.dumps(sorted(owned | set(names))))
        _keep(self.account, self.state)


def _keep(account: SyncAccount, state: SyncState) -> None:
    write_whole(account.log.engine, lambda connection: write_state(connection, state))
