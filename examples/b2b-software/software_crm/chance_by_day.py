"""The true chance of a lead as of a day, from its row and from all that is known of what people did until then.

Bayes' rule over the day on which the lead becomes an opportunity: before anything happens, its chance within 90 days
is that of its row, and the day is drawn as in truth.py; each event, and each day without one, then speaks for some days
and against others. The result is exact: whoever knows the row and these events can't foresee better.
"""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pandas as pd

from software_crm.arrays import Codes, Floats
from software_crm.habits import (
    FOLLOWS,
    FOLLOWS_DAYS,
    HABITS,
    LOOKED_AT,
    MAIL_AGES,
    fade,
    follows,
    rise,
    share_known,
)
from software_crm.leads import Leads, take
from software_crm.people import is_tracked
from software_crm.truth import HORIZON_DAYS, LATE, MEDIAN_DAYS, SLOW_DAYS, SPREAD_OF_DAYS

MOST_DAYS = HORIZON_DAYS + LOOKED_AT
AHEAD = np.arange(1, HORIZON_DAYS + 1)  # days after the look
PART = 20_000  # leads at a time, to spare memory
BACK = np.arange(LOOKED_AT + 1)  # days before the look


def chance_by_day(x: Leads, chance: Floats, events: pd.DataFrame, age: Codes) -> tuple[Floats, Floats]:
    """The chance of becoming an opportunity within 90 days after each lead's look, with and without its events.

    `chance` is that of the row, `age` how many days after the day of the row the look is; both of shape (leads,), as
    are the results. For leads that have not become one by then.
    """
    parts = np.array_split(np.arange(len(chance)), len(chance) // PART + 1)
    told = [_chances(take(x, part), chance[part], _of_part(events, part), age[part]) for part in parts if len(part)]
    return np.concatenate([pair[0] for pair in told]), np.concatenate([pair[1] for pair in told])


def _of_part(events: pd.DataFrame, part: Codes) -> pd.DataFrame:
    """The events of some leads that stand together, with their places among these."""
    own = events[events["lead"].between(part[0], part[-1]) & (events["habit"] != "")]
    return own.assign(lead=own["lead"] - part[0])


def _chances(x: Leads, chance: Floats, events: pd.DataFrame, age: Codes) -> tuple[Floats, Floats]:
    prior = _days_ahead(chance, age)  # (leads, 90)
    rest = np.maximum(1 - _days_before(chance, age) - prior.sum(axis=1), 0)  # later, or never
    without = prior.sum(axis=1) / (prior.sum(axis=1) + rest)
    weights = prior * np.exp(_log_ratios(x, events, x.day + age))
    total = weights.sum(axis=1)
    return total / (total + rest), without


def _shares_of_days(chance: Floats) -> Floats:
    """The chance of each lead to become an opportunity on each day after that of its row. Shape: (leads, days)."""
    days = np.arange(1, MOST_DAYS + 1)
    ends = np.array([_normal(np.log(day / MEDIAN_DAYS) / SPREAD_OF_DAYS) for day in range(1, HORIZON_DAYS)])
    quick = np.diff(np.concatenate([[0.0], ends, [1.0]]))
    slow = np.exp(-(days[HORIZON_DAYS:] - HORIZON_DAYS - 1) / SLOW_DAYS) * (1 - np.exp(-1 / SLOW_DAYS))
    late = LATE * chance * (1 - chance)
    return np.concatenate([chance[:, None] * quick, late[:, None] * slow], axis=1)


def _days_ahead(chance: Floats, age: Codes) -> Floats:
    return np.take_along_axis(_shares_of_days(chance), (age[:, None] + AHEAD) - 1, axis=1)


def _days_before(chance: Floats, age: Codes) -> Floats:
    passed = np.arange(1, MOST_DAYS + 1) <= age[:, None]
    return np.asarray((_shares_of_days(chance) * passed).sum(axis=1))


def _log_ratios(x: Leads, events: pd.DataFrame, look: Codes) -> Floats:
    """How far what is known by the look speaks for each day ahead, against later or never. Shape: (leads, 90)."""
    leads = len(look)
    rises = rise(BACK[:, None] + AHEAD)  # (days back, days ahead)
    ages = (look - x.created)[:, None] - BACK  # of each lead so many days before the look
    known = events[events["known"] <= look[events["lead"]]]
    total = np.zeros((leads, HORIZON_DAYS))
    for habit in HABITS:
        counts = _count(known[known["habit"] == habit.name], look, leads)
        expected = habit.rate * fade(ages) * share_known(habit.known, BACK) * ((ages >= 1) & (ages <= LOOKED_AT))
        if "visit" in habit.name:
            expected *= is_tracked(x)[:, None]
        total += counts @ np.log1p(habit.rise * rises) - expected @ (habit.rise * rises)
    clicks = known[known["habit"] == "mail"]
    followed = _count(clicks, look, leads, by="sent_day")
    got = np.isin(ages, MAIL_AGES) & ~x.unsubscribed[:, None]
    chances, seen = follows(BACK[:, None] + AHEAD), share_known(FOLLOWS_DAYS, BACK)[:, None]
    total += followed @ np.log(chances / FOLLOWS)
    return total + (got - followed) @ np.log((1 - chances * seen) / (1 - FOLLOWS * seen))


def _count(events: pd.DataFrame, look: Codes, leads: int, by: str = "day") -> Floats:
    """Events by lead and days before the look. Shape: (leads, days back)."""
    lead = events["lead"].to_numpy()
    back = look[lead] - events[by].to_numpy().astype(np.int64)
    within = (back >= 0) & (back < len(BACK))
    places = lead[within] * len(BACK) + back[within]
    return np.bincount(places, minlength=leads * len(BACK)).reshape(leads, len(BACK)).astype(np.float64)


def _normal(z: float) -> float:
    return (1 + erf(z / sqrt(2))) / 2
