"""The day on which a recommendation or a grade will change, if nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.bins import NumberBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.forecast import ForecastChange, LeadForecast, forecast
from leadledger.scoring.engine.score import get_engine, score
from leadledger.scoring.errors import LeadError
from leadledger.scoring.gate import Stage
from leadledger.scoring.lookup import Table
from leadledger.scoring.memory import memory_of, replace_memory
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests import strategies
from tests.effort import examples
from tests.event_logs import AS_OF as EVENT_DAY
from tests.event_logs import event_cards, event_rows

CARD = """
name: fading
grades: {A: 60, B: 52}
events:
  visit: {}
fields:
  last_call: {kind: date}
  visits: {kind: number, is: "count(visit, 14 days)"}
stages:
  - {name: lead}
  - {name: opportunity, points: 55}
rules:
  - {name: called, when: last_call is not null, points: 8, half_life: 10 days of last_call, reason: Was called}
  - {name: visited, when: visits >= 1, points: 6, reason: Came by}
  - {name: silent, when: days_since(last_call) > 60, points: -10, reason: Silent}
"""
TODAY = date(2026, 3, 1)
VISIT = {"kind": "visit", "id": "1", "time": "2026-02-25T10:00:00Z"}


def test_the_forecast_names_the_day_and_what_moves() -> None:
    """The first day with another recommendation is named, with its points and each entry that moves until then."""
    card = build_untrained(parse_card(CARD))
    lead = {"last_call": "2026-02-28"}
    answer = forecast(card, lead, TODAY, 90, [VISIT])
    assert answer.now.recommendation.verdict == "promote"
    change = answer.recommendation
    assert change is not None
    # 50 + 7.5 of the call + 6 of the visit; the visit leaves its window of 14 days on March 11.
    assert (change.on, change.result.recommendation.verdict) == (date(2026, 3, 11), "nurture")
    assert [(moved.kind, moved.name, moved.first, moved.second) for moved in change.moved] == [
        ("rule", "visited", 60, 0),
        ("rule", "called", 75, 37),
    ]
    assert answer.to_dict() == {
        "card": "fading",
        "release": "",
        "as_of": "2026-03-01",
        "days": 90,
        "recommendation": "promote",
        "to": "opportunity",
        "grade": "A",
        "points": 63.5,
        "recommendation_changes": [
            {
                "on": "2026-03-11",
                "recommendation": "nurture",
                "to": "opportunity",
                "grade": "B",
                "points": 53.7,
                "moved": [
                    {
                        "name": "visited",
                        "kind": "rule",
                        "now": 6.0,
                        "then": 0.0,
                        "difference": -6.0,
                        "now_reason": "Came by",
                        "then_reason": "",
                    },
                    {
                        "name": "called",
                        "kind": "rule",
                        "now": 7.5,
                        "then": 3.7,
                        "difference": -3.8,
                        "now_reason": "Was called",
                        "then_reason": "Was called",
                    },
                ],
            }
        ],
        "grade_changes": [answer.grade.to_dict()] if answer.grade else [],
        "course": [{"on": total.on.isoformat(), "points": total.tenths / 10} for total in answer.totals],
    }
    assert answer.grade is not None
    assert (answer.grade.on, answer.grade.result.grade) == (date(2026, 3, 11), "B")


def test_the_course_has_each_day_with_other_points() -> None:
    """The totals begin with today's; each other is that of the first day which has it, as a score of that day says."""
    card = build_untrained(parse_card(CARD))
    lead = {"last_call": "2026-02-28"}
    totals = forecast(card, lead, TODAY, 90, [VISIT]).totals
    days = [TODAY + timedelta(days=number) for number in range(91)]
    scored = [(day, score(card, lead, day, [VISIT]).tenths) for day in days]
    changed = [now for before, now in zip([(TODAY, None), *scored], scored, strict=False) if before[1] != now[1]]
    assert list(totals) == changed
    assert len(totals) > 10


def test_what_stays_has_no_day() -> None:
    """Within the days that were asked for nothing changes: there is no day, and no entry."""
    card = build_untrained(parse_card(CARD))
    answer = forecast(card, {"last_call": "2026-02-28"}, TODAY, 5, [VISIT])
    assert (answer.recommendation, answer.grade) == (None, None)
    assert answer.to_dict()["recommendation_changes"] == []


def test_the_last_day_of_the_calendar_ends_a_forecast() -> None:
    """A forecast that would go beyond the calendar ends with it."""
    card = build_untrained(parse_card(CARD))
    answer = forecast(card, {"last_call": "2026-02-28"}, date.max - timedelta(days=1), 90, [])
    assert (answer.recommendation, answer.grade) == (None, None)


def test_events_that_cannot_be_read_are_refused() -> None:
    """A broken event is refused with its path, as `score` does."""
    card = build_untrained(parse_card(CARD))
    with pytest.raises(LeadError, match=r"\$\.events\[0\]"):
        forecast(card, {}, TODAY, 90, [{"kind": "visit", "time": "soon"}])


