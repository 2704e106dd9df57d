"""Scoring inside of PostgreSQL, beside PostgreSQL's own scan of the table: `make bench-postgresql`.

The server is the one of the tests, of a Python package; the card is the example's with a release trained on 20,000
simulated leads, the table has texts, numbers, flags and days of their own types. *select* computes the score, the
probability and the recommendation of each lead, and keeps none; *into* is what `leadledger score postgresql://…` does:
scores written into a new table, in one transaction, with its checks; *again* replaces each of them. The scan reads the
columns that the card uses. Each round does all four, one after the other, and the least seconds of each count.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import psycopg

from benchmarks.lists import UNTIL, leads, release
from leadledger.api.lists.postgres import score_table
from leadledger.models.releases.store import Releases
from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from tests.postgres import server

ROWS = 500_000
TYPES = {"BIGINT": "double precision", "DOUBLE": "double precision", "BOOLEAN": "boolean", "DATE": "date"}


@dataclass(frozen=True)
class PostgresRate:
    """How fast one way is: rows, and seconds, the least of some runs."""

    way: str
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def measure(rows: int, repeat: int) -> list[PostgresRate]:
    """The scan, the SELECT and the whole runs, on a table of so many rows."""
    as_of = UNTIL + timedelta(days=1)
    with tempfile.TemporaryDirectory() as name, server() as url:
        folder = Path(name)
        card = Releases(release(folder)).open()
        columns = load(leads(folder, rows), url)
        fields = [column for names in find_columns(card.card, columns).values() for column in names]
        scan = ", ".join(f'count("{column}")' for column in fields)
        query = sql.select(card, Query(as_of, columns=columns), "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE leads")
            connection.execute("SET client_min_messages = warning")  # what isn't there to be dropped is no news
            work: dict[str, Callable[[], object]] = {
                "scan": lambda: connection.execute(f"SELECT {scan} FROM leads"),
                "select": lambda: connection.execute(
                    f"SELECT count(score), sum(probability), max(recommendation) FROM ({query}) AS scored"
                ),
                "into": lambda: score_table(card, url, "leads", "scores", as_of=as_of),
                "again": lambda: score_table(card, url, "leads", "scores", as_of=as_of),
            }
            seconds: dict[str, list[float]] = {way: [] for way in work}
            for _ in range(repeat):
                connection.execute("DROP TABLE IF EXISTS scores, scores_rejects")
                for way, run in work.items():
                    start = time.perf_counter()
                    run()
                    seconds[way].append(time.perf_counter() - start)
            return [PostgresRate(way, rows, min(measured)) for way, measured in seconds.items()]


def load(path: Path, url: str) -> dict[str, str]:
    """Copy a CSV file into the table `leads`; its columns and their types, as DuckDB names them."""
    description = duckdb.execute(f"DESCRIBE FROM read_csv('{path}')").fetchall()
    columns = {str(row[0]): {"BIGINT": "DOUBLE"}.get(row[1], row[1]) for row in description}
    spelt = ", ".join(f'"{column}" {TYPES.get(kind, "text")}' for column, kind in columns.items())
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE leads ({spelt})")
        with cursor.copy("COPY leads FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            while part := file.read(1 << 20):
                copy.write(part)
    return columns


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks postgresql", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the table")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    rates = measure(options.rows, options.repeat)
    if options.json:
        print(json.dumps([asdict(rate) for rate in rates], indent=2))
    else:
        for rate in rates:
            scan, select = (rates[i].seconds for i in (0, 1))
            print(
                f"{rate.way:8s} {rate.rate:12,.0f} rows/s   {rate.seconds / scan:6.1f} × the scan"
                f"   {select / rate.seconds:5.2f} of the rate of select   {rate.seconds:6.2f} s"
            )


if __name__ == "__main__":
    main()
