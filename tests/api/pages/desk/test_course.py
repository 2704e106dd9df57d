"""How a lead got here and where it goes, what it did, and why one stands before another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from leadledger.api.pages.desk.course import describe_course
from leadledger.api.pages.desk.lead_comparison import describe_comparison
from leadledger.api.pages.desk.timeline import FEW_IDLE, draw_timeline
from leadledger.scoring.engine.comparison import ComparedLead, compare
from leadledger.scoring.engine.forecast import forecast_values
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.event_days import list_event_days
from leadledger.scoring.scorecard import Scorecard
from tests import strategies
from tests.api.pages.desk.leads import AS_OF, EVENTS, LEAD, LEARNED, RULES_ALONE, read_values, score_lead
from tests.effort import examples

DATED = {**LEAD, "decision_date": AS_OF + timedelta(days=100)}


def make_score(days_ago: int, points: float, **more: Any) -> dict[str, Any]:
    """A score of a history."""
    day = (AS_OF - timedelta(days=days_ago)).isoformat()
    return {
        **{"as_of": day, "points": points, "probability": 0.3, "recommendation": "nurture", "moved": [], "changed": []},
        **more,
    }


def test_each_score_says_what_moved_it() -> None:
    """What moved a score stands with its points, a rule and the table of its field as one; the first is the first."""
    moved = [
        {"kind": "rule", "name": "budget_set", "cause": "data", "moved": 6.0},
        {"kind": "table", "name": "budget", "cause": "data", "moved": 10.4},
        {"kind": "rule", "name": "reads_prices", "cause": "events", "moved": -2.0},
    ]
    changed = [
        {"field": "budget", "before": None, "after": "85000"},
        {"field": "gone", "before": "1", "after": None},
    ]
    history = {
        "scores": [make_score(0, 64.4, moved=moved, recommendation="ask", changed=changed), make_score(9, 50.0)],
        "more": False,
        "outcomes": [{"became": "closed_lost", "on": "2026-11-29", "at": ""}],
    }
    course = describe_course(history, forecast_values(LEARNED, read_values(LEARNED, LEAD), AS_OF), LEARNED, AS_OF)
    newest, oldest = course.past
    assert (newest.day, newest.chance, newest.points, newest.moved, newest.is_turn) == (
        *("30 November", "30\u00a0%", "64.4", "+14.4"),
        True,
    )
    assert newest.because == "Budget 85,000 EUR\u00a0+16.4, Price visit\u00a0−2.0"
    assert (oldest.because, oldest.moved) == ("First known", "")
    assert course.outcomes == ("Closed lost on 29 November",)


def test_the_chart_shows_what_was_and_what_will_be() -> None:
    """The drawing goes from the first score to the last day that is foreseen, and marks where the advice turns."""
    history = {"scores": [make_score(0, 80.0), make_score(30, 50.0)], "more": False, "outcomes": []}
    forecast = forecast_values(RULES_ALONE, read_values(RULES_ALONE, DATED), AS_OF, 90, EVENTS)
    chart = describe_course(history, forecast, RULES_ALONE, AS_OF).chart
    assert chart is not None
    assert (chart.first_day, chart.turn and chart.turn.text) == ("31 October", "9 December")
    assert chart.past.startswith("M0.0 ")
    assert chart.future.startswith(f"M{1000 * float(chart.today_x[:-1]) / 100:.1f} ")
    assert chart.threshold_words == "threshold 47\u00a0%"


def test_nothing_is_drawn_where_nothing_moves() -> None:
    """One score and nothing to come is no course."""
    history = {"scores": [make_score(0, 80.0)], "more": False, "outcomes": []}
    forecast = forecast_values(RULES_ALONE, read_values(RULES_ALONE, {}), AS_OF, 90)
    course = describe_course(history, forecast, RULES_ALONE, AS_OF)
    assert (course.chart, course.future) == (None, ())
    assert describe_course({"scores": [], "more": False, "outcomes": []}, forecast, RULES_ALONE, AS_OF).past == ()


def test_days_fade() -> None:
    """A day says what it brought and what is left; a machine's is told apart; days without points fold away."""
    counter = get_engine(RULES_ALONE).counter
    assert counter is not None
    counts = score_lead(RULES_ALONE).events
    days = list_event_days(counter, counter.read(EVENTS), AS_OF)
    timeline = draw_timeline(days, RULES_ALONE.card, counts, AS_OF)
    assert [(row.day, row.what, row.note, row.then, row.now) for row in timeline.rows] == [
        ("27 November", "Follows links in mails", "By a machine: would be +3.0; news", "", "not counted"),
        ("24 November", "Reads the prices, 3 times", "/pricing", "+6.0", "+4.5"),
        ("20 November", "Visit", "/about, seconds 75", "", ""),
        ("10 November", "Follows links in mails", "autumn", "", "+3.0"),
        ("9 November", "Click", "autumn", "", ""),
    ]
    assert (timeline.idle, timeline.older, timeline.notes) == ((), 0, ())
    many = [{**EVENTS[3], "id": f"w{day}", "time": f"2026-10-{day:02}T10:00:00Z"} for day in range(1, FEW_IDLE + 3)]
    idle = draw_timeline(list_event_days(counter, counter.read(many), AS_OF), RULES_ALONE.card, counts, AS_OF)
    assert (idle.rows, len(idle.idle)) == ((), FEW_IDLE + 2)


