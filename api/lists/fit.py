"""`leadledger check`: a card's cases in every engine, and what a file of leads would make of the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from leadledger.scoring.engine.cases import build_declared, find_failures
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import used_by
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, build_untrained
from leadledger.training.sources.rejects import find_bad_values
from leadledger.training.sources.scan import ROW, Reject
from leadledger.training.sources.table import connect, read_list


@dataclass(frozen=True)
class Fit:
    """What a file of leads makes of a card: rows that can be read, how full fields are, how often rules fire."""

    rows: int
    readable: int
    rejects: tuple[Reject, ...]
    filled: Mapping[str, float]
    fires: Mapping[str, tuple[int, int]]
    unused: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "readable": self.readable,
            "rejects": [one.__dict__ for one in self.rejects[:100]],
            "filled": {name: round(share, 4) for name, share in self.filled.items()},
            "rules": {name: {"fires": yes, "unknown": unknown} for name, (yes, unknown) in self.fires.items()},
            "columns_not_used": list(self.unused),
        }


def case_failures(card: Card) -> tuple[str, ...]:
    """The cases that fail in Python, and those on which DuckDB says something else than Python."""
    found = [str(one) for one in find_failures(card)]
    scorecard = build_declared(card)
    ready = get_engine(scorecard)
    with connect() as connection:
        for case in card.cases:
            result = ready.score(case.lead, case.as_of)
            came = _in_duckdb(connection, case.lead, sql.select(scorecard, _query(case.lead, case.as_of)))
            expected = (result.tenths, result.recommendation.verdict)
            if came != expected:
                found.append(
                    f"line {case.line}: {case.name}: Python says {expected}, DuckDB says {came}; please report it"
                )
    return tuple(found)


def _query(lead: Mapping[str, Any], as_of: date) -> Query:
    return Query(as_of, '"case"', dict.fromkeys(lead, "VARCHAR"), checks=True)


def _in_duckdb(connection: duckdb.DuckDBPyConnection, lead: Mapping[str, Any], select: str) -> tuple[int, str]:
    columns = ", ".join(f"{quoted(one)} VARCHAR" for one in lead) or '"nothing" VARCHAR'
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "case" ({columns})')
    connection.execute(
        f'INSERT INTO "case" VALUES ({", ".join("?" * max(1, len(lead)))})', list(lead.values()) or [None]
    )
    ((total, advice),) = connection.execute(f'SELECT "ll:total", recommendation FROM ({select})').fetchall()
    return total, advice


def fit(card: Card, data: Path, as_of: date) -> Fit:
    """Read a file of leads with a card. Raises DataError."""
    scorecard = build_untrained(card)
    with connect() as connection:
        source = read_list(connection, data)
        present = used_by(card, source.columns, str(data))
        query = Query(
            as_of, source.table, source.columns, keep=[ROW, *source.columns], checks=True, ledger=True, fields=True
        )
        connection.execute(f"CREATE TEMP TABLE checked AS {sql.select(scorecard, query)}")
        rejects = (*source.rejects, *find_bad_values(connection, scorecard, "checked", source.columns))
        fields = [one.name for one in card.plain_fields if present[one.name]]
        measures = [f"count({quoted(f'f:{one}')}) / count(*)" for one in fields]
        for rule in card.rules:
            column = quoted(f"r:{rule.name}")
            measures += [f"count_if({column} <> 0)", f"count_if({column} IS NULL)"]
        ((readable, *found),) = connection.execute(
            f'SELECT {", ".join(["count(*)", *measures])} FROM checked WHERE NOT "ll:bad"'
        ).fetchall()
    counts = found[len(fields) :]
    return Fit(
        rows=source.rows + len({one.row for one in source.rejects}),
        readable=readable,
        rejects=rejects,
        filled=dict(zip(fields, (share or 0.0 for share in found), strict=False)),
        fires={one.name: (counts[2 * i], counts[2 * i + 1]) for i, one in enumerate(card.rules)},
        unused=tuple(one for one in source.columns if not any(one in columns for columns in present.values())),
    )
