"""A list in Parquet or CSV, scored by Apache Spark into another, on a cluster and without a Python worker.

Spark reads, scores by the printed SQL and writes, each part of the list where it lies. Of the rows only the few that
can't be read come over, some at a time, for Python to word the reasons. Rows are counted as they are read, and again in
what was written, and the counts must agree before the output gets its name. `leadledger.score_frame` scores a DataFrame
of your own session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.duplicate_ids import MOST_EXAMPLES
from leadledger.api.lists.odd_days import find_odd_days
from leadledger.api.lists.results import MOST_REJECTS_WORDED, RowCounts, ScoredList, word_reject
from leadledger.api.lists.spark_events import FolderEvents, count_folder_events, list_rejects
from leadledger.api.lists.spark_files import SparkFiles, find_kind, separator, stem
from leadledger.api.lists.spark_ledger import print_entries
from leadledger.api.lists.spark_lists import BROKEN, FILE, READ_CSV, ROW, SparkList, open_leads, quote_column
from leadledger.api.lists.spark_session import spark_session
from leadledger.api.lists.wanted import Wanted, check_recommendations, choose_columns, parse_where
from leadledger.scoring.column_fit import ColumnFit, find_columns, find_id_column, require_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.frames import spark as spark_frame
from leadledger.scoring.outputs import list_names
from leadledger.scoring.printers.sql.dialects.spark import SPARK, name
from leadledger.scoring.printers.sql.event_table import UNREADABLE
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, with_decimals
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.printers.sql.text_counts import TextNotes, find_text_counts
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Node
from leadledger.training.sources.event_rows import require_events
from leadledger.training.sources.scan import Reject

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

ENGINE = ENGINES["spark"]
TYPES = {"integer": "bigint", "text": "string"}  # of the columns of rejects
FETCHED = 5000  # rejected rows that come over at a time
WRITE_CSV = {"header": "true", "quote": '"', "escape": '"', "nullValue": "", "emptyValue": ""}
WRITE_CSV |= {"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}


def score_folder(
    card: Scorecard,
    data: str,
    out: str,
    as_of: date,
    wanted: Wanted | None = None,
    *,
    master: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> ScoredList:
    """Score a list on a Spark cluster into a folder. Raises DataError.

    `data` is a file, a folder or a pattern of Parquet or CSV (UTF-8, each file with the same header), `out` the folder
    to make, of Parquet or CSV by the end of its name, else of the kind of `data`; both may be URLs that Spark knows.
    `master` is None for the one of Spark's own settings, else this machine. What `ENGINE` lacks of `wanted` is refused.
    Rows that can't be read go to the folder `wanted.rejects`, beside `out` if left out. `wanted.events` are files of
    these kinds or of JSON lines. `progress` is called with the name of each step. Otherwise as `score_list`; Spark
    decides the order of rows.
    """
    started = monotonic()
    wanted = wanted or Wanted()
    refuse_unsupported(ENGINE, wanted)
    check_recommendations(wanted.only)
    where = parse_where(card.card, wanted.where)
    require_events(card.card, wanted.events)
    report = progress or (lambda _: None)
    report("starting Spark")
    with spark_session(master) as spark:
        run = _FolderRun(card, spark, as_of, wanted, where)
        return replace(run.score(data, out, report), seconds=monotonic() - started)


class _FolderRun:
    """One list being scored."""

    def __init__(self, card: Scorecard, spark: SparkSession, as_of: date, wanted: Wanted, where: Node | None) -> None:
        self.card, self.spark, self.as_of, self.wanted = card, spark, as_of, wanted
        self.query = Query(
            as_of,
            where=where,
            sale=card.predicts_sales,
            plus_minus=wanted.explain,
            explain=wanted.explain,
            counted=wanted.events is not None,
        )
        self.events: FolderEvents | None = None
        self.files = SparkFiles(spark)
        self.first_rejects: list[str] = []
        added = list_names(ENGINE.columns(card, wanted.explain))
        self.outputs = {column: f"{wanted.prefix}{column}" for column in added}

    def score(self, data: str, out: str, report: Callable[[str], None]) -> ScoredList:
        """Score the list `data` into the folder `out`. Raises DataError."""
        report("reading the columns")
        leads = open_leads(self.spark, self.files, data)
        beside = self.files.beside(out, f"{stem(self.files.name(out))}.rejects.csv")
        rejects = beside if self.wanted.rejects is None else str(self.wanted.rejects)
        ledger = None if self.wanted.ledger is None else str(self.wanted.ledger)
        fit = require_columns(self.card.card, leads.no_types, leads.label)
        self._require_ids(leads)
        columns = choose_columns(leads.columns, leads.label, self.outputs, self.wanted)
        with ExitStack() as stack:
            places = [out, rejects, *([ledger] if ledger is not None else [])]
            part, rejects_part, *ledger_parts = self._make_parts(stack, places)
            if self.wanted.events is not None:
                report("counting the events")
                self.events = self._count_events(leads, stack.enter_context(self.files.work_folder(out)))
            report("scoring")
            written = find_kind(out) or leads.kind
            scored, read, bad, broken = self._write_scores(leads, columns, part, out, written)
            proven = self._prove_decimals(leads) if bad else ()
            if proven:
                self.card = with_decimals(self.card, proven)
                scored, read, bad, broken = self._write_scores(leads, columns, part, out, written)
            if not read - broken:
                raise DataError(f"{leads.label}: {'no row can be read' if broken else 'has no rows'}")
            report("writing the rejects")
            rejected_again = self._write_rejects(leads, rejects_part, find_kind(rejects) or "csv", bad + broken)
            report("counting")
            scored_again, tallies = self._count_written(part, written, columns)
            counts = RowCounts(read, scored, bad + broken, scored_again, rejected_again)
            counts.reconcile(leads.label, self.wanted.all_rows)
            duplicates, examples = self._find_duplicates(leads)
            odd_days, texts = self._note_values(leads, fit)
            is_scored = counts.rejected < counts.read  # an output without a lead would look like one that is done
            if is_scored and ledger is not None:
                report("writing the ledger")
                self._write_ledger(leads, ledger_parts[0], ledger)
            self.files.publish(rejects_part, rejects)
            if is_scored:
                for ledger_part in ledger_parts:
                    self.files.publish(ledger_part, str(ledger))
                self.files.publish(part, out)
        return ScoredList(
            rows=counts.read,
            scored=counts.scored,
            rejected=counts.rejected,
            left_out=counts.left_out,
            out=out,
            rejects=rejects,
            recommendations=tallies["recommendation"],
            grades=tallies["grade"],
            fit=fit,
            duplicates=duplicates,
            examples=examples,
            seconds=0.0,
            first_rejects=tuple(self.first_rejects),
            notes=(
                *(self.events.notes if self.events else ()),
                *(*(decimal.sentence for decimal in proven), *odd_days, *texts.sentences),
            ),
            unseen=texts.unseen,
        )

    def _make_parts(self, stack: ExitStack, places: Sequence[str]) -> list[str]:
        """The parts of what is written, which are gone with the stack. Raises DataError where one can't be."""
        parts: list[str] = []
        for place in places:
            part = stack.enter_context(self.files.part_folder(place))
            if part in parts:
                raise DataError(f"{place}: is named twice; the scores, the rejects and the ledger need a folder each")
            parts.append(part)
        return parts

    # -- the list ---------------------------------------------------------------------------------------------------

    def _require_ids(self, leads: SparkList) -> None:
        """Raises DataError where the leads have no ids and need them."""
        if find_id_column(self.card.card, leads.no_types):
            return
        for needs, asked in (("events need", self.wanted.events), ("a ledger needs", self.wanted.ledger)):
            if asked is not None:
                raise DataError(f"{leads.label}: {needs} an id for each lead, a column of a field of `kind: id`")

    def _count_events(self, leads: SparkList, work: str) -> FolderEvents:
        """What the events of the leads come to, in the folder `work`. Raises DataError."""
        id_column = find_id_column(self.card.card, leads.no_types)
        source = spark_frame.prepare_leads(self.card.card, leads.rows, self._columns_of_card(leads))
        entries = self.wanted.explain or self.wanted.ledger is not None
        return count_folder_events(
            self.spark,
            self.files,
            self.card,
            self.as_of,
            str(self.wanted.events),
            (source, id_column),
            work,
            entries=entries,
        )

    def _prepare(self, frame: DataFrame, leads: SparkList) -> spark_frame.SparkLeads:
        """A DataFrame of the leads, ready to be scored, with what their events come to."""
        source = spark_frame.prepare_leads(self.card.card, frame, self._columns_of_card(leads))
        return source if self.events is None else self.events.join(source)

    def _columns_of_card(self, leads: SparkList) -> list[str]:
        """The columns that belong to the card."""
        return [*list_columns(find_columns(self.card.card, leads.no_types))]

    def _find_duplicates(self, leads: SparkList) -> tuple[int, tuple[str, ...]]:
        """How many rows have an id that another row has too, but for one each, and some of these ids."""
        column = find_id_column(self.card.card, leads.no_types)
        if not column:
            return 0, ()
        from pyspark.sql import functions as F

        ids = leads.rows.select(F.trim(F.col(quote_column(column)).cast("string")).alias("id")).where("id <> ''")
        twice = ids.groupBy("id").count().where("count > 1")
        (total,) = twice.agg(F.sum(F.col("count") - 1)).collect()
        if not total[0]:
            return 0, ()
        examples = twice.orderBy(F.desc("count"), "id").limit(MOST_EXAMPLES).collect()
        return int(total[0]), tuple(row["id"] for row in examples)

    def _note_values(self, leads: SparkList, fit: ColumnFit) -> tuple[tuple[str, ...], TextNotes]:
        """What is to be said of the days and the texts of the list."""
        source = spark_frame.prepare_leads(self.card.card, leads.rows, self._columns_of_card(leads))
        texts = find_text_counts(self.card, source.types, SPARK)
        odd_days = find_odd_days(self.card.card, fit.used, source.types, self.as_of, SPARK)
        aggregates = [*odd_days.aggregates, *texts.aggregates]
        if not aggregates:
            return (), TextNotes()
        stand_in = f"ll_{uuid4().hex}"

        def fetch_rows(query: str) -> list[tuple[Any, ...]]:
            return spark_frame.run_query(query, source, stand_in)

        (counts,) = fetch_rows(f"SELECT {', '.join(aggregates)} FROM {stand_in}")
        days, words = counts[: len(odd_days.aggregates)], counts[len(odd_days.aggregates) :]
        return odd_days.describe(days), texts.describe(words, stand_in, fetch_rows)

    # -- the scores -------------------------------------------------------------------------------------------------

    def _write_scores(
        self, leads: SparkList, columns: Sequence[str], part: str, out: str, kind: str
    ) -> tuple[int, int, int, int]:
        """Write the scores; how many, and how many rows were read, have a value that can't be, and are none."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as F

        # Spark checks a plan once more with all that is added to it, which takes as long as to score many rows.
        read, judged = Observation(), Observation()
        observed = leads.frame.observe(read, F.count(F.lit(1)).alias("rows"), F.count(F.col(BROKEN)).alias("broken"))
        if leads.whole:
            observed = observed.repartition(self.spark.sparkContext.defaultParallelism)
        source = self._prepare(replace(leads, frame=observed).rows, leads)
        kept = {column: source.places[column] for column in leads.columns if column in columns}
        scored = spark_frame.score_leads(self.card, source, replace(self.query, keep=[*kept.values(), BAD]))
        good = self._wanted_rows()
        scored = scored.observe(judged, F.count_if(F.col(BAD)).alias("bad"), F.count_if(good).alias("good"))
        places = kept | {output: column for column, output in self.outputs.items()}
        result = scored.where(good).select(*[F.col(places[column]).alias(column) for column in columns])
        self._write(result, part, out, kind)
        return judged.get["good"], read.get["rows"], judged.get["bad"], read.get["broken"]

    def _write(self, frame: DataFrame, part: str, place: str, kind: str) -> None:
        """Write the part of a place."""
        writer = frame.write.mode("overwrite")  # the part is ours
        if kind == "csv":
            last = self.files.name(place)
            packed = {"compression": "gzip"} if last.lower().endswith(".gz") else {}
            writer.options(**WRITE_CSV, **packed, sep=separator(last)).csv(part)
        else:
            writer.parquet(part)

    def _write_ledger(self, leads: SparkList, part: str, ledger: str) -> None:
        """Write a row for each entry that is not 0, of the leads that were written: they add up to the points."""
        id_column = find_id_column(self.card.card, leads.no_types)
        source = self._prepare(leads.rows, leads)
        place = source.places[id_column]
        query = replace(self.query, keep=[place, BAD], ledger=True, sale=False, plus_minus=False, explain=False)
        scored = spark_frame.score_leads(self.card, source, query).where(self._wanted_rows())
        entries = scored.selectExpr(name(place), print_entries(self.card)).where("tenths <> 0")
        more = ["axis"] if self.card.card.axes else []
        listed = entries.selectExpr(name(place), "entry", "kind", "tenths / 10D AS points", "reason", *more)
        self._write(listed.toDF(id_column, *listed.columns[1:]), part, ledger, find_kind(ledger) or leads.kind)

    def _wanted_rows(self) -> Column:
        """Whether a scored row is written."""
        from pyspark.sql import functions as F

        good = ~F.col(BAD)
        return good & F.col("recommendation").isin(*self.wanted.only) if self.wanted.only else good

    def _prove_decimals(self, leads: SparkList) -> tuple[ProvenDecimal, ...]:
        """What the list shows of its numbers, where some can be two."""
        good = leads.frame.where(f"{name(BROKEN)} IS NULL").drop(BROKEN)
        return spark_frame.prove_decimals(
            self.card.card, spark_frame.prepare_leads(self.card.card, good, self._columns_of_card(leads))
        )

    def _count_written(self, part: str, kind: str, columns: Sequence[str]) -> tuple[int, dict[str, dict[str, int]]]:
        """What is in the output: rows, how many have which recommendation and grade, where those are written."""
        from pyspark.sql import functions as F

        if kind == "csv":
            options = {**READ_CSV, "sep": separator(part.removesuffix(".half"))}
            written = self.spark.read.options(**options).csv(part)
        else:
            written = self.spark.read.parquet(part)
        written = written.toDF(*columns)
        counted = [column for column in ("recommendation", "grade") if self.outputs[column] in columns]
        grouped = written.groupBy(*[F.col(quote_column(self.outputs[column])).alias(column) for column in counted])
        rows = grouped.count().collect()
        tallies: dict[str, dict[str, int]] = {"recommendation": {}, "grade": {}}
        for row in rows:
            for column in counted:
                tallies[column][row[column]] = tallies[column].get(row[column], 0) + row["count"]
        return sum(row["count"] for row in rows), {
            column: dict(sorted(tally.items())) for column, tally in tallies.items()
        }

    # -- the rejects ------------------------------------------------------------------------------------------------

    def _write_rejects(self, leads: SparkList, part: str, kind: str, rows: int) -> int:
        """Write what can't be read, some rows at a time; how many rows they are."""
        rejected = self._find_rejects(leads, rows) if rows else iter(())
        count = 0
        while True:
            batch = list(islice(rejected, FETCHED))
            count += len(batch)
            rejects = [reject for rejects_of_row in batch for reject in rejects_of_row]
            for reject in rejects[: MOST_REJECTS_WORDED - len(self.first_rejects)]:
                place = reject["row"] or reject["file"]
                self.first_rejects.append(word_reject(place, reject["column"], reject["reason"]))
            if batch or not count:
                self._append_rejects(rejects, part, kind)
            if len(batch) < FETCHED:
                return count

    def _append_rejects(self, rejects: Sequence[Mapping[str, Any]], part: str, kind: str) -> None:
        """Write some rejects as one more file; by way of JSON, since a list of Python's would need a Python worker."""
        fields = ", ".join(f"`{column.name}`: {TYPES[column.type]}" for column in ENGINE.reject_columns)
        query = f"SELECT inline(from_json(:rejects, 'array<struct<{fields}>>'))"
        writer = self.spark.sql(query, args={"rejects": json.dumps(list(rejects))}).coalesce(1).write.mode("append")
        writer.options(**WRITE_CSV).csv(part) if kind == "csv" else writer.parquet(part)

    def _find_rejects(self, leads: SparkList, rows: int) -> Iterator[list[dict[str, Any]]]:
        """The rejects of each row that can't be read: Spark finds the rows, Python words the reasons."""
        columns, lead_id = self._columns_of_card(leads), find_id_column(self.card.card, leads.no_types)
        good = leads.frame.where(f"{name(BROKEN)} IS NULL").drop(BROKEN)
        source = self._prepare(good, leads)
        places = [source.places[column] for column in (FILE, ROW, lead_id or FILE, *columns)]
        kinds = dict(good.dtypes)
        # As texts where Python has no such value: a day beyond the year 9999.
        values_read = [
            f"CAST({name(place)} AS STRING)"
            if SPARK.family_of(kinds[column]) in ("date", "time", "instant")
            else name(place)
            for column, place in zip(columns, places[3:], strict=True)
        ]
        query = Query(self.as_of, keep=places)
        unread = "CAST(NULL AS STRING)"
        if self.events is not None:
            query = replace(query, keep=[*places, UNREADABLE], counted=True)
            unread = f"CASE WHEN {name(UNREADABLE)} > 0 THEN {self.events.write_key(source)} END"
        typed = spark_frame.clean_leads(self.card, source, query)
        bad = typed.where(name(BAD)).selectExpr(
            *map(name, places[:2]), f"CAST({name(places[2])} AS STRING)", f"{unread} AS unread", *values_read
        )
        parts = -(-rows // FETCHED)
        bad_rows = bad.repartition(parts).toLocalIterator()
        while batch := list(islice(bad_rows, FETCHED)):
            unread_events = self.events.find_unread([row["unread"] for row in batch]) if self.events else {}
            for file, row, key, unread_key, *values in batch:
                lead = dict(zip(columns, values, strict=True))
                of_events = None if unread_key is None else unread_events.get(unread_key, [])
                rejects = list_rejects(self.card, row or 0, lead, of_events)
                yield [_reject_record(file, row, key if lead_id else None, reject) for reject in rejects]
        # With a column of the list, without which Spark refuses to say what is broken.
        broken = leads.frame.where(f"{name(BROKEN)} IS NOT NULL")
        broken = broken.select(FILE, BROKEN, broken[quote_column(leads.columns[0])])
        for file, value, _ in broken.repartition(parts).toLocalIterator():
            reason = "has more or fewer values than the header has columns, or a quote that is not closed"
            yield [_reject_record(file, None, None, Reject(0, "", value, reason))]


def _reject_record(file: str, row: int | None, lead_id: str | None, reject: Reject) -> dict[str, Any]:
    """A reject as a row of the rejects folder."""
    values = (file, row, lead_id, reject.column, reject.value, reject.reason)
    return dict(zip(list_names(ENGINE.reject_columns), values, strict=True))
