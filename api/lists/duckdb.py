"""Lists in files, scored by DuckDB: a file of leads in, the same rows with their scores out, of any length.

DuckDB reads, scores (by the printed SQL) and writes, in one stream; Python words the reasons of the rows that can't be
read. Every row is in the output or in the rejects: rows are counted where they are read, and again in what was written,
and the counts must agree before the output gets its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import duckdb

from leadledger.api.lists import duplicate_ids, output_file
from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.duckdb_ledger import select_entries
from leadledger.api.lists.joined_memory import JoinedMemory, join_memory
from leadledger.api.lists.list_events import CountedEvents, check_events, count_list_events, list_lead_problems
from leadledger.api.lists.list_places import ListPlaces, choose_places
from leadledger.api.lists.odd_days import find_odd_days
from leadledger.api.lists.progress import ReportProgress, reported_progress
from leadledger.api.lists.recorded_leads import LeadRecorder, read_typed_leads
from leadledger.api.lists.reject_file import choose_reject_part, finish_rejects, write_rejects
from leadledger.api.lists.results import RowCounts, ScoredList
from leadledger.api.lists.row_numbers import count_scanned, number_rows, place_rows
from leadledger.api.lists.sheet_columns import lay_out_scores
from leadledger.api.lists.wanted import Wanted, check_recommendations, choose_columns, parse_where
from leadledger.api.lists.worded_questions import list_earned, word_questions
from leadledger.api.lists.written_counts import CountedThings, WrittenCounts, WrittenScores, count_written
from leadledger.models.durable_files import publish_file
from leadledger.scoring.column_fit import find_id_column, require_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.outputs import QUESTIONS, list_names
from leadledger.scoring.printers.sql import number_evidence
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.column_types import UNKNOWN
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_expression, text_literal
from leadledger.scoring.printers.sql.event_table import UNREADABLE
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

if TYPE_CHECKING:
    from leadledger.api.lists.array_list import ArrayList

ENGINE = ENGINES["duckdb"]
# MB for DuckDB, whatever the length of a list; sorting, and telling ids apart, go to disk beyond it. Each column costs
# 32 kB in each step of the SELECT and each thread, so that lists of thousands of columns need more.
MEMORY, MEMORY_PER_COLUMN = 900, 1
FEWEST_BYTES = 1 << 20  # of a list that is scored as arrays; SQL has scored a shorter one before Arrow is loaded
_BAD_ROWS = "ll_bad_rows"
_FETCHED = 1000  # rejected rows that are fetched at a time


def score_list(
    card: Scorecard,
    data: Path,
    out: Path,
    as_of: date,
    wanted: Wanted | None = None,
    *,
    reading: ReadingOptions = AS_FOUND,
    progress: ReportProgress | None = None,
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
        self, stack: ExitStack, places: ListPlaces, work: Path, progress: ReportProgress | None
    ) -> tuple[ScoredList, list[tuple[Path, Path]]]:
        """Write each file as a part first. Returns the results, and the parts with their places."""
        scan, connection = self.scan, self.connection
        ending = output_file.find_ending(places.scores)
        scores = output_file.choose_part(stack, work / "scored", places.scores)
        things = self._list_counted(ending)
        written = self._write_scores(scores, ending, work, things, progress)
        proven = self._prove_decimals(written) if written.bad else ()
        if proven:
            self.card = number_evidence.with_decimals(self.card, proven)
            written = self._write_scores(scores, ending, work, things, progress)
        broken = written.broken
        refuse_empty(scan, written.read, broken)
        rejects = choose_reject_part(stack, work, places.rejects)
        rejected_again, first_rejects = write_rejects(
            broken, self._find_bad_values(written, broken), rejects, guarded=self.wanted.guard_formulas
        )
        broken_rows = len({reject.row for reject in broken})
        counts = written.counts or self._count_again(scores, ending, written, things, rejected_again)
        rows = RowCounts(
            written.read + broken_rows, written.scored, written.bad + broken_rows, counts.rows, rejected_again
        )
        rows.reconcile(scan.label, self.wanted.all_rows)
        noted = things.texts.describe(counts.texts)
        parts = [(finish_rejects(stack, connection, rejects, places.rejects), places.rejects)]
        if rows.rejected < rows.read:  # an output without a lead would look like one that is done
            parts += self._write_ledger(stack, places.ledger, work, output_file.read_back(scores, ending))
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
            rows=rows.read,
            scored=rows.scored,
            rejected=rows.rejected,
            left_out=rows.left_out,
            out=places.scores,
            rejects=places.rejects,
            recommendations=counts.recommendations,
            grades=counts.grades,
            fit=self.fit,
            duplicates=counts.duplicates,
            examples=duplicate_ids.find_examples(connection, scan.sql, self.id_column) if counts.duplicates else (),
            seconds=0.0,
            first_rejects=first_rejects,
            notes=(
                *(*scan.notes, *(self.counted.notes if self.counted else ())),
                *(decimal.sentence for decimal in proven),
                *(*things.odd_days.describe(counts.odd_days), *noted.sentences),
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

    def record(self, scored: ScoredList, progress: ReportProgress | None) -> None:
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

    def _write_scores(
        self, part: Path, ending: str, work: Path, things: CountedThings, progress: ReportProgress | None
    ) -> WrittenScores:
        """Write the rows: as arrays, where the list is fit for them, else by SQL."""
        arrays = self._open_arrays(ending, things)
        written = arrays.write(part, work, progress) if arrays is not None else None
        if written is not None:
            return written
        with reported_progress(self.connection, self.scan, progress):
            return self._write_by_sql(part, ending)

    def _open_arrays(self, ending: str, things: CountedThings) -> ArrayList | None:
        """The list, to be scored as arrays; None where only SQL does what is wanted, or does it sooner."""
        wanted, scan = self.wanted, self.scan
        is_ordered = wanted.best_first or wanted.top is not None or self.is_joined
        if is_ordered or wanted.ledger is not None:
            return None
        if scan.source is None or scan.size < FEWEST_BYTES:
            return None
        sql.refuse_prefixes(scan.columns)  # so that a list is refused whatever is wanted of it
        # Arrow and NumPy are loaded only here: who serves, or asks for help, needs neither.
        from leadledger.api.lists.array_list import ArrayPlan, open_arrays

        scores = {self.outputs[column.name]: column for column in ENGINE.columns(self.card, wanted.explain)}
        columns = {name: scores.get(name) for name in self.columns}
        guarded = [name for name in columns if self._is_guarded(name, ending)]
        plan = ArrayPlan(scan, ending, columns, guarded, wanted.only, tuple(list_columns(self.fit.used)), things)
        return open_arrays(self.connection, self.card, self.as_of, self.where, plan)

    def _write_by_sql(self, part: Path, ending: str) -> WrittenScores:
        """Write the rows by the printed SQL."""
        wanted, scan, connection = self.wanted, self.scan, self.connection
        is_best_first = wanted.best_first or wanted.top is not None
        ordered = is_best_first or self.is_joined
        keep = [column for column in scan.columns if column in self.columns]
        placed = place_rows(scan) if wanted.top is None else number_rows(scan)
        query = self._query(placed, [ROW, *keep]) if ordered else self._query(scan.sql, keep)
        if self.counted is not None and wanted.explain:
            query = replace(query, keep=[*query.keep, *list_earned(self.card.card)])
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
        return WrittenScores(read, count, bad, find_broken_rows(connection, scan))

    def _select_column(self, column: str, worded: str | None, ending: str) -> str:
        """A column as it is written; `worded` is its SQL where Python words it."""
        expression = worded or quoted(column)
        if self._is_guarded(column, ending):
            return f"{output_file.guard_formulas(f'({expression})')} AS {quoted(output_file.guard_formula(column))}"
        return f"{expression} AS {quoted(column)}" if worded else expression

    def _is_guarded(self, column: str, ending: str) -> bool:
        """Whether no text of a column may start as a formula does; numbers, and what is read back, never do."""
        if not self.wanted.guard_formulas or not output_file.is_delimited(ending):
            return False
        is_score = column in [self.outputs[score.name] for score in self.card.score_columns]
        return not is_score and self.scan.columns.get(column, "VARCHAR") == "VARCHAR"

    def _prove_decimals(self, written: WrittenScores) -> tuple[number_evidence.ProvenDecimal, ...]:
        """What the list shows of its numbers, where some can be two."""
        scan = self.scan

        def run_query(query: str) -> tuple[Any, ...]:
            (row,) = self.connection.execute(query).fetchall()
            return tuple(row)

        card = self.card.card
        if written.bad_rows is not None:  # one look at these is soon done, and they have each number in two readings
            self.connection.register(_BAD_ROWS, written.bad_rows.open())
            if not number_evidence.has_two_readings(card, scan.columns, _BAD_ROWS, run_query):
                return ()
        proven = number_evidence.prove_decimals(card, scan.columns, scan.sql, run_query, has_typed=scan.has_typed)
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

    def _list_counted(self, ending: str) -> CountedThings:
        """What is to be counted of the list and of what was written."""
        texts = find_text_counts(self.card, self.scan.columns)
        tallied = {name: self.outputs[name] for name in ("recommendation", "grade")}
        return CountedThings(
            self.id_column,
            {name: column for name, column in tallied.items() if column in self.columns},
            find_odd_days(self.card.card, self.fit.used, dict.fromkeys(self.columns, UNKNOWN), self.as_of),
            texts,
            self._writes_as_read(texts.columns, ending),
        )

    def _count_again(
        self, part: Path, ending: str, written: WrittenScores, things: CountedThings, rejected: int
    ) -> WrittenCounts:
        """What SQL counts in what was written, and in the list. `rejected` rows were."""
        # Duplicate ids are counted in what is read back, which has them all and is read sooner; else in the list.
        every_id = self.wanted.all_rows and not rejected and self._writes_as_read([self.id_column], ending)
        back = output_file.read_back(part, ending, () if written.scored else self.columns)
        return count_written(self.connection, self.card.card, things, back, self.scan.sql, every_id)

    # -- the rejects ------------------------------------------------------------------------------------------------

    def _find_bad_values(self, written: WrittenScores, broken: Sequence[Reject]) -> Iterator[Reject]:
        """The values that can't be read, in the order of their rows: Python words the reasons."""
        leads = self._list_bad_leads(written.bad)
        if written.bad_rows is not None:
            leads = ((0, row, lead) for row, lead in written.bad_rows.list_rows())
        gaps = sorted({reject.row for reject in broken})
        passed = 0
        for unread_events, row, lead in leads:
            # Rows that are no rows have a number in the file, and none in what DuckDB read.
            while passed < len(gaps) and gaps[passed] <= row + passed:
                passed += 1
            if not unread_events or list_lead_problems(self.card, lead):
                yield from reject_values(self.card, row + passed, lead)
            if unread_events and self.counted is not None:
                yield from self.counted.list_unread(lead[self.id_column], row + passed)

    def _list_bad_leads(self, bad: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """The rows with a value that can't be read, by SQL: how many events can't, the number, and what it holds."""
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
        while batch := rows.fetchmany(_FETCHED):
            for unread_events, row, *values in batch:
                yield unread_events, row, dict(zip(present, values, strict=True))

    # -- the ledger -------------------------------------------------------------------------------------------------

    def _write_ledger(self, stack: ExitStack, ledger: Path | None, work: Path, written: str) -> list[tuple[Path, Path]]:
        """Write the entries of the leads that were written, if wanted; the part with its place."""
        if ledger is None:
            return []
        part = output_file.choose_part(stack, work / "ledger", ledger)
        output_file.copy_rows(self.connection, self._ledger_select(written), part, output_file.find_ending(ledger))
        return [(output_file.finish_part(stack, self.connection, part, ledger), ledger)]

    def _ledger_select(self, written: str) -> str:
        """The SELECT of the entries of the leads that were written."""
        column = self.id_column
        if not column or (self.wanted.top is not None and column not in self.columns):
            raise DataError(f"{self.scan.label}: a ledger needs an id for each lead, a column of a field of `kind: id`")
        query = replace(
            self._query(self.scan.sql, [column]), ledger=True, sale=False, plus_minus=False, explain=False, fields=False
        )
        conditions = [f"{quoted(self.outputs['score'])} IS NOT NULL", self._chosen()]
        if self.wanted.top is not None:
            lead = f"CAST({quoted(column)} AS VARCHAR)"
            conditions.append(f"{lead} IN (SELECT {lead} FROM {written})")
        return select_entries(self.card, sql.select(self.card, query), column, [*filter(None, conditions)])
