"""The log's database is opened, migrated and kept from others."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from sqlalchemy import URL, select, text
from sqlalchemy.exc import OperationalError

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.book_rows import write_rows
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import DataError
from tests.api.answers import CARD
from tests.api.hooks.decisions import book_row
from tests.api.log.scored_leads import scored

LATEST = [tables.used_signatures, tables.called_records]


@pytest.mark.slow
def test_tables_are_what_the_migrations_make(url: str, tmp_path: Path) -> None:
    """The migrations create the tables that the code knows, and the newest one has the name that it knows."""
    engine = database.open_database(url, tmp_path)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == tables.HEAD
    engine.dispose()


@pytest.mark.parametrize("name", ["log.sqlite3", "50% of leads?#.sqlite3"])
def test_a_moved_file_is_not_begun_anew(tmp_path: Path, name: str) -> None:
    """A connection that is opened while the file of a log is away makes no other, and later ones find it."""
    file, away = tmp_path / name, tmp_path / "away"
    engine = database.open_database(str(URL.create("sqlite", database=str(file))), tmp_path)
    engine.dispose()
    file.rename(away)
    with pytest.raises(OperationalError, match="unable to open database file"):
        engine.connect()
    assert not file.exists()
    away.rename(file)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == tables.HEAD
    engine.dispose()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mysql://u:secret@h/d", "the log's address is not a URL like"),
        ("nonsense", "the log's address is not a URL like"),
        ("postgresql://u:secret@127.0.0.1:1/d", "the log at postgresql+psycopg://u:***@127.0.0.1:1/d can't be opened"),
        (
            "postgresql://u@127.0.0.1:1/d?password=secret",
            "the log at postgresql+psycopg://u@127.0.0.1:1/d can't be opened",
        ),
        ("postgresql://u:p@secret@127.0.0.1/d", "the log's address holds an '@' in its password; write it as %40"),
        ("sqlite:////nowhere/at/all.sqlite3", "can't be opened: unable to open database file"),
    ],
)
def test_addresses_that_are_none(tmp_path: Path, address: str, message: str) -> None:
    """A log that can't be opened is refused at the start; the message omits the password."""
    with pytest.raises(DataError) as caught:
        create_app(Settings(card=CARD, home=tmp_path, log_url=address))
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_only_the_owner_reads_the_log(tmp_path: Path) -> None:
    """Only the owner can read the files of the log, because they hold leads."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        scored(client)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob(f"{database.LOG_FILE}*")}
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_an_older_log_is_brought_up_to_date(url: str, version: str, tmp_path: Path) -> None:
    """A log from before events, or from before the book, gets the new tables when it is opened, and keeps the rest."""
    later = [tables.book, tables.feedback, tables.subscriptions, tables.messages, tables.deliveries]
    later += [tables.saved_views, tables.sync_states, tables.synced_records]
    later += LATEST
    engine = database.open_database(url, tmp_path)
    with engine.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.cards.delete())
        connection.execute(tables.cards.insert(), {"digest": "d", "text": "kept"})
        for table in (tables.events, tables.joins, *later) if version == "0001" else later:
            table.drop(connection)
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))
    engine.dispose()
    engine = database.open_database(url, tmp_path)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        assert connection.execute(select(tables.cards.c.text)).scalars().all() == ["kept"]
    engine.dispose()


def test_a_later_log_is_left_alone(tmp_path: Path) -> None:
    """A log that a later version has migrated is left unchanged."""
    database.open_database(None, tmp_path).dispose()
    later = database.open_database(None, tmp_path)
    with later.execution_options(**database.WRITES).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    later.dispose()
    with pytest.raises(DataError, match="was written by a later leadledger"):
        database.open_database(None, tmp_path)


def test_a_book_without_titles_learns_when_sales_last_answered(url: str, tmp_path: Path) -> None:
    """A log from before the desk gets its columns; when sales last said something, what it said tells."""
    engine = database.open_database(url, tmp_path)
    with engine.execution_options(**database.WRITES).begin() as connection:
        for table in (tables.book, tables.feedback):
            connection.execute(table.delete())
        write_rows(connection, [book_row("L1"), book_row("L2")], {})
        said = {"lead": "L1", "verb": "accept", "reason": "", "entry": "", "until": None, "score_id": "", "key": ""}
        for day in ("2026-03-01", "2026-03-07", "2026-03-05"):
            connection.execute(
                tables.feedback.insert(), {**said, "lead_key": "L1", "on": day, "at": f"{day}T09:00:00Z"}
            )
        for table in (tables.saved_views, tables.sync_states, tables.synced_records, *LATEST):
            table.drop(connection)
        for index in ("book_by_title", "book_by_rejection"):
            connection.execute(text(f"DROP INDEX {index}"))
        for column in ("title", "answered_on"):
            connection.execute(text(f"ALTER TABLE book DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    engine.dispose()
    engine = database.open_database(url, tmp_path)
    with engine.connect() as connection:
        rows = connection.execute(select(tables.book.c.key, tables.book.c.title, tables.book.c.answered_on)).all()
        assert sorted(map(tuple, rows)) == [("L1", "", "2026-03-07"), ("L2", "", None)]
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == tables.HEAD
    engine.dispose()
