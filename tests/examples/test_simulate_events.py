"""The events of the simulated CRM: their true chances, what arrives late or twice, and machines among people."""

from __future__ import annotations

import csv
import importlib
import json
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sklearn.metrics import log_loss, roc_auc_score

from leadledger.api.app import create_app
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.engine.score import get_engine, score
from leadledger.scoring.scorecard import build_untrained

simulate = load_simulator()
CARD = find_examples() / "b2b-software" / "card-with-events.yaml"
stream = importlib.import_module("software_crm.stream")


@pytest.fixture(scope="module")
def small():
    """A few leads with their events."""
    return simulate.simulate_events(1_500, seed=7, truth=True)


@pytest.fixture(scope="module")
def chances():
    """The true chances of many leads whose outcome is known, as of some days."""
    known = simulate.simulate_events(20_000, seed=7).chances.dropna(subset=["became"])
    return known.assign(became=known["became"].astype(int))


@pytest.mark.slow
def test_the_leads_stay_as_they_are(small):
    """The leads are those of a history without events."""
    pd.testing.assert_frame_equal(small.leads, simulate.simulate(1_500, seed=7, truth=True))
    listed = simulate.open_events(200, seed=3, bad=5)
    pd.testing.assert_frame_equal(listed.leads, simulate.open_leads(200, seed=3, bad=5))


@pytest.mark.slow
def test_same_seed_same_events(small):
    """The seed decides every event and every chance."""
    again = simulate.simulate_events(1_500, seed=7, truth=True)
    pd.testing.assert_frame_equal(small.events, again.events)
    pd.testing.assert_frame_equal(small.chances, again.chances)


@pytest.mark.slow
@pytest.mark.parametrize("chance", ["true_probability", "without_events"])
@pytest.mark.parametrize("age", simulate.LOOKS)
def test_outcomes_follow_the_true_chance(chances, age, chance):
    """As of every day, in every fifth of the leads, as many become opportunities within 90 days as the chance says."""
    as_of = chances[chances["age"] == age]
    for _, fifth in as_of.groupby(pd.qcut(as_of[chance], 5)):
        spread = np.sqrt((fifth[chance] * (1 - fifth[chance])).sum())
        assert abs(fifth["became"].sum() - fifth[chance].sum()) < 4 * spread


@pytest.mark.slow
def test_events_tell_more_as_a_lead_ages(chances):
    """On the day of a lead its events say nothing that its row doesn't; later they do."""
    for age, as_of in chances.groupby("age"):
        ranked = [roc_auc_score(as_of["became"], as_of[name]) for name in ("true_probability", "without_events")]
        losses = [log_loss(as_of["became"], as_of[name]) for name in ("true_probability", "without_events")]
        assert (ranked[0] > ranked[1] + 0.01) == (age > 0)
        assert (losses[0] < 0.9 * losses[1]) == (age > 0)


def test_only_open_leads_have_a_chance(small):
    """A lead has no chance any more as of a day on which it has become an opportunity, or that has yet to come."""
    told = small.chances.merge(small.leads[["lead_id", "created", "opportunity_date"]], on="lead_id")
    assert not (told["opportunity_date"] <= told["day"]).any()
    assert (told["day"] == told["created"] + pd.to_timedelta(told["age"], "D")).all()
    assert told["day"].max() <= pd.Timestamp(simulate.UNTIL)
    young = told["day"] > pd.Timestamp(simulate.UNTIL) - pd.Timedelta(days=90)
    assert told["became"].isna().equals(young)


def test_events_arrive_late_and_twice(small):
    """Some events are known later than they happened, some come twice, under one id, and none is of the future."""
    events = small.events
    received = pd.to_datetime(events["received"], format="ISO8601")
    happened = pd.to_datetime(events["time"], format="ISO8601", utc=True)
    assert (received.dropna() >= happened[received.notna()]).all()
    assert 0.05 < received.notna().mean() < 0.4
    assert 0.01 < events["id"].duplicated().mean() < 0.02
    assert (happened.dt.date <= simulate.UNTIL).all()
    calls = events[events["kind"] == "call"]
    assert (calls["time"].str.len() == len("2026-06-30")).all()


def test_visits_come_before_the_lead(small):
    """What people did under a cookie, before they were known, became known on the day on which the lead was created."""
    visits = small.events[small.events["cookie"].notna()].drop_duplicates("id")
    told = visits.merge(small.leads[["lead_id", "created", "pages_viewed"]], left_on="lead", right_on="lead_id")
    assert (told["time"].str[:10] < told["created"].dt.strftime("%Y-%m-%d")).all()
    assert (told["received"].str[:10] == told["created"].dt.strftime("%Y-%m-%d")).all()
    assert (told.groupby("lead").size() == told.groupby("lead")["pages_viewed"].first()).all()


