"""The file of rejects beside a list that was scored: one line for each value, or row, that can't be read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from pathlib import Path

import duckdb

from leadledger.api.lists import output_file
from leadledger.api.lists.capabilities import ENGINES
from leadledger.api.lists.results import MOST_REJECTS_WORDED, word_reject
from leadledger.scoring.outputs import list_names
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.training.sources.scan import Reject

_COLUMNS = ENGINES["duckdb"].reject_columns
_TYPES = {"integer": "BIGINT", "text": "VARCHAR"}


def write_rejects(
    broken: Sequence[Reject], bad: Iterator[Reject], path: Path, *, guarded: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Write two kinds of rejects, each in the order of its rows, in the order of all.

    Returns how many rows they are, and the reasons of the first.

    A list without any gets a file with the header alone. `guarded`: no text may start as a formula does.
    """
    rows = 0
    last = 0
    first: list[str] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(list_names(_COLUMNS))
        for reject in merge(broken, bad, key=lambda reject: reject.row):
            rows += reject.row != last
            last = reject.row
            if len(first) < MOST_REJECTS_WORDED:
                first.append(word_reject(reject.row, reject.column, reject.reason))
            texts = (reject.column, reject.value, reject.reason)
            writer.writerow([reject.row, *(map(output_file.guard_formula, texts) if guarded else texts)])
    return rows, tuple(first)


def choose_reject_part(stack: ExitStack, work: Path, place: Path) -> Path:
    """Where to write the rejects first, as CSV: beside their place, or at `work` if they become something else."""
    if output_file.find_ending(place) != ".csv":
        return work / "rejects.csv"
    return output_file.choose_part(stack, work / "rejects", place)


def finish_rejects(stack: ExitStack, connection: duckdb.DuckDBPyConnection, part: Path, place: Path) -> Path:
    """The rejects that were written as CSV, as the ending of their place says. Raises DataError, duckdb.Error."""
    ending = output_file.find_ending(place)
    if ending == ".csv":
        return part
    written = output_file.choose_part(stack, part.with_name("rejects"), place)
    columns = ", ".join(
        f"CAST({quoted(column.name)} AS {_TYPES[column.type]}) AS {quoted(column.name)}" for column in _COLUMNS
    )
    output_file.copy_rows(connection, f"SELECT {columns} FROM {output_file.read_back(part, '.csv')}", written, ending)
    return output_file.finish_part(stack, connection, written, place)
