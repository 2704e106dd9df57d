"""A card with axes, what was learned for it, and leads: the same for every way by which a score leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product
from typing import Any

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import Learned

AS_OF = date(2026, 6, 1)
CARD = """
name: axes
axes:
  fit: {grades: {A: 11, B: 3}, unknown: 0.6}
  engagement: {grades: {1: 9, 2: 2.5}}
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead, customer], learn: no}
  employees: {kind: number, ask: "How many people work there?"}
  industry: {kind: text}
  newsletter: {kind: flag, axis: engagement}
  calls: {kind: number, axis: engagement, ask: "How often did you call?"}
  last_call: {kind: date, axis: engagement}
  team: {kind: text}
segment: team
groups:
  talks: {max: 8, min: -4}
rules:
  - {name: large, when: employees >= 500, points: 7.5, reason: A large firm}
  - {name: called, when: calls >= 1, points: 6, half_life: 20 days of last_call, group: talks, reason: Was called}
  - {name: often, when: calls >= 5, points: 5, group: talks, reason: Was called often}
  - {name: reads, when: newsletter, points: 2, axis: fit, reason: Reads what such firms read}
stages:
  - {name: contact}
  - {name: lead, fit: B}
  - {name: customer, engagement: 2, points: 55}
"""
LEARNED = Learned(
    base_rate=0.1,
    start=470,
    trust=0.8,
    terms=(
        Table("industry", TextBins(("Software", "Retail")), (-3, 41, -17, 0), (5, 80, 90, 30), (1, 4, 3, 2)),
        Table("calls", NumberBins((1.0, 4.0)), (-8, -21, 13, 37), (9, 120, 60, 20)),
        Pair(
            ("employees", "industry"),
            (NumberBins((50.0,)), TextBins(("Retail",))),
            ((0, 1, 2), (3, -4, 5), (7, -9, 11)),
            ((1,) * 3,) * 3,
        ),
        Pair(
            ("calls", "team"),
            (NumberBins((2.0,)), TextBins(("north",))),
            ((0, 4, 0), (-6, 2, 0), (8, -3, 1)),
            ((1,) * 3,) * 3,
        ),
        Combination(
            ("newsletter", "calls", "team"),
            (FlagBins(), NumberBins((3.0,)), TextBins(("south",))),
            (
                Branch(
                    "newsletter",
                    (2,),
                    Branch("calls", (2,), Leaf(9, 4), Leaf(-2, 6)),
                    Branch("team", (1,), Leaf(5, 3), Leaf(0, 9)),
                ),
            ),
        ),
    ),
)
_VALUES: Mapping[str, tuple[str, ...]] = {
    "stage": ("", "contact", "lead"),
    "employees": ("", "20", "800"),
    "industry": ("", "Software", "Retail"),
    "newsletter": ("", "yes", "no"),
    "calls": ("", "0", "6"),
    "last_call": ("", "2026-05-12"),
    "team": ("north", "south"),
}
LEADS: list[dict[str, Any]] = [
    {"lead_id": f"L{i}", **dict(zip(_VALUES, values, strict=True))}
    for i, values in enumerate(product(*_VALUES.values()))
]
