"""Scoring on Spark, beside Spark's own scan of the same Parquet: `make bench-cluster`.

The card is the example's with a release that 20,000 simulated leads teach, scored by SQL in a session on this machine,
`local[2]` if nothing else is asked. Every output is worked out and nothing is written (Spark's `noop`), so that a time
is that of the SELECT; the scan reads the columns that the card asks, in the same way.

- *by step* is what `leadledger score --engine spark` does: `spark.sql.codegen.wholeStage` is off, each step is compiled
  by itself, and Spark splits it into methods. *whole* is Spark's default, *huge* the same with Java told to compile
  methods of any size (`-XX:-DontCompileHugeMethods`). Each says how large the largest method is, in bytes of bytecode
  (Java interprets one above 8,000, unless it is told otherwise), and how often Spark itself gave up.
- *look-ups* compares four ways to print learned tables, of numbers and of texts with many bins: nested CASE, as the
  printer does; an array that is asked at the number of the bin; an array and `array_position` for texts; a join with a
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
HUGE = "-XX:-DontCompileHugeMethods"
WAYS = ("by step", "whole", "huge")


@dataclass(frozen=True)
class Rate:
    """How fast one way of scoring is: rows, seconds (the least of some runs), bytes of its largest method.

    `gave_up` counts what Spark said of code that it could not compile and interpreted instead.
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
        settings["spark.driver.extraJavaOptions"] = settings["spark.executor.extraJavaOptions"] = HUGE
    builder = SparkSession.builder.master(master).appName("leadledger-bench")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def least(work: Callable[[], object], repeat: int) -> float:
    """The least seconds of some runs, after one that warms up."""
    work()
    found = 1e9
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found


def methods(spark: SparkSession) -> Counter[int]:
    """The bytes of all methods that Spark has generated in this process."""
    jvm: Any = spark.sparkContext._jvm
    found = jvm.org.apache.spark.metrics.source.CodegenMetrics.METRIC_GENERATED_METHOD_BYTECODE_SIZE()
    return Counter(int(one) for one in found.getSnapshot().getValues())


def timed(spark: SparkSession, way: str, rows: int, frame: DataFrame, repeat: int) -> Rate:
    """How fast a DataFrame is worked out, with the largest of the methods that this takes."""
    before = methods(spark)
    seconds = least(worked_out(frame), repeat)
    return Rate(way, rows, seconds, max(methods(spark) - before, default=0))


def worked_out(frame: DataFrame) -> Callable[[], None]:
    """What works out every column of every row, and writes nothing."""
    return lambda: frame.write.format("noop").mode("overwrite").save()


# -- scoring ----------------------------------------------------------------------------------------------------------


def scoring(folder: Path, way: str, master: str, repeat: int) -> list[dict[str, Any]]:
    """The rates of a scan and of scoring in one session."""
    from leadledger import score_frame
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.printers.sql.cleaning import used

    spark = session(way, master)
    leads = spark.read.parquet(str(folder / "leads.parquet"))
    rows = leads.count()
    card = Releases(folder / "home").open()
    asked = [one for names in used(card.card, dict.fromkeys(leads.columns, "")).values() for one in names]
    scored = score_frame(card, leads, UNTIL + timedelta(days=1), keep=["lead_id"])
    found = [timed(spark, "scan", rows, leads.select(*asked), repeat), timed(spark, "score", rows, scored, repeat)]
    spark.stop()
    return [asdict(one) for one in found]


# -- look-ups ---------------------------------------------------------------------------------------------------------


