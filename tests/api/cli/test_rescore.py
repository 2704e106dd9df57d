"""`leadledger rescore`: what the command says, and what it refuses."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from leadledger.api.cli.options import today
from leadledger.api.log import tables
from leadledger.api.log.database import open_database
from tests.api.log.faded_leads import (
    FIRST,
    LAST,
    TEXT,
    count_rows,
    load_card,
    make_leads,
    post_events,
    post_leads,
    serving,
)
from tests.command_line import run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose log is a file, with a book of sixty leads of the first day, one of a later day, one with events."""
    load_card(tmp_path)
    url = f"sqlite:///{tmp_path}/log.sqlite3"
    with serving(url, tmp_path) as client:
        post_events(client, [{"kind": "visit", "lead": "none", "time": "2026-01-01", "received": "2026-01-01"}])
        post_leads(client, make_leads(60), FIRST)
        post_leads(client, [{"lead_id": "later"}], LAST + timedelta(days=1))
        body = {"lead": {"lead_id": "sent"}, "events": [{"kind": "visit", "time": str(FIRST)}], "as_of": str(FIRST)}
        assert client.post("/v1/score", json=body).status_code == 200
    return tmp_path


def rescored(home: Path, *options: object) -> str:
    """What the command prints."""
    done = run("rescore", "--home", home, "--card", home / "card.yaml", *options)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    return done.stdout


AFTER_THE_FIRST_LINE = """\
1 lead of a later day left as they are
1 lead keeps its score: its events came with it and are not stored, so they
  can't be counted again; send them to /v1/events, too
"""


def test_text(home: Path) -> None:
    """A dry run says what would change; a run what has; the next one that nothing was left to do."""
    changes = """\
: 42, by time 42
Recommendations: promote → nurture 21
Grades: B → C 21 · A → B 16 · C → D 3
"""
    dry = rescored(home, "--as-of", LAST, "--dry-run")
    line = "as of 2026-03-30 by the card 'fading'"
    assert dry == (
        f"60 leads would be worked out {line}, 45 with\n  other points\n{AFTER_THE_FIRST_LINE}"
        f"Decisions that would change{changes}"
    )
    done = rescored(home, "--as-of", LAST)
    assert done == (
        f"60 leads worked out {line}, 45 with other points\n{AFTER_THE_FIRST_LINE}Decisions that changed{changes}"
    )
    again = rescored(home, "--as-of", LAST)
    assert again == (
        f"0 leads worked out {line}, none with other points\n60 leads stood at that day and release already\n"
        f"{AFTER_THE_FIRST_LINE}Decisions that changed: 0\n"
    )


def test_json(home: Path) -> None:
    """With --json, the figures are numbers, and changes are lists."""
    figures = json.loads(rescored(home, "--as-of", LAST, "--dry-run", "--json"))
    assert figures["recommendations"] == [{"before": "promote", "after": "nurture", "leads": 21}]
    assert figures["causes"] == {"release": 0, "time": 42, "data": 0}
    assert (figures["leads"], figures["rescored"], figures["dry_run"]) == (62, 60, True)


def test_today_is_the_day(home: Path) -> None:
    """Without --as-of, it is today."""
    assert json.loads(rescored(home, "--json"))["as_of"] == str(today())


def test_a_day_ahead_is_for_dry_runs(home: Path) -> None:
    """A day that lies ahead is refused, unless nothing is written."""
    day = today() + timedelta(days=30)
    done = run("rescore", "--home", home, "--card", home / "card.yaml", "--as-of", day)
    assert done.exit_code == 2
    assert f"Error: --as-of {day} lies ahead; with --dry-run, see what would change by then\n" in done.stderr
    assert f"61 leads would be worked out as of {day}" in " ".join(rescored(home, "--as-of", day, "--dry-run").split())


def test_the_card_is_kept(home: Path) -> None:
    """A card alone is kept in the log, so that its scores can be replayed; a dry run keeps none."""
    (home / "card.yaml").write_text(TEXT.replace("points: 4,", "points: 40,"), encoding="utf-8")
    engine = open_database(None, home)
    kept = count_rows(engine, tables.cards)
    rescored(home, "--as-of", LAST, "--dry-run")
    assert count_rows(engine, tables.cards) == kept
    assert "by the release" in rescored(home, "--as-of", LAST)
    assert count_rows(engine, tables.cards) == kept + 1
    engine.dispose()


def test_no_release(tmp_path: Path) -> None:
    """Without a release and a card, the message says how to make one."""
    done = run("rescore", "--home", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "there is no release in" in done.stderr
