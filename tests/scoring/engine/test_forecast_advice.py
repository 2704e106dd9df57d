"""The forecast of a lead whose advice depends on the last one, against a look on each of the days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.forecast import forecast
from leadledger.scoring.engine.score import score
from leadledger.scoring.memory import memory_of
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import build_untrained
from tests.effort import examples
from tests.scoring.engine.test_forecast import check

TODAY = date(2026, 3, 1)
CARD = build_untrained(
    parse_card("""
name: fading
grades: {A: 62, B: 55}
fields:
  stage: {kind: text, learn: no}
  call: {kind: date}
  mail: {kind: date}
  fresh: {kind: flag, is: days_since(call) < 20}
criteria: {fresh: {met: days_until(mail) < 30}}
rules:
  - {name: called, when: call is not null, points: 14, half_life: 9 days of call, reason: Was called}
  - {name: mailed, when: days_since(mail) between 3 and 12, points: 9, reason: Was mailed}
  - {name: fresh, when: fresh, points: 3, reason: Is fresh}
stages:
  - {name: contact}
  - {name: lead, points: 58, requires: [fresh], hold: {band: 3, days: 6}, cool_down: {days: 9, unless: mail}}
  - {name: sale, points: 52, hold: {band: 0.1, days: 1}}
""")
)
DAYS = st.none() | st.integers(-40, 40).map(lambda days: TODAY + timedelta(days))
LEADS = st.fixed_dictionaries(
    {
        "stage": st.sampled_from([None, None, "lead"]),
        "call": DAYS,
        "mail": DAYS,
        "last_recommendation": st.sampled_from([None, "promote", "promote", "demote", "nurture"]),
        "recommended_to": st.sampled_from([None, "lead", "sale"]),
        "recommended_since": DAYS,
        "below_since": DAYS,
        "rejected_on": DAYS,
    }
)
NAMES = ("last_recommendation", "recommended_to", "recommended_since", "below_since")


def look_daily(lead: dict[str, Any], days: int) -> list[Result]:
    """The results of looks on so many days, each of which remembers the one before."""
    results = []
    for number in range(days + 1):
        results.append(score(CARD, lead, TODAY + timedelta(days=number)))
        memory = memory_of(results[-1])
        known = (memory.recommendation, memory.to, memory.since, memory.below_since)
        lead = {**lead, **dict(zip(NAMES, known, strict=True))}
    return results


@settings(max_examples=examples(400))
@given(lead=LEADS)
def test_the_named_day_is_the_first_of_daily_looks(lead: dict[str, Any]) -> None:
    """Where a promotion will end, or a lead will have cooled down, the forecast names the day, and the result of it."""
    results = look_daily(lead, 60)
    check(forecast(CARD, lead, TODAY, 60), lambda day: results[(day - TODAY).days])


def test_the_end_of_a_promotion() -> None:
    """A lead that fades is kept while it is within the band, then for so many days, and then demoted."""
    lead = {"call": TODAY, "mail": date(2026, 1, 1), "last_recommendation": "promote", "recommended_since": TODAY}
    answer = forecast(CARD, lead, TODAY, 60)
    assert answer.recommendation is not None
    end = answer.recommendation
    assert end.result.recommendation.verdict == "demote"
    assert end.result.below_since is not None
    assert end.on - end.result.below_since == timedelta(days=6)
    assert score(CARD, lead, end.result.below_since - timedelta(days=1)).below_since is None
