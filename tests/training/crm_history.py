"""Small simulated histories with one fault each: what training is shown, and must not believe.

The limits of training were chosen on the histories of examples/b2b-software/simulate.py and on real data (see
docs/training.md); these are others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

CARD = """
name: crm
fields:
  lead_id: {kind: id}
  created: {kind: date}
  need: {kind: text, values: [none, vague, clear, urgent]}
  employees: {kind: number}
  source: {kind: text}
outcome: {became: {field: won_on, kind: date}, since: created, within: 60 days}
criteria: {need: {met: "need in ('clear', 'urgent')"}}
rules:
  - {name: urgent, when: need = 'urgent', points: 10, reason: Has an urgent need}
stages: [{name: lead}, {name: opportunity, requires: [need], probability: {precision: 0.4, confidence: 0.9}}]
"""
FIRST, LAST = date(2024, 3, 4), date(2025, 9, 5)
TAKEN = date(2025, 9, 5)
NEEDS = ("none", "vague", "clear", "urgent")


def make_history(leads: int = 900, seed: int = 3) -> pd.DataFrame:
    """Leads of one and a half years, known on the last day: about a quarter becomes one, most within a month."""
    random = np.random.default_rng(seed)
    ages = np.sort(np.concatenate(([0, (LAST - FIRST).days], random.integers(0, (LAST - FIRST).days, leads - 2))))
    need = random.integers(0, 4, leads)
    wait = random.exponential(15, leads).astype(int)
    won = (random.random(leads) < 0.08 + 0.11 * need) & (wait <= 60)
    created = [FIRST + timedelta(days=int(age)) for age in ages]
    became = [day + timedelta(days=int(days)) for day, days in zip(created, wait, strict=True)]
    return pd.DataFrame(
        {
            "lead_id": [f"C{i}" for i in range(leads)],
            "created": list(map(str, created)),
            "need": [NEEDS[i] for i in need],
            "employees": random.integers(1, 500, leads).astype(float),
            "source": random.choice(["web", "fair", "friend"], leads),
            "won_on": [str(day) if is_won and day <= LAST else None for day, is_won in zip(became, won, strict=True)],
        }
    )


Fault = Callable[[pd.DataFrame], pd.DataFrame]


def put(column: str, *values: Any) -> Fault:
    """Values in every hundredth row from the 50th on."""

    def fault(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        for i, value in enumerate(values):
            frame.loc[50 + 100 * i, column] = value
        return frame

    return fault


def expect_to_win(frame: pd.DataFrame) -> pd.DataFrame:
    """Sixty open leads have a day on which somebody expects to win them, in the four months after the export."""
    open_leads = frame.index[frame["won_on"].isna()][-400::7]
    days = [str(LAST + timedelta(days=10 + 2 * i)) for i in range(len(open_leads))]
    frame.loc[open_leads, "won_on"] = days
    return frame


def repeat(frame: pd.DataFrame) -> pd.DataFrame:
    """Each lead stands three times, as in a join with its activities."""
    return frame.loc[frame.index.repeat(3)].reset_index(drop=True)


def shift_zone(frame: pd.DataFrame) -> pd.DataFrame:
    """Each lead came at ten in the evening in New York, and the outcome is a plain day there."""
    return frame.assign(created=frame["created"] + "T22:10:00-0500")


def spoil(share: float, won: bool | None, column: str = "need", value: Any = "glowing") -> Fault:
    """A value that can't be read, in a share of all leads, or of those of one outcome."""

    def fault(frame: pd.DataFrame) -> pd.DataFrame:
        random = np.random.default_rng(11)
        of = np.ones(len(frame), bool) if won is None else (frame["won_on"].notna() == won).to_numpy()
        frame = frame.astype({column: object})
        frame.loc[of & (random.random(len(frame)) < share), column] = value
        return frame

    return fault


def win_before(frame: pd.DataFrame) -> pd.DataFrame:
    """A third of the won leads were entered only after they were won."""
    won = frame.index[frame["won_on"].notna()][::3]
    days = pd.to_datetime(frame.loc[won, "won_on"]) + pd.Timedelta(days=9)
    frame.loc[won, "created"] = days.dt.strftime("%Y-%m-%d")
    return frame
