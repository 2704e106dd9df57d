"""POST /v1/events in batches of 100, beside a bare FastAPI app and SQLite alone: `make bench-events`.

    python -m benchmarks stored_events --seconds 5 --rounds 3

One worker each, 8 persistent connections, each event new and checked by a card that has its kind, the decision log
synced. The bare app takes the same bodies as a dict and answers as many bytes. SQLite alone inserts the same rows with
Python's driver, a synced commit for each batch, into a table with one index, by source and id: the floor of whoever
keeps events so. The servers take turns, and the median of each counts. Any other status than 200 fails the run.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.load import NUMBER, Load, LoadResult, post, run_load
from benchmarks.servers import bare, fresh, ours
from tests.postgres import durable_server as postgres

EVENTS, CONNECTIONS, WARM = 100, 8, 1.0
ASKED = 10_000  # events a second, with SQLite
BARE, ALONE = "bare FastAPI", "sqlite3 alone"
SQLITE, POSTGRESQL = "ours, SQLite", "ours, PostgreSQL"
CARD = """
name: web
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
fields:
  lead_id: {kind: id}
  visits: {kind: number, is: "count(visit, 14 days)"}
rules:
  - {name: keen, when: visits > 3, points: 5, reason: Visits often}
"""


@dataclass(frozen=True)
class EventRate:
    """Events a second, and the 99th of 100 latencies of a batch in ms: medians of the turns; errors in all."""

    server: str
    rate: float
    p99: float
    errors: int


def make_body() -> bytes:
    """A batch, in which `NUMBER` makes every id new."""
    events = [
        {
            "kind": "visit",
            "lead": f"L{i * 37 % 1000}",
            "id": f"{NUMBER.decode()}-{i}",
            "source": "web",
            "time": f"2026-06-{i % 28 + 1:02}T{i % 24:02}:{i % 60:02}:00Z",
            "properties": {"path": ("/", "/pricing", "/docs", "/blog")[i % 4], "seconds": i * 7 % 300},
        }
        for i in range(EVENTS)
    ]
    return json.dumps({"events": events}).encode()


def measure(seconds: float, rounds: int) -> list[EventRate]:
    """Each way in its turns."""
    body = make_body()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(fresh()))
        card = folder / "card.yaml"
        card.write_text(CARD)
        url = stack.enter_context(postgres())
        ways: dict[str, Callable[[], LoadResult | float]] = {
            BARE: _loaded(stack.enter_context(bare(120)).port, "/v1/score", body, seconds),
            ALONE: lambda: write_alone(folder / "alone.sqlite3", seconds),
        }
        options: Sequence[str]
        for name, options in ((SQLITE, ()), (POSTGRESQL, ("--log-url", url))):
            home = folder / name.rpartition(" ")[2]
            served = stack.enter_context(ours(home, "--log", "sync", "--max-rate", "100000", *options, card=card))
            ways[name] = _loaded(served.port, "/v1/events", body, seconds)
            run_load(Load(served.port, post("/v1/events", body), CONNECTIONS, WARM, numbered=True))
        seen: dict[str, list[LoadResult | float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, run in ways.items():
                seen[name].append(run())
    return [_summarize(name, turns) for name, turns in seen.items()]


def _loaded(port: int, path: str, body: bytes, seconds: float) -> Callable[[], LoadResult | float]:
    return lambda: run_load(Load(port, post(path, body), CONNECTIONS, seconds, numbered=True))


def write_alone(path: Path, seconds: float) -> float:
    """The batches a second that SQLite writes alone, each with a synced commit."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS events"
        " (lead TEXT, kind TEXT, time TEXT, id TEXT, source TEXT, properties TEXT, UNIQUE (source, id))"
    )
    start, batches = time.perf_counter(), 0
    while (now := time.perf_counter()) < start + seconds:
        event = time.time_ns()
        rows = [
            (f"L{i}", "visit", "2026-06-01T00:00:00Z", f"{event}-{i}", "web", '{"path": "/pricing", "seconds": 7}')
            for i in range(EVENTS)
        ]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)
        connection.execute("COMMIT")
        batches += 1
    connection.close()
    return batches / (now - start)


def _summarize(name: str, turns: Sequence[LoadResult | float]) -> EventRate:
    loads = [turn for turn in turns if isinstance(turn, LoadResult)]
    rate = statistics.median(turn.rate if isinstance(turn, LoadResult) else turn for turn in turns)
    p99 = statistics.median(turn.statuses[200].p99 if turn.count(200) else 0.0 for turn in loads) if loads else 0.0
    return EventRate(name, rate * EVENTS, p99, sum(turn.errors for turn in loads))


def lines(rates: Sequence[EventRate]) -> Iterator[str]:
    """As text: each way beside the first, then the target."""
    of = {rate.server: rate.rate for rate in rates}
    for rate in rates:
        errors = f"   {rate.errors} ERRORS" if rate.errors else ""
        beside = f"{rate.rate / of[BARE]:5.2f} × {BARE}, {rate.rate / of[ALONE]:5.2f} × {ALONE}"
        yield f"{rate.server:<18}{rate.rate:10,.0f} events/s   p99 {rate.p99:7.2f} ms  {beside}{errors}"
    met = "met" if of[SQLITE] >= ASKED else "NOT met"
    yield f"{SQLITE}: {of[SQLITE]:,.0f} events/s, asked {ASKED:,}: {met}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks stored_events", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    rates = measure(options.seconds, options.rounds)
    report = list(lines(rates))
    print(json.dumps([asdict(rate) for rate in rates], indent=2) if options.json else "\n".join(report))
    if any(rate.errors for rate in rates):
        sys.exit("it failed: see above")


if __name__ == "__main__":
    main()
