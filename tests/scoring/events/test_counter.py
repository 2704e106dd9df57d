"""Counting events: what the events of a lead come to as of a day. The cases are in tests/cases/events.yaml."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.event_counts import restore_counts
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.meaning.reference import tally
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests.case_files import read_cases

FILE = yaml.load((Path(__file__).parents[2] / "cases" / "events.yaml").read_text("utf-8"), yaml.BaseLoader)
TYPED = read_cases("events.yaml")
DAY = date(2026, 1, 15)


def make_card(own: dict[str, Any] | None = None) -> Scorecard:
    """The card of the cases, with some keys of its own."""
    return build_untrained(parse_card(yaml.safe_dump({**FILE["card"], **(own or {})}, sort_keys=False)))


CARD = make_card()


def entries_of(result: Result) -> dict[str, float]:
    """The points of each entry of a ledger but the start."""
    return {entry.name: entry.points for entry in result.ledger[1:]}


@pytest.mark.parametrize("number", range(len(TYPED["cases"])), ids=[case["why"] for case in TYPED["cases"]])
def test_case(number: int) -> None:
    """A case comes to its values, its ledger and its report; the reference and a replay of the counts agree."""
    case, written = TYPED["cases"][number], FILE["cases"][number]
    card = make_card(written.get("card"))
    engine = get_engine(card)
    lead = engine.clean(case.get("lead", {}))
    events = [dict(event) for event in case["events"]] if "events" in case else None
    counts = engine.count_events(events, case["as_of"], lead.values)
    assert counts is not None
    assert {name: counts.values[name] for name in case["values"]} == case["values"]
    result = engine.build_result(lead.values, case["as_of"], counts=counts)
    assert entries_of(result) == {name: points for name, points in case["ledger"].items() if points}
    assert sum(entry.tenths for entry in result.ledger) == result.tenths
    report = counts.to_dict()
    assert {key: report[key] for key in case.get("report", {})} == case.get("report", {})
    reference = tally(card, engine.add_counts(lead.values, counts), case["as_of"])
    assert (reference.total, reference.low, reference.high) == (result.tenths, result.low, result.high)
    restored = restore_counts(counts.values, report)
    assert restored == counts
    assert engine.build_result(lead.values, case["as_of"], counts=restored) == result


def test_trust_counts_for_events_too() -> None:
    """With half of the trust, events earn half, and so do the limits of a day."""
    events = [
        {"kind": "visit", "time": f"2026-01-15T1{i}:00:00Z", "properties": {"path": "/pricing"}} for i in range(4)
    ]
    trusting = Scorecard(CARD.card, Learned(trust=0.5))
    result = get_engine(trusting).score({}, DAY, events=events)
    assert entries_of(result) == {"reads_prices": 6.0, "reads_prices per day": -2.5, "often": 0.5}


def test_events_may_cost_points() -> None:
    """Points below zero fade toward zero, and the limit of a day holds them back."""
    rule = {"name": "away", "each": "visit", "points": -2, "half_life": "14 days", "per_day": 3, "reason": "Goes"}
    card = make_card({"rules": [rule]})
    events = [{"kind": "visit", "time": f"2026-01-01T1{i}:00:00Z"} for i in range(4)]
    assert entries_of(get_engine(card).score({}, date(2026, 1, 1), events=events)) == {"away": -8, "away per day": 5}
    assert entries_of(get_engine(card).score({}, DAY, events=events)) == {"away": -4, "away per day": 2.5}


def test_nested_subsets() -> None:
    """A subset of a subset has what both conditions tell, and the limits of the nearest."""
    kinds = {
        "visit": {"fields": {"path": {"kind": "text"}, "seconds": {"kind": "number"}}, "once_per": "path"},
        "price_visit": {"of": "visit", "when": "contains(path, '/pricing')", "per_day": 2},
        "long_price_visit": {"of": "price_visit", "when": "seconds > 60"},
    }
    fields = {
        "long": {"kind": "number", "is": "count(long_price_visit)"},
        "prices": {"is": "count(price_visit)", "kind": "number"},
    }
    card = make_card({"events": kinds, "fields": fields, "rules": []})
    kind = card.card.events["long_price_visit"]
    assert (kind.root, kind.once_per, kind.per_day) == ("visit", "path", 2)
    assert kind.when is not None
    assert kind.when.text == "(contains(path, '/pricing')) and (seconds > 60)"
    paths = [("/pricing", 61), ("/pricing", 60), ("/", 90)]
    events = [{"kind": "visit", "time": "2026-01-15", "properties": {"path": a, "seconds": b}} for a, b in paths]
    counts = get_engine(card).count_events(events, DAY, {})
    assert counts is not None
    assert counts.values == {"long": 1.0, "prices": 2.0}


# -- a formula over the log -------------------------------------------------------------------------------------------

PATHS = ["/", "/pricing", "/Pricing/plans", "n/a", ""]
TIMES = [f"2026-01-{day:02}T{hour}" for day in (1, 12, 13, 14, 15, 16) for hour in ("00:00:00+01:00", "23:59:59.999Z")]


@st.composite
def raw_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event with few times, ids and properties, so that many are alike."""
    kind = draw(st.sampled_from(["visit", "click", "webinar"]))
    event: dict[str, Any] = {"kind": kind, "time": draw(st.sampled_from([*TIMES, "2026-01-13", "2026-01-15"]))}
    if draw(st.booleans()):
        event |= {"id": draw(st.integers(1, 4)), "source": draw(st.sampled_from(["web", "app"]))}
    if draw(st.booleans()):
        event["received"] = draw(st.sampled_from(["2026-01-14", "2026-01-15", "2026-01-16"]))
    seconds = {"seconds": draw(st.sampled_from([None, 0.1, 0.2, -0.0, 0, 1e12, -1e12]))}
    click = {"campaign": draw(st.sampled_from(["a", "A", "b", None])), "url": draw(st.sampled_from(["x", "y"]))}
    click["agent"] = draw(st.sampled_from(["Mozilla", "curl/8", None]))
    event["properties"] = {"path": draw(st.sampled_from(PATHS)), **seconds} if kind == "visit" else click
    return event


