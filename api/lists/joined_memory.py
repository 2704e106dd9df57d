"""What is remembered of the leads of a list, joined to it before it is scored: the memory of `scoring/memory.py`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from leadledger.api.lists.recorded_leads import LeadRecorder
from leadledger.scoring.column_fit import ColumnFit
from leadledger.scoring.memory import MEMORY_KINDS, REJECTED, REMEMBERED
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.training.sources.scan import Scan, forget_rejects
from leadledger.training.sources.work_folder import work_folder

MEMORY = "ll_memory"
_FETCHED = 1_000  # ids at a time


@dataclass(frozen=True)
class JoinedMemory:
    """A table of what is remembered, in the connection that scores the list.

    `columns` are those that it adds to the list, with their types; `id_column` is the one with the ids of the leads,
    and its type.
    """

    id_column: tuple[str, str]
    columns: Mapping[str, str]

    def join(self, leads: str) -> str:
        """A FROM item of leads with what is remembered of them; NULL of those that nobody knows."""
        column, kind = self.id_column
        key = print_lead_key(Expression(f"l.{quoted(column)}"), kind, DUCKDB).sql
        added = ", ".join(f"m.{quoted(name)}" for name in self.columns)
        return (
            f"(SELECT l.*, {added} FROM (SELECT * FROM {leads}) AS l"
            f" LEFT JOIN {MEMORY} AS m ON {key} = m.{quoted(LEAD_KEY)})"
        )


def join_memory(
    connection: duckdb.DuckDBPyConnection, fit: ColumnFit, scan: Scan, id_column: str, recorder: LeadRecorder
) -> JoinedMemory | None:
    """Look up what is remembered of the leads of a list; None where its card remembers nothing, or it says all itself.

    The last recommendation is taken as a whole: a list with a column for a part of it speaks for itself.
    """
    absent = {name for name in MEMORY_KINDS if name in fit.used and not fit.used[name]}
    wanted = [*REMEMBERED, REJECTED] if absent.issuperset(REMEMBERED) else [REJECTED]
    columns = {name: TYPE_OF_KIND[MEMORY_KINDS[name]] for name in wanted if name in absent}
    if not columns:
        return None
    kind = scan.columns[id_column]
    key = print_lead_key(Expression(quoted(id_column)), kind, DUCKDB).sql
    ids = connection.execute(f"SELECT DISTINCT {key} FROM {scan.sql} WHERE {key} IS NOT NULL")
    with work_folder() as work:
        path = work / "memory.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            while batch := ids.fetchmany(_FETCHED):
                for lead, memory in recorder.remember([lead for (lead,) in batch]).items():
                    last = (memory.recommendation, memory.to, memory.since, memory.below_since, memory.rejected_on)
                    known = dict(zip((*REMEMBERED, REJECTED), last, strict=True))
                    writer.writerow([lead, *(known[name] for name in columns)])
        forget_rejects(connection)  # the list's own are found when it is scored
        typed = {LEAD_KEY: "VARCHAR", **columns}
        listed = ", ".join(f"{text_literal(name)}: {text_literal(sql_type)}" for name, sql_type in typed.items())
        connection.execute(
            f"CREATE OR REPLACE TABLE {MEMORY} AS FROM read_csv({text_literal(str(path))}, header = false,"
            f" auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{{listed}}})"
        )
    return JoinedMemory((id_column, kind), columns)
