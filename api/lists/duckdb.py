"""Lists: a file of leads in, the same rows with their scores out, of any length.

DuckDB reads, scores (by the printed SQL) and writes, in one stream; Python words the reasons of the rows that can't be
read. Every row is in the output or in the rejects: what was read is counted where it is read, what was written is read
back, and the two must agree before the output gets its name.
"""

from __future__ import annotations

import csv
import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from heapq import merge
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from leadledger.api.lists import duplicates
from leadledger.api.lists import output as target
from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.ledger_entries import ledger_columns
from leadledger.api.lists.memos import remembered
from leadledger.api.lists.wanted import Wanted, check_recommendations, choose_columns, parse_where
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError
from leadledger.scoring.outputs import QUESTIONS, VERDICTS, names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import KINDS, id_column, used, used_by
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.sources.opening import open_list
from leadledger.training.sources.rejects import find_broken_rows, refuse_empty, reject_values
from leadledger.training.sources.scan import ROW, Reject, Scan, estimate_rows
from leadledger.training.sources.spelling import find_misspelt
from leadledger.training.sources.table import connect

ENGINE = ENGINES["duckdb"]
# MB for DuckDB, whatever the length of a list; sorting, and telling ids apart, go to disk beyond it. Each column costs
# 32 kB in each step of the SELECT and each thread, so that lists of thousands of columns need more.
MEMORY, MEMORY_PER_COLUMN = 900, 1


@dataclass(frozen=True)
class Scored:
    """What became of a list: rows read, scored, rejected and left out, the files, how many got which advice and grade.

    `left_out` counts the rows that can be read and were not asked for. `misspelt` maps columns that no field uses to
    the names that they look like. `duplicates` counts the rows whose id a row before had, `examples` names some ids.
    """

    rows: int
    scored: int
    rejected: int
    left_out: int
    out: Path | str
    rejects: Path | str
    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    unused: tuple[str, ...]
    absent: tuple[str, ...]
    misspelt: Mapping[str, str]
    duplicates: int
    examples: tuple[str, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "rejected": self.rejected,
            "left_out": self.left_out,
            "out": str(self.out),
            "rejects": str(self.rejects),
            "recommendations": dict(self.recommendations),
            "grades": dict(self.grades),
            "columns_not_used": list(self.unused),
            "fields_not_in_the_list": list(self.absent),
            "columns_misspelt": dict(self.misspelt),
            "duplicate_ids": self.duplicates,
            "examples_of_duplicate_ids": list(self.examples),
            "seconds": round(self.seconds, 3),
        }


def score_list(
    card: Scorecard,
    data: Path,
    out: Path,
    as_of: date,
    wanted: Wanted | None = None,
    *,
    progress: Callable[[float, int], None] | None = None,
) -> Scored:
    """Score a list of any kind that `leadledger.training.sources.scan` opens into another. Raises DataError.

    The end of the name `out` says what to write (`target.FORMATS`; `-`: CSV to standard output). The output has the
    columns of the list and `score`, `points`, `probability`, `grade` and `recommendation`. Rows with a value that can't
    be read are not in it: they are in the rejects file beside it, one line for each bad value. `progress` is told now
    and then the share (0..1) that is done and about how many rows that is.
    """
    started = monotonic()
    run = _Run(card, data, out, as_of, wanted or Wanted())
    found = run.score(progress)
    return replace(found, seconds=monotonic() - started)


def _beside(data: Path, out: Path) -> Path:
    """Where the rejects go: beside the output; for standard output, into this folder, by the name of the list."""
    if out == target.STDOUT:
        return Path(f"{data.name if data != target.STDOUT else 'stdin'}.rejects.csv")
    return out.with_name(f"{out.name[: -len(target.ending(out))]}.rejects.csv")


