"""Leads at landmarks: what is known of each by then, which of them are looked at, and no future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from leadledger.training.history import History
from leadledger.training.history_reader import read_history, read_step
from leadledger.training.learn.known_leads import digest_leads
from leadledger.training.learn.lead_rows import find_lead_rows, take_one_row_each
from leadledger.training.learn.split import split_history
from leadledger.training.plausible_days import EPOCH
from leadledger.training.runs.step_fits import make_step_card
from leadledger.training.runs.train import train
from leadledger.training.sources.logged import LoggedHistory
from tests.training.event_world import CARD, HORIZON, LAST, World, make_world

TEXT = """
name: small
time_zone: Europe/Oslo
events:
  visit: {fields: {path: {kind: text}}}
  click: {fields: {campaign: {kind: text}, url: {kind: text}}, once_per: campaign}
fields:
  lead_id: {kind: id}
  met: {kind: date}
  budget: {kind: number}
  visits: {kind: number, is: "count(visit, 10 days)"}
  first_visit: {kind: date, is: first(visit)}
  silent: {kind: number, is: days_since(first_visit)}
  age: {kind: number, is: days_since(met)}
rules:
  - {name: rich, when: budget >= 100, points: 4, reason: Rich}
  - {name: seen, when: visits >= 1, points: 2, reason: Was seen}
  - {name: clicks, each: click, points: 3, half_life: 10 days, reason: Clicks}
