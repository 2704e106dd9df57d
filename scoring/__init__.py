"""Scoring: a card and a lead in, an exact ledger of points and a recommendation out.

Values in, values out: no clock (`as_of` is an argument), no database, no files but the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from scoring.condition import parse_over
from scoring.engine import score
from scoring.errors import (
    ConditionError,
    DataError,
    LeadError,
    PrinterError,
    ReleaseError,
    ScorecardError,
    ScoringError,
)
from scoring.frames import score_frame
from scoring.printers import python, sql
from scoring.printers.dialect import DIALECTS, DUCKDB
from scoring.printers.literals import table_parts
from scoring.printers.text import ledger_text
from scoring.reader import read_card
from scoring.result import Entry, Question, Recommendation, Result
from scoring.scorecard import Card, Learned, Scorecard, untrained

__all__ = [
    "Card",
    "ConditionError",
    "DataError",
    "Entry",
    "LeadError",
    "Learned",
    "PrinterError",
    "Question",
    "Recommendation",
    "ReleaseError",
    "Result",
    "Scorecard",
    "ScorecardError",
    "ScoringError",
    "explain",
    "load",
    "recommend",
    "score",
    "score_frame",
    "to_python",
    "to_sql",
]


def load(path: Path | str) -> Scorecard:
    """Read a card: rules alone, as declared. Raises ScorecardError with every problem.

    `models.Releases(home).open()` gives a scorecard with what was learned.
    """
    return untrained(read_card(path))


def recommend(card: Scorecard, lead: Mapping[str, Any], as_of: date) -> Recommendation:
    """What to do with one raw lead on a day. Raises LeadError."""
    return score(card, lead, as_of).recommendation


def explain(card: Scorecard, lead: Mapping[str, Any], as_of: date, width: int = 80) -> str:
    """The score of one raw lead as a picture of its ledger, in plain text. Raises LeadError."""
    return ledger_text(score(card, lead, as_of), width)


def to_python(card: Scorecard) -> str:
    """The scorecard as the source of a Python module, with one function."""
    return python.source(card)


def to_sql(
    card: Scorecard,
    as_of: date,
    *,
    source: str = "leads",
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    dialect: str = "duckdb",
    plus_minus: bool = False,
    explain: bool = False,
    ledger: bool = False,
    where: str = "",
) -> str:
    """The scorecard as one SELECT over the table `source`, which may be `schema.table` or `"odd.name"`.

    `columns` maps the table's columns to their SQL types; None: one column for each field, of the field's own kind.
    `keep` are columns to bring along. The SELECT adds score, points, probability, grade and recommendation, with
    `plus_minus` also the standard error of the points, with `explain` the three strongest reasons each way, with
    `ledger` a column for each entry, in tenths of points; all but the entries are NULL where a value of the lead can't
    be read. `where`, in the card's own language, leaves out other leads. Raises PrinterError, ConditionError,
    DataError.
    """
    spelt = DIALECTS.get(dialect, DUCKDB)
    query = sql.Query(
        as_of,
        ".".join(map(spelt.name, table_parts(source, spelt.table_parts))),
        columns,
        keep,
        plus_minus=plus_minus,
        explain=explain,
        ledger=ledger,
        where=parse_over(where, card.card.fields) if where else None,
    )
    return sql.select(card, query, dialect)
