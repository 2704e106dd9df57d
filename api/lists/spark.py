"""A list in Parquet or CSV, scored by Apache Spark into another, on a cluster and without a Python worker.

Spark reads, scores by the printed SQL and writes, each part of the list where it lies. Of the rows only the few that
can't be read come over, some at a time, for Python to word the reasons. Rows are counted as they are read, and again in
what was written, and the counts must agree before the output gets its name. `leadledger.score_frame` scores a DataFrame
of your own session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.duplicate_ids import MOST_EXAMPLES
from leadledger.api.lists.odd_days import find_odd_days
from leadledger.api.lists.results import MOST_REJECTS_WORDED, RowCounts, ScoredList, word_reject
from leadledger.api.lists.spark_files import ENDINGS, SparkFiles, find_kind, separator, stem
from leadledger.api.lists.spark_session import spark_session
from leadledger.api.lists.wanted import Wanted, check_recommendations, choose_columns, parse_where
from leadledger.scoring.column_fit import ColumnFit, find_columns, find_id_column, require_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.frames import spark as spark_frame
from leadledger.scoring.outputs import list_names
from leadledger.scoring.printers.sql.dialects.spark import SPARK, name
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, with_decimals
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.printers.sql.text_counts import TextNotes, find_text_counts
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Node
from leadledger.training.sources.rejects import reject_values
from leadledger.training.sources.scan import Reject

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ENGINE = ENGINES["spark"]
TYPES = {"integer": "bigint", "text": "string"}  # of the columns of rejects
BROKEN = "ll:broken"  # the column with the text of a row of CSV that is none
FILE, ROW = "ll:file", "ll:row"
FETCHED = 5000  # rejected rows that come over at a time
# As RFC 4180 has it, a line end may stand in quotes, so that one task reads a whole file.
READ_CSV = {"header": "true", "quote": '"', "escape": '"', "multiLine": "true", "enforceSchema": "false"}
READ_CSV |= {"columnNameOfCorruptRecord": BROKEN, "nullValue": ""}
WRITE_CSV = {"header": "true", "quote": '"', "escape": '"', "nullValue": "", "emptyValue": ""}
WRITE_CSV |= {"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}


@dataclass(frozen=True)
class _SparkList:
    """A list, opened: a DataFrame with its columns as they are, FILE, ROW (from 1; NULL in CSV) and BROKEN behind.

    `whole` says that it has fewer files than the cluster has cores, and each is read by one task.
    """

    frame: DataFrame
    columns: Sequence[str]
    label: str
    whole: bool

    @property
    def rows(self) -> DataFrame:
        """Those that are rows, without what stands behind their columns."""
        return self.frame.where(f"{name(BROKEN)} IS NULL").drop(FILE, ROW, BROKEN)

    @property
    def no_types(self) -> Mapping[str, str]:
        """The columns, for functions that need no types of theirs."""
        return dict.fromkeys(self.columns, "")


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
    Rows that can't be read go to the folder `wanted.rejects`, beside `out` if left out. `progress` is called with the
    name of each step. Otherwise as `score_list`; Spark decides the order of rows.
    """
    started = monotonic()
    wanted = wanted or Wanted()
    refuse_unsupported(ENGINE, wanted)
    check_recommendations(wanted.only)
    where = parse_where(card.card, wanted.where)
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
            as_of, where=where, sale=card.predicts_sales, plus_minus=wanted.explain, explain=wanted.explain
        )
        self.files = SparkFiles(spark)
        self.first_rejects: list[str] = []
        added = list_names(ENGINE.columns(wanted.explain, card.predicts_sales, bool(card.card.axes)))
        self.outputs = {column: f"{wanted.prefix}{column}" for column in added}

    def score(self, data: str, out: str, report: Callable[[str], None]) -> ScoredList:
        """Score the list `data` into the folder `out`. Raises DataError."""
        report("reading the columns")
        first = self.files.find_data_file(data)
        kind = find_kind(first)
        if kind is None:
            raise DataError(f"{first}: is neither Parquet nor CSV; its name must end in {', '.join(ENDINGS)}")
        leads = self._open(data, first, kind)
        beside = self.files.beside(out, f"{stem(self.files.name(out))}.rejects.csv")
        rejects = beside if self.wanted.rejects is None else str(self.wanted.rejects)
        fit = require_columns(self.card.card, leads.no_types, leads.label)
        columns = choose_columns(leads.columns, leads.label, self.outputs, self.wanted)
        with self.files.part_folder(out) as part, self.files.part_folder(rejects) as rejects_part:
            if part == rejects_part:
                raise DataError(f"{out}: is named twice; the scores and the rejects need a folder each")
            report("scoring")
            written = find_kind(out) or kind
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
            self.files.publish(rejects_part, rejects)
            if counts.rejected < counts.read:  # an output without a lead would look like one that is done
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
            notes=(*(decimal.sentence for decimal in proven), *odd_days, *texts.sentences),
            unseen=texts.unseen,
        )

    # -- the list ---------------------------------------------------------------------------------------------------

    def _open(self, data: str, first: str, kind: str) -> _SparkList:
        """The list as a DataFrame. Raises DataError."""
        from pyspark.sql import functions as F
        from pyspark.sql.types import StringType, StructType

        if kind == "parquet":
            frame = self.spark.read.parquet(data)
            columns = frame.columns
            metadata = frame.metadataColumn("_metadata")
            row, broken = metadata.getField("row_index") + 1, F.lit(None).cast("string")
        else:
            options = {**READ_CSV, "sep": self._detect_delimiter(first)}
            columns = self.spark.read.options(**options).csv(first).columns
            schema = StructType()
            for column in (*columns, BROKEN):
                schema = schema.add(column, StringType())
            frame = self.spark.read.options(**options).schema(schema).csv(data)
            columns = [column for column in frame.columns if column != BROKEN]  # those of `country=NO` folders too
            metadata = frame.metadataColumn("_metadata")
            row, broken = F.lit(None).cast("bigint"), frame[BROKEN]
        if len(set(columns)) < len(columns):
            raise DataError(f"{data}: two columns have the same name; rename one")
        added = [metadata.getField("file_path").alias(FILE), row.alias(ROW), broken.alias(BROKEN)]
        whole = kind == "csv" and len(frame.inputFiles()) < self.spark.sparkContext.defaultParallelism
        return _SparkList(frame.select(*[frame[_quoted(column)] for column in columns], *added), columns, data, whole)

    def _detect_delimiter(self, first: str) -> str:
        """The sign that most often stands in the header, of those that lists have."""
        row = self.spark.read.text(first).first()
        header = row[0] if row else ""
        return max([",", ";", "\t", "|"], key=header.count)

    def _columns_of_card(self, leads: _SparkList) -> list[str]:
        """The columns that belong to the card."""
        return [*list_columns(find_columns(self.card.card, leads.no_types))]

    def _find_duplicates(self, leads: _SparkList) -> tuple[int, tuple[str, ...]]:
        """How many rows have an id that another row has too, but for one each, and some of these ids."""
        column = find_id_column(self.card.card, leads.no_types)
        if not column:
            return 0, ()
        from pyspark.sql import functions as F

        ids = leads.rows.select(F.trim(F.col(_quoted(column)).cast("string")).alias("id")).where("id <> ''")
        twice = ids.groupBy("id").count().where("count > 1")
        (total,) = twice.agg(F.sum(F.col("count") - 1)).collect()
        if not total[0]:
            return 0, ()
        examples = twice.orderBy(F.desc("count"), "id").limit(MOST_EXAMPLES).collect()
        return int(total[0]), tuple(row["id"] for row in examples)

    def _note_values(self, leads: _SparkList, fit: ColumnFit) -> tuple[tuple[str, ...], TextNotes]:
        """What is to be said of the days and the texts of the list."""
        source = spark_frame.prepare_leads(self.card.card, leads.rows, self._columns_of_card(leads))
        texts = find_text_counts(self.card, source.types, SPARK)
        odd_days = find_odd_days(self.card.card, fit.used, list(source.types), self.as_of, SPARK)
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
        self, leads: _SparkList, columns: Sequence[str], part: str, out: str, kind: str
    ) -> tuple[int, int, int, int]:
        """Write the scores; how many, and how many rows were read, have a value that can't be, and are none."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as F

        # Spark checks a plan once more with all that is added to it, which takes as long as to score many rows.
        read, judged = Observation(), Observation()
        observed = leads.frame.observe(read, F.count(F.lit(1)).alias("rows"), F.count(F.col(BROKEN)).alias("broken"))
        if leads.whole:
            observed = observed.repartition(self.spark.sparkContext.defaultParallelism)
        source = spark_frame.prepare_leads(
            self.card.card, replace(leads, frame=observed).rows, self._columns_of_card(leads)
        )
        kept = {column: source.places[column] for column in leads.columns if column in columns}
        scored = spark_frame.score_leads(self.card, source, replace(self.query, keep=[*kept.values(), BAD]))
        good = ~F.col(BAD)
        if self.wanted.only:
            good &= F.col("recommendation").isin(*self.wanted.only)
        scored = scored.observe(judged, F.count_if(F.col(BAD)).alias("bad"), F.count_if(good).alias("good"))
        places = kept | {output: column for column, output in self.outputs.items()}
        result = scored.where(good).select(*[F.col(places[column]).alias(column) for column in columns])
        writer = result.write.mode("overwrite")  # the part is ours
        if kind == "csv":
            last = self.files.name(out)
            packed = {"compression": "gzip"} if last.lower().endswith(".gz") else {}
            writer.options(**WRITE_CSV, **packed, sep=separator(last)).csv(part)
        else:
            writer.parquet(part)
        return judged.get["good"], read.get["rows"], judged.get["bad"], read.get["broken"]

    def _prove_decimals(self, leads: _SparkList) -> tuple[ProvenDecimal, ...]:
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
        grouped = written.groupBy(*[F.col(_quoted(self.outputs[column])).alias(column) for column in counted])
        rows = grouped.count().collect()
        tallies: dict[str, dict[str, int]] = {"recommendation": {}, "grade": {}}
        for row in rows:
            for column in counted:
                tallies[column][row[column]] = tallies[column].get(row[column], 0) + row["count"]
        return sum(row["count"] for row in rows), {
            column: dict(sorted(tally.items())) for column, tally in tallies.items()
        }

    # -- the rejects ------------------------------------------------------------------------------------------------

    def _write_rejects(self, leads: _SparkList, part: str, kind: str, rows: int) -> int:
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

    def _find_rejects(self, leads: _SparkList, rows: int) -> Iterator[list[dict[str, Any]]]:
        """The rejects of each row that can't be read: Spark finds the rows, Python words the reasons."""
        columns, lead_id = self._columns_of_card(leads), find_id_column(self.card.card, leads.no_types)
        good = leads.frame.where(f"{name(BROKEN)} IS NULL").drop(BROKEN)
        source = spark_frame.prepare_leads(self.card.card, good, columns)
        places = [source.places[column] for column in (FILE, ROW, lead_id or FILE, *columns)]
        kinds = dict(good.dtypes)
        # As texts where Python has no such value: a day beyond the year 9999.
        values_read = [
            f"CAST({name(place)} AS STRING)"
            if SPARK.family_of(kinds[column]) in ("date", "time", "instant")
            else name(place)
            for column, place in zip(columns, places[3:], strict=True)
        ]
        typed = spark_frame.clean_leads(self.card, source, Query(self.as_of, keep=places))
        bad = typed.where(name(BAD)).selectExpr(
            *map(name, places[:2]), f"CAST({name(places[2])} AS STRING)", *values_read
        )
        parts = -(-rows // FETCHED)
        for file, row, key, *values in bad.repartition(parts).toLocalIterator():
            lead = dict(zip(columns, values, strict=True))
            rejects = reject_values(self.card, row or 0, lead)
            yield [_reject_record(file, row, key if lead_id else None, reject) for reject in rejects]
        # With a column of the list, without which Spark refuses to say what is broken.
        broken = leads.frame.where(f"{name(BROKEN)} IS NOT NULL")
        broken = broken.select(FILE, BROKEN, broken[_quoted(leads.columns[0])])
        for file, value, _ in broken.repartition(parts).toLocalIterator():
            reason = "has more or fewer values than the header has columns, or a quote that is not closed"
            yield [_reject_record(file, None, None, Reject(0, "", value, reason))]


def _quoted(column: str) -> str:
    """The name of a column outside of SQL, where no setting is put in its place."""
    return "`" + column.replace("`", "``") + "`"


def _reject_record(file: str, row: int | None, lead_id: str | None, reject: Reject) -> dict[str, Any]:
    """A reject as a row of the rejects folder."""
    values = (file, row, lead_id, reject.column, reject.value, reject.reason)
    return dict(zip(list_names(ENGINE.reject_columns), values, strict=True))
