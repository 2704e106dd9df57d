"""Lists: a file of leads in, the same rows with their scores out.

DuckDB reads, scores (by the printed SQL) and writes; Python only words the reasons of rows that can't be read and,
where they are asked for, the reasons and questions of each lead. Every row is in the output or in the rejects.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from scoring.engine import engine
from scoring.errors import DataError, did_you_mean, shown
from scoring.printers import sql
from scoring.printers.cleaning import used
from scoring.printers.dialect import name as quoted
from scoring.printers.dialect import text
from scoring.scorecard import Scorecard
from training.sources import ROW, Reject, Source, bad_values, connect, read

EXPLAINED = ("reasons", "questions")  # besides `plus_minus`, which SQL works out
BATCH = 10_000  # rows that are explained at a time


@dataclass(frozen=True)
class Scored:
    """What became of a list: rows read, scored and rejected, the files, how many leads got which advice and grade."""

    rows: int
    scored: int
    rejected: int
    out: Path
    rejects: Path
    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    unused: tuple[str, ...]
    absent: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "rejected": self.rejected,
            "out": str(self.out),
            "rejects": str(self.rejects),
            "recommendations": dict(self.recommendations),
            "grades": dict(self.grades),
            "columns_not_used": list(self.unused),
            "fields_not_in_the_list": list(self.absent),
        }


def score_list(
    card: Scorecard, data: Path, out: Path, as_of: date, *, explain: bool = False, prefix: str = ""
) -> Scored:
    """Score a list of any kind into a CSV or Parquet file; the suffix of `out` says which. Raises DataError.

    The output has the columns of the input and `score`, `points`, `probability`, `grade` and `recommendation`, with
    `explain` also `plus_minus` (points; empty where no error is known), `reasons` and `questions`; `prefix` is put
    before their names. Rows with a value that can't be read are not in it: they are in the rejects file beside it, one
    line for each bad value.
    """
    rejects_path = out.with_name(f"{out.stem}.rejects.csv")
    _check_paths(data, out, rejects_path)
    with connect() as connection:
        source = read(connection, data)
        present = used(card.card, source.columns)
        _check_columns(card, data, source, present, prefix, explain)
        outputs = {one: f"{prefix}{one}" for one in (*sql.OUTPUTS, sql.PLUS_MINUS, *EXPLAINED)}
        query = sql.Query(
            as_of,
            source.table,
            source.columns,
            keep=[ROW, *source.columns],
            checks=True,
            plus_minus=explain,
            names=outputs,
        )
        connection.execute(f"CREATE TEMP TABLE scored AS {sql.select(card, query)}")
        rejects = [*source.rejects, *bad_values(connection, card, "scored", source.columns)]
        shown_columns = [*source.columns, *(outputs[one] for one in sql.OUTPUTS)]
        selected = ", ".join(f"scored.{quoted(one)}" for one in shown_columns)
        joined = ""
        if explain:
            _explain(connection, card, query, as_of)
            selected += f", scored.{quoted(outputs[sql.PLUS_MINUS])}"
            selected += "".join(f", explained.{one} AS {quoted(outputs[one])}" for one in EXPLAINED)
            joined = f" JOIN explained ON explained.row = scored.{quoted(ROW)}"
        body = f'SELECT {selected} FROM scored{joined} WHERE NOT scored."ll:bad" ORDER BY scored.{quoted(ROW)}'
        _write(connection, body, out)
        _write_rejects(rejects, rejects_path)
        scored, recommendations, grades = _counts(connection, outputs)
    return Scored(
        rows=source.rows + len({one.row for one in source.rejects}),
        scored=scored,
        rejected=len({one.row for one in rejects}),
        out=out,
        rejects=rejects_path,
        recommendations=recommendations,
        grades=grades,
        unused=tuple(one for one in source.columns if not any(one in columns for columns in present.values())),
        absent=tuple(name for name, columns in present.items() if not columns),
    )


def _check_paths(data: Path, out: Path, rejects: Path) -> None:
    if not out.parent.is_dir():
        raise DataError(f"{out}: there is no folder {out.parent}; make it first")
    if out.is_dir():
        raise DataError(f"{out}: is a folder; name a file that ends in .csv or .parquet")
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise DataError(f"{out}: end the name in .csv or .parquet, so that it says what to write")
    for one in (out, rejects):
        if one.exists() and data.exists() and one.samefile(data):
            raise DataError(f"{one}: is the list itself; write to another file")


def _check_columns(
    card: Scorecard, data: Path, source: Source, present: Mapping[str, list[str]], prefix: str, explain: bool
) -> None:
    if not any(present.values()):
        known = [column for one in card.card.plain for column in one.columns]
        first = next(iter(source.columns))
        raise DataError(
            f"{data}: no column belongs to the card '{card.card.name}', the first is {shown(first)};"
            f" rename the columns, or name them under `from:` in the card.{did_you_mean(first, known)}"
        )
    taken = {one.lower() for one in source.columns}
    for one in (*sql.OUTPUTS, *((sql.PLUS_MINUS, *EXPLAINED) if explain else ())):
        if f"{prefix}{one}".lower() in taken:
            raise DataError(
                f"{data}: has a column '{prefix}{one}' already; give the new ones another name, as in --prefix lead_"
            )


def _explain(connection: duckdb.DuckDBPyConnection, card: Scorecard, query: sql.Query, as_of: date) -> None:
    """Make the table `explained`: the reasons and the questions of each good row."""
    typed = sql.Query(as_of, query.source, query.columns, keep=[ROW])
    fields = [f"f:{one.name}" for one in card.card.plain]
    selected = ", ".join(map(quoted, [ROW, *fields]))
    rows = connection.cursor().execute(f'SELECT {selected} FROM ({sql.typed(card, typed)}) WHERE NOT "ll:bad"')
    names = [one.name for one in card.card.plain]
    ready = engine(card)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "explained.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", *EXPLAINED])
            while batch := rows.fetchmany(BATCH):
                for row, *values in batch:
                    advice = ready.result(dict(zip(names, values, strict=True)), as_of).recommendation
                    asked = "; ".join(one.text for one in advice.questions)
                    writer.writerow([row, "; ".join(advice.reasons), asked])
        connection.execute(
            f"CREATE TEMP TABLE explained AS FROM read_csv({text(str(path))}, auto_detect = false, header = true,"
            " delim = ',', quote = '\"', escape = '\"',"
            " columns = {'row': 'BIGINT', 'reasons': 'VARCHAR', 'questions': 'VARCHAR'})"
        )


def _write(connection: duckdb.DuckDBPyConnection, body: str, out: Path) -> None:
    """Write the rows beside the target and move them there, so that nobody ever sees half a file."""
    options = "FORMAT parquet" if out.suffix.lower() == ".parquet" else "FORMAT csv, HEADER"
    half = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        connection.execute(f"COPY ({body}) TO {text(str(half))} ({options})")
        half.replace(out)
    except (duckdb.Error, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{out}: can't be written: {reason}") from None
    finally:
        half.unlink(missing_ok=True)


def _write_rejects(rejects: list[Reject], path: Path) -> None:
    """Write the rejects, in the order of the rows; a list without any gets a file with the header alone."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "column", "value", "reason"])
            for one in sorted(rejects, key=lambda one: one.row):
                writer.writerow([one.row, one.column, one.value, one.reason])
    except OSError as error:
        raise DataError(f"{path}: can't be written: {error.strerror}") from None


def _counts(
    connection: duckdb.DuckDBPyConnection, outputs: Mapping[str, str]
) -> tuple[int, dict[str, int], dict[str, int]]:
    advice, grade = quoted(outputs["recommendation"]), quoted(outputs["grade"])
    found = connection.execute(
        f'SELECT {advice}, {grade}, count(*) FROM scored WHERE NOT "ll:bad" GROUP BY ALL ORDER BY ALL'
    ).fetchall()
    recommendations: dict[str, int] = {}
    grades: dict[str, int] = {}
    for advised, graded, count in found:
        recommendations[advised] = recommendations.get(advised, 0) + count
        grades[graded] = grades.get(graded, 0) + count
    return sum(recommendations.values()), recommendations, dict(sorted(grades.items()))