@given(st.lists(raw_events(), max_size=12), st.randoms(use_true_random=False))
def test_arrival_does_not_matter(events: list[dict[str, Any]], random: Any) -> None:
    """Any order of arrival, any resend and any split of a batch give the same ledger and values."""
    expected = get_engine(CARD).score({}, DAY, events=events)
    again = [*events, *random.choices(events, k=len(events))] if events else []
    random.shuffle(again)
    result = get_engine(CARD).score({}, DAY, events=iter(again))
    assert (result.ledger, result.tenths, result.recommendation) == (
        expected.ledger,
        expected.tenths,
        expected.recommendation,
    )
    assert result.events is not None
    assert expected.events is not None
    assert result.events.values == expected.events.values
    assert result.events.rules == expected.events.rules
    assert result.events.counted == expected.events.counted


@given(st.lists(raw_events(), max_size=12), st.lists(raw_events(), max_size=6), st.integers(0, 3))
def test_the_past_stays(events: list[dict[str, Any]], later: list[dict[str, Any]], days: int) -> None:
    """The score as of a day is the same once more events have happened, or were received, after that day."""
    day = DAY - timedelta(days=days)
    news = [{**event, "received": str(day + timedelta(days=1 + i))} for i, event in enumerate(later)]
    before = get_engine(CARD).score({}, day, events=events)
    after = get_engine(CARD).score({}, day, events=[*news, *events])
    assert before.events is not None
    assert after.events is not None
    assert (before.ledger, before.events.values) == (after.ledger, after.events.values)


@given(st.lists(raw_events(), max_size=12), st.permutations(range(5)))
def test_events_are_read_once_for_several_days(events: list[dict[str, Any]], ages: list[int]) -> None:
    """Events that were read once come to the same on each day as events that are read for that day."""
    counter = EventCounter(CARD)
    kept = counter.read(events)
    for age in ages:
        day = DAY - timedelta(days=age)
        assert counter.count_read(kept, day, {}) == EventCounter(CARD).count(events, day, {})


@given(st.lists(raw_events(), max_size=12))
def test_the_reference_agrees(events: list[dict[str, Any]]) -> None:
    """Printed Python and the reference agree on every total, and the ledger adds up."""
    engine = get_engine(CARD)
    counts = engine.count_events(events, DAY, {})
    values = engine.clean({}).values
    result = engine.build_result(values, DAY, counts=counts)
    reference = tally(CARD, engine.add_counts(values, counts), DAY)
    assert reference.total == result.tenths == sum(entry.tenths for entry in result.ledger)
    assert (reference.low, reference.high) == (result.low, result.high)
