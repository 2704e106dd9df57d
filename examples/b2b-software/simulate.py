"""A simulated CRM of a software firm: leads with dates, gaps, traps, and a chance of success that is known exactly.

One file, because it is a script that you read from top to bottom and run by itself.

    python examples/b2b-software/simulate.py --leads 20000 --seed 7 -o history.csv
    python examples/b2b-software/simulate.py --leads 500 --open --bad 5 -o leads.csv

Each row shows a lead as it was on one day: the day it was created (a history) or the day of the list (`--open`). The
true log-odds (`log_odds`) are a function of that row and of nothing else, so that a model can be held to the truth:
smooth curves of numbers and dates, an effect for each level of a text, three pairs, and two fields that say nothing:
`newsletter`, and `annual_revenue` once the number of employees is known. A missing value has an effect of its own. In
`need`, `budget` and `decision_date` what is missing is mostly what would have been bad news; elsewhere it is missing by
chance. `lead_status` and `proposal_value` are written after the fact and give the outcome away.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]  # -1 is missing: it picks the last element of a table, the place for missing
Flags: TypeAlias = npt.NDArray[np.bool_]

UNTIL = date(2026, 6, 30)  # a fixed day and never the clock: the same seed gives the same file next year
HISTORY_DAYS = 3 * 365
HORIZON_DAYS = 90  # as in card.yaml
INTERCEPT = -4.9  # set once, so that about one lead in eleven becomes an opportunity


@dataclass(frozen=True)
class Levels:
    """The levels of a text and their log-odds. Shapes: names and effects (n + 1,), the last element is for missing."""

    names: npt.NDArray[np.object_]
    effects: Floats

    def texts(self, codes: Codes) -> npt.NDArray[np.object_]:
        """The text of each code, None for -1. Shape: as `codes`."""
        return self.names[codes]


def levels(effects: Mapping[str, float], missing: float = 0.0) -> Levels:
    """Levels from a mapping of name to log-odds, and the log-odds of a missing value."""
    return Levels(np.array([*effects, None], dtype=object), np.array([*effects.values(), missing]))


NEED = levels({"none": -1.5, "vague": -0.4, "clear": 0.7, "urgent": 1.4}, missing=-0.6)
ROLE = levels({"decider": 0.6, "influencer": 0.25, "user": -0.4}, missing=-0.1)
SUPPLIER = levels({"has_supplier": -0.5, "reviewing": 0.3, "dismissed": 1.0, "none": 0.3}, missing=-0.1)
SOURCE = levels(
    {
        "web_form": 0.2,
        "content_download": -0.2,
        "webinar": 0.1,
        "trade_fair": 0.0,
        "referral": 0.6,
        "partner": 0.4,
        "outbound": -0.4,
        "bought_list": -0.8,
    }
)
SOURCE_SHARES = (0.24, 0.22, 0.13, 0.10, 0.08, 0.06, 0.10, 0.07)
TRADE_FAIR, BOUGHT_LIST = 3, 7
DISMISSED, REVIEWING = 2, 1
CLEAR = 2  # needs from this code on are clear or urgent

COUNTRY = levels(
    dict.fromkeys(("NO", "SE", "DK", "FI"), 0.15)
    | dict.fromkeys(("DE", "NL", "GB", "FR", "PL", "ES", "IT", "BE", "AT", "CH", "IE", "PT", "EE", "LT", "IS"), -0.1)
)
STAGES = levels(dict.fromkeys(("contact", "lead", "opportunity", "customer"), 0.0))

# Industries as people type them: a few large ones, several spellings of the same, and a long tail.
INDUSTRIES: dict[float, Sequence[str]] = {
    0.40: ("Software", "IT services", "software", "SaaS", "Information Technology", "Telecommunications", "Fintech"),
    0.20: ("Manufacturing", "Machinery", "manufacturing", "Automotive", "Industrie", "Electronics", "Shipbuilding"),
    0.10: ("Logistics", "Wholesale", "Transportation", "Freight & forwarding", "Shipping", "Postal services"),
    0.00: ("Retail", "Construction", "Real estate", "Food & beverage", "E-commerce", "Détaillant", "Fashion"),
    -0.10: ("Business services", "Consulting", "Marketing & advertising", "Legal services", "Staffing", "Accounting"),
    -0.25: ("Health care", "Pharmaceuticals", "Hospitals", "Dental clinics", "Medical devices", "Veterinary services"),
    -0.50: ("Education", "Public sector", "Universities", "Municipality", "Non-profit", "Government administration"),
    -0.30: (
        *("Agriculture", "Fisheries", "Forestry", "Mining", "Oil & gas", "Renewable energy", "Water supply"),
        *("Hotels", "Restaurants", "Travel agencies", "Museums", "Sports clubs", "Music", "Film & TV", "Publishing"),
        *("Textiles", "Ceramics", "Toys", "Jewellery", "Wine & spirits", "Bakeries", "Breweries", "Pet supplies"),
        *("Insurance brokers", "Credit unions", "Security services", "Cleaning services", "Funeral services", "Other"),
    ),
}
NO_ANSWERS = ("n/a", "Select")  # what web forms write for "no answer"; card.yaml declares both as missing
INDUSTRY = levels(
    {name: effect for effect, names in INDUSTRIES.items() for name in names} | dict.fromkeys(NO_ANSWERS, 0.0)
)
INDUSTRY_TAIL = len(INDUSTRIES[-0.30])

# Job titles are free text. Three kinds of them say something: senior, junior and student.
TITLES: dict[tuple[str, float], Sequence[str]] = {
    ("decider", 0.3): (
        *("CEO", "Chief Executive Officer", "CFO", "Chief Operating Officer", "Managing Director", "IT Director"),
        *("VP Operations", "Vice President, Sales", "Head of Operations", "Director of Finance", "CTO & co-founder"),
    ),
    ("decider", 0.0): ("Owner", "Founder", "Geschäftsführer", "Daglig leder", "Gérant", 'Owner ("the boss")'),
    ("influencer", 0.0): (
        *("IT Manager", "Project manager", "Sales Manager", "Operations Manager", "Purchasing manager", "Team lead"),
        *("Controller", "Systems Architect", "Prosjektleder", "Leiter Einkauf", "Responsable achats", "Consultant"),
    ),
    ("user", 0.0): ("Accountant", "Sales rep", "Engineer", "Analyst", "Sachbearbeiterin", "Økonomikonsulent"),
    ("user", -0.5): ("Junior consultant", "Office assistant", "Trainee, marketing", "Assistant to the CEO"),
    ("student", -2.0): ("Student", "PhD student", "Master's student, NTNU"),
}
TITLE = levels({name: effect for (_, effect), names in TITLES.items() for name in names})

# Company names, with all that a CSV writer or a printer of code can stumble over.
COMPANIES = levels(
    {
        f"{name} {form}": 0.0
        for name in (
            *("Nordlys", "Bergström", "Møller, Berg & Co", "O'Brien Freight", "L'Étoile", "Große Wäsche", "Café Zoë"),
            *('"Bright" Analytics', "Smith & Sons", "Łódź Steel", "Håndverk", "D'Angelo Wines", "Ørsund", "Peña Hnos."),
            *("Fjord Seafood", "Blue Kettle", "Kvadrat 9", "Alder & Ash", "Tietoväylä", "Vierwaldstätter", "Copper"),
            *("Ridge\\Vale", "Harbour 100%", "Þórsmörk", "São Bento", "Quay; Dock", "Larch", "Meridian", "Polder"),
        )
        for form in ("AS", "AB", "A/S", "Oy", "GmbH", "Ltd", "SARL", "S.A.", "B.V.", "Group", "Sp. z o.o.", "Holding")
    }
)

BAD_VALUES = (  # what `--bad` writes: each is a mistake that a list from real life holds
    ("budget", "lots"),
    ("decision_date", "2026-02-30"),
    ("need", "maybe"),
    ("employees", "10-49"),
    ("last_activity", "yesterday"),
    ("unsubscribed", "perhaps"),
    ("stage", "suspect"),
)
WHOLE = ("employees", "annual_revenue", "budget", "pages_viewed", "pricing_visits", "proposal_value")


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


def simulate(leads: int, seed: int = 7, until: date = UNTIL, *, truth: bool = False) -> pd.DataFrame:
    """A history: one row a lead, oldest first, as known on the day it was created, with what became of it by `until`.

    Columns: the fields of card.yaml and `opportunity_date`; with `truth` also `true_probability` (0..1) of becoming an
    opportunity within 90 days. Missing: None, NaN or NaT. Created on the last three years of days up to `until`; a lead
    younger than 90 days has an `opportunity_date` only if that day has come.
    """
    rng = np.random.default_rng(seed)
    last = day_number(until)
    # To the power of 0.8: a gentle rise, more leads each year.
    age = np.floor(HISTORY_DAYS * (1 - rng.random(leads) ** 0.8)).astype(np.int64)
    created = np.sort(last - age)
    drawn = draw(rng, created, created, running=False)
    chance = probability(drawn)

    success = rng.random(leads) < chance
    late = ~success & (rng.random(leads) < 0.1 * chance)
    quick = np.clip(np.ceil(25 * np.exp(0.8 * rng.standard_normal(leads))), 1, HORIZON_DAYS)
    slow = HORIZON_DAYS + 1 + np.floor(60 * rng.standard_exponential(leads))
    became = created + np.where(success, quick, np.where(late, slow, np.nan))
    became[became > last] = np.nan

    frame = table(drawn)
    leak(rng, frame, drawn, ~np.isnan(became))
    frame["opportunity_date"] = dates(became)
    if truth:
        frame["true_probability"] = chance
    return frame


def open_leads(leads: int, seed: int = 7, until: date = UNTIL, *, bad: int = 0, truth: bool = False) -> pd.DataFrame:
    """A list to score on the day `until`: leads of the last month, with no outcome. Columns as in `simulate`, less it.

    `bad` rows, spread over the list, hold one value each that can't be read; their columns are then texts throughout.
    """
    rng = np.random.default_rng(seed)
    day = np.full(leads, day_number(until))
    drawn = draw(rng, day, np.sort(day - rng.integers(0, 31, leads)), running=True)
    frame = table(drawn)
    leak(rng, frame, drawn, np.zeros(leads, dtype=bool))
    if truth:
        frame["true_probability"] = probability(drawn)
    return spoil(rng, frame, bad) if bad else frame


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


def table(x: Leads) -> pd.DataFrame:
    """The leads as a table with the columns of card.yaml, dates as datetime64, missing as None, NaN or NaT."""
    return pd.DataFrame(
        {
            "lead_id": np.char.mod("L%07d", np.arange(1, len(x.day) + 1)).astype(object),
            "company": COMPANIES.texts(x.company),
            "stage": STAGES.texts(x.stage),
            "created": dates(x.created),
            "country": COUNTRY.texts(x.country),
            "industry": INDUSTRY.texts(x.industry),
            "employees": x.employees,
            "annual_revenue": x.annual_revenue,
            "job_title": TITLE.texts(x.title),
            "lead_source": SOURCE.texts(x.source),
            "need": NEED.texts(x.need),
            "budget": x.budget,
            "decision_role": ROLE.texts(x.role),
            "decision_date": dates(x.day + x.days_to_decision),
            "supplier_status": SUPPLIER.texts(x.supplier),
            "last_activity": dates(x.day - x.days_silent),
            "pages_viewed": x.pages,
            "pricing_visits": x.pricing,
            "demo_requested": x.demo,
            "newsletter": pd.array(np.array([False, True, None], dtype=object)[x.newsletter], dtype="boolean"),
            "unsubscribed": x.unsubscribed,
            "competitor": x.competitor,
        }
    )


def leak(rng: np.random.Generator, frame: pd.DataFrame, x: Leads, became: Flags) -> None:
    """Add the columns that sales fills in afterwards: a status that names the outcome, and the value of a proposal."""
    n = len(became)
    usual, won = (0.3, 0.3, 0.2, 0.18, 0.015, 0.005), (0, 0.01, 0, 0, 0.04, 0.95)
    names = levels(dict.fromkeys(("New", "Working", "Nurturing", "Disqualified", "Qualified", "Converted"), 0.0))
    status = np.where(became, pick(rng, won, n), pick(rng, usual, n))
    proposed = rng.random(n) < np.where(became, 0.92, 0.01)
    value = np.round(np.where(np.isnan(x.budget), 12_000, x.budget) * np.exp(0.3 * rng.standard_normal(n)), -2)
    frame["lead_status"] = names.texts(status)
    frame["proposal_value"] = np.where(proposed, value, np.nan)


def spoil(rng: np.random.Generator, frame: pd.DataFrame, bad: int) -> pd.DataFrame:
    """A copy of the table where `bad` rows, chosen by chance, hold one unreadable value each."""
    texts = frame.copy()
    for column in (column for column, _ in BAD_VALUES[:bad]):
        values = texts[column]
        if values.dtype.kind == "M":
            values = values.dt.strftime("%Y-%m-%d")
        elif column in WHOLE:
            values = values.astype("Int64")
        elif values.dtype.kind == "b":
            values = values.map({True: "true", False: "false"})
        texts[column] = values.astype("string").astype(object)
    for place, row in enumerate(np.sort(rng.choice(len(texts), size=bad, replace=False))):
        column, value = BAD_VALUES[place % len(BAD_VALUES)]
        texts.loc[texts.index[row], column] = value
    return texts


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the table as CSV or, by its extension, Parquet. Dates as 2026-06-30, whole numbers without a point."""
    casts = {name: "DATE" for name in frame if frame[name].dtype.kind == "M"}
    casts |= {name: "BIGINT" for name in WHOLE if name in frame and frame[name].dtype.kind == "f"}
    columns = ", ".join(f"CAST({name} AS {casts[name]}) AS {name}" if name in casts else str(name) for name in frame)
    kind = "PARQUET" if path.suffix == ".parquet" else "CSV, HEADER"
    target = str(path).replace("'", "''")
    with duckdb.connect() as database:
        database.register("leads", frame)
        database.execute(f"COPY (SELECT {columns} FROM leads) TO '{target}' (FORMAT {kind})")