def test_proposals_give_the_outcome_away(small):
    """Proposals go to those who have become opportunities, on that day or a little later."""
    proposals = small.events[small.events["kind"] == "proposal"].drop_duplicates("id")
    told = proposals.merge(small.leads[["lead_id", "opportunity_date"]], left_on="lead", right_on="lead_id")
    days = (pd.to_datetime(told["time"]) - told["opportunity_date"]).dt.days
    assert set(days) == {0, 1, 2}


def test_open_leads_have_events_up_to_their_day():
    """The events of a list to score end on its day, as of which the chances are told."""
    listed = simulate.open_events(300, seed=3, until=date(2025, 3, 31))
    assert listed.events["time"].str[:10].max() <= "2025-03-31"
    assert set(listed.chances["day"]) == {pd.Timestamp(2025, 3, 31)}
    assert listed.chances["became"].isna().all()
    assert len(listed.chances) == 300


@pytest.mark.slow
def test_stored_messages_count_as_the_list_does(tmp_path):
    """Sent to the service as messages, the events of a lead give the score that they give beside it, on every day."""
    world = simulate.simulate_events(20, seed=4)
    path = tmp_path / "messages.jsonl"
    stream.write_messages(world.events, path)
    messages = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert {"lead", "anonymous_id"} <= messages[-1].keys() | messages[0].keys()
    engine = get_engine(build_untrained(read_card(CARD)))
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        for start in range(0, len(messages), 1000):
            answer = client.post("/v1/events", json=messages[start : start + 1000]).json()
            assert answer["refused"] == 0
        for lead, created in zip(world.leads["lead_id"], world.leads["created"].dt.date, strict=True):
            own = [message_of(row) for row in world.events[world.events["lead"] == lead].to_dict("records")]
            for day in (created, created + timedelta(days=14), simulate.UNTIL):
                sent = engine.score({"lead_id": lead}, day, events=own).to_dict()
                body = {"lead": {"lead_id": lead}, "as_of": str(day)}
                stored = client.post("/v1/score", json=body).json()
                assert (stored["points"], stored["ledger"]) == (sent["points"], sent["ledger"])
                assert stored["events"]["counted"] == sent["events"]["counted"]
                assert stored["events"]["machine"] == sent["events"]["machine"]


@pytest.mark.slow
def test_a_list_counts_as_each_lead_does(tmp_path):
    """A list with its events, machines among them, gives each lead the score that it has by itself."""
    world = simulate.open_events(250, seed=6)
    leads, events, out = (tmp_path / name for name in ("leads.csv", "events.csv", "scored.csv"))
    simulate.write(world.leads, leads)
    simulate.write_events(world.events, events)
    card = build_untrained(read_card(CARD))
    score_list(card, leads, out, simulate.UNTIL, Wanted(events=events))
    with leads.open(newline="") as before, out.open(newline="") as after:
        rows, scored = list(csv.DictReader(before)), list(csv.DictReader(after))
    assert len(scored) == 250
    marked = 0
    for row, said in zip(rows, scored, strict=True):
        own = world.events[world.events["lead"] == row["lead_id"]].to_dict("records")
        result = score(card, row, simulate.UNTIL, events=list(map(message_of, own))).to_dict()
        for name in ("points", "fit", "engagement"):
            assert float(said[name]) == result[name]
        assert said["axis_grades"] == result["axis_grades"]
        marked += result["events"]["machine"]
    assert marked > 100


def message_of(row):
    """A row of the list of events as an event beside a lead."""
    parts = {name: row[name] for name in ("kind", "time", "id", "source", "received") if not pd.isna(row[name])}
    return parts | {"properties": {name: value for name, value in row.items() if not pd.isna(value)}}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_command_line_writes_events_and_chances(tmp_path, capsys, kind):
    """The command writes the leads as without events, the events and the chances, and says so."""
    leads, events, chances, alone = (tmp_path / f"{name}.{kind}" for name in ("leads", "events", "chances", "alone"))
    options = ["--leads", "60", "--seed", "5"]
    assert simulate.main([*options, "-o", str(leads), "--events", str(events), "--chances", str(chances)]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"{leads}: 60 leads, 25 columns"
    assert second.startswith(f"{events}: ")
    assert third.startswith(f"{chances}: ")
    simulate.main([*options, "-o", str(alone)])
    assert leads.read_bytes() == alone.read_bytes()
    expected = simulate.simulate_events(60, seed=5).events
    with duckdb.connect() as database:
        assert database.sql(f"FROM '{events}'").columns == list(expected)
        assert database.sql(f"SELECT count(*) FROM '{events}'").fetchall() == [(len(expected),)]
