"""The cluster: a list in Parquet or CSV, scored by Apache Spark into another, without a Python worker.

Spark reads, scores by the printed SQL and writes, each part of the list where it lies. Of the rows only the few that
can't be read come over, some at a time, for Python to word the reasons. What was read is counted as it is read, what
was written is read back, and the two must agree before the output gets its name. A DataFrame of a session of one's own
is scored by `scoring.score_frame`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.duckdb import Scored
from leadledger.api.lists.duplicates import EXAMPLES
from leadledger.api.lists.spark_session import session
from leadledger.api.lists.wanted import Wanted, check_recommendations, choose_columns, parse_where
from leadledger.scoring.errors import DataError
from leadledger.scoring.frames import spark as spark_frame
from leadledger.scoring.outputs import names
from leadledger.scoring.printers.sql.cleaning import id_column, used, used_by
from leadledger.scoring.printers.sql.dialects.spark import family, name
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.sources.rejects import reject_values
from leadledger.training.sources.scan import Reject
from leadledger.training.sources.spelling import find_misspelt

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ENGINE = ENGINES["spark"]
# By the end of a name: how Spark reads and writes it.
ENDINGS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".csv.gz": "csv", ".tsv.gz": "csv"}
BROKEN = "ll:broken"  # the column with the text of a row of CSV that is none
FILE, ROW = "ll:file", "ll:row"
BATCH = 5000  # rejected rows that come over at a time
TYPES = {"integer": "bigint", "text": "string"}  # of the columns of rejects
# As RFC 4180 has it, a line end may stand in quotes, so that one task reads a whole file.
CSV = {"header": "true", "quote": '"', "escape": '"', "multiLine": "true", "enforceSchema": "false"}
CSV |= {"columnNameOfCorruptRecord": BROKEN, "nullValue": ""}
WRITTEN = {"header": "true", "quote": '"', "escape": '"', "nullValue": "", "emptyValue": ""}
WRITTEN |= {"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}


@dataclass(frozen=True)
class _List:
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


def score_folder(
    card: Scorecard,
    data: str,
    out: str,
    as_of: date,
    wanted: Wanted | None = None,
    *,
    master: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Scored:
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
    tell = progress or (lambda _: None)
    tell("starting Spark")
    with session(master) as spark:
        run = _Run(card, _Files(spark), as_of, wanted, Query(as_of, where=where))
        return replace(run.score(data, out, tell), seconds=monotonic() - started)


class _Files:
    """Files and folders wherever Spark finds them."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        context: Any = spark.sparkContext
        self.path = context._jvm.org.apache.hadoop.fs.Path
        self.settings = context._jsc.hadoopConfiguration()

    def at(self, place: str) -> tuple[Any, Any]:
        """A path, and the file system that has it. Raises DataError."""
        try:
            path = self.path(place)
            return path, path.getFileSystem(self.settings)
        except Exception as error:
            raise DataError(f"{place}: {_said(error)}") from None

    def exists(self, place: str) -> bool:
        path, system = self.at(place)
        return bool(system.exists(path))

    def beside(self, place: str, other: str) -> str:
        """The path of another name in the same folder."""
        path, _ = self.at(place)
        parent = path.getParent()
        return other if parent is None else str(self.path(parent, other).toString())

    def last(self, place: str) -> str:
        """The last part of a path."""
        return str(self.at(place)[0].getName())

    def first(self, place: str) -> str:
        """A data file of what is there; the place itself where it is one. Raises DataError."""
        path, system = self.at(place)
        found = system.globStatus(path)
        for one in found or ():
            if one.isFile():
                return str(one.getPath().toString())
            files = system.listFiles(one.getPath(), True)
            while files.hasNext():
                file = files.next().getPath()
                if not str(file.getName()).startswith(("_", ".")):
                    return str(file.toString())
        raise DataError(f"{place}: there is no such {'list, or it has no files' if found else 'file or folder'}")

    @contextmanager
    def half(self, place: str) -> Iterator[str]:
        """A folder to write to first, beside its place; gone at the end, unless it was published. Raises DataError."""
        if self.exists(place):
            raise DataError(f"{place}: is there already; remove it, or name another folder")
        half = self.beside(place, f".{self.last(place)}.half")
        path, system = self.at(half)
        if not system.exists(path.getParent() or path):
            raise DataError(f"{place}: there is no folder {path.getParent().toString()}; make it first")
        if system.exists(path):
            raise DataError(
                f"{place}: another run writes it, or was ended in the middle; if none does, remove {path.toString()}"
            )
        try:
            yield half
        finally:
            with suppress(Exception):  # where Spark has ended, it can't
                system.delete(path, True)

    def publish(self, half: str, place: str) -> None:
        """Give a whole folder its name. Raises DataError."""
        path, system = self.at(half)
        if not system.rename(path, self.path(place)):
            raise DataError(f"{place}: the folder can't be given its name; is it there by now?")


