"""Lists in files, scored by DuckDB: a file of leads in, the same rows with their scores out, of any length.

DuckDB reads, scores (by the printed SQL) and writes, in one stream; Python words the reasons of the rows that can't be
read. Every row is in the output or in the rejects: rows are counted where they are read, and again in what was written,
and the counts must agree before the output gets its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb

from leadledger.api.lists import duplicate_ids, output_file
from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.joined_memory import JoinedMemory, join_memory
from leadledger.api.lists.ledger_entries import LedgerColumn, ledger_columns
from leadledger.api.lists.list_events import CountedEvents, check_events, count_list_events, list_lead_problems
from leadledger.api.lists.list_places import ListPlaces, choose_places
from leadledger.api.lists.odd_days import find_odd_days
from leadledger.api.lists.progress import reported_progress
from leadledger.api.lists.recorded_leads import LeadRecorder, read_typed_leads
from leadledger.api.lists.reject_file import choose_reject_part, finish_rejects, write_rejects
from leadledger.api.lists.repeated_values import add_memos
from leadledger.api.lists.results import RowCounts, ScoredList
from leadledger.api.lists.row_numbers import count_scanned, number_rows, place_rows
from leadledger.api.lists.sheet_columns import lay_out_scores
from leadledger.api.lists.wanted import Wanted, check_recommendations, choose_columns, parse_where
from leadledger.api.lists.worded_questions import list_earned, word_questions
from leadledger.models.durable_files import publish_file
from leadledger.scoring.column_fit import find_id_column, require_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.outputs import QUESTIONS, VERDICTS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.column_types import UNKNOWN
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_expression, text_literal
from leadledger.scoring.printers.sql.event_table import UNREADABLE
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, prove_decimals, with_decimals
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.printers.sql.text_counts import find_text_counts
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Node
from leadledger.training.sources.opening import open_list
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.rejects import find_broken_rows, refuse_empty, reject_values
from leadledger.training.sources.scan import ROW, Reject, Scan, forget_rejects, list_fetchable
from leadledger.training.sources.table import connect
from leadledger.training.sources.work_folder import work_folder

ENGINE = ENGINES["duckdb"]
# MB for DuckDB, whatever the length of a list; sorting, and telling ids apart, go to disk beyond it. Each column costs
# 32 kB in each step of the SELECT and each thread, so that lists of thousands of columns need more.
MEMORY, MEMORY_PER_COLUMN = 900, 1
_FETCHED = 1000  # rejected rows that are fetched at a time


def score_list(
    card: Scorecard,
    data: Path,
    out: Path,
    as_of: date,
    wanted: Wanted | None = None,
    *,
    reading: ReadingOptions = AS_FOUND,
    progress: Callable[[float, int], None] | None = None,
    recorder: LeadRecorder | None = None,
) -> ScoredList:
    """Score a list of any kind that `training.sources.opening` opens into another. Raises DataError.

    The end of the name `out` says what to write (`output_file.FORMATS`; `-`: CSV to standard output). The output has
    the columns of the list and `score`, `points`, `probability`, `grade`, `recommendation` and `percentile`, by a
    release with steps also `sale_probability` and `expected_value`. Rows with a value that can't be read are not in it:
    they are in the rejects file beside it, one line for each bad value.
    `reading` says where in a file the leads are. `recorder` gets each lead that can be read and meets the condition of
    `wanted`, before the files are there, and says what is remembered of it. `progress` is called now and then with the
    share (0..1) that is done and about how many rows that is.
    """
    started = monotonic()
    wanted = wanted or Wanted()
    if wanted.log and recorder is None:
        raise ValueError("a list that is to be logged needs a recorder")
    refuse_unsupported(ENGINE, wanted)
    where = parse_where(card.card, wanted.where)
    check_recommendations(wanted.only)
    places = choose_places(data, out, wanted)
    with ExitStack() as stack:
        connection = stack.enter_context(connect())
        work = stack.enter_context(work_folder())
        connection.execute(f"SET temp_directory = {text_literal(str(work / 'spilled'))}")
        scan = stack.enter_context(open_list(connection, data, reading))
        connection.execute(f"SET memory_limit = '{MEMORY + MEMORY_PER_COLUMN * len(scan.columns)}MB'")
        run = _FileRun(card, as_of, wanted, where, connection, scan, recorder)
        try:
            scored, parts = run.write(stack, places, work, progress)
            run.record(scored, progress)
            for part, place in parts:
                publish_file(part, place)
        except (duckdb.Error, OSError) as error:
            raise DataError(output_file.describe_failure(out, scan, error)) from None
        if out == output_file.STDOUT and not scored.all_rejected:
            output_file.send_to_stdout(work / "scored")
        return replace(scored, seconds=monotonic() - started)


class _FileRun:
    """An opened list being scored; `columns` are those to write, `outputs` the names of what scoring adds."""

    def __init__(
        self,
        card: Scorecard,
        as_of: date,
        wanted: Wanted,
        where: Node | None,
        connection: duckdb.DuckDBPyConnection,
        scan: Scan,
        recorder: LeadRecorder | None,
    ) -> None:
        """Raises DataError where the columns of the list don't fit the card, or what is wanted."""
        self.card, self.as_of, self.wanted, self.where = card, as_of, wanted, where
        self.connection, self.scan, self.recorder = connection, scan, recorder
        added = list_names(ENGINE.columns(card, wanted.explain))
        self.outputs = {column: f"{wanted.prefix}{column}" for column in added}
        self.fit = require_columns(card.card, scan.columns, scan.label)
        self.columns = choose_columns(list(scan.columns), scan.label, self.outputs, wanted)
        self.id_column = find_id_column(card.card, scan.columns)
        check_events(card.card, wanted.events)
        self.counted: CountedEvents | None = None
        if wanted.events is not None:
            records = recorder is not None
            entries = wanted.explain or wanted.ledger is not None or records
            self.counted = count_list_events(
                connection, card, as_of, Path(wanted.events), scan, self.id_column, entries=entries, by_lead=records
            )
        self.remembered: JoinedMemory | None = None
        if recorder is not None:
            if not self.id_column:
                raise DataError(f"{scan.label}: --log needs an id for each lead, a column of a field of `kind: id`")
            self.remembered = join_memory(connection, self.fit, scan, self.id_column, recorder)

    def write(
        self, stack: ExitStack, places: ListPlaces, work: Path, progress: Callable[[float, int], None] | None
    ) -> tuple[ScoredList, list[tuple[Path, Path]]]:
        """Write each file as a part first. Returns the results, and the parts with their places."""
        scan, connection = self.scan, self.connection
        ending = output_file.find_ending(places.scores)
        scores = output_file.choose_part(stack, work / "scored", places.scores)
        with reported_progress(connection, scan, progress):
            scored, read, bad = self._write_scores(scores, ending)
        broken = find_broken_rows(connection, scan)
        proven = self._prove_decimals() if bad else ()
        if proven:
            self.card = with_decimals(self.card, proven)
            with reported_progress(connection, scan, progress):
                scored, read, bad = self._write_scores(scores, ending)
            broken = find_broken_rows(connection, scan)
        refuse_empty(scan, read, broken)
        rejects = choose_reject_part(stack, work, places.rejects)
        rejected_again, first_rejects = write_rejects(
            broken, self._find_bad_values(bad, broken), rejects, guarded=self.wanted.guard_formulas
        )
        broken_rows = len({reject.row for reject in broken})
        # Duplicate ids are counted in what is read back, which has them all and is read sooner; else in the list.
        every_id = self.wanted.all_rows and self.id_column in self.columns and not rejected_again
        every_id = every_id and "json" not in output_file.FORMATS[ending] and not self.wanted.guard_formulas
        written = output_file.read_back(scores, ending, () if scored else self.columns)
        odd_days = find_odd_days(self.card.card, self.fit.used, dict.fromkeys(self.columns, UNKNOWN), self.as_of)
        texts = find_text_counts(self.card, scan.columns)
        has_texts = self._writes_as_read(texts.columns, ending)
        more = (*odd_days.aggregates, *(texts.aggregates if has_texts else ()))
        scored_again, recommendations, grades, duplicates, measured = self._count_written(written, every_id, more)
        counts = RowCounts(read + broken_rows, scored, bad + broken_rows, scored_again, rejected_again)
        counts.reconcile(scan.label, self.wanted.all_rows)
        days, counted = measured[: len(odd_days.aggregates)], measured[len(odd_days.aggregates) :]
        lacking = () if has_texts else texts.aggregates
        if (self.id_column and not every_id) or lacking:
            twice = duplicate_ids.count_duplicates(self.id_column) if self.id_column else "0"
            ((duplicates, *in_list),) = connection.execute(
                f"SELECT {', '.join([twice, *lacking])} FROM {scan.sql}"
            ).fetchall()
            counted = counted if has_texts else in_list
        noted = texts.describe(counted)
        parts = [(finish_rejects(stack, connection, rejects, places.rejects), places.rejects)]
        if counts.rejected < counts.read:  # an output without a lead would look like one that is done
            parts += self._write_ledger(stack, places.ledger, work, written)
            if places.scores != output_file.STDOUT:
                lay_out = partial(
                    lay_out_scores,
                    card=self.card.card,
                    fit=self.fit,
                    outputs=self.outputs,
                    is_chosen=bool(self.wanted.columns),
                )
                whole = output_file.finish_part(stack, connection, scores, places.scores, lay_out)
                parts.append((whole, places.scores))
        return ScoredList(
            rows=counts.read,
            scored=counts.scored,
            rejected=counts.rejected,
            left_out=counts.left_out,
            out=places.scores,
            rejects=places.rejects,
            recommendations=recommendations,
            grades=grades,
            fit=self.fit,
            duplicates=duplicates,
            examples=duplicate_ids.find_examples(connection, scan.sql, self.id_column) if duplicates else (),
            seconds=0.0,
            first_rejects=first_rejects,
            notes=(
                *(*scan.notes, *(self.counted.notes if self.counted else ())),
                *(decimal.sentence for decimal in proven),
                *(*odd_days.describe(days), *noted.sentences),
            ),
            unseen=noted.unseen,
        ), parts

    def _query(self, source: str, keep: Sequence[str], *, for_record: bool = False) -> Query:
        remembered = self.remembered
        if remembered is not None:
            source = remembered.join(source)
        if self.counted is not None:
            source = self.counted.join_all(source) if for_record else self.counted.join(source)
        return Query(
            self.as_of,
            source,
            self.scan.columns if remembered is None else {**self.scan.columns, **remembered.columns},
            keep=keep,
            names=self.outputs,
            where=self.where,
            sale=self.card.predicts_sales,
            plus_minus=self.wanted.explain,
            explain=self.wanted.explain,
            fields=self.wanted.explain,
            counted=self.counted is not None,
        )

    @property
    def is_joined(self) -> bool:
        """Whether the list is joined with a long table, which changes the order of its rows."""
        return self.counted is not None or self.remembered is not None

    def record(self, scored: ScoredList, progress: Callable[[float, int], None] | None) -> None:
        """Give the leads to the recorder, if there is one."""
        if self.recorder is None or scored.all_rejected:
            return
        source, keep = (number_rows(self.scan), [ROW]) if self.is_joined else (self.scan.sql, [])
        query = replace(self._query(source, keep, for_record=True), sale=False, plus_minus=False, explain=False)
        done = 0
        for leads in read_typed_leads(self.connection, self.card, query, self.as_of, self.counted):
            self.recorder.record(leads, self.fit.unused)
            done += len(leads)
            if progress is not None:
                progress(min(1.0, done / (scored.rows - scored.rejected)), done)
        forget_rejects(self.connection)

    # -- the scores -------------------------------------------------------------------------------------------------

    def _write_scores(self, part: Path, ending: str) -> tuple[int, int, int]:
        """Write the rows; how many were written, how many read, and in how many a value can't be read."""
        wanted, scan, connection = self.wanted, self.scan, self.connection
        is_best_first = wanted.best_first or wanted.top is not None
        ordered = is_best_first or self.is_joined
        keep = [column for column in scan.columns if column in self.columns]
        placed = place_rows(scan) if wanted.top is None else number_rows(scan)
        query = self._query(placed, [ROW, *keep]) if ordered else self._query(scan.sql, keep)
        if self.counted is not None and wanted.explain:
            query = replace(query, keep=[*query.keep, *list_earned(self.card.card)])
        if not self.is_joined:
            query = add_memos(connection, self.card, query, scan)
        chosen = self._chosen() or "TRUE"
        worded = {}
        if wanted.explain:
            asked = word_questions(connection, self.card, self.as_of, self.outputs["recommendation"])
            worded[self.outputs[QUESTIONS.name]] = asked
        selected = ", ".join(self._select_column(column, worded.get(column), ending) for column in self.columns)
        connection.execute("CREATE OR REPLACE TEMP SEQUENCE ll_bad MINVALUE 0 START 0")
        select = (
            f"SELECT {selected} FROM ({sql.select(self.card, query)})"
            f" WHERE CASE WHEN {quoted(self.outputs['score'])} IS NULL THEN nextval('ll_bad') < 0 ELSE {chosen} END"
        )
        if ordered:
            points = f"{quoted(self.outputs['points'])} DESC, " if is_best_first else ""
            select += f" ORDER BY {points}{quoted(ROW)}"
            select += f" LIMIT {wanted.top}" if wanted.top is not None else ""
        connection.execute("PRAGMA enable_profiling = 'no_output'")
        try:
            count = output_file.copy_rows(connection, select, part, ending)
            read = count_scanned(json.loads(connection.get_profiling_information())["operator"])
        finally:
            connection.execute("PRAGMA disable_profiling")
        if scan.kind == "parquet":  # of which whole parts may be skipped; its own count is in the file
            ((read,),) = connection.execute(f"SELECT count(*) FROM {scan.sql}").fetchall()
        ((bad,),) = connection.execute("SELECT nextval('ll_bad')").fetchall()
        return count, read, bad

    def _select_column(self, column: str, worded: str | None, ending: str) -> str:
        """A column as it is written; `worded` is its SQL where Python words it."""
        expression = worded or quoted(column)
        is_text = self.scan.columns.get(column, "VARCHAR") == "VARCHAR" and column not in self._counted()
        if self.wanted.guard_formulas and is_text and output_file.is_delimited(ending):
            return f"{output_file.guard_formulas(f'({expression})')} AS {quoted(output_file.guard_formula(column))}"
        return f"{expression} AS {quoted(column)}" if worded else expression

    def _counted(self) -> frozenset[str]:
        """The columns of numbers that scoring adds, and those that are read back: never a formula."""
        return frozenset(self.outputs[column.name] for column in self.card.score_columns)

    def _prove_decimals(self) -> tuple[ProvenDecimal, ...]:
        """What the list shows of its numbers, where some can be two."""
        scan = self.scan

        def run_query(query: str) -> tuple[Any, ...]:
            (row,) = self.connection.execute(query).fetchall()
            return tuple(row)

        proven = prove_decimals(self.card.card, scan.columns, scan.sql, run_query, has_typed=scan.has_typed)
        forget_rejects(self.connection)
        return proven

    def _chosen(self) -> str:
        """The condition that a lead has one of the wanted recommendations; empty where every one is wanted."""
        listed = ", ".join(map(text_expression, self.wanted.only))
        return f"{quoted(self.outputs['recommendation'])} IN ({listed})" if listed else ""

    def _writes_as_read(self, columns: Sequence[str], ending: str) -> bool:
        """Whether the output has some columns of texts as they stand in the list."""
        is_same = "json" not in output_file.FORMATS[ending] and not self.wanted.guard_formulas
        return is_same and all(column in self.columns for column in columns)

    def _count_written(
        self, written: str, every_id: bool, more: Sequence[str]
    ) -> tuple[int, dict[str, int], dict[str, int], int, Sequence[Any]]:
        """What is in the output: rows, how many have which recommendation and grade, where those are written, how many
        have an id that an earlier row had (0 unless `every_id` is in it), and what `more` aggregates give.
        """
        card = self.card.card
        known = {
            "recommendation": VERDICTS,
            "grade": tuple(dict.fromkeys([*(grade for grade, _ in card.grades), card.below])),
        }
        pairs = [
            (column, value)
            for column, values in known.items()
            for value in values
            if self.outputs[column] in self.columns
        ]
        counts = [
            f"count(*) FILTER ({quoted(self.outputs[column])} = {text_expression(value)})" for column, value in pairs
        ]
        duplicates = duplicate_ids.count_duplicates(self.id_column) if every_id else "0"
        ((rows, again, *totals),) = self.connection.execute(
            f"SELECT {', '.join(['count(*)', duplicates, *counts, *more])} FROM {written}"
        ).fetchall()
        tallies: dict[str, dict[str, int]] = {column: {} for column in known}
        for (column, value), total in sorted(zip(pairs, totals[: len(pairs)], strict=True)):
            if total:
                tallies[column][value] = total
        return rows, tallies["recommendation"], tallies["grade"], again, totals[len(pairs) :]

    # -- the rejects ------------------------------------------------------------------------------------------------

    def _find_bad_values(self, bad: int, broken: Sequence[Reject]) -> Iterator[Reject]:
        """The values that can't be read, in the order of their rows: SQL finds the rows, Python words the reasons."""
        if not bad:
            return
        present = [*list_columns(self.fit.used)]
        query = Query(self.as_of, number_rows(self.scan), self.scan.columns, keep=[ROW, *present])
        unread = "0"
        if self.counted is not None:
            query = replace(
                query, source=self.counted.join(query.source), keep=[ROW, *present, UNREADABLE], counted=True
            )
            unread = quoted(UNREADABLE)
        selected = f"{unread}, {list_fetchable(self.scan.columns, [ROW, *present])}"
        rows = self.connection.cursor().execute(
            f"SELECT {selected} FROM ({sql.select_fields(self.card, query)})"
            f' WHERE "ll:bad" ORDER BY {quoted(ROW)} LIMIT {bad}'
        )
        gaps = sorted({reject.row for reject in broken})
        passed = 0
        while batch := rows.fetchmany(_FETCHED):
            for unread_events, row, *values in batch:
                # Rows that are no rows have a number in the file, and none in what DuckDB read.
                while passed < len(gaps) and gaps[passed] <= row + passed:
                    passed += 1
                lead = dict(zip(present, values, strict=True))
                if not unread_events or list_lead_problems(self.card, lead):
                    yield from reject_values(self.card, row + passed, lead)
                if unread_events and self.counted is not None:
                    yield from self.counted.list_unread(lead[self.id_column], row + passed)

    # -- the ledger -------------------------------------------------------------------------------------------------

    def _write_ledger(self, stack: ExitStack, ledger: Path | None, work: Path, written: str) -> list[tuple[Path, Path]]:
        """Write the entries of the leads that were written, if wanted; the part with its place."""
        if ledger is None:
            return []
        part = output_file.choose_part(stack, work / "ledger", ledger)
        output_file.copy_rows(self.connection, self._ledger_select(written), part, output_file.find_ending(ledger))
        return [(output_file.finish_part(stack, self.connection, part, ledger), ledger)]

    def _ledger_select(self, written: str) -> str:
        """The SELECT of one row per entry of a ledger: id, entry, kind, points, reason, of a card with axes the axis.

        They add up to the points.
        """
        column = self.id_column
        if not column or (self.wanted.top is not None and column not in self.columns):
            raise DataError(f"{self.scan.label}: a ledger needs an id for each lead, a column of a field of `kind: id`")
        query = replace(
            self._query(self.scan.sql, [column]), ledger=True, sale=False, plus_minus=False, explain=False, fields=False
        )
        entries = ", ".join(
            f"{{entry: {text_expression(entry.entry)}, kind: {text_expression(entry.kind)},"
            f" tenths: {quoted(entry.column) if entry.column else self.card.learned.start},"
            f" reason: {_word_reason(entry)}, axis: {text_expression(entry.axis)}}}"
            for entry in ledger_columns(self.card)
        )
        axis = ", e.axis" if self.card.card.axes else ""
        conditions = [f"{quoted(self.outputs['score'])} IS NOT NULL", self._chosen()]
        if self.wanted.top is not None:
            lead = f"CAST({quoted(column)} AS VARCHAR)"
            conditions.append(f"{lead} IN (SELECT {lead} FROM {written})")
        return (
            f"SELECT {quoted(column)}, e.entry, e.kind, e.tenths / 10 AS points, e.reason{axis} FROM ("
            f"SELECT {quoted(column)}, unnest([{entries}]) AS e FROM ({sql.select(self.card, query)})"
            f" WHERE {' AND '.join(filter(None, conditions))}) WHERE e.tenths <> 0"
        )


def _word_reason(entry: LedgerColumn) -> str:
    """The SQL of the words of an entry, with how many events earned it."""
    if entry.events is None:
        return text_expression(entry.reason)
    events = quoted(entry.events)
    return (
        f"{text_expression(f'{entry.reason} (')} || format('{{:,}}', {events})"
        f" || CASE WHEN {events} = 1 THEN ' event)' ELSE ' events)' END"
    )
