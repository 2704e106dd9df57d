"""Which events of a list must be compared with others: comparing costs DuckDB more than all else, and few need it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import duckdb

from leadledger.scoring.events.event_reader import LONGEST_NAME
from leadledger.scoring.printers.sql.counted_events import print_followed
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_spelling import trim_quickly
from leadledger.scoring.printers.sql.event_table import LEAD, EventTable
from leadledger.scoring.printers.sql.event_times import INSTANT
from leadledger.scoring.printers.sql.expression import Expression, write
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.sources.scan import Scan, forget_rejects

MARKS, NEAR, COMPARED = "ll_marks", "ll_near", "ll_compared"
_MARK = quoted("ll:mark")


@dataclass(frozen=True)
class EventMembers:
    """What a look at all events tells: how many there are, how many without a lead, and `plain`, as in EventTable."""

    total: int
    without: int
    plain: frozenset[str]


def look_at_members(connection: duckdb.DuckDBPyConnection, events: Scan) -> EventMembers:
    """Look whether the texts of members may be read as they are: cleaning them costs more than looking."""
    texts = [name for name in (LEAD, "kind", "id", "source") if type_family(events.columns.get(name, "")) == "text"]
    selected = [
        f"bool_and({quoted(name)} >= '!' AND {quoted(name)}[-1] > ' ' AND strlen({quoted(name)}) <= {LONGEST_NAME})"
        for name in texts
    ]
    ((total, with_lead, *marks),) = connection.execute(
        f"SELECT {', '.join(['count(*)', f'count({quoted(LEAD)})', *selected])} FROM {events.sql}"
    ).fetchall()
    plain = frozenset(name for name, mark in zip(texts, marks, strict=True) if mark is not False)
    if LEAD not in plain:
        key = print_lead_key(Expression(quoted(LEAD)), events.columns[LEAD], DUCKDB).sql
        ((with_lead,),) = connection.execute(f"SELECT count({key}) FROM {events.sql}").fetchall()
    forget_rejects(connection)
    return EventMembers(total, total - with_lead, plain)


def part_compared(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, as_of: date, table: EventTable, key: str
) -> EventTable:
    """The table in two parts: the events that need no comparing, which would cost more than all else, and the others.

    These may have come more than once, or are of a lead with clicks so near each other that a program may have sent
    them.
    """
    mark = _mark_identity(table, key)
    marked = f"(SELECT *, {mark} AS {_MARK} FROM {table.source})"
    connection.execute(
        f"CREATE OR REPLACE TABLE {MARKS} AS SELECT {_MARK}, count(*) AS events FROM {marked}"
        " GROUP BY 1 HAVING count(*) > 1"
    )
    is_compared = f"{_MARK} IN (SELECT {_MARK} FROM {MARKS})"
    if _find_near(connection, card, as_of, table):
        is_compared = f"({is_compared} OR coalesce({key} IN (SELECT {quoted(LEAD_KEY)} FROM {NEAR}), FALSE))"
    connection.execute(
        f"CREATE OR REPLACE TABLE {COMPARED} AS SELECT * EXCLUDE ({_MARK}) FROM {marked} WHERE {is_compared}"
    )
    forget_rejects(connection)
    ((compared,),) = connection.execute(f"SELECT count(*) FROM {COMPARED}").fetchall()
    alone = f"(SELECT * EXCLUDE ({_MARK}) FROM {marked} WHERE NOT {is_compared})" if compared else table.source
    return replace(table, source=alone, compared=COMPARED if compared else "")


def _mark_identity(table: EventTable, key: str) -> str:
    """A number that is equal for events with one identity: they have one id or, without one, one time.

    A time that is a text may be written in several ways.
    """
    time = "NULL" if type_family(table.columns["time"]) == "text" else "time"
    if "id" not in table.columns:
        return f"hash({key}, {time})"
    text = Expression("CAST(id AS VARCHAR)")
    text = write("coalesce({}, '')", text if "id" in table.plain else trim_quickly(text, DUCKDB))
    return f"hash({key}, {text.sql}, CASE WHEN {text.sql} = '' THEN {time} END)"


def _find_near(connection: duckdb.DuckDBPyConnection, card: Scorecard, as_of: date, table: EventTable) -> bool:
    """Make the table of the leads with clicks near each other; whether there are any."""
    followed, reach = print_followed(card, as_of, table, DUCKDB)
    if not followed:
        return False
    lead, instant = quoted(LEAD_KEY), quoted(INSTANT)
    before = f"lag({instant}) OVER (PARTITION BY {lead} ORDER BY {instant})"
    connection.execute(
        f"CREATE OR REPLACE TABLE {NEAR} AS SELECT DISTINCT {lead}"
        f" FROM (SELECT {lead}, {instant} - {before} AS gap FROM {followed}) WHERE gap <= {reach}"
    )
    forget_rejects(connection)
    return bool(connection.execute(f"SELECT 1 FROM {NEAR} LIMIT 1").fetchall())
