"""Leads and how they are drawn: hidden traits, fields that hang together by them, and gaps that say something."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from software_crm.arrays import Codes, Flags, Floats, blanks, gaps, pick, sigmoid
from software_crm.vocabulary import (
    BOUGHT_LIST,
    CLEAR,
    COMPANIES,
    DISMISSED,
    REVIEWING,
    SOURCE_SHARES,
    TITLES,
    country_shares,
    industry_shares,
)


@dataclass(frozen=True)
class Leads:
    """Drawn leads, one array a column, each of shape (leads,). Missing: NaN in floats, -1 in codes."""

    day: Codes  # the day on which the row shows the lead; days since 1970
    created: Codes  # at or before `day`
    stage: Codes
    company: Codes
    country: Codes
    industry: Codes
    employees: Floats
    annual_revenue: Floats  # EUR
    title: Codes
    source: Codes
    need: Codes
    budget: Floats  # EUR
    role: Codes
    supplier: Codes
    days_to_decision: Floats  # days after `day`; negative: the date has passed
    days_silent: Floats  # days before `day`
    pages: Floats
    pricing: Floats
    demo: Flags
    newsletter: Codes  # 0 no, 1 yes
    unsubscribed: Flags
    competitor: Flags


def draw(rng: np.random.Generator, day: Codes, created: Codes, *, running: bool) -> Leads:
    """Draw leads as they are on `day`. With `running`, a few are already opportunities or customers.

    Two hidden traits tie the fields together as in life: how much a lead wants to buy, and how large its company is.
    """
    n = len(day)
    intent, size = rng.standard_normal(n), rng.standard_normal(n)

    def noise(scale: float) -> Floats:
        return scale * rng.standard_normal(n)

    def share(chance: float | Floats) -> Flags:
        return rng.random(n) < chance

    log_employees = 1.75 + 0.8 * size
    employees = np.maximum(np.round(10**log_employees), 1)
    revenue = np.round(10 ** (log_employees + 5.1 + noise(0.25)), -4)

    # Each decade of money that is asked for is a decade of trust: small budgets are kept quiet more often.
    log_budget = 3.95 + 0.25 * intent + 0.3 * size + noise(0.4)
    step = np.where(log_budget < 4, 500, np.where(log_budget < 5, 2500, 10000))
    budget = np.maximum(np.round(10**log_budget / step), 1) * step
    budget[~share(sigmoid(0.5 + 1.5 * (log_budget - 4)))] = np.nan

    need = np.digitize(intent + noise(0.7), (-0.8, 0.35, 1.3))
    need[~share(sigmoid(1.6 + 0.8 * intent))] = -1
    supplier = pick(rng, (0.52, 0.22, 0.10, 0.16), n)
    leaving = share(0.35 * sigmoid(1.5 * intent - 1))
    supplier[leaving] = np.where(share(0.5), DISMISSED, REVIEWING)[leaving]
    source = pick(rng, SOURCE_SHARES, n)

    to_decision = np.floor(100 * np.exp(-0.35 * intent + noise(0.7)))
    overdue = share(0.04)
    to_decision[overdue] = -1 - np.floor(60 * rng.random(n))[overdue]
    to_decision[~share(sigmoid(0.4 + 0.9 * intent))] = np.nan
    silent = np.minimum(np.floor(30 * np.exp(-0.4 * intent) * rng.standard_exponential(n)), 700)
    silent[share(np.where(source == BOUGHT_LIST, 0.5, 0.05))] = np.nan

    pages = np.floor(np.exp(1.2 + 0.45 * intent + noise(0.9)))
    pricing = rng.poisson(0.45 * np.exp(0.55 * intent)).astype(np.float64)
    untracked = share(0.12)  # refused the cookie: both counts are missing
    pages[untracked] = pricing[untracked] = np.nan

    role, title = draw_people(rng, n)
    stage = np.where((need >= CLEAR) & (share(0.8)), 1, 0)
    stage[share(0.03)] = -1
    if running:
        stage[share(0.04)] = 2
        stage[share(0.02)] = 3

    industry = pick(rng, industry_shares(), n)
    unanswered = share(0.07)
    industry[unanswered] = -rng.integers(1, 4, n)[unanswered]  # -1 is missing, -2 and -3 are the two texts for it
    return Leads(
        day=day,
        created=created,
        stage=stage,
        company=rng.integers(0, len(COMPANIES.names) - 1, n),
        country=gaps(rng, pick(rng, country_shares(), n), 0.03),
        industry=industry,
        employees=blanks(rng, employees, 0.12),
        annual_revenue=blanks(rng, revenue, 0.40),
        title=title,
        source=gaps(rng, source, 0.04),
        need=need,
        budget=budget,
        role=gaps(rng, role, 0.20),
        supplier=gaps(rng, supplier, 0.25),
        days_to_decision=to_decision,
        days_silent=silent,
        pages=pages,
        pricing=pricing,
        demo=share(sigmoid(-2.6 + 0.9 * intent)),
        newsletter=gaps(rng, share(0.35).astype(np.int64), 0.05),
        unsubscribed=share(0.03),
        competitor=share(0.01),
    )


def take(x: Leads, places: Codes) -> Leads:
    """Some of the leads, by their places."""
    return Leads(**{part.name: getattr(x, part.name)[places] for part in fields(x)})


def draw_people(rng: np.random.Generator, n: int) -> tuple[Codes, Codes]:
    """Roles (0 decider, 1 influencer, 2 user) and job titles that go with them. Shapes: (n,). Titles may be missing."""
    kinds = list(TITLES)
    shares = (0.20, 0.10, 0.36, 0.22, 0.10, 0.02)
    kind = pick(rng, shares, n)
    counts = np.array([len(TITLES[k]) for k in kinds])
    first = np.cumsum(counts) - counts
    title = first[kind] + np.floor(rng.random(n) * counts[kind]).astype(np.int64)
    role = np.array([{"decider": 0, "influencer": 1}.get(name, 2) for name, _ in kinds])[kind]
    surprising = rng.random(n) < 0.15  # a title does not always tell who decides
    role[surprising] = rng.integers(0, 3, n)[surprising]
    return role, gaps(rng, title, 0.08)
