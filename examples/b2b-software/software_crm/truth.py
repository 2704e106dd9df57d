"""The true chance of a lead, from what its row shows, and the day on which it becomes an opportunity."""

from __future__ import annotations

import numpy as np

from software_crm.arrays import Floats, known, sigmoid
from software_crm.leads import Leads
from software_crm.vocabulary import COUNTRY, INDUSTRY, NEED, ROLE, SOURCE, SUPPLIER, TITLE, TRADE_FAIR

HORIZON_DAYS = 90  # as in card.yaml
MEDIAN_DAYS = 25  # to the opportunity, for those within the horizon
SPREAD_OF_DAYS = 0.8  # the standard deviation of the logarithm of their days
LATE = 0.1  # of the others, the share of their chance that comes later
SLOW_DAYS = 60  # by which they are late on average
INTERCEPT = -4.9  # set once, so that about one lead in eleven becomes an opportunity


def log_odds(x: Leads) -> Floats:
    """The true log-odds of becoming an opportunity within 90 days. Shape: (leads,)."""
    log_employees = np.log10(x.employees)
    money = 1 - np.exp(-x.budget / 25_000)
    soon = np.where(x.days_to_decision >= 0, np.exp(-np.maximum(x.days_to_decision, 0) / 75), -0.5)
    wants = np.array([0.0, 0.0, 0.6, 1.0, 0.0])[x.need]  # how far money helps, by need
    leaves = np.array([0.0, 0.5, 1.0, 0.0, 0.0])[x.supplier]  # how far a near date helps, by how the supplier stands
    return np.asarray(
        INTERCEPT
        + NEED.effects[x.need]
        + ROLE.effects[x.role]
        + SUPPLIER.effects[x.supplier]
        + SOURCE.effects[x.source]
        + COUNTRY.effects[x.country]
        + INDUSTRY.effects[x.industry]
        + TITLE.effects[x.title]
        # Best from about 100 to 1,000 employees: smaller firms lack the means, larger ones buy by tender.
        + known(1.3 * np.exp(-0.5 * ((log_employees - 2.5) / 0.7) ** 2) - 0.6, missing=-0.1)
        + known(1.4 * money, missing=0.2)
        + known(1.3 * soon, missing=0.1)
        + known(1.2 * np.exp(-x.days_silent / 21) - 0.3, missing=-0.3)
        + known(0.25 * np.log1p(x.pages) - 0.3, missing=0.1)
        + known(0.9 * (1 - np.exp(-x.pricing / 1.5)), missing=0.2)
        + 0.7 * x.demo
        - 1.5 * x.unsubscribed
        - 3.0 * x.competitor
        # Three pairs: money behind a real need, a near date with a supplier on the way out, large firms met at a fair.
        + wants * known(1.2 * money, missing=0.0)
        + leaves * known(1.2 * np.maximum(soon, 0), missing=0.0)
        + (x.source == TRADE_FAIR) * known(0.6 * np.clip(log_employees - 2, -1, 1), missing=0.0)
    )


def probability(x: Leads) -> Floats:
    """The true probability, 0..1. Shape: (leads,)."""
    return sigmoid(log_odds(x))


def draw_days(rng: np.random.Generator, chance: Floats) -> Floats:
    """Days until each lead becomes an opportunity, 1 or more; NaN: never. Shape: (leads,).

    A lead does so within 90 days by its chance; of the others a few do so later, the likelier ones more often.
    """
    leads = len(chance)
    success = rng.random(leads) < chance
    late = ~success & (rng.random(leads) < LATE * chance)
    quick = np.ceil(MEDIAN_DAYS * np.exp(SPREAD_OF_DAYS * rng.standard_normal(leads)))
    slow = HORIZON_DAYS + 1 + np.floor(SLOW_DAYS * rng.standard_exponential(leads))
    return np.where(success, np.clip(quick, 1, HORIZON_DAYS), np.where(late, slow, np.nan))
