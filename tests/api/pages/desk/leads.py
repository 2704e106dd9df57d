"""Leads for tests of a lead's page: a card with a bit of everything, what was learned for it, and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.lookup import Table
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained

AS_OF = date(2026, 11, 30)
CARD = """
name: desk
axes:
  fit: {grades: {A: 20, B: 8}}
  engagement: {grades: {1: 9, 2: 2.5}}
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
  click: {fields: {mail: {kind: text}, agent: {kind: text}}, machine: "contains(agent, 'checker')", once_per: mail}
fields:
  lead_id: {kind: id}
  company: {kind: text, learn: no}
  country: {kind: text}
  employees: {kind: number, ask: "How many people work there?"}
  budget: {kind: number, unit: EUR, ask: "What budget is set aside for it?"}
  need: {kind: text, values: [none, clear, urgent], ask: "What do they need?"}
  decision_role: {kind: text, label: role in the decision}
  newsletter: {kind: flag}
  founded: {kind: number}
  decision_date: {kind: date, ask: "When must a decision be made?"}
  days_to_decision: {kind: number, is: days_until(decision_date), label: days until the decision}
  visits: {kind: number, is: "count(visit, 14 days)", label: pages viewed}
criteria:
  need: {met: "need in ('clear', 'urgent')", label: a clear need}
  timing: {met: days_to_decision between 0 and 180, label: a decision within half a year}
  size: {met: employees >= 10, essential: no, label: ten people or more}
groups:
  talks: {max: 6}
  size: {best_of: yes}
rules:
  - name: budget_set
    when: budget >= 10000
    points: 6
    reason: Has a budget that covers the entry price
    why: the smallest contract
  - {name: urgent, when: need = 'urgent', points: 15, reason: Has an urgent need}
  - {name: no_need, when: need = 'none', points: -12, reason: Sees no need}
  - {name: large, when: employees >= 50, points: 3, group: size, reason: Is large enough}
  - {name: huge, when: employees >= 1000, points: 8, group: size, reason: Is one of the largest}
  - {name: soon, when: days_to_decision between 0 and 60, points: 8, reason: Decides soon}
  - name: reads_prices
    each: price_visit
    points: 4
    half_life: 14 days
    per_day: 6
    group: talks
    reason: Reads the prices
  - {name: clicks, each: click, points: 3, within: 30 days, group: talks, reason: Follows links in mails}
stages:
  - {name: contact}
  - {name: opportunity, requires: [need, timing], points: 80}
grades: {A: 70, B: 55}
base_rate: 0.1
"""
TERMS = (
    Table("budget", NumberBins((5000.0, 10000.0, 75000.0)), (-20, -31, 15, 104, 140), (9, 9, 9, 9, 9)),
    Table("country", TextBins(("NO", "SE")), (-4, 12, 3, -7), (9, 9, 9, 9)),
    Table("decision_role", TextBins(("decider",)), (-5, 20, 33), (9, 9, 9)),
    Table("newsletter", FlagBins(), (0, -3, 4), (9, 9, 9)),
    Table("founded", NumberBins((1990.0, 2010.0)), (1, 2, 3, -1), (9, 9, 9, 9)),
    Table("visits", NumberBins((1.0,)), (-9, -8, 21), (9, 9, 9)),
)
RULES_ALONE = build_untrained(parse_card(CARD))
LEARNED = Scorecard(parse_card(CARD), Learned(base_rate=0.1, start=231, trust=0.5, terms=TERMS), "2026-11-28-001")
LEAD: dict[str, Any] = {
    **{"lead_id": "L1", "company": "Møller, Berg & Co AS", "country": "NO", "employees": 684, "budget": 85000},
    **{"need": "urgent", "decision_role": "influencer", "newsletter": False, "founded": 1999},
}
EVENTS: list[dict[str, Any]] = [
    *(
        {
            "kind": "visit",
            "id": f"v{i}",
            "time": f"2026-11-24T1{i}:00:00Z",
            "properties": {"path": "/pricing", "seconds": 9},
        }
        for i in range(3)
    ),
    {"kind": "visit", "id": "v9", "time": "2026-11-20T10:00:00Z", "properties": {"path": "/about", "seconds": 75}},
    {"kind": "click", "id": "c1", "time": "2026-11-09T10:00:00Z", "properties": {"mail": "autumn"}},
    {"kind": "click", "id": "c2", "time": "2026-11-10T10:00:00Z", "properties": {"mail": "autumn"}},
    {
        "kind": "click",
        "id": "c3",
        "time": "2026-11-27T10:00:00Z",
        "properties": {"mail": "news", "agent": "link checker"},
    },
]


def read_values(card: Scorecard, lead: Mapping[str, Any]) -> Mapping[str, Any]:
    """The typed values of a raw lead."""
    return get_engine(card).clean(lead).values


def score_lead(
    card: Scorecard, lead: Mapping[str, Any] = LEAD, events: Sequence[Mapping[str, Any]] | None = EVENTS
) -> Result:
    """The result of a lead on the day of these tests."""
    return get_engine(card).score(lead, AS_OF, events=events)
