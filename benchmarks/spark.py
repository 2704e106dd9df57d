"""Scoring on Spark, beside Spark's own scan of the same Parquet: `make bench-spark`.

The card is the example's with a release trained on 20,000 simulated leads, scored by SQL in a session on this machine,
`local[2]` by default. Every output is computed and nothing is written (Spark's `noop`), so that a time
is that of the SELECT; the scan reads the columns that the card uses, in the same way.

- *by step* is what `leadledger score --engine spark` does: `spark.sql.codegen.wholeStage` is off, each step is compiled
  by itself, and Spark splits it into methods. *whole* is Spark's default, *huge* the same with Java set to compile
  methods of any size (`-XX:-DontCompileHugeMethods`). Each says how large the largest method is, in bytes of bytecode
  (Java interprets one above 8,000, unless it is set otherwise), and how often Spark itself gave up.
- *look-ups* compares four ways to print learned tables, of numbers and of texts with many bins: nested CASE, as the
  printer does; an array indexed by the number of the bin; an array and `array_position` for texts; a join with a
  broadcast table for each. Their sums are the same.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.lists import UNTIL, release

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROWS = 500_000
TABLES, BINS, LEVELS = 20, 16, 16
COMPILE_HUGE_METHODS = "-XX:-DontCompileHugeMethods"
WAYS = ("by step", "whole", "huge")


@dataclass(frozen=True)
class SparkRate:
    """How fast one way of scoring is: rows, seconds (the least of some runs), bytes of its largest method.

    `gave_up` counts messages of Spark about code that it could not compile and interpreted instead.
    """

    way: str
    rows: int
    seconds: float
    largest: int = 0
    gave_up: int = 0

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def session(way: str, master: str) -> SparkSession:
    """A session that is set in one of WAYS."""
    from leadledger.api.lists import spark_session

    spark_session.find_java()
    from pyspark.sql import SparkSession

    settings = {**spark_session.SETTINGS, "spark.ui.enabled": "false", "spark.driver.memory": "3g"}
    settings["spark.sql.codegen.wholeStage"] = str(way != "by step").lower()
    if way == "huge":
        settings["spark.driver.extraJavaOptions"] = settings["spark.executor.extraJavaOptions"] = COMPILE_HUGE_METHODS
    builder = SparkSession.builder.master(master).appName("leadledger-bench")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def least(work: Callable[[], object], repeat: int) -> float:
    """The least seconds of some runs, after one that warms up."""
    work()
    seconds = 1e9
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds


def method_sizes(spark: SparkSession) -> Counter[int]:
    """The bytes of all methods that Spark has generated in this process."""
    jvm: Any = spark.sparkContext._jvm
    histogram = jvm.org.apache.spark.metrics.source.CodegenMetrics.METRIC_GENERATED_METHOD_BYTECODE_SIZE()
    return Counter(int(size) for size in histogram.getSnapshot().getValues())


def measure_frame(spark: SparkSession, way: str, rows: int, frame: DataFrame, repeat: int) -> SparkRate:
    """How fast a DataFrame is computed, with the largest of the methods that this takes."""
    before = method_sizes(spark)
    seconds = least(write_nowhere(frame), repeat)
    return SparkRate(way, rows, seconds, max(method_sizes(spark) - before, default=0))


def write_nowhere(frame: DataFrame) -> Callable[[], None]:
    """A function that computes every column of every row, and writes nothing."""
    return lambda: frame.write.format("noop").mode("overwrite").save()


# -- scoring ----------------------------------------------------------------------------------------------------------


def scoring(folder: Path, way: str, master: str, repeat: int) -> list[dict[str, Any]]:
    """The rates of a scan and of scoring in one session."""
    from leadledger import score_frame
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.column_fit import find_columns

    spark = session(way, master)
    leads = spark.read.parquet(str(folder / "leads.parquet"))
    rows = leads.count()
    card = Releases(folder / "home").open()
    fields = [
        column for names in find_columns(card.card, dict.fromkeys(leads.columns, "")).values() for column in names
    ]
    scored = score_frame(card, leads, UNTIL + timedelta(days=1), keep=["lead_id"])
    rates = [
        measure_frame(spark, "scan", rows, leads.select(*fields), repeat),
        measure_frame(spark, "score", rows, scored, repeat),
    ]
    spark.stop()
    return [asdict(rate) for rate in rates]


# -- look-ups ---------------------------------------------------------------------------------------------------------


def nested(value: str, edges: Sequence[int], points: Sequence[int]) -> str:
    """Halves of halves, as the printer has them above a dozen bins."""
    from leadledger.scoring.printers.choices import LONGEST_CASE

    if len(edges) <= LONGEST_CASE:
        cases = "".join(f" WHEN {value} < {edge}.0D THEN {tenths}" for edge, tenths in zip(edges, points, strict=False))
        return f"CASE{cases} ELSE {points[-1]} END"
    half = len(edges) // 2
    lower, upper = (
        nested(value, edges[:half], points[: half + 1]),
        nested(value, edges[half + 1 :], points[half + 1 :]),
    )
    return f"CASE WHEN {value} < {edges[half]}.0D THEN {lower} ELSE {upper} END"


def look_ups(spark: SparkSession) -> Iterator[tuple[str, str]]:
    """The ways to look up TABLES tables of numbers and as many of texts: a name, and the SQL of a sum over `values`."""
    edges = [100 * (i + 1) for i in range(BINS)]
    points = [[(7 * i + 13 * at) % 61 - 30 for at in range(BINS + 1)] for i in range(TABLES)]
    levels = [f"level {i}" for i in range(LEVELS)]
    worth = [[(11 * i + 5 * at) % 61 - 30 for at in range(LEVELS + 1)] for i in range(TABLES)]
    listed = [f"array({', '.join(map(str, row))})" for row in points]
    text_lists = [f"array({', '.join(map(str, [row[-1], *row[:-1]]))})" for row in worth]
    texts = f"array({', '.join(repr(level) for level in levels)})"

    def cases(i: int) -> str:
        whens = "".join(f" WHEN '{level}' THEN {tenths}" for level, tenths in zip(levels, worth[i], strict=False))
        return f"CASE t{i}{whens} ELSE {worth[i][-1]} END"

    numbers = [nested(f"n{i}", edges, points[i]) for i in range(TABLES)]
    plain = [cases(i) for i in range(TABLES)]
    bins = [nested(f"n{i}", edges, range(BINS + 1)) for i in range(TABLES)]
    counted = [" + ".join(f"CAST(n{i} >= {edge}.0D AS INT)" for edge in edges) for i in range(TABLES)]
    positions = [f"CAST(array_position({texts}, t{i}) AS INT)" for i in range(TABLES)]
    yield "nested CASE", f"SELECT {' + '.join([*numbers, *plain])} AS total FROM values"
    arrays = [f"{array}[{at}]" for array, at in zip(listed, bins, strict=True)]
    yield "array at a CASE's bin", f"SELECT {' + '.join([*arrays, *plain])} AS total FROM values"
    arrays = [f"{array}[{at}]" for array, at in zip(listed, counted, strict=True)]
    arrays += [f"{array}[{at}]" for array, at in zip(text_lists, positions, strict=True)]
    yield "array at a counted bin, array_position", f"SELECT {' + '.join(arrays)} AS total FROM values"
    joins, sums = "", []
    for i in range(TABLES):
        spark.createDataFrame(list(enumerate(points[i])), "bin int, points int").createOrReplaceTempView(f"number_{i}")
        texts_of = list(zip(levels, worth[i], strict=False))
        spark.createDataFrame(texts_of, "level string, points int").createOrReplaceTempView(f"text_{i}")
        joins += f" LEFT JOIN number_{i} ON number_{i}.bin = b{i} LEFT JOIN text_{i} ON text_{i}.level = t{i}"
        sums += [f"number_{i}.points", f"coalesce(text_{i}.points, {worth[i][-1]})"]
    inner = ", ".join(f"{number} AS b{i}" for i, number in enumerate(bins))
    hints = ", ".join(f"number_{i}, text_{i}" for i in range(TABLES))
    yield (
        "broadcast joins",
        f"SELECT /*+ BROADCAST({hints}) */ {' + '.join(sums)} AS total FROM (SELECT *, {inner} FROM values){joins}",
    )


def looking_up(folder: Path, way: str, master: str, repeat: int) -> list[dict[str, Any]]:
    """The rates of the ways to look up learned tables, in one session."""
    spark = session(way, master)
    values = spark.read.parquet(str(folder / "values.parquet"))
    rows = values.count()
    values.createOrReplaceTempView("values")
    rates = [measure_frame(spark, "scan", rows, values, repeat)]
    totals = set()
    for name, query in look_ups(spark):
        print(f"== {name}", file=sys.stderr, flush=True)
        rates.append(measure_frame(spark, name, rows, spark.sql(query), repeat))
        totals.add(spark.sql(f"SELECT sum(total) FROM ({query})").collect()[0][0])
    if len(totals) != 1:
        raise RuntimeError(f"the ways to look up disagree: {totals}")
    spark.stop()
    return [asdict(rate) for rate in rates]


# -- all of it --------------------------------------------------------------------------------------------------------


def prepare_files(folder: Path, rows: int) -> None:
    """The leads, the release, and values for the look-ups, as files."""
    import duckdb

    from benchmarks.lists import leads

    release(folder)
    csv = leads(folder, rows)
    options = "FORMAT parquet, ROW_GROUP_SIZE 50000"
    duckdb.execute(f"COPY (FROM read_csv('{csv}', all_varchar = true)) TO '{folder}/leads.parquet' ({options})")
    numbers = ", ".join(f"CAST(hash(row, {i}) % {100 * (BINS + 2)} AS DOUBLE) AS n{i}" for i in range(TABLES))
    texts = ", ".join(f"'level ' || hash(row, {i} + 100) % {LEVELS + 2} AS t{i}" for i in range(TABLES))
    values = f"SELECT {numbers}, {texts} FROM range({rows // 5}) r(row)"  # fewer, since some ways are slow
    duckdb.execute(f"COPY ({values}) TO '{folder}/values.parquet' ({options})")


def run_in_process(folder: Path, what: str, way: str, master: str, repeat: int) -> list[SparkRate]:
    """One session in a process of its own, for Java's options and its log."""
    words = [sys.executable, "-W", "ignore", "-m", "benchmarks.spark", "--of", what, way, str(folder)]
    words += ["--master", master, "--repeat", str(repeat)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    rates = [SparkRate(**rate) for rate in json.loads(done.stdout.splitlines()[-1])]
    parts = re.split(r"^== .*$", done.stderr, flags=re.MULTILINE)
    logs = dict(zip([rate.way for rate in rates[1:]], parts[1:] or parts, strict=True))
    return [_logged(rate, logs.get(rate.way, "")) for rate in rates]


def _logged(rate: SparkRate, log: str) -> SparkRate:
    """A rate with what the log says of its code."""
    gave_up = len(re.findall(r"codegen disabled|codegen was disabled|falling back to interpreter", log))
    return replace(rate, gave_up=gave_up)


def lines(title: str, rates: Sequence[SparkRate]) -> Iterator[str]:
    """As text."""
    scan = rates[0]
    yield f"{title:<42} {scan.rate:>11,.0f} rows/s: Spark's own scan"
    for rate in rates[1:]:
        gave_up = f", gave up {rate.gave_up} ×" if rate.gave_up else ""
        size = f", largest method {rate.largest:,} bytes" if rate.largest else ""
        times = rate.seconds / scan.seconds
        yield f"  {rate.way:<40} {rate.rate:>11,.0f} rows/s, {times:5.1f} × the scan{size}{gave_up}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks spark", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the list")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--master", default="local[2]", help="where Spark runs")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=WAYS, help="how sessions are set")
    parser.add_argument("--of", nargs=3, help=argparse.SUPPRESS)  # what a process of its own measures
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.of:
        what, way, folder = options.of
        work = {"scoring": scoring, "looking_up": looking_up}[what]
        print(json.dumps(work(Path(folder), way, options.master, options.repeat)))
        return
    measured: dict[str, list[SparkRate]] = {}
    with tempfile.TemporaryDirectory() as name:
        prepare_files(Path(name), options.rows)
        for what in ("scoring", "looking_up"):
            for way in options.ways:
                title = f"{what.replace('_', ' ')}, {way}"
                measured[title] = run_in_process(Path(name), what, way, options.master, options.repeat)
                if not options.json:
                    print("\n".join(lines(title, measured[title])), flush=True)
    if options.json:
        print(json.dumps({title: [asdict(rate) for rate in rates] for title, rates in measured.items()}, indent=2))


if __name__ == "__main__":
    main()
