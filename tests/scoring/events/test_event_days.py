"""What a lead did day by day, and what rules for each event have earned by it."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.events.event_days import EarnedOnDay, list_event_days
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.scorecard import Scorecard, build_untrained
from tests.effort import examples
from tests.event_logs import AS_OF, event_cards, event_rows

CARD = """
name: days
events:
  visit: {fields: {path: {kind: text}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
  click:
    fields: {mail: {kind: text}, agent: {kind: text}}
    machine: "contains(agent, 'checker')"
    once_per: mail
    per_day: 1
fields: {lead_id: {kind: id}}
rules:
  - {name: prices, each: price_visit, points: 4, half_life: 14 days, per_day: 6, reason: Reads the prices}
  - {name: clicks, each: click, points: 3, within: 30 days, reason: Clicks}
"""
DAY = date(2026, 1, 15)
ENGINE = get_engine(build_untrained(parse_card(CARD)))


def event(kind: str, day: str, **properties: Any) -> dict[str, Any]:
    """A raw event, each its own."""
    return {"kind": kind, "time": f"{day}T08:00:00Z", "id": f"{kind}{day}{properties}", "properties": properties}


EVENTS = [
    event("visit", "2026-01-01", path="/pricing"),
    event("visit", "2026-01-01", path="/en/pricing"),
    event("visit", "2026-01-01", path="/"),
    event("visit", "2026-01-10", path="/about"),
    event("click", "2026-01-12", mail="a"),
    event("click", "2026-01-12", mail="b"),
    event("click", "2026-01-13", mail="c", agent="link checker"),
    event("visit", "2026-01-16", path="/pricing"),  # not yet
]


def test_days_have_their_points_then_and_now() -> None:
    """The newest day comes first; limits of a day hold; machines stand apart with what they would have earned."""
    assert ENGINE.counter is not None
    days = list_event_days(ENGINE.counter, ENGINE.counter.read(EVENTS), DAY)
    assert [(day.on.day, day.kind, day.events, day.is_machine, day.earned) for day in days] == [
        (13, "click", 1, True, (EarnedOnDay("clicks", 1, 30, 30),)),
        (12, "click", 2, False, (EarnedOnDay("clicks", 1, 30, 30),)),
        (10, "visit", 1, False, ()),
        (1, "visit", 3, False, (EarnedOnDay("prices", 2, 60, 30),)),
    ]
    assert days[3].values == (("path", "/pricing"), ("path", "/en/pricing"), ("path", "/"))
    assert days[0].values == (("mail", "c"), ("agent", "link checker"))


@settings(max_examples=examples(150))
@given(card=event_cards(), rows=st.lists(event_rows(1, bad=False), max_size=25), later=st.integers(0, 40))
def test_days_add_up_to_what_rules_earn(card: Scorecard, rows: list[dict[str, Any]], later: int) -> None:
    """For random cards and events, the points of all days add up to what each rule earns, and no event is lost."""
    engine = get_engine(card)
    values = engine.clean({"since": None}).values
    as_of = date.fromordinal(AS_OF.toordinal() + later)
    try:
        assert engine.counter is not None
        read = engine.counter.read([make_event(row) for row in rows])
    except LeadError:
        return
    counts = engine.counter.count_read(read, as_of, values)
    days = list_event_days(engine.counter, read, as_of)
    assert sum(day.events for day in days) == counts.counted
    assert sum(day.events for day in days if day.is_machine) == counts.machine
    for earned in counts.rules:
        of_rule = [on_day for day in days if not day.is_machine for on_day in day.earned if on_day.rule == earned.rule]
        assert sum(on_day.now for on_day in of_rule) == earned.tenths
        of_machines = [on_day for day in days if day.is_machine for on_day in day.earned if on_day.rule == earned.rule]
        assert sum(on_day.now for on_day in of_machines) == earned.machine
    for day in days:
        if not day.is_machine:
            then = engine.counter.count_read(read, day.on, values)
            assert all(on_day.then or on_day.now for on_day in day.earned)
            assert then.is_known


def test_there_may_be_no_events() -> None:
    """Without events there are no days."""
    assert ENGINE.counter is not None
    assert list_event_days(ENGINE.counter, ENGINE.counter.read([]), DAY) == ()
