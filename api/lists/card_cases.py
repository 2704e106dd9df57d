"""A card's own cases, run in Python and in DuckDB, which must agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from leadledger.scoring.engine.cases import build_declared, find_failures
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card
from leadledger.training.sources.table import connect


def find_case_failures(card: Card) -> tuple[str, ...]:
    """A message for each case that fails in Python, and for each on which DuckDB disagrees with Python.

    Cases of a card with events are run in Python alone: their events come in the shapes of many systems.
    """
    messages = [str(failure) for failure in find_failures(card)]
    if card.events:
        return tuple(messages)
    scorecard = build_declared(card)
    ready = get_engine(scorecard)
    with connect() as connection:
        for case in card.cases:
            result = ready.score(case.lead, case.as_of)
            in_python = (result.tenths, result.recommendation.verdict)
            in_duckdb = _score_in_duckdb(connection, case.lead, sql.select(scorecard, _query(case.lead, case.as_of)))
            if in_duckdb != in_python:
                messages.append(
                    f"line {case.line}: {case.name}: Python says {in_python}, DuckDB says {in_duckdb}; please report it"
                )
    return tuple(messages)


def _query(lead: Mapping[str, Any], as_of: date) -> Query:
    return Query(as_of, '"case"', dict.fromkeys(lead, "VARCHAR"), checks=True)


def _score_in_duckdb(connection: duckdb.DuckDBPyConnection, lead: Mapping[str, Any], select: str) -> tuple[int, str]:
    """The total, in tenths, and the recommendation of a lead by a SELECT over the table `case`."""
    columns = ", ".join(f"{quoted(column)} VARCHAR" for column in lead) or '"nothing" VARCHAR'
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "case" ({columns})')
    connection.execute(
        f'INSERT INTO "case" VALUES ({", ".join("?" * max(1, len(lead)))})', list(lead.values()) or [None]
    )
    ((total, advice),) = connection.execute(f'SELECT "ll:total", recommendation FROM ({select})').fetchall()
    return total, advice
