"""Lists as Spark reads them: leads and events in Parquet or CSV, events in JSON lines too; where each row stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.spark_files import ENDINGS, SparkFiles, find_kind
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.spark import name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BROKEN = "ll:broken"  # the column with the text of a row that is none
FILE, ROW = "ll:file", "ll:row"
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")  # also as .gz
# As RFC 4180 has it, a line end may stand in quotes, so that one task reads a whole file.
READ_CSV = {"header": "true", "quote": '"', "escape": '"', "multiLine": "true", "enforceSchema": "false"}
READ_CSV |= {"columnNameOfCorruptRecord": BROKEN, "nullValue": ""}
READ_JSON = {"columnNameOfCorruptRecord": BROKEN, "primitivesAsString": "true"}


@dataclass(frozen=True)
class SparkList:
    """A list, opened: a DataFrame with its columns as they are, FILE, ROW (from 1; only in Parquet) and BROKEN behind.

    `kind` is that of its files, `whole` says that it has fewer of them than the cluster has cores, and each is read by
    one task.
    """

    frame: DataFrame
    columns: Sequence[str]
    label: str
    kind: str
    whole: bool

    @property
    def rows(self) -> DataFrame:
        """Those that are rows, without what stands behind their columns."""
        return self.frame.where(f"{name(BROKEN)} IS NULL").drop(FILE, ROW, BROKEN)

    @property
    def no_types(self) -> Mapping[str, str]:
        """The columns, for functions that need no types of theirs."""
        return dict.fromkeys(self.columns, "")


def open_leads(spark: SparkSession, files: SparkFiles, data: str) -> SparkList:
    """A list of leads: a file, a folder or a pattern. Raises DataError."""
    first = files.find_data_file(data)
    kind = find_kind(first)
    if kind is None:
        raise DataError(f"{first}: is neither Parquet nor CSV; its name must end in {', '.join(ENDINGS)}")
    return _open(spark, data, first, kind)


def open_events(spark: SparkSession, files: SparkFiles, data: str) -> SparkList:
    """A list of events: a file, a folder or a pattern. Raises DataError."""
    first = files.find_data_file(data)
    kind = "json" if first.lower().removesuffix(".gz").endswith(JSON_ENDINGS) else find_kind(first)
    if kind is None:
        endings = ", ".join([*ENDINGS, *JSON_ENDINGS])
        raise DataError(f"{first}: is neither Parquet nor CSV nor JSON lines; its name must end in {endings}")
    return _open(spark, data, first, kind)


def _open(spark: SparkSession, data: str, first: str, kind: str) -> SparkList:
    from pyspark.sql import functions as F

    if kind == "parquet":
        frame = spark.read.parquet(data)
        columns = frame.columns
        metadata = frame.metadataColumn("_metadata")
        row, broken = metadata.getField("row_index") + 1, F.lit(None).cast("string")
    else:
        frame = _read_texts(spark, data, first, kind)
        columns = [column for column in frame.columns if column != BROKEN]  # those of `country=NO` folders too
        metadata = frame.metadataColumn("_metadata")
        row, broken = F.lit(None).cast("bigint"), frame[BROKEN]
    if len(set(columns)) < len(columns):
        raise DataError(f"{data}: two columns have the same name; rename one")
    added = [metadata.getField("file_path").alias(FILE), row.alias(ROW), broken.alias(BROKEN)]
    whole = kind == "csv" and len(frame.inputFiles()) < spark.sparkContext.defaultParallelism
    selected = [frame[quote_column(column)] for column in columns]
    return SparkList(frame.select(*selected, *added), columns, data, kind, whole)


def _read_texts(spark: SparkSession, data: str, first: str, kind: str) -> DataFrame:
    """Files without types: each column is one of texts, an object in JSON among them; BROKEN stands behind."""
    from pyspark.sql.types import StringType, StructType

    options: dict[str, Any] = READ_JSON
    if kind == "csv":
        options = {**READ_CSV, "sep": _detect_delimiter(spark, first)}
        columns = spark.read.options(**options).csv(first).columns
    else:
        columns = spark.read.options(**options).json(data).columns
    schema = StructType()
    for column in (*(column for column in columns if column != BROKEN), BROKEN):
        schema = schema.add(column, StringType())
    reader = spark.read.options(**options).schema(schema)
    return reader.csv(data) if kind == "csv" else reader.json(data)


def _detect_delimiter(spark: SparkSession, first: str) -> str:
    """The sign that most often stands in the header, of those that lists have."""
    row = spark.read.text(first).first()
    header = row[0] if row else ""
    return max([",", ";", "\t", "|"], key=header.count)


def quote_column(column: str) -> str:
    """The name of a column outside of SQL, where no setting is put in its place."""
    return "`" + column.replace("`", "``") + "`"