outcome: {became: {field: won_on, kind: date}, since: met, within: 20 days, landmarks: [0, 10]}
"""
SMALL = parse_card(TEXT)
LEADS = pd.DataFrame(
    [
        ("A", "2026-01-01", None, 100),  # open all along
        ("B", "2026-01-01", "2026-01-08", 50),  # won after the first landmark
        ("C", "2026-01-02", "2026-01-02", 50),  # won on its day
        ("D", "2026-01-03", "2026-02-10", None),  # won beyond the horizon of both landmarks
        ("E", "2026-02-20", "2026-03-05", 70),  # its second look is too young
        ("F", "2026-03-10", None, 70),  # too young
        ("G", "2026-01-04", "2026-01-14", 70),  # won on the day of the second landmark
    ],
    columns=["lead_id", "met", "won_on", "budget"],
)
TAKEN = date(2026, 3, 20)


def events_of(lead: str, *times: str, kind: str = "visit", **more: str) -> list[dict[str, Any]]:
    """Events of a lead, one for each time."""
    return [{"lead": lead, "kind": kind, "time": time, "id": f"{lead}{time}", **more} for time in times]


EVENTS = [
    *events_of("A", "2026-01-01T22:59:59Z", "2026-01-05T10:00:00Z", "2026-01-11T22:59:59Z"),
    *events_of("A", "2026-01-03T10:00:00Z", "2026-01-04T10:00:00Z", kind="click", campaign="spring"),
    *events_of("A", "2026-01-02T10:00:00Z", received="2026-01-12T10:00:00Z"),
    *events_of("B", "2025-12-31T10:00:00Z", "2026-01-08T10:00:00Z"),
    *events_of("X", "2026-01-01T10:00:00Z"),
]


def read(events: list[dict[str, Any]] = EVENTS) -> History:
    """The small history with some events."""
    return read_history(SMALL, LEADS, as_of=TAKEN, events=pd.DataFrame(events))


def test_leads_are_looked_at_while_they_are_open() -> None:
    """A look comes before the day of the outcome, which counts within the horizon after it, and is as old as that."""
    history = read()
    assert history.landmarks is not None
    assert history.days is not None
    looks = list(zip(history.ids["lead_id"], history.landmarks.after, history.won, strict=True))
    assert looks == [
        ("A", 0, False),
        ("A", 10, False),
        ("B", 0, True),
        ("D", 0, False),
        ("D", 10, False),
        ("G", 0, True),
        ("E", 0, True),
    ]
    assert history.days.tolist()[:2] == [(date(2026, 1, 1) - EPOCH).days, (date(2026, 1, 11) - EPOCH).days]
    counts = history.counts
    assert (counts.rows, counts.used, counts.won, counts.closed, counts.immature) == (7, 5, 3, 1, 1)
    assert (
        "5 leads are looked at 7 times, 0, 10 days after they were met; left out: 2 looks at leads that had become"
        " opportunities by then, and 1 that are younger than the horizon." in history.notes
    )
    assert any(note.startswith("1 leads became opportunities on the very day") for note in history.notes)


def test_events_count_as_of_the_landmark() -> None:
    """Fields and points are those that a score as of that day gives, with the events that were known by then."""
    history = read()
    assert history.landmarks is not None
    assert history.frame["visits"].tolist() == [1, 2, 1, 0, 0, 0, 0]
    assert history.frame["silent"].tolist()[:3] == [0, 10, 1]
    assert history.frame["age"].tolist()[:3] == [0, 10, 0]
    card = Scorecard(SMALL, Learned(base_rate=0.1, trust=0.7))
    totals = history.score(card)
    for position, day in enumerate(history.scoring_days(np.arange(len(history)))):
        lead = LEADS.set_index("lead_id", drop=False).loc[history.ids["lead_id"][position]]
        raw = {name: None if pd.isna(value) else value for name, value in lead.items()}
        sent = [
            {name: value for name, value in event.items() if name in ("kind", "time", "id", "received")}
            | {"properties": {name: event[name] for name in ("campaign",) if name in event}}
            for event in EVENTS
            if event["lead"] == raw["lead_id"]
        ]
        assert totals[position] == score(card, raw, day, sent).tenths


def test_what_became_of_the_events_is_said() -> None:
    """Each event is counted once, as of the last landmark of its lead."""
    assert (
        "Events: 6 of 9 counted; left out: 1 of leads that aren't learned from, 1 after the last landmark of the"
        " lead, 1 received after it." in read().notes
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "planted",
    [
        {"time": "2026-01-11T23:00:00Z"},  # one second after the day, in the card's time zone
        {"time": "2026-01-03T10:00:00Z", "received": "2026-01-11T23:00:00Z"},
        {"time": "2027-01-01"},
    ],
)
def test_the_future_does_not_matter(planted: dict[str, str]) -> None:
    """An event that happened, or was received, a second after the day of the last landmark changes nothing."""
    more = {"lead": "A", "kind": "visit", "id": "planted", **planted}
    before, after = read(), read([*EVENTS, more])
    pd.testing.assert_frame_equal(before.frame, after.frame)
    assert before.rules.tolist() == after.rules.tolist()
    early = read([*EVENTS, {**more, "time": "2026-01-11T22:59:59Z", "received": "2026-01-11T22:59:59Z"}])
    assert early.frame["visits"].tolist() == [1, 3, 1, 0, 0, 0, 0]


@pytest.mark.slow
def test_resends_and_order_do_not_matter() -> None:
    """Events that are sent again, or in another order, change nothing."""
    pd.testing.assert_frame_equal(read().frame, read([*EVENTS[::-1], *EVENTS]).frame)


def test_the_usual_landmarks() -> None:
    """A card without `landmarks` has the usual ones where a day tells the outcome, and its own day where none does."""
    assert SMALL.outcome is not None
    usual = replace(SMALL, outcome=replace(SMALL.outcome, landmarks=()))
    history = read_history(usual, LEADS, as_of=TAKEN, events=pd.DataFrame(EVENTS))
    assert history.landmarks is not None
    assert sorted(set(history.landmarks.after)) == [0, 7, 14, 30]
    flag = replace(usual, outcome=replace(SMALL.outcome, landmarks=(), kind="flag", column="won", within=0))
    history = read_history(flag, LEADS.assign(won="no"), as_of=TAKEN, events=pd.DataFrame(EVENTS))
    assert history.landmarks is not None
    assert set(history.landmarks.after) == {0}


def drop_ids(leads: pd.DataFrame) -> pd.DataFrame:
    """The leads without their ids."""
    return leads.drop(columns="lead_id")


@pytest.mark.parametrize(
    ("change", "events", "message"),
    [
        (
            None,
            None,
            "the card 'small' counts events; give those of the leads by --events FILE, whose columns are lead, kind,"
            " time and the properties",
        ),
        (
            None,
            pd.DataFrame({"lead": ["A"], "kind": ["visit"]}),
            "the data frame of events: has no column 'time'; its columns are 'lead', 'kind'; rename the one"
            " with the times of the events",
        ),
        (
            None,
            pd.DataFrame(events_of("X1", "2026-01-05", "2026-01-06")),
            "the data frame of events: none of its 2 events is of a lead that is learned from; the first is of lead"
            " 'X1', and a lead of the history is 'A'; give the events of these leads",
        ),
        (
            drop_ids,
            pd.DataFrame(EVENTS),
            "the data frame: events need an id for each lead, a column of a field of `kind: id`",
        ),
    ],
)
def test_what_is_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame] | None, events: pd.DataFrame | None, message: str
) -> None:
    """What is missing is said, with how to mend it."""
    with pytest.raises(DataError) as error:
        read_history(SMALL, change(LEADS) if change else LEADS, as_of=TAKEN, events=events)
    assert str(error.value) == message


@pytest.mark.slow
def test_leads_with_events_that_cannot_be_read() -> None:
    """They are left out and counted as rejected, with the reasons; a card that reads no such event leaves none out."""
    events = [*EVENTS, *events_of("D", "yesterday")]
    history = read(events)
    assert "D" not in history.ids["lead_id"]
    counts = history.counts
    assert (counts.rejected, counts.used, counts.rows) == (1, 4, 7)
    (reject,) = history.rejects
    assert (reject.row, reject.column) == (4, "events")
    assert reject.reason.startswith("$.events[0].time: 'yesterday' is not a time; write it like 2026-01-31T10:00:00Z")
    assert (
        history.score(build_untrained(SMALL)).tolist() == read().score(build_untrained(SMALL))[[0, 1, 2, 5, 6]].tolist()
    )


@pytest.mark.slow
def test_many_such_leads_are_a_doubt(world: World) -> None:
    """Where most winners have an event that can't be read, training would stop."""
    bad = [
        {"lead": lead, "kind": "visit", "time": "?"} for lead in world.leads["lead_id"][world.leads["won_on"].notna()]
    ]
    events = pd.concat([world.events, pd.DataFrame(bad)])
    history = read_history(parse_card(CARD), world.leads, as_of=LAST, events=events)
    assert any("have events that can't be read" in doubt for doubt in history.doubts)