def nested(value: str, edges: Sequence[int], points: Sequence[int]) -> str:
    """Halves of halves, as the printer has them above a dozen bins."""
    from leadledger.scoring.printers.choices import LONGEST_CASE

    if len(edges) <= LONGEST_CASE:
        cases = "".join(f" WHEN {value} < {edge}.0D THEN {one}" for edge, one in zip(edges, points, strict=False))
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
    listed = [f"array({', '.join(map(str, one))})" for one in points]
    text_lists = [f"array({', '.join(map(str, [one[-1], *one[:-1]]))})" for one in worth]
    texts = f"array({', '.join(repr(one) for one in levels)})"

    def cases(i: int) -> str:
        whens = "".join(f" WHEN '{level}' THEN {one}" for level, one in zip(levels, worth[i], strict=False))
        return f"CASE t{i}{whens} ELSE {worth[i][-1]} END"

    numbers = [nested(f"n{i}", edges, points[i]) for i in range(TABLES)]
    plain = [cases(i) for i in range(TABLES)]
    bins = [nested(f"n{i}", edges, range(BINS + 1)) for i in range(TABLES)]
    counted = [" + ".join(f"CAST(n{i} >= {edge}.0D AS INT)" for edge in edges) for i in range(TABLES)]
    positions = [f"CAST(array_position({texts}, t{i}) AS INT)" for i in range(TABLES)]
    yield "nested CASE", f"SELECT {' + '.join([*numbers, *plain])} AS total FROM values"
    arrays = [f"{one}[{at}]" for one, at in zip(listed, bins, strict=True)]
    yield "array at a CASE's bin", f"SELECT {' + '.join([*arrays, *plain])} AS total FROM values"
    arrays = [f"{one}[{at}]" for one, at in zip(listed, counted, strict=True)]
    arrays += [f"{one}[{at}]" for one, at in zip(text_lists, positions, strict=True)]
    yield "array at a counted bin, array_position", f"SELECT {' + '.join(arrays)} AS total FROM values"
    joins, sums = "", []
    for i in range(TABLES):
        spark.createDataFrame(list(enumerate(points[i])), "bin int, points int").createOrReplaceTempView(f"number_{i}")
        texts_of = list(zip(levels, worth[i], strict=False))
        spark.createDataFrame(texts_of, "level string, points int").createOrReplaceTempView(f"text_{i}")
        joins += f" LEFT JOIN number_{i} ON number_{i}.bin = b{i} LEFT JOIN text_{i} ON text_{i}.level = t{i}"
        sums += [f"number_{i}.points", f"coalesce(text_{i}.points, {worth[i][-1]})"]
    inner = ", ".join(f"{one} AS b{i}" for i, one in enumerate(bins))
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
    found = [timed(spark, "scan", rows, values, repeat)]
    totals = set()
    for name, query in look_ups(spark):
        print(f"== {name}", file=sys.stderr, flush=True)
        found.append(timed(spark, name, rows, spark.sql(query), repeat))
        totals.add(spark.sql(f"SELECT sum(total) FROM ({query})").collect()[0][0])
    if len(totals) != 1:
        raise RuntimeError(f"the ways to look up disagree: {totals}")
    spark.stop()
    return [asdict(one) for one in found]


# -- all of it --------------------------------------------------------------------------------------------------------


def prepared(folder: Path, rows: int) -> None:
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


def apart(folder: Path, what: str, way: str, master: str, repeat: int) -> list[Rate]:
    """One session in a process of its own, for Java's options and its log."""
    words = [sys.executable, "-W", "ignore", "-m", "benchmarks.cluster", "--of", what, way, str(folder)]
    words += ["--master", master, "--repeat", str(repeat)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found = [Rate(**one) for one in json.loads(done.stdout.splitlines()[-1])]
    parts = re.split(r"^== .*$", done.stderr, flags=re.MULTILINE)
    logs = dict(zip([one.way for one in found[1:]], parts[1:] or parts, strict=True))
    return [_logged(one, logs.get(one.way, "")) for one in found]


def _logged(rate: Rate, log: str) -> Rate:
    """A rate with what the log says of its code."""
    gave_up = len(re.findall(r"codegen disabled|codegen was disabled|falling back to interpreter", log))
    return replace(rate, gave_up=gave_up)


def lines(title: str, rates: Sequence[Rate]) -> Iterator[str]:
    """As text."""
    scan = rates[0]
    yield f"{title:<42} {scan.rate:>11,.0f} rows/s: Spark's own scan"
    for one in rates[1:]:
        gave_up = f", gave up {one.gave_up} ×" if one.gave_up else ""
        size = f", largest method {one.largest:,} bytes" if one.largest else ""
        yield f"  {one.way:<40} {one.rate:>11,.0f} rows/s, {one.seconds / scan.seconds:5.1f} × the scan{size}{gave_up}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
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
        measured = {"scoring": scoring, "looking_up": looking_up}[what]
        print(json.dumps(measured(Path(folder), way, options.master, options.repeat)))
        return
    found: dict[str, list[Rate]] = {}
    with tempfile.TemporaryDirectory() as name:
        prepared(Path(name), options.rows)
        for what in ("scoring", "looking_up"):
            for way in options.ways:
                title = f"{what.replace('_', ' ')}, {way}"
                found[title] = apart(Path(name), what, way, options.master, options.repeat)
                if not options.json:
                    print("\n".join(lines(title, found[title])), flush=True)
    if options.json:
        print(json.dumps({title: [asdict(one) for one in rates] for title, rates in found.items()}, indent=2))


if __name__ == "__main__":
    main()