class _Run:
    """One list being scored."""

    def __init__(self, card: Scorecard, data: Path, out: Path, as_of: date, wanted: Wanted) -> None:
        refuse_unsupported(ENGINE, wanted)
        self.card, self.data, self.out, self.as_of, self.wanted = card, data, out, as_of, wanted
        self.rejects = _beside(data, out) if wanted.rejects is None else Path(wanted.rejects)
        self.ledger = None if wanted.ledger is None else Path(wanted.ledger)
        self.where = parse_where(card.card, wanted.where)
        check_recommendations(wanted.only)
        files = [out, self.rejects, *([self.ledger] if self.ledger is not None else [])]
        for place, one in enumerate(files):
            target.check(one)
            if place and one == target.STDOUT:
                raise DataError("standard output takes the scores; name a file for the rejects and for the ledger")
            if one.absolute() in [other.absolute() for other in files[:place]]:
                raise DataError(f"{one}: is named twice; the scores, the rejects and the ledger need a file each")
            if one.exists() and data.exists() and one.samefile(data):
                raise DataError(f"{one}: is the list itself; write to another file")
        self.outputs = {column: f"{wanted.prefix}{column}" for column in names(ENGINE.columns(wanted.explain))}

    def score(self, progress: Callable[[float, int], None] | None) -> Scored:
        with ExitStack() as stack:
            connection = stack.enter_context(connect())
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadledger-")))
            connection.execute(f"SET temp_directory = {text_literal(str(work / 'spilled'))}")
            scan = stack.enter_context(open_list(connection, self.data))
            columns = self._columns(scan)
            connection.execute(f"SET memory_limit = '{MEMORY + MEMORY_PER_COLUMN * len(scan.columns)}MB'")
            try:
                found, files = self._write(stack, connection, scan, columns, work, progress)
                for whole, place in files:
                    target.publish(whole, place)
            except (duckdb.Error, OSError) as error:
                raise DataError(target.error_text(self.out, scan.label, scan.kind, error)) from None
            if self.out == target.STDOUT:
                target.to_stdout(work / "scored")
            return found

    def _write(
        self,
        stack: ExitStack,
        connection: duckdb.DuckDBPyConnection,
        scan: Scan,
        columns: tuple[str, ...],
        work: Path,
        progress: Callable[[float, int], None] | None,
    ) -> tuple[Scored, list[tuple[Path, Path]]]:
        """Write all files, each beside its place; what became of the list, and which file belongs where."""
        kind = target.ending(self.out)
        written = target.place(stack, work / "scored", self.out)
        with _told(connection, scan, progress):
            count, read, bad = self._copy(connection, scan, columns, written, kind)
        broken = find_broken_rows(connection, scan)
        refuse_empty(scan, read, broken)
        rejected = target.place(stack, work / "rejects", self.rejects)
        left = write_rejects(broken, self._bad(connection, scan, bad, broken), rejected)
        ident = id_column(self.card.card, scan.columns)
        # The ids are looked for in what is read back, which has them all and is the sooner read; else in the list.
        all_there = self.wanted.all_rows and ident in columns and not left and "json" not in target.FORMATS[kind]
        back = self._counts(connection, target.read_back(written, kind), columns, ident if all_there else "")
        counted, recommendations, grades, again = back
        whole = counted == count and left == len({one.row for one in broken}) + bad
        whole = whole and (read == count + bad if self.wanted.all_rows else read >= count + bad)
        if not whole:  # never seen; were it ever so, a list that isn't whole must not look like one
            raise DataError(
                f"{scan.label}: {read:,} rows were read, {count:,} written, {counted:,} read back and"
                f" {left:,} rejected, which doesn't add up; nothing is kept. Please report it"
            )
        if ident and not all_there:
            ((again,),) = connection.execute(f"SELECT {duplicates.count(ident)} FROM {scan.sql}").fetchall()
        files = []
        if self.ledger is not None:
            ledger = target.place(stack, work / "ledger", self.ledger)
            body = self._ledger(scan, target.read_back(written, kind), columns)
            target.copy(connection, body, ledger, target.ending(self.ledger))
            files.append((target.finished(stack, connection, ledger, self.ledger), self.ledger))
        files.append((rejected, self.rejects))
        if self.out != target.STDOUT:
            files.append((target.finished(stack, connection, written, self.out), self.out))
        present = used(self.card.card, scan.columns)
        found = Scored(
            rows=read + len({one.row for one in broken}),
            scored=count,
            rejected=left,
            left_out=read - count - bad,
            out=self.out,
            rejects=self.rejects,
            recommendations=recommendations,
            grades=grades,
            unused=tuple(one for one in scan.columns if not any(one in names for names in present.values())),
            absent=tuple(name for name, names in present.items() if not names),
            misspelt=find_misspelt(self.card.card, scan.columns),
            duplicates=again,
            examples=duplicates.examples(connection, scan.sql, ident) if again else (),
            seconds=0.0,
        )
        return found, files

    def _columns(self, scan: Scan) -> tuple[str, ...]:
        """The columns to write, by their names in the output. Raises DataError."""
        used_by(self.card.card, scan.columns, scan.label)
        return choose_columns(list(scan.columns), scan.label, self.outputs, self.wanted)

    def _query(self, source: str, columns: Mapping[str, str], keep: Sequence[str]) -> Query:
        return Query(
            self.as_of,
            source,
            columns,
            keep=keep,
            names=self.outputs,
            where=self.where,
            plus_minus=self.wanted.explain,
            explain=self.wanted.explain,
            fields=self.wanted.explain,
        )

    def _copy(
        self, connection: duckdb.DuckDBPyConnection, scan: Scan, columns: Sequence[str], written: Path, kind: str
    ) -> tuple[int, int, int]:
        """Write the rows; how many were written, how many read, and in how many a value can't be read."""
        wanted = self.wanted
        ordered = wanted.best_first or wanted.top is not None
        keep = [one for one in scan.columns if one in columns]
        query = self._query(_numbered(scan) if ordered else scan.sql, scan.columns, [ROW, *keep] if ordered else keep)
        query = remembered(connection, self.card, query, scan)
        advice = quoted(self.outputs["recommendation"])
        listed = ", ".join(map(text_literal, wanted.only))
        chosen = f"{advice} IN ({listed})" if wanted.only else "TRUE"
        made = {self.outputs[QUESTIONS.name]: self._questions(connection)} if wanted.explain else {}
        selected = ", ".join(f"{made[one]} AS {quoted(one)}" if one in made else quoted(one) for one in columns)
        connection.execute("CREATE OR REPLACE TEMP SEQUENCE ll_bad MINVALUE 0 START 0")
        body = (
            f"SELECT {selected} FROM ({sql.select(self.card, query)})"
            f" WHERE CASE WHEN {quoted(self.outputs['score'])} IS NULL THEN nextval('ll_bad') < 0 ELSE {chosen} END"
        )
        if ordered:
            body += f" ORDER BY {quoted(self.outputs['points'])} DESC, {quoted(ROW)}"
            body += f" LIMIT {wanted.top}" if wanted.top is not None else ""
        connection.execute("PRAGMA enable_profiling = 'no_output'")
        try:
            count = target.copy(connection, body, written, kind)
            read = _scanned(json.loads(connection.get_profiling_information())["operator"])
        finally:
            connection.execute("PRAGMA disable_profiling")
        if scan.kind == "parquet":  # of which whole parts may be skipped; its own count is in the file
            ((read,),) = connection.execute(f"SELECT count(*) FROM {scan.sql}").fetchall()
        ((bad,),) = connection.execute("SELECT nextval('ll_bad')").fetchall()
        return count, read, bad

    def _bad(
        self, connection: duckdb.DuckDBPyConnection, scan: Scan, bad: int, broken: Sequence[Reject]
    ) -> Iterator[Reject]:
        """The values that can't be read, in the order of their rows: SQL finds the rows, Python words the reasons."""
        if not bad:
            return
        present = [column for names in used(self.card.card, scan.columns).values() for column in names]
        query = Query(self.as_of, _numbered(scan), scan.columns, keep=[ROW, *present])
        selected = ", ".join(map(quoted, [ROW, *present]))
        found = connection.cursor().execute(
            f"SELECT {selected} FROM ({sql.select_fields(self.card, query)})"
            f' WHERE "ll:bad" ORDER BY {quoted(ROW)} LIMIT {bad}'
        )
        gaps = sorted({one.row for one in broken})
        passed = 0
        while batch := found.fetchmany(1000):
            for row, *values in batch:
                # Rows that are no rows have a number in the file, and none in what DuckDB read.
                while passed < len(gaps) and gaps[passed] <= row + passed:
                    passed += 1
                yield from reject_values(self.card, row + passed, dict(zip(present, values, strict=True)))

    def _counts(
        self, connection: duckdb.DuckDBPyConnection, written: str, columns: Sequence[str], ident: str
    ) -> tuple[int, dict[str, int], dict[str, int], int]:
        """What is in the output: rows, how many have which recommendation and grade, where those are written, and how
        many have an id that a row before had (0 where `ident` is empty).
        """
        grades = dict.fromkeys([*(grade for grade, _ in self.card.card.grades), self.card.card.below])
        asked = [
            (name, one)
            for name, known in (("recommendation", VERDICTS), ("grade", grades))
            for one in known
            if self.outputs[name] in columns
        ]
        counts = [f"count(*) FILTER ({quoted(self.outputs[name])} = {text_literal(one)})" for name, one in asked]
        again = duplicates.count(ident) if ident else "0"
        ((rows, *found, more),) = connection.execute(
            f"SELECT {', '.join(['count(*)', *counts, again])} FROM {written}"
        ).fetchall()
        both: dict[str, dict[str, int]] = {"recommendation": {}, "grade": {}}
        for (name, one), count in sorted(zip(asked, found, strict=True)):
            if count:
                both[name][one] = count
        return rows, both["recommendation"], both["grade"], more

    def _questions(self, connection: duckdb.DuckDBPyConnection) -> str:
        """The SQL of the questions of a lead that is to be asked, which Python words."""
        plain = [one.name for one in self.card.card.plain_fields]
        ready = get_engine(self.card)

        def questions(values: Any) -> str:
            lead = dict(zip(plain, values.values(), strict=True))
            return "; ".join(one.text for one in ready.result(lead, self.as_of).recommendation.questions)

        # Under numbers, since the names of a struct are the same in any case, and those of a card are not.
        lead = duckdb.struct_type({f"f{i}": KINDS[one.kind] for i, one in enumerate(self.card.card.plain_fields)})
        special = FunctionNullHandling.SPECIAL
        connection.create_function("ll_questions", questions, [lead], "VARCHAR", null_handling=special)
        packed = ", ".join(f"f{i}: {quoted(f'f:{one}')}" for i, one in enumerate(plain))
        return f"CASE {quoted(self.outputs['recommendation'])} WHEN 'ask' THEN ll_questions({{{packed}}}) END"

    def _ledger(self, scan: Scan, written: str, columns: Sequence[str]) -> str:
        """The SELECT of one row per entry of a ledger: id, entry, kind, points, reason. They add up to the points."""
        column = id_column(self.card.card, scan.columns)
        if not column or (self.wanted.top is not None and column not in columns):
            raise DataError(f"{scan.label}: a ledger needs an id for each lead, a column of a field of `kind: id`")
        query = replace(
            self._query(scan.sql, scan.columns, [column]), ledger=True, plus_minus=False, explain=False, fields=False
        )
        rows = ", ".join(
            f"{{entry: {text_literal(entry.entry)}, kind: '{entry.kind}',"
            f" tenths: {quoted(entry.column) if entry.column else self.card.learned.start},"
            f" reason: {text_literal(entry.reason)}}}"
            for entry in ledger_columns(self.card)
        )
        good = f"{quoted(self.outputs['score'])} IS NOT NULL"
        if self.wanted.only:
            good += (
                f" AND {quoted(self.outputs['recommendation'])} IN ({', '.join(map(text_literal, self.wanted.only))})"
            )
        if self.wanted.top is not None:
            ident = f"CAST({quoted(column)} AS VARCHAR)"
            good += f" AND {ident} IN (SELECT {ident} FROM {written})"
        scored = sql.select(self.card, query)
        entries_of = f"SELECT {quoted(column)}, unnest([{rows}]) AS e FROM ({scored}) WHERE {good}"
        columns = f"{quoted(column)}, e.entry, e.kind, e.tenths / 10 AS points, e.reason"
        return f"SELECT {columns} FROM ({entries_of}) WHERE e.tenths <> 0"