def test_the_log_has_events_of_its_own(tmp_path: Path) -> None:
    """Training from the decision log takes the events that it has stored, and no list beside it."""
    logged = LoggedHistory(tmp_path / "log.parquet", TAKEN, {}, {}, {})
    path = tmp_path / "card.yaml"
    path.write_text(TEXT)
    with pytest.raises(DataError, match="reads no list of events; leave out --events"):
        train(path, logged, events=pd.DataFrame(EVENTS))


@pytest.mark.slow
def test_steps_look_once() -> None:
    """The leads of a step are looked at on the day on which they began it, with the events known by then."""
    text = TEXT.replace("outcome:", "steps:\n  opportunity: {became: won_on, within: 20 days}\noutcome:")
    card = parse_card(text + "stages: [{name: lead}, {name: opportunity, requires: []}]\n")
    whole = read_history(card, LEADS, as_of=TAKEN, events=pd.DataFrame(EVENTS))
    leads = read_step(make_step_card(card, 0), whole)
    assert leads.landmarks is not None
    assert leads.landmarks.after.tolist() == [0] * 5
    assert leads.frame["visits"].tolist() == [1, 1, 0, 0, 0]
    assert leads.rules.tolist() == [60, 20, 0, 0, 0]


def test_no_day_no_landmark() -> None:
    """A card with events must say as of which day leads are looked at."""
    assert SMALL.outcome is not None
    card = replace(SMALL, outcome=replace(SMALL.outcome, since="", within=0, kind="flag", column="won", landmarks=()))
    with pytest.raises(DataError, match="name the day of the lead under `since:` of `outcome`"):
        read_history(card, LEADS.assign(won="no"), events=pd.DataFrame(EVENTS))


