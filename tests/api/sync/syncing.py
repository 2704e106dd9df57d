"""Syncs in this process, for tests: a small card, a log in a folder, and a run with any connector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select, text

from leadledger.api.log import database, tables
from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import LoadedCard, load
from leadledger.api.service.settings import Settings
from leadledger.api.sync.api_client import Patience
from leadledger.api.sync.connector import Connector
from leadledger.api.sync.report import SyncReport
from leadledger.api.sync.sync_run import SyncOptions, run_sync
from tests.api.sync.servers.hubspot_server import HubSpotServer

DAY = date(2026, 3, 10)
QUICK = Patience(attempts=3, first_wait=0.01, longest_wait=2.0, connect=5.0, read=5.0, total=20.0)
CARD = """
name: small
fields:
  lead_id: {kind: id, from: {hubspot: hs_object_id}}
  company: {kind: text}
  job_title: {kind: text, from: {hubspot: jobtitle}}
  city: {kind: text}
  seats: {kind: number}
base_rate: 0.1
rules:
  - {name: chief, when: "job_title = 'CEO'", points: 12, reason: Decides}
  - {name: in_oslo, when: "city = 'Oslo'", points: 6, reason: Near us}
stages:
  - {name: lead}
  - {name: opportunity, points: 60}
"""


@dataclass
class Site:
    """A home with a card, and its log."""

    home: Path
    loaded: LoadedCard
    log: LogStore

    def sync(self, connector: Connector, name: str, **options: Any) -> SyncReport:
        """One run."""
        return run_sync(self.log, self.loaded, self.home, connector, name, SyncOptions(**{"day": DAY, **options}))

    def read_book(self) -> dict[str, BookRow]:
        """The book, by the keys of leads."""
        with self.log.engine.connect() as connection:
            return {row.key: BookRow._make(row) for row in connection.execute(select(tables.book))}

    def count_scores(self) -> int:
        """How many scores the log has."""
        with self.log.engine.connect() as connection:
            return len(connection.execute(select(tables.scores.c.id)).all())


@contextmanager
def opened_site(home: Path, card: str = CARD, log_url: str | None = None) -> Iterator[Site]:
    """A site in a folder."""
    home.mkdir(exist_ok=True)
    if log_url is None and not (home / database.LOG_FILE).exists():
        (home / database.LOG_FILE).write_bytes(make_empty_log())
    path = home / "card.yaml"
    path.write_text(card, "utf-8")
    engine = database.open_database(log_url, home)
    try:
        yield Site(home, load(Settings(home=home, card=path)), LogStore(engine))
    finally:
        engine.dispose()


def check_consistent(server: HubSpotServer, site: Site) -> None:
    """Each live contact is in the book with its values, no other one is, and holds what the book says."""
    records = {key: record for key, record in server.stores["contacts"].records.items() if not record.archived}
    book = site.read_book()
    assert book.keys() == records.keys()
    for record_id, record in records.items():
        assert record.properties.get("leadledger_score") == str(book[record_id].score), record_id
        expected = (
            50 + 12 * (record.properties.get("jobtitle") == "CEO") + 6 * (record.properties.get("city") == "Oslo")
        )
        assert book[record_id].tenths == expected * 10, record_id


@cache
def make_empty_log() -> bytes:
    """A log without rows, whose tables are made once for all tests."""
    with TemporaryDirectory() as folder:
        engine = database.open_database(None, Path(folder))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        engine.dispose()
        return (Path(folder) / database.LOG_FILE).read_bytes()
