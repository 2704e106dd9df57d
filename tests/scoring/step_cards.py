"""A card with steps, and what was learned for it: one step has tables, one a pair, and one its base rate alone."""

from __future__ import annotations

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Pair, Table
from leadledger.scoring.scorecard import Learned, Scorecard

CARD_TEXT = """
name: stages
fields:
  lead_id: {kind: id}
  stage: {kind: text, learn: no}
  met: {kind: date}
  need: {kind: text, ask: "How badly?"}
  employees: {kind: number}
  demo: {kind: flag}
  deal_size: {kind: number}
outcome: {became: {field: opportunity_on, kind: date}, since: met, within: 90 days}
steps:
  lead: {became: qualified_on, within: 60 days}
  opportunity: {became: opportunity_on, within: 90 days}
  customer: {became: won_on, within: 180 days}
amount: deal_size
groups: {interest: {max: 10}}
rules:
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: Has an urgent need, group: interest}
  - {name: fresh, when: demo, points: 8, reason: Saw a demo, half_life: 14 days of met, group: interest}
  - {name: small, when: employees < 5, points: -6, reason: Is very small}
"""
CARD = parse_card(CARD_TEXT)
_SIZE = Table("employees", NumberBins((10.0, 250.0)), (-4, -31, 12, 40), (3, 90, 80, 70), (5, 9, 9, 9))
_NEED = Table("need", TextBins(("Urgent", "none")), (-11, 87, -64, 3), (9, 30, 40, 2))
_BOTH = Pair(
    ("demo", "employees"),
    (FlagBins(), NumberBins((50.0,))),
    ((1, -2, 3), (4, -5, 6), (70, 8, -90)),
    ((1, 2, 3), (4, 5, 6), (7, 8, 9)),
)
LEARNED = Learned(
    base_rate=0.1,
    start=490,
    trust=0.5,
    terms=(_SIZE,),
    steps={
        "lead": Learned(0.55, 503, 0.8, (_NEED, _SIZE)),
        "opportunity": Learned(0.38, 478, 0.31, (_BOTH,)),
        "customer": Learned(0.25, trust=0.0),
    },
)
SCORECARD = Scorecard(CARD, LEARNED)