def write_rejects(broken: Sequence[Reject], bad: Iterator[Reject], path: Path) -> int:
    """Write two kinds of rejects, each in the order of its rows, in the order of all; how many rows they are.

    A list without any gets a file with the header alone.
    """
    rows = 0
    last = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "value", "reason"])
        for one in merge(broken, bad, key=lambda one: one.row):
            rows += one.row != last
            last = one.row
            writer.writerow([one.row, one.column, one.value, one.reason])
    return rows


def _numbered(scan: Scan) -> str:
    """The scan with the number of each row that was read; half as fast, since only one thread can count."""
    return f"(SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {scan.sql})"


def _scanned(operators: Sequence[Mapping[str, Any]]) -> int:
    """How many rows the scan of the list has read: the most at a leaf of a profile, since memos are one row."""
    found = 0
    for one in operators:
        below = one.get("children")
        found = max(found, _scanned(below) if below else int(one.get("rows_scanned", 0)))
    return found


@contextmanager
def _told(
    connection: duckdb.DuckDBPyConnection, scan: Scan, progress: Callable[[float, int], None] | None
) -> Iterator[None]:
    """Tell how far a query has come, from a thread of its own, until it is done."""
    if progress is None:
        yield
        return
    rows = estimate_rows(connection, scan)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            share = connection.query_progress()
            if share > 0:
                progress(share / 100, int(rows * share / 100))

    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
