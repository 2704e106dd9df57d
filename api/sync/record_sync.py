"""A sync of some records by their ids, as calls of a CRM ask for: read, scored, and written back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from leadledger.api.log.store import LogStore
from leadledger.api.log.sync_lock import try_sync_lock
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.sync.account import SyncAccount
from leadledger.api.sync.connector import Connector
from leadledger.api.sync.report import SyncReport
from leadledger.api.sync.sync_run import SyncOptions, SyncRun


def sync_records(
    log: LogStore, loaded: LoadedCard, home: Path, connector: Connector, name: str, ids: Sequence[str], day: date
) -> SyncReport:
    """Sync some records of an account, `name` in the log; the watermark stays where it is.

    Those that aren't there are gone. `is_busy` of the report: another sync of the account is at work, and nothing was
    done. Raises SyncError, SQLAlchemyError.
    """
    report = SyncReport(name)
    account = SyncAccount(name, connector, log, loaded, home, day, report)
    with try_sync_lock(log.engine, name) as is_held:
        if not is_held:
            report.is_busy = True
            return report
        if loaded.digest:
            log.keep_card(loaded.digest, loaded.text)
        SyncRun(account, SyncOptions(day), lambda step: None).run_records(ids)
    return report
