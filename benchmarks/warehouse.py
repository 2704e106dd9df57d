"""Scoring inside of PostgreSQL, beside PostgreSQL's own scan of the table: `make bench-warehouse`.

The server is the one of the tests, of a Python package; the card is the example's with a release that 20,000 simulated
leads teach, the table has texts, numbers, flags and days of their own types. *select* works out the score, the
probability and the recommendation of each lead, and keeps none; *into* is what `leadledger score postgresql://…` does:
scores written into another table, in one transaction, with its checks. The scan reads the columns that the card asks.
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
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import used
from leadledger.scoring.printers.sql.query import Query
from tests.postgres import server

ROWS = 500_000
TYPES = {"BIGINT": "double precision", "DOUBLE": "double precision", "BOOLEAN": "boolean", "DATE": "date"}


@dataclass(frozen=True)
class Rate:
    """How fast one way is: rows, and seconds, the least of some runs."""

    way: str
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def measure(rows: int, repeat: int) -> list[Rate]:
    """The scan, the SELECT and the whole run, on a table of so many rows."""
    as_of = UNTIL + timedelta(days=1)
    with tempfile.TemporaryDirectory() as name, server() as url:
        folder = Path(name)
        card = Releases(release(folder)).open()
        columns = load(leads(folder, rows), url)
        asked = [one for names in used(card.card, columns).values() for one in names]
        scan = ", ".join(f'count("{one}")' for one in asked)
        query = sql.select(card, Query(as_of, columns=columns), "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE leads")
            work: dict[str, Callable[[], object]] = {
                "scan": lambda: connection.execute(f"SELECT {scan} FROM leads"),
                "select": lambda: connection.execute(
                    f"SELECT count(score), sum(probability), max(recommendation) FROM ({query}) AS scored"
                ),
                "into": lambda: score_table(card, url, "leads", "scores", as_of=as_of),
            }
            return [Rate(way, rows, least(one, repeat)) for way, one in work.items()]


def least(work: Callable[[], object], repeat: int) -> float:
    """The least seconds of some runs."""
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def load(path: Path, url: str) -> dict[str, str]:
    """Copy a CSV file into the table `leads`; its columns and their types, as DuckDB names them."""
    found = duckdb.execute(f"DESCRIBE FROM read_csv('{path}')").fetchall()
    columns = {str(one[0]): {"BIGINT": "DOUBLE"}.get(one[1], one[1]) for one in found}
    spelt = ", ".join(f'"{one}" {TYPES.get(kind, "text")}' for one, kind in columns.items())
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE leads ({spelt})")
        with cursor.copy("COPY leads FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            while part := file.read(1 << 20):
                copy.write(part)
    return columns


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks warehouse", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the table")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    found = measure(options.rows, options.repeat)
    if options.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            times = one.seconds / found[0].seconds
            print(f"{one.way:8s} {one.rate:12,.0f} rows/s   {times:6.1f} × the scan   {one.seconds:6.2f} s")


if __name__ == "__main__":
    main()
