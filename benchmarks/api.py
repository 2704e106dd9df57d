"""`leadledger serve` beside a bare FastAPI app, and one with a joblib pipeline: `make bench-api`.

    python -m benchmarks api --seconds 5 --rounds 5
    python -m benchmarks api --soak 600
    python -m benchmarks api --overload

One worker each, 16 connections that stay, one lead with 18 fields, asked as fast as answers come. The servers take
turns, so that a slow moment hits all, and the median of each counts; what they are, `served.py` says. The decision log
is a file of SQLite in a fresh home on the disk of the working directory, or the PostgreSQL of the tests, synced. The
pipeline is a logistic regression that 20,000 simulated leads teach. A status other than 200, or an answer that doesn't
come whole, is an error, and fails the run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import lists, overload, soak
from benchmarks.load import Load, Seen, ask
from benchmarks.served import REQUEST, Served, bare, fresh, ours, pipeline
from leadledger.api.cli.examples import load_simulator
from tests.postgres import server as postgres

CONNECTIONS = 16
WARM = 1.0  # seconds of load on each server, before it counts
OFF, SQLITE, POSTGRESQL = "ours, log off", "ours, log sync, SQLite", "ours, log sync, PostgreSQL"
BARE, PIPELINE = "bare FastAPI", "FastAPI and joblib"


@dataclass(frozen=True)
class Rate:
    """One server: requests a second, and the 99th of 100 latencies in ms, medians of its turns; errors in all."""

    server: str
    rate: float
    p99: float
    errors: int


@dataclass(frozen=True)
class Limit:
    """What is asked: requests a second of ours, at least so many times those of another server."""

    ours: str
    other: str
    least: float


LIMITS = (Limit(OFF, BARE, 0.6), Limit(SQLITE, BARE, 0.4), Limit(OFF, PIPELINE, 30.0))


def measure(seconds: float, rounds: int) -> list[Rate]:
    """Each server in its turns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(fresh()))
        servers = _servers(stack, folder)
        for served in servers.values():
            ask(Load(served.port, REQUEST, CONNECTIONS, WARM))
        seen: dict[str, list[Seen]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, served in servers.items():
                seen[name].append(ask(Load(served.port, REQUEST, CONNECTIONS, seconds)))
    return [_rate(name, turns) for name, turns in seen.items()]


def _servers(stack: ExitStack, folder: Path) -> dict[str, Served]:
    """All servers, by name, until the stack ends."""
    simulate = load_simulator()
    simulate.write(simulate.simulate(20_000), folder / "history.csv")
    url = stack.enter_context(postgres(durable=True))
    off = stack.enter_context(ours(folder / "off", "--log", "off"))
    sync = stack.enter_context(ours(folder / "sqlite", "--log", "sync"))
    return {
        BARE: stack.enter_context(bare(len(sync.answer))),
        OFF: off,
        SQLITE: sync,
        POSTGRESQL: stack.enter_context(ours(folder / "postgresql", "--log", "sync", "--log-url", url)),
        PIPELINE: stack.enter_context(pipeline(lists.model(folder))),
    }


def _rate(name: str, turns: Sequence[Seen]) -> Rate:
    p99 = statistics.median(one.statuses[200].p99 if one.count(200) else 0.0 for one in turns)
    return Rate(name, statistics.median(one.rate for one in turns), p99, sum(one.errors for one in turns))


def lines(rates: Sequence[Rate]) -> Iterator[str]:
    """As text: each server beside the first, then what is asked."""
    of = {one.server: one.rate for one in rates}
    for one in rates:
        beside = f"{one.rate / rates[0].rate:6.2f} × {rates[0].server}"
        errors = f"   {one.errors} ERRORS" if one.errors else ""
        yield f"{one.server:<28}{one.rate:9,.0f} requests/s   p99 {one.p99:7.2f} ms  {beside}{errors}"
    for limit in LIMITS:
        found = of[limit.ours] / of[limit.other]
        met = "met" if found >= limit.least else "NOT met"
        yield f"{limit.ours}: {found:.2f} × {limit.other}, asked {limit.least}: {met}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks api", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="instead: steady load, and what memory does")
    parser.add_argument("--rate", type=float, default=1000.0, help="requests a second of the soak")
    parser.add_argument("--overload", action="store_true", help="instead: ten times what it can do")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.soak:
        held = soak.measure(options.soak, options.rate)
        told, failed = list(soak.lines(held)), bool(soak.failures(held))
        said: object = asdict(held)
    elif options.overload:
        shown = overload.measure(options.seconds)
        told, failed = list(overload.lines(shown)), any(overload.failures(one) for one in shown)
        said = [asdict(one) for one in shown]
    else:
        rates = measure(options.seconds, options.rounds)
        told, failed = list(lines(rates)), any(one.errors for one in rates)
        said = [asdict(one) for one in rates]
    print(json.dumps(said, indent=2) if options.json else "\n".join(told))
    if failed:
        sys.exit("it failed: see above")


if __name__ == "__main__":
    main()