CONDITIONS = [
    *(f"days_{way}(day) {op} {days}" for way in ("since", "until") for op in ("<", "<=", "=", "<>", ">=", ">")
      for days in (-3, 0, 4, 4.5)),
    *("days_since(day) in (2, 5.5, 7)", "days_until(day) not in (2, 5.5, 7)", "gone between 3 and 4"),
    *("days_since(day) > number", "number <= gone", "days_until(day) = days_since(other)", "gone = 6"),
    *("day is null", "gone is not null", "stale", "not stale and days_until(day) < -5"),
    *("days_since(last) > 3", "count >= 2", "count is null", "tracked is null", "tracked = 0", "days_since(first) = 9"),
]  # fmt: skip
EDGES = """
name: edges
grades: {A: 60}
events: {visit: {}, click: {tracked_since: day}}
fields:
  day: {kind: date}
  other: {kind: date}
  number: {kind: number}
  gone: {kind: number, is: days_since(day)}
  stale: {kind: flag, is: gone > 2}
  last: {kind: date, is: last(visit)}
  first: {kind: date, is: first(visit)}
  count: {kind: number, is: "count(visit, 2 days)"}
  tracked: {kind: number, is: "count(click, 6 days)"}
rules:
  - {name: one, when: CONDITION, points: 10, reason: Yes}
"""


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_comparison_changes_on_its_day(condition: str) -> None:
    """Whatever a condition compares a distance or a count with, the day is the first on which it changes."""
    card = build_untrained(parse_card(EDGES.replace("CONDITION", f'"{condition}"')))
    visits = [{"kind": "visit", "id": str(at), "time": f"2026-03-0{day}"} for at, day in enumerate((1, 2, 7))]
    for offset in (-9, -2, 0, 3, 6):
        lead = {"day": str(TODAY + timedelta(days=offset)), "other": "2026-02-26", "number": 2.5}
        for events in (None, [], visits):
            answer = forecast(card, lead, TODAY, 20, events)
            check(answer, lambda day, lead=lead, events=events: score(card, lead, day, events))  # type: ignore[misc]


def test_learned_tables_of_distances_change_on_their_days() -> None:
    """A bin that begins at so many days since, or until, begins on that day."""
    text = EDGES.replace("is: days_since(day)", "is: days_until(day)").replace("CONDITION", "stale")
    table = Table("gone", NumberBins((-2.0, 0.5, 3.0)), (0, 30, -10, 20, 90), (1,) * 5)
    for cut in range(-60, 120, 30):
        card = replace(parse_card(text), grades=(("A", 500 + cut),))
        scorecard = Scorecard(card, Learned(terms=(table,)))
        for offset in (-3, 0, 2, 8):
            lead = {"day": TODAY + timedelta(days=offset)}
            check(forecast(scorecard, lead, TODAY, 20), lambda day, lead=lead: score(scorecard, lead, day))  # type: ignore[misc]  # noqa: B023


def test_a_lead_that_is_drawn_stays_promoted_while_points_alone_hold_it_back() -> None:
    """Where a stage explores, the forecast knows which leads are drawn to be promoted below its threshold."""
    text = CARD.replace("points: 55}", "points: 55, explore: 20 %}").replace(
        "fields:\n", "fields:\n  key: {kind: id}\n"
    )
    card = build_untrained(parse_card(text))
    days = []
    for number in range(30):
        lead = {"key": f"L{number}", "last_call": "2026-02-28"}
        answer = forecast(card, lead, TODAY, 20, [VISIT])
        check(answer, lambda day, lead=lead: score(card, lead, day, [VISIT]))  # type: ignore[misc]
        days.append(answer.recommendation and answer.recommendation.on)
    assert set(days) == {None, date(2026, 3, 11)}


def check(answer: LeadForecast, score_on: Callable[[date], Result]) -> None:
    """A forecast against `score` on each of the days."""
    now = score_on(answer.now.as_of)
    assert answer.now == now
    turned: Result | None = None
    regraded: Result | None = None
    for number in range(1, answer.days + 1):
        if now.as_of.toordinal() + number > date.max.toordinal():
            break
        then = score_on(now.as_of + timedelta(days=number))
        if turned is None and decided(then) != decided(now):
            turned = then
        if regraded is None and then.grade != now.grade:
            regraded = then
    check_change(answer.recommendation, now, turned)
    check_change(answer.grade, now, regraded)


def decided(result: Result) -> tuple[str, str]:
    """What a forecast watches."""
    return result.recommendation.verdict, result.recommendation.to


def check_change(change: ForecastChange | None, now: Result, expected: Result | None) -> None:
    """A change is the first result that differs, and its entries add up."""
    assert (None if change is None else change.result) == expected
    if change is not None:
        assert change.on == change.result.as_of
        assert now.tenths + sum(moved.tenths for moved in change.moved) == change.result.tenths


