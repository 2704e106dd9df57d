"""Homes that earlier programs recorded are upgraded, replay every score, and can be rolled back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import MetaData, create_engine, insert, select

from leadledger.api.app import create_app
from leadledger.api.log import database
from leadledger.api.log.replay import replay_scores
from leadledger.api.log.store import LogStore
from leadledger.api.log.tables import HEAD
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from tests.api.http.keyed_service import NOW, bearer
from tests.command_line import run
from tests.postgres import server
from tests.recorded_home import SCHEMA

RECORDED = Path(__file__).parents[2] / "cases" / "upgrade"
SCHEMAS = sorted(path.name for path in RECORDED.iterdir())
SCORES = 13


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A home as the program of a schema left it."""
    home = Path(shutil.copytree(RECORDED / request.param, tmp_path / "home"))
    with closing(sqlite3.connect(home / database.LOG_FILE)) as log:
        log.executescript((home / "log.sql").read_text("utf-8"))
    (home / "log.sql").unlink()
    return home


def dump(home: Path) -> list[str]:
    """All that a log has, as text."""
    with closing(sqlite3.connect(home / database.LOG_FILE)) as log:
        return [*log.iterdump()]


def schema_of(home: Path) -> str:
    """The schema of a log."""
    with closing(sqlite3.connect(home / database.LOG_FILE)) as log:
        return str(log.execute(SCHEMA).fetchone()[0])


@pytest.mark.slow
@pytest.mark.parametrize("home", SCHEMAS, indirect=True)
def test_upgrade_and_roll_back(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup leaves the log as it is; the start brings it up to date; every score comes out the same; and back."""
    before, schema, restored = dump(home), schema_of(home), tmp_path / "restored"
    assert schema != HEAD
    done = run("backup", tmp_path / "backup", "--home", home, "--json")
    assert (json.loads(done.stdout)["scores"], dump(home)) == (SCORES, before)
    _, key = keys.add(home, "new", ("score", "read", "admin"), NOW)
    with TestClient(create_app(Settings(home=home)), headers=bearer(key)) as client:
        assert schema_of(home) == HEAD
        leads = client.get("/v1/leads").json()["leads"]
        assert {lead["lead"] for lead in leads} == {f"L-{number}" for number in range(1, 7)}
        assert client.post("/v1/score", json={"lead": {"lead_id": "L-7", "need": "urgent"}}).status_code == 200
        assert len(client.get("/v1/releases").json()["releases"]) == 2
    replayed = json.loads(run("log", "replay", "--home", home, "--json").stdout)
    assert (replayed["scores"], replayed["identical"]) == (SCORES + 1, SCORES + 1)
    assert [known.name for known in keys.read(home) or ()] == ["all", "new"]

    monkeypatch.setattr(database, "HEAD", schema)  # the older program
    done = run("log", "replay", "--home", home)
    assert (done.exit_code, done.stderr) == (
        1,
        f"the log at sqlite:///{home / database.LOG_FILE} was written by a later leadledger (its version is {HEAD},"
        f" this program knows {schema}); install that leadledger, or restore a backup from before the upgrade\n",
    )
    assert run("restore", tmp_path / "backup", "--home", restored).exit_code == 0
    assert sorted(dump(restored)) == sorted(before)
    assert run("log", "replay", "--home", restored).exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("home", SCHEMAS[-1:], indirect=True)
def test_upgrade_in_postgresql(home: Path) -> None:
    """The same log in PostgreSQL is brought up to date, too, and every score comes out the same."""
    source = create_engine(f"sqlite:///{home / database.LOG_FILE}")
    recorded = MetaData()
    recorded.reflect(source)
    with server() as url:
        target = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS_FOLDER))
        with target.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, schema_of(home))
        earlier = MetaData()
        earlier.reflect(target)
        with source.connect() as reading, target.begin() as writing:
            for table in earlier.sorted_tables:
                rows = [dict(row._mapping) for row in reading.execute(select(recorded.tables[table.name]))]
                if rows and table.name != "alembic_version":
                    writing.execute(insert(table), rows)
        target.dispose()
        engine = database.open_database(url, home)
        with engine.connect() as connection:
            assert connection.exec_driver_sql(SCHEMA).scalar() == HEAD
        replayed = replay_scores(LogStore(engine), home)
        engine.dispose()
    source.dispose()
    assert (replayed.scores, replayed.identical, replayed.problems) == (SCORES, SCORES, ())