def pick(rng: np.random.Generator, shares: Sequence[float] | Floats, n: int) -> Codes:
    """Codes 0, 1, … drawn by their shares, which need not add up to one. Shape: (n,)."""
    ends = np.cumsum(shares)
    return np.searchsorted(ends / ends[-1], rng.random(n), side="right").astype(np.int64)


def industry_shares() -> Floats:
    """A share for each industry: falling fast within a family, and a thin even tail; none for `n/a` and the like."""
    shares = [2.0**-place for names in INDUSTRIES.values() for place in range(len(names))]
    shares[-INDUSTRY_TAIL:] = [0.03] * INDUSTRY_TAIL
    return np.array([*shares, *(0.0 for _ in NO_ANSWERS)])


def country_shares() -> Floats:
    """A share for each country, the home markets first."""
    return 1 / (1.0 + np.arange(len(COUNTRY.names) - 1))


def gaps(rng: np.random.Generator, codes: Codes, share: float) -> Codes:
    """The codes, with a share of them made missing by chance."""
    return np.where(rng.random(len(codes)) < share, -1, codes)


def blanks(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """The numbers, with a share of them made missing by chance."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def known(values: Floats, missing: float) -> Floats:
    """The values, and `missing` where they are NaN."""
    return np.where(np.isnan(values), missing, values)


def sigmoid(z: Floats) -> Floats:
    """Probability of log-odds; the log-odds here stay within ±20, so that the plain form is safe."""
    return np.asarray(1 / (1 + np.exp(-z)))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def dates(days: Codes | Floats) -> Any:
    """Days since 1970 as dates; NaN is NaT. Shape: as `days`."""
    known_days = np.where(np.isnan(days), 0, days).astype("datetime64[D]")
    known_days[np.isnan(days)] = np.datetime64("NaT")
    return known_days.astype("datetime64[s]")


def calendar_day(text: str) -> date:
    """A day of the command line, such as 2026-06-30; anything else is wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day of the calendar; write it as 2026-06-30") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0 done, 2 wrong usage."""
    parser = argparse.ArgumentParser(description="Simulate the CRM of a software firm.")
    parser.add_argument("--leads", type=int, default=20_000, help="how many leads (20,000)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same leads (7)")
    parser.add_argument("--until", type=calendar_day, default=UNTIL, help=f"the last day of the file ({UNTIL})")
    parser.add_argument("--truth", action="store_true", help="add the column true_probability")
    parser.add_argument("--open", action="store_true", help="leads to score instead of a history: no outcome")
    parser.add_argument("--bad", type=int, default=0, metavar="N", help="with --open: rows that hold a bad value (0)")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the file to write: .csv or .parquet")
    given = parser.parse_args(arguments)
    if given.out.suffix not in (".csv", ".parquet"):
        parser.error(f"can't tell the format of '{given.out}': name it .csv or .parquet")
    if given.leads < 1:
        parser.error("--leads must be 1 or more")
    if not 0 <= given.bad <= (given.leads if given.open else 0):
        parser.error("--bad goes with --open, and must be between 0 and the number of leads")

    if given.open:
        frame = open_leads(given.leads, given.seed, given.until, bad=given.bad, truth=given.truth)
    else:
        frame = simulate(given.leads, given.seed, given.until, truth=given.truth)
    try:
        write(frame, given.out)
    except duckdb.IOException as error:
        parser.error(f"can't write '{given.out}': {error}")
    print(f"{given.out}: {len(frame):,} leads, {len(frame.columns)} columns")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