@pytest.mark.slow
@settings(max_examples=examples(150))
@given(
    card=strategies.scorecards() | strategies.scorecards_with_axes(),
    lead=strategies.LEADS,
    near=st.lists(st.integers(-400, 400), min_size=2, max_size=2),
    as_of=st.sampled_from([strategies.AS_OF, strategies.AS_OF, date.min, date.max - timedelta(days=9)]),
)
def test_the_named_day_is_the_first(card: Scorecard, lead: dict[str, Any], near: list[int], as_of: date) -> None:
    """For random cards, leads and days, the forecast names the first day on which `score` says otherwise."""
    for name, days in zip(("d1", "d2"), near, strict=True):
        if days % 3 and as_of == strategies.AS_OF:
            lead = {**lead, name: as_of + timedelta(days=days)}
    try:
        now = score(card, lead, as_of)
    except LeadError:
        return
    assert now.as_of == as_of
    check(forecast(card, lead, as_of, 60), lambda day: score(card, lead, day))


HELD = """
name: held
grades: {A: 60}
fields:
  day: {kind: date}
  need: {kind: flag}
  answered_on: {kind: date}
criteria:
  needs: {met: need}
  lately: {met: days_since(day) < 40}
rules:
  - {name: base, when: need is not null, points: 6, reason: Known}
  - {name: fades, when: day is not null, points: 20, half_life: 6 days of day, reason: Fades}
  - {name: stale, when: "days_since(recommended_since) > 9", points: -3, reason: Waits}
stages:
  - {name: contact}
  - name: lead
    requires: [LATELY]
    points: 60
    hold: {band: BAND, days: DAYS}
    cool_down: {days: 12, unless: answered_on}
  - {name: opportunity, points: 40}
"""


@settings(max_examples=examples(200))
@given(
    band=st.sampled_from([0.1, 4, 8]),
    days=st.sampled_from([1, 5, 14]),
    criterion=st.sampled_from(["needs", "lately"]),
    asks=st.booleans(),
    explores=st.booleans(),
    need=st.sampled_from([True, True, None, False]),
    dates=st.lists(st.none() | st.integers(-40, 5), min_size=4, max_size=4),
    last=st.sampled_from([None, "promote", "promote", "demote", "nurture"]),
)
def test_memory_steps_along(
    band: float,
    days: int,
    criterion: str,
    asks: bool,
    explores: bool,
    need: bool | None,
    dates: list[int | None],
    last: str | None,
) -> None:
    """Where a stage holds or cools down, each day's answer is the next day's memory, as in a book scored daily."""
    text = HELD.replace("BAND", str(band)).replace("DAYS", str(days)).replace("LATELY", criterion)
    if not asks:
        text = text.replace("days_since(recommended_since) > 9", "days_since(day) > 9")
    if explores:
        text = text.replace("hold:", "explore: 20 %\n    hold:").replace("fields:\n", "fields:\n  key: {kind: id}\n")
    card = build_untrained(parse_card(text))
    near = [None if offset is None else TODAY + timedelta(days=offset) for offset in dates]
    lead: dict[str, Any] = dict(zip(("day", "answered_on", "recommended_since", "rejected_on"), near, strict=True))
    lead |= {"need": need, "last_recommendation": last, "recommended_to": None if last is None else "lead"}
    lead |= {"key": f"L{days}"} if explores else {}
    engine = get_engine(card)
    values = engine.clean(lead).values
    results = {TODAY: engine.build_result(values, TODAY)}
    for number in range(1, 61):
        day = TODAY + timedelta(days=number)
        remembered = replace_memory(values, memory_of(results[day - timedelta(days=1)]))
        results[day] = engine.build_result(remembered, day)
    check(forecast(card, lead, TODAY, 60), results.__getitem__)


@settings(max_examples=examples(150))
@given(
    card=event_cards(),
    rows=st.lists(event_rows(1, bad=False), max_size=25),
    since=st.sampled_from([None, "2026-03-28", "2026-03-01", "2026-04-02"]),
    threshold=st.integers(480, 620),
    known=st.sampled_from([True, True, True, False]),
)
def test_events_fade_and_leave_their_windows_on_the_day(
    card: Scorecard, rows: list[dict[str, Any]], since: str | None, threshold: int, known: bool
) -> None:
    """For random logs of events, some of them dated or received later, the day is the first as well."""
    cuts = (("A", threshold + 30), ("B", threshold), ("C", threshold - 30))
    stages = card.card.stages or (Stage("lead"), Stage("opportunity", (), threshold), Stage("customer"))
    card = replace(card, card=replace(card.card, grades=cuts, stages=stages))
    events: Iterable[Mapping[str, Any]] | None = [make_event(row) for row in rows] if known else None
    lead = {"since": since}
    try:
        score(card, lead, EVENT_DAY, events)
    except LeadError:
        return
    start = EVENT_DAY - timedelta(days=5)
    check(forecast(card, lead, start, 50, events), lambda day: score(card, lead, day, events))
