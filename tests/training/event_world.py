"""A small world of leads and events in which the true probability of each lead is known on each day.

A lead is keen or not, which nobody sees. The keen visit more often, and become opportunities sooner. So what a lead has
done until a day tells how probably it is keen (Bayes), and that how probably it becomes one within the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HORIZON = 60
VISITS = np.array([0.03, 0.15])  # a day, of those who aren't keen and of the keen
HAZARDS = np.array([0.0015, 0.015])  # of becoming one on a day
KEEN = {"none": 0.05, "vague": 0.2, "clear": 0.5}  # the share of the keen, by need
FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
CARD = """
name: world
events:
  visit: {fields: {path: {kind: text}}}
  price_visit: {of: visit, when: "path = '/pricing'"}
fields:
  lead_id: {kind: id}
  met: {kind: date}
  need: {kind: text, values: [none, vague, clear]}
  employees: {kind: number}
  visits: {kind: number, is: "count(visit, 60 days)"}
  recent: {kind: number, is: "count(visit, 7 days)"}
  age: {kind: number, is: days_since(met)}
outcome: {became: {field: won_on, kind: date}, since: met, within: 60 days}
criteria: {need: {met: "need in ('vague', 'clear')"}}
groups: {interest: {max: 12}}
rules:
  - {name: clear, when: need = 'clear', points: 6, reason: A clear need}
  - {name: reads, each: visit, points: 1.5, half_life: 30 days, group: interest, reason: Visits}
stages: [{name: lead}, {name: opportunity, requires: [need], probability: {precision: 0.3, confidence: 0.9}}]
"""


@dataclass(frozen=True)
class World:
    """The leads with their outcomes, their events, and the days on which each lead (by its id) visited."""

    leads: pd.DataFrame
    events: pd.DataFrame
    visits: dict[str, NDArray[np.int64]]

    def truth(self, lead_id: str, need: str, after: int) -> float:
        """The true probability that a lead that is open so many days after it was met becomes one in the horizon."""
        seen = int((self.visits.get(lead_id, np.zeros(0, np.int64)) <= after).sum())
        keen = np.array([1 - KEEN[need], KEEN[need]])
        keen = keen * VISITS**seen * np.exp(-VISITS * (after + 1)) * (1 - HAZARDS) ** after
        return float((keen / keen.sum()) @ (1 - (1 - HAZARDS) ** HORIZON))


def make_world(leads: int = 2000, seed: int = 1, first: date = FIRST) -> World:
    """Leads of two years from a day on, and the visits of their first 90 days, or until they became opportunities."""
    random, last = np.random.default_rng(seed), first + (LAST - FIRST)
    met = np.sort(random.integers(0, (LAST - FIRST).days, leads))
    need = random.choice(list(KEEN), leads)
    keen = (random.random(leads) < np.array([KEEN[word] for word in need])).astype(int)
    waits = random.geometric(HAZARDS[keen])
    visits = {}
    rows: list[dict[str, str]] = []
    for at in range(leads):
        days = np.sort(random.integers(0, 90, random.poisson(VISITS[keen[at]] * 90)))
        visits[f"L{at}"] = days = days[days <= waits[at]]
        for day, second in zip(days, random.integers(0, 86_400, len(days)), strict=True):
            time = f"{first + timedelta(days=int(met[at] + day))}T{second // 3600:02}:{second // 60 % 60:02}:00Z"
            path = "/pricing" if second % 3 == 0 else "/"
            rows.append({"lead": f"L{at}", "kind": "visit", "id": f"V{len(rows)}", "time": time, "path": path})
    became = [first + timedelta(days=int(day + wait)) for day, wait in zip(met, waits, strict=True)]
    frame = pd.DataFrame(
        {
            "lead_id": [f"L{at}" for at in range(leads)],
            "met": [str(first + timedelta(days=int(day))) for day in met],
            "need": need,
            "employees": random.integers(1, 500, leads).astype(float),
            "won_on": [str(day) if day <= last else None for day in became],
        }
    )
    events = pd.DataFrame(rows).sample(frac=1, random_state=seed).reset_index(drop=True)
    return World(frame, events, visits)
