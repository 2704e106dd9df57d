"""GET /v1/leads of a million known leads, while a hundred a second are scored: `make bench-book`.

    python -m benchmarks book --leads 1000000 --pages 50

The service runs with its log synced, in SQLite and in PostgreSQL. The leads are written with plain SQL, as copies of
one that was scored: points, days, recommendations (one in 2,000 leads is demoted), owners (100) and countries (10)
differ, and one in five promotions is to the stage before that which scores foretell. Of each list, pages of 50 leads
are read one after another on one connection: the first, and those that follow it. The latencies are those of the
client; filters that no index serves stand apart, since they read the book until a page is full.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, text

from benchmarks.load import NUMBER, Load, post, start_load
from benchmarks.servers import LEAD, ServerProcess, fresh, ours
from leadledger.api.log import database, tables
from leadledger.api.log.book_rows import BookRow
from tests.postgres import durable_server as postgres

RATE = 100.0  # leads scored a second meanwhile
ASKED = 30.0  # ms of the 99th of 100 pages
PATIENCE = 60  # seconds for one page
INDEXED = (
    "",
    "direction=asc",
    "order=probability",
    "order=change",
    "order=change&direction=asc",
    "order=since",
    "order=id",
    "order=id&recommendation=demote",
    "order=id&recommendation=promote",
    "recommendation=promote",
    "recommendation=demote",
    "recommendation=demote&order=since",
    "recommendation=promote,ask&order=since",
    "grade=D",
    "owner=owner 42",
    "owner=owner 42&recommendation=promote",
    "owner=nobody&order=since",
    "q=00000000000123",
    "snoozed=true",
    "snoozed=false&recommendation=promote",
)
UNINDEXED = ("field.country=C7", "field.country=nowhere", "owner=owner 42&order=change", "grade=D&order=since")
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
# By the number n of a lead, in the words of both databases.
_COLUMNS = {
    "key": "{id}",
    "lead": "{id}",
    "tenths": "n * 7919 % 1000",
    "score": "n * 7919 % 1000 / 10",
    "probability": "(n * 7919 % 1000) / 1000.0",
    "change": "n * 31 % 400 - 200",
    "since": "{day}",
    "grade": "CASE WHEN n * 7919 % 1000 >= 650 THEN 'A' WHEN n * 7919 % 1000 >= 100 THEN 'B' ELSE 'D' END",
    "recommendation": "CASE WHEN n % 2000 = 7 THEN 'demote' WHEN n % 20 = 1 THEN 'promote' WHEN n % 20 < 5 THEN 'ask'"
    " WHEN n % 20 < 17 THEN 'nurture' WHEN n % 20 < 19 THEN 'keep' ELSE 'disqualify' END",
    "owner": "'owner ' || (n % 100)",
    "snoozed_until": "CASE WHEN n % 1000 = 5 THEN '2999-01-01' END",
    "input": "replace(input, '\"SE\"', '\"C' || (n % 10) || '\"')",
}
_WORDS = {
    "sqlite": {
        "id": "printf('%016d', n)",
        "day": "date('2026-01-01', '+' || (n * 13 % 300) || ' days')",
        "numbers": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :leads) SELECT n FROM s)",
    },
    "postgresql": {
        "id": "lpad(n::text, 16, '0')",
        "day": "to_char(date '2026-01-01' + (n * 13 % 300)::int, 'YYYY-MM-DD')",
        "numbers": "(SELECT n FROM generate_series(1, CAST(:leads AS bigint)) AS s(n))",
    },
}


@dataclass(frozen=True)
class ListLatency:
    """The latencies of a list's pages, in milliseconds."""

    log: str
    query: str
    is_indexed: bool
    pages: int
    median: float
    p99: float


def write_leads(engine: Engine, leads: int) -> None:
    """Fill the book with copies of its one lead."""
    words = _WORDS[engine.dialect.name]
    columns = {name: _COLUMNS.get(name, name).format(**words) for name in BookRow._fields}
    numbers = words["numbers"]
    statement = (
        f"INSERT INTO book ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
        f" FROM {numbers} AS numbers CROSS JOIN (SELECT * FROM book LIMIT 1) AS one"
    )
    with engine.execution_options(**database.WRITES).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        for index in tables.book.indexes:  # they are made anew more quickly than they grow
            index.drop(connection)
        connection.execute(text(statement), {"leads": leads})
        for index in tables.book.indexes:
            index.create(connection)
    if engine.dialect.name == "postgresql":  # as its autovacuum would within a minute
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE book"))


def measure(leads: int, pages: int) -> Iterator[ListLatency]:
    """All lists, on both databases."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(fresh()))
        url = stack.enter_context(postgres())
        for name, options in ((SQLITE, ()), (POSTGRESQL, ("--log-url", url))):
            home = folder / name
            with ours(home, "--log", "sync", "--max-rate", "100000", *options) as served:
                engine = database.open_database(url if options else None, home)
                write_leads(engine, leads)
                engine.dispose()
                yield from _read_lists(name, served, pages)


def _read_lists(name: str, served: ServerProcess, pages: int) -> Iterator[ListLatency]:
    """Each list in its turn, while leads are scored."""
    lead = {**LEAD, "lead_id": NUMBER.decode()}
    request = post("/v1/score", json.dumps({"lead": lead}).encode())
    for queries, is_indexed, count in ((INDEXED, True, pages), (UNINDEXED, False, 3)):
        for query in queries:
            load = Load(served.port, request, 16, 3600.0, RATE, every=1.0, numbered=True)
            with start_load(load) as seen:
                next(seen)
                taken = sorted(_read_pages(served.port, query, count))
            p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
            yield ListLatency(name, query or "(all)", is_indexed, len(taken), statistics.median(taken), p99)


def _read_pages(port: int, query: str, pages: int) -> list[float]:
    """The milliseconds that each of some pages takes: the first, those that follow it, and after the last the first."""
    connection, taken, after = HTTPConnection("127.0.0.1", port, timeout=PATIENCE), list[float](), ""
    for _ in range(pages):
        path = f"/v1/leads?{quote(query, safe='=&,')}" + (f"&after={after}" if after else "")
        start = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        content: Any = json.loads(answer.read())
        taken.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {content}")
        after = content["next"]
    connection.close()
    return taken


def line(of: ListLatency) -> str:
    """A list as text."""
    note = "" if of.is_indexed else "   (no index)"
    return f"{of.log:<11}{of.query:<45}{of.pages:5} pages   median {of.median:8.2f} ms   p99 {of.p99:8.2f} ms{note}"


def targets(latencies: Sequence[ListLatency]) -> Iterator[str]:
    """Whether the lists are as quick as is asked."""
    for log in dict.fromkeys(of.log for of in latencies):
        worst = max(of.p99 for of in latencies if of.log == log and of.is_indexed)
        met = "met" if worst < ASKED else "NOT met"
        yield f"{log}: the slowest list with an index has a p99 of {worst:.1f} ms, asked {ASKED:.0f}: {met}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks book", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=1_000_000, help="known leads")
    parser.add_argument("--pages", type=int, default=50, help="pages read of each list")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    latencies: list[ListLatency] = []
    for of in measure(options.leads, options.pages):
        latencies.append(of)
        if not options.json:
            print(line(of), flush=True)
    print(json.dumps([asdict(of) for of in latencies], indent=2) if options.json else "\n".join(targets(latencies)))


if __name__ == "__main__":
    main(sys.argv[1:])