def test_unknown_events_are_not_none() -> None:
    """Where nobody said which events there are, that is said; where they aren't stored, too."""
    unknown = draw_timeline((), RULES_ALONE.card, EventCounts({}), AS_OF)
    assert unknown.notes == ("Nobody has said what it did, so that is unknown, and not nothing.",)
    sent = draw_timeline((), RULES_ALONE.card, EventCounts({}, is_known=True, counted=2, late=1), AS_OF)
    assert sent.notes == (
        "2 events came beside the lead and aren’t stored, so their days aren’t known here.",
        "Left out: 1 received after the day of the score.",
    )


def test_two_leads_side_by_side() -> None:
    """What differs stands with what each lead has; the order is said in a sentence."""
    engine = get_engine(LEARNED)
    first, second = (
        read_values(LEARNED, LEAD),
        read_values(LEARNED, {"company": "Zoë", "budget": 6000, "need": "clear"}),
    )
    comparison = compare(engine, ComparedLead(first), ComparedLead(second), AS_OF)
    view = describe_comparison(comparison, LEARNED, (first, second), ("L1", "L2"), ("Møller", "Zoë"))
    assert [(row.title, row.here, row.there, row.points) for row in view.rows][:3] == [
        ("Budget", "85,000 EUR", "6,000 EUR", "+15.5"),
        ("Need", "urgent", "clear", "+7.5"),
        ("Role in the decision", "influencer", "not known", "+3.8"),
    ]
    assert view.sentence == "Møller is ahead of Zoë by 29.8 points."
    equal = describe_comparison(
        compare(engine, ComparedLead(first), ComparedLead(first), AS_OF),
        LEARNED,
        (first, first),
        ("a", "b"),
        ("A", "B"),
    )
    assert (equal.rows, equal.sentence) == ((), "A and B have as many points; their ids decide.")


@pytest.mark.slow
@settings(max_examples=examples(100))
@given(card=strategies.scorecards() | strategies.scorecards_with_axes(), a=strategies.LEADS, b=strategies.LEADS)
def test_differences_add_up(card: Scorecard, a: dict[str, Any], b: dict[str, Any]) -> None:
    """For random cards and leads, the rows and the fold of small ones add up to the difference."""
    engine = get_engine(card)
    try:
        first, second = engine.clean(a).values, engine.clean(b).values
    except LeadError:
        return
    comparison = compare(engine, ComparedLead(first), ComparedLead(second), strategies.AS_OF)
    view = describe_comparison(comparison, card, (first, second), ("a", "b"), ("A", "B"))
    small = 0 if view.small is None else view.small.tenths
    assert sum(row.tenths for row in view.rows) + small == comparison.a.tenths - comparison.b.tenths == view.tenths