class _Run:
    """One list being scored."""

    def __init__(self, card: Scorecard, files: _Files, as_of: date, wanted: Wanted, query: Query) -> None:
        self.card, self.files, self.as_of, self.wanted = card, files, as_of, wanted
        self.spark = files.spark
        self.query = replace(query, plus_minus=wanted.explain, explain=wanted.explain)
        self.outputs = {column: f"{wanted.prefix}{column}" for column in names(ENGINE.columns(wanted.explain))}

    def score(self, data: str, out: str, tell: Callable[[str], None]) -> Scored:
        tell("reading the columns")
        first = self.files.first(data)
        kind = _kind(first)
        if kind is None:
            raise DataError(f"{first}: is neither Parquet nor CSV; its name must end in {', '.join(ENDINGS)}")
        leads = self._open(data, first, kind)
        beside = self.files.beside(out, f"{_stem(self.files.last(out))}.rejects.csv")
        place = beside if self.wanted.rejects is None else str(self.wanted.rejects)
        used_by(self.card.card, dict.fromkeys(leads.columns, ""), leads.label)
        columns = choose_columns(leads.columns, leads.label, self.outputs, self.wanted)
        with self.files.half(out) as half, self.files.half(place) as half_rejects:
            if half == half_rejects:
                raise DataError(f"{out}: is named twice; the scores and the rejects need a folder each")
            tell("scoring")
            target = _kind(out) or kind
            count, read, bad, broken = self._write(leads, columns, half, out, target)
            if not read - broken:
                raise DataError(f"{leads.label}: {'no row can be read' if broken else 'has no rows'}")
            tell("writing the rejects")
            left = self._reject(leads, half_rejects, _kind(place) or "csv", bad + broken)
            tell("counting")
            counted, found = self._counts(half, target, columns)
            whole = counted == count and left == bad + broken
            whole = whole and (read == count + left if self.wanted.all_rows else read >= count + left)
            if not whole:  # never seen; were it ever so, a list that isn't whole must not look like one
                raise DataError(
                    f"{leads.label}: {read:,} rows were read, {count:,} written, {counted:,} read back and"
                    f" {left:,} rejected, which doesn't add up; nothing is kept. Please report it"
                )
            again, examples = self._duplicates(leads)
            self.files.publish(half_rejects, place)
            self.files.publish(half, out)
        present = used(self.card.card, dict.fromkeys(leads.columns, ""))
        return Scored(
            rows=read,
            scored=count,
            rejected=left,
            left_out=read - count - left,
            out=out,
            rejects=place,
            recommendations=found["recommendation"],
            grades=found["grade"],
            unused=tuple(one for one in leads.columns if not any(one in names for names in present.values())),
            absent=tuple(of for of, names in present.items() if not names),
            misspelt=find_misspelt(self.card.card, leads.columns),
            duplicates=again,
            examples=examples,
            seconds=0.0,
        )

    def _open(self, data: str, first: str, kind: str) -> _List:
        """The list as a DataFrame. Raises DataError."""
        from pyspark.sql import functions as F
        from pyspark.sql.types import StringType, StructType

        if kind == "parquet":
            frame = self.spark.read.parquet(data)
            columns = frame.columns
            described = frame.metadataColumn("_metadata")
            row, broken = described.getField("row_index") + 1, F.lit(None).cast("string")
        else:
            options = {**CSV, "sep": self._delimiter(first)}
            columns = self.spark.read.options(**options).csv(first).columns
            schema = StructType()
            for one in (*columns, BROKEN):
                schema = schema.add(one, StringType())
            frame = self.spark.read.options(**options).schema(schema).csv(data)
            columns = [one for one in frame.columns if one != BROKEN]  # those of folders like `country=NO` too
            described = frame.metadataColumn("_metadata")
            row, broken = F.lit(None).cast("bigint"), frame[BROKEN]
        if len(set(columns)) < len(columns):
            raise DataError(f"{data}: two columns have the same name; rename one")
        added = [described.getField("file_path").alias(FILE), row.alias(ROW), broken.alias(BROKEN)]
        whole = kind == "csv" and len(frame.inputFiles()) < self.spark.sparkContext.defaultParallelism
        return _List(frame.select(*[frame[_quoted(one)] for one in columns], *added), columns, data, whole)

    def _delimiter(self, first: str) -> str:
        """The sign that most often stands in the header, of those that lists have."""
        row = self.spark.read.text(first).first()
        header = row[0] if row else ""
        return max([",", ";", "\t", "|"], key=header.count)

    def _write(self, leads: _List, columns: Sequence[str], half: str, out: str, kind: str) -> tuple[int, int, int, int]:
        """Write the scores; how many, and how many rows were read, have a value that can't be, and are none."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as F

        # Spark checks a plan once more with all that is added to it, which takes as long as to score many rows.
        read, judged = Observation(), Observation()
        observed = leads.frame.observe(read, F.count(F.lit(1)).alias("rows"), F.count(F.col(BROKEN)).alias("broken"))
        if leads.whole:
            observed = observed.repartition(self.spark.sparkContext.defaultParallelism)
        source = spark_frame.source(replace(leads, frame=observed).rows, self._asked(leads))
        kept = {one: source.places[one] for one in leads.columns if one in columns}
        scored = spark_frame.scored(self.card, source, replace(self.query, keep=[*kept.values(), BAD]))
        good = ~F.col(BAD)
        if self.wanted.only:
            good &= F.col("recommendation").isin(*self.wanted.only)
        scored = scored.observe(judged, F.count_if(F.col(BAD)).alias("bad"), F.count_if(good).alias("good"))
        places = kept | {given: one for one, given in self.outputs.items()}
        result = scored.where(good).select(*[F.col(places[one]).alias(one) for one in columns])
        writer = result.write.mode("error")
        if kind == "csv":
            last = self.files.last(out).lower()
            packed = {"compression": "gzip"} if last.endswith(".gz") else {}
            writer.options(**WRITTEN, **packed, sep=_separator(last)).csv(half)
        else:
            writer.parquet(half)
        return judged.get["good"], read.get["rows"], judged.get["bad"], read.get["broken"]

    def _asked(self, leads: _List) -> list[str]:
        """The columns that belong to the card."""
        return [one for names in used(self.card.card, dict.fromkeys(leads.columns, "")).values() for one in names]

    def _counts(self, half: str, kind: str, columns: Sequence[str]) -> tuple[int, dict[str, dict[str, int]]]:
        """What is in the output: rows, how many have which recommendation and grade, where those are written."""
        from pyspark.sql import functions as F

        if kind == "csv":
            separator = _separator(half.removesuffix(".half").lower())
            back = self.spark.read.options(**{**CSV, "sep": separator}).csv(half)
        else:
            back = self.spark.read.parquet(half)
        back = back.toDF(*columns)
        asked = [one for one in ("recommendation", "grade") if self.outputs[one] in columns]
        rows = back.groupBy(*[F.col(_quoted(self.outputs[one])).alias(one) for one in asked]).count().collect()
        found: dict[str, dict[str, int]] = {"recommendation": {}, "grade": {}}
        for row in rows:
            for one in asked:
                found[one][row[one]] = found[one].get(row[one], 0) + row["count"]
        return sum(row["count"] for row in rows), {one: dict(sorted(counts.items())) for one, counts in found.items()}

    def _duplicates(self, leads: _List) -> tuple[int, tuple[str, ...]]:
        """How many rows have an id that another row has too, but for one each, and some of these ids."""
        ident = id_column(self.card.card, dict.fromkeys(leads.columns, ""))
        if not ident:
            return 0, ()
        from pyspark.sql import functions as F

        ids = leads.rows.select(F.trim(F.col(_quoted(ident)).cast("string")).alias("id")).where("id <> ''")
        twice = ids.groupBy("id").count().where("count > 1")
        (row,) = twice.agg(F.sum(F.col("count") - 1)).collect()
        if not row[0]:
            return 0, ()
        return int(row[0]), tuple(one["id"] for one in twice.orderBy(F.desc("count"), "id").limit(EXAMPLES).collect())

    # -- what can't be read -----------------------------------------------------------------------------------------

    def _reject(self, leads: _List, half: str, kind: str, rows: int) -> int:
        """Write what can't be read, some rows at a time; how many rows they are."""
        found = self._refused(leads, rows) if rows else iter(())
        count = 0
        while True:
            batch = list(islice(found, BATCH))
            count += len(batch)
            if batch or not count:
                self._append([one for some in batch for one in some], half, kind)
            if len(batch) < BATCH:
                return count

    def _append(self, rejects: Sequence[Mapping[str, Any]], half: str, kind: str) -> None:
        """Write some rejects as one more file; by way of JSON, since a list of Python's would need a Python worker."""
        fields = ", ".join(f"`{column.name}`: {TYPES[column.type]}" for column in ENGINE.reject_columns)
        query = f"SELECT inline(from_json(:rejects, 'array<struct<{fields}>>'))"
        writer = self.spark.sql(query, args={"rejects": json.dumps(list(rejects))}).coalesce(1).write.mode("append")
        writer.options(**WRITTEN).csv(half) if kind == "csv" else writer.parquet(half)

    def _refused(self, leads: _List, rows: int) -> Iterator[list[dict[str, Any]]]:
        """The rejects of each row that can't be read: Spark finds the rows, Python words the reasons."""
        asked, ident = self._asked(leads), id_column(self.card.card, dict.fromkeys(leads.columns, ""))
        good = leads.frame.where(f"{name(BROKEN)} IS NULL").drop(BROKEN)
        source = spark_frame.source(good, asked)
        places = [source.places[one] for one in (FILE, ROW, ident or FILE, *asked)]
        kinds = dict(good.dtypes)
        # As texts where Python has no such value: a day beyond the year 9999.
        spelt = [
            f"CAST({name(place)} AS STRING)" if family(kinds[one]) in ("date", "time", "instant") else name(place)
            for one, place in zip(asked, places[3:], strict=True)
        ]
        bad = spark_frame.typed(self.card, source, Query(self.as_of, keep=places)).where(name(BAD))
        parts = -(-rows // BATCH)
        found = bad.selectExpr(*map(name, places[:2]), f"CAST({name(places[2])} AS STRING)", *spelt)
        for file, row, key, *values in found.repartition(parts).toLocalIterator():
            lead = dict(zip(asked, values, strict=True))
            yield [_reject(file, row, key if ident else None, one) for one in reject_values(self.card, row or 0, lead)]
        # With a column of the list, without which Spark refuses to say what is broken.
        broken = leads.frame.where(f"{name(BROKEN)} IS NOT NULL")
        broken = broken.select(FILE, BROKEN, broken[_quoted(leads.columns[0])])
        for file, words, _ in broken.repartition(parts).toLocalIterator():
            reason = "has more or fewer values than the header has columns, or a quote that is not closed"
            yield [_reject(file, None, None, Reject(0, "", words, reason))]


def _quoted(column: str) -> str:
    """The name of a column outside of SQL, where no setting is put in its place."""
    return "`" + column.replace("`", "``") + "`"


def _reject(file: str, row: int | None, ident: str | None, one: Reject) -> dict[str, Any]:
    return dict(zip(names(ENGINE.reject_columns), (file, row, ident, one.column, one.value, one.reason), strict=True))


def _kind(place: str) -> str | None:
    """The kind of a file or folder by its name."""
    return next((kind for ending, kind in ENDINGS.items() if place.lower().rstrip("/").endswith(ending)), None)


def _separator(last: str) -> str:
    return "\t" if last.removesuffix(".gz").endswith(".tsv") else ","


def _stem(last: str) -> str:
    """A name without its ending."""
    ends = [one for one in ENDINGS if last.lower().endswith(one)]
    return last[: -len(max(ends, key=len))] if ends else last


def _said(error: Exception) -> str:
    from leadledger.api.lists.spark_session import first_line

    return first_line(error)
