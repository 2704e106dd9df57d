"""The log as a history of a card that counts events: the leads as first scored, and the stored events at landmarks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from leadledger.api.cli.commands import cli
from leadledger.api.log import tables
from leadledger.api.log.event_rows import EventBatch, EventRow, write_events
from leadledger.api.log.history import open_history
from leadledger.api.log.store import LogStore
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.history_reader import read_history
from tests import logs
from tests.training.event_world import CARD, World, make_world

# A lead is looked at on its day, and a week and a month later.
CARD_TEXT = CARD.replace("within: 60 days}", "within: 60 days, landmarks: [0, 7, 30]}")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogStore]:
    """An empty log."""
    with logs.opened(f"sqlite:///{tmp_path}/log.sqlite3") as store:
        yield store


@pytest.fixture(scope="module")
def world() -> World:
    """Leads with events."""
    return make_world(600, seed=4)


def store_events(log: LogStore, events: pd.DataFrame) -> None:
    """Store events as the service does, received when they happened."""
    rows = [
        EventRow(
            lead=event["lead"],
            kind=event["kind"],
            time=event["time"],
            received=event["time"],
            id=event["id"],
            source="site",
            system="",
            properties=json.dumps({"path": event["path"]}),
            digest=event["id"],
            at=event["time"],
            key="",
        )
        for event in events.to_dict("records")
    ]
    with log.engine.begin() as connection:
        write_events(connection, EventBatch(rows))


def record_scores(log: LogStore, leads: pd.DataFrame, counted: int = 0) -> None:
    """Record a score of each lead on the day on which it was met, and its outcome."""
    scores = []
    for lead in leads.to_dict("records"):
        values = {name: lead[name] for name in ("lead_id", "met", "need", "employees")}
        row = logs.score(lead["lead_id"], lead["met"], values | {"visits": 1.0}, card="world")
        row["input"] = json.dumps({**json.loads(row["input"]), "events": {"counted": counted}})
        scores.append(row)
    outcomes = [
        logs.outcome(lead, "opportunity", day)
        for lead, day in zip(leads["lead_id"], leads["won_on"], strict=True)
        if isinstance(day, str)
    ]
    logs.fill(log, scores, outcomes)


@pytest.mark.slow
def test_the_log_and_a_list_give_the_same_looks(log: LogStore, world: World) -> None:
    """Leads of the log with stored events are looked at as leads of a list with a list of events are."""
    card, as_of = parse_card(CARD_TEXT), date(2026, 3, 1)
    first = world.events["time"].min()[:10]
    leads = world.leads[world.leads["met"] >= first].reset_index(drop=True)
    record_scores(log, leads)
    store_events(log, world.events)
    listed = read_history(card, leads, as_of, events=world.events)
    with open_history(log, card) as logged:
        history = read_history(card, logged, as_of)
        assert logged.values_left_out == {}
    assert history.landmarks is not None
    assert listed.landmarks is not None
    order = np.lexsort((history.landmarks.after, history.ids["lead_id"].astype(str)))
    listed_order = np.lexsort((listed.landmarks.after, listed.ids["lead_id"].astype(str)))
    assert len(history) == len(listed) > 1_000
    for name in ("visits", "recent", "need"):
        pd.testing.assert_series_equal(
            history.frame[name].iloc[order].reset_index(drop=True),
            listed.frame[name].iloc[listed_order].reset_index(drop=True),
        )
    assert (history.won[order] == listed.won[listed_order]).all()
    assert (history.landmarks.after[order] == listed.landmarks.after[listed_order]).all()
    assert (history.rules[order] == listed.rules[listed_order]).all()


def test_scores_without_their_events_are_left_out(log: LogStore, world: World) -> None:
    """A score from before the first stored event, or with events that nobody stored, is left out and counted."""
    leads = world.leads.iloc[:300].reset_index(drop=True)
    silent = leads["lead_id"].iloc[-1]
    events = world.events[(world.events["time"] >= leads["met"].iloc[100]) & (world.events["lead"] != silent)]
    record_scores(log, leads, counted=2)
    store_events(log, events)
    with open_history(log, parse_card(CARD_TEXT)) as logged:
        left_out = logged.left_out
    first = events["time"].min()[:10]
    known = leads[leads["met"] >= first]
    assert left_out["before_events"] == int((leads["met"] < first).sum()) > 0
    assert left_out["sent_events"] == int((~known["lead_id"].isin(events["lead"])).sum()) > 0


def test_a_log_without_events_is_refused(log: LogStore, world: World) -> None:
    """A card that counts events can't learn from a log that has stored none."""
    record_scores(log, world.leads.iloc[:50])
    expected = (
        r"has 50 scores, and none to learn from for the card 'world': 50 came before the first event was stored; store"
        r" events with POST /v1/events, or train from a list with --events$"
    )
    with pytest.raises(DataError, match=expected), open_history(log, parse_card(CARD_TEXT)):
        pass


@pytest.mark.slow
def test_training_from_the_log_counts_its_events(log: LogStore, tmp_path: Path) -> None:
    """`train --from-log` makes a release of a card with events, by its stored events, and says what it left out."""
    world = make_world(1500, seed=5)
    record_scores(log, world.leads)
    store_events(log, world.events)
    with log.engine.begin() as connection:
        connection.execute(tables.scores.update().values(at="2026-02-27T10:00:00.000000Z"))
    card = tmp_path / "card.yaml"
    card.write_text(CARD_TEXT)
    words = ["train", card, "--from-log", "--backdated", "--home", tmp_path, "--log-url", str(log.engine.url)]
    done = CliRunner().invoke(cli, [*map(str, words), "--as-of", "2026-02-27"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "The log has 1,500 scores" in done.output
    assert "came before the first event was stored" in done.output
    assert "Events: " in done.output