def test_tracking_that_begins_with_a_field() -> None:
    """A date field of the lead says from when on its events are known; windows from before are unknown."""
    text = TEXT.replace("visit: {fields", "visit: {tracked_since: met, fields").replace("  first_visit", "  # first")
    text = text.replace("first_visit: {kind: date, is: first(visit)}", "").replace("  silent", "  # silent")
    history = read_history(parse_card(text), LEADS, as_of=TAKEN, events=pd.DataFrame(EVENTS))
    assert history.frame["visits"].isna().tolist() == [True, False, True, True, False, True, True]


@pytest.fixture(scope="module")
def world() -> World:
    """Leads and events whose truth is known."""
    return make_world(1500)


@pytest.fixture(scope="module")
def history(world: World) -> History:
    """The world as training reads it."""
    return read_history(parse_card(CARD), world.leads, as_of=LAST, events=world.events)


def test_no_lead_on_both_sides(history: History) -> None:
    """All looks at a lead are learned from, or judged, and what is learned was known when it judges."""
    assert history.days is not None
    assert history.lead_days is not None
    digests = digest_leads(history)
    rows = find_lead_rows(history, digests)
    assert rows is not None
    for order in (history.time_order, None):
        split = split_history(history.won, order, 0.25, digests, HORIZON, rows)
        assert split.way == ("stratified" if order is None else "time")
        for fold in split.folds:
            assert not set(history.rows[fold.learned]) & set(history.rows[fold.judged])
            if order is not None:
                first = history.lead_days[fold.judged].min()
                assert (history.days[fold.learned] + HORIZON <= first).all()
        held = split.held
        assert len(set(history.rows[held])) == len(held)


def test_one_look_at_each_lead_is_no_choice_by_outcome(history: History) -> None:
    """The look that counts is drawn before anybody knows whether the lead is open: as many win as of all looks."""
    assert history.landmarks is not None
    drawn = take_one_row_each(history)
    assert drawn.landmarks is not None
    assert len(set(drawn.rows)) == len(drawn)
    for after in (0, 7, 14, 30):
        here, of_all = drawn.landmarks.after == after, history.landmarks.after == after
        rate = history.won[of_all].mean()
        assert abs(drawn.won[here].mean() - rate) < 3.5 * np.sqrt(rate * (1 - rate) / here.sum())


def test_digests_are_those_of_leads(history: History) -> None:
    """A lead has one digest in all its rows, the same as without landmarks."""
    digests = digest_leads(history)
    first = history.first_rows
    assert len(set(digests)) == len(first)
    assert (digests[first].repeat(np.diff([*first, len(history)])) == digests).all()


def test_the_truth_of_the_world(world: World, history: History) -> None:
    """The world's own probabilities come true at each landmark, so it can judge others."""
    assert history.landmarks is not None
    after = history.landmarks.after
    truth = np.array(
        [world.truth(*row) for row in zip(history.ids["lead_id"], history.frame["need"], after, strict=True)]
    )
    for landmark in (0, 7, 14, 30):
        here = after == landmark
        error = np.sqrt((truth[here] * (1 - truth[here])).sum())
        assert abs(history.won[here].sum() - truth[here].sum()) < 3.5 * error


def test_files_give_the_same(world: World, history: History, tmp_path: Path) -> None:
    """Events in a file count as those of a data frame."""
    world.events.to_csv(tmp_path / "events.csv", index=False)
    world.leads.to_csv(tmp_path / "leads.csv", index=False)
    again = read_history(parse_card(CARD), tmp_path / "leads.csv", as_of=LAST, events=tmp_path / "events.csv")
    assert again.rules.tolist() == history.rules.tolist()
    pd.testing.assert_frame_equal(again.frame, history.frame)


def test_other_cards_count_their_own(history: History) -> None:
    """A card with other rules for events, or none, scores the same looks."""
    card = parse_card(CARD)
    without = history.score(build_untrained(replace(card, each_rules=())))
    assert ((history.score(build_untrained(card)) - without) == history.rules - (without - 500)).all()
    assert (without - 500 == np.where(history.frame["need"] == "clear", 60, 0)).all()
