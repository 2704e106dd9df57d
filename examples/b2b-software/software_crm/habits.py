"""What people do, the more often the nearer the day on which they become an opportunity, and mails that they follow.

A habit is a Poisson process by days: its rate fades while a lead ages, and rises toward the day of the opportunity. A
mail is followed or not, by a chance that rises likewise. What is done is known at once or some days later, by shares
that don't depend on the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from software_crm.arrays import Codes, Floats

LOOKED_AT = 120  # days from the creation of a lead in which it does things
FADES = 60.0  # days in which the rate of every habit falls to 1/e
RISE_DAYS = 90  # before the day of the opportunity nothing rises earlier
RISE_SCALE = 15.0  # days before that day at which 1/e of the rise is reached


@dataclass(frozen=True)
class Habit:
    """Something that leads do by themselves.

    `rate` per day of a lead that is new and becomes no opportunity; `rise` is by how many times the rate it is higher
    just before the opportunity; `known` are the shares that are known 0, 1, … days later.
    """

    name: str
    rate: float
    rise: float
    known: tuple[float, ...] = (1.0,)


HABITS = (
    Habit("visit", 0.07, 5.0, (0.97, 0.02, 0.01)),
    Habit("price_visit", 0.012, 14.0, (0.97, 0.02, 0.01)),
    Habit("form", 0.004, 16.0),
    Habit("call", 0.020, 5.0, (0.60, 0.15, 0.10, 0.10, 0.05)),  # sales writes them down when there is time
)

MAIL_AGES = (1, 8, 15, 29, 43, 57, 71, 85, 99)  # days after the creation of a lead on which it gets a mail
FOLLOWS = 0.04  # the chance that a mail is followed by a lead that becomes no opportunity
FOLLOWS_RISE = 6.0
FOLLOWS_DAYS = (0.82, 0.10, 0.05, 0.03)  # shares of those that follow it 0, 1, … days later


def rise(days: Floats | Codes) -> Floats:
    """How far the rise has come, 0..1, so many days before the opportunity; 0 on its day and later, or for NaN."""
    before = (days >= 1) & (days <= RISE_DAYS)
    return np.where(before, np.exp(-np.where(before, days, 0) / RISE_SCALE), 0.0)


def fade(age: Floats | Codes) -> Floats:
    """What is left of the rate of a habit at an age in days."""
    return np.asarray(np.exp(-age / FADES))


def share_known(known: tuple[float, ...], days: Floats | Codes) -> Floats:
    """The share of what was done so many days ago that is known by now."""
    within = np.cumsum(known)
    return np.asarray(within[np.clip(days, 0, len(known) - 1).astype(np.int64)])


def follows(days: Floats | Codes) -> Floats:
    """The chance that a mail is followed which comes so many days before the opportunity."""
    return FOLLOWS * (1 + FOLLOWS_RISE * rise(days))
