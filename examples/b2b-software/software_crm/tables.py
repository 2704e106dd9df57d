"""The leads as tables: with what sales adds, with mistakes, and as files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from software_crm.arrays import Flags, dates, pick
from software_crm.leads import Leads
from software_crm.vocabulary import COMPANIES, COUNTRY, INDUSTRY, NEED, ROLE, SOURCE, STAGES, SUPPLIER, TITLE, levels

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
    """Write a table as CSV or, by its extension, Parquet. Dates as 2026-06-30, whole numbers without a point."""
    casts = {name: "DATE" for name in frame if frame[name].dtype.kind == "M"}
    casts |= {name: "BIGINT" for name in WHOLE if name in frame and frame[name].dtype.kind == "f"}
    columns = ", ".join(f"CAST({name} AS {casts[name]}) AS {name}" if name in casts else str(name) for name in frame)
    kind = "PARQUET" if path.suffix == ".parquet" else "CSV, HEADER"
    target = str(path).replace("'", "''")
    with duckdb.connect() as database:
        database.register("leads", frame)
        database.execute(f"COPY (SELECT {columns} FROM leads) TO '{target}' (FORMAT {kind})")
