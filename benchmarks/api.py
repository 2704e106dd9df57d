"""`leadledger serve` beside a bare FastAPI app, and one with a joblib pipeline: `make bench-api`.

    python -m benchmarks api --seconds 5 --rounds 5
    python -m benchmarks api --soak 600
    python -m benchmarks api --overload

One worker each, 16 persistent connections, one lead with 18 fields, requested as fast as answers arrive. The servers of
`servers.py` take turns, so that a slow moment hits all of them, and the median of each counts. The decision log is a
SQLite file in a fresh home on the disk of the working directory, or the PostgreSQL of the tests, synced. The pipeline
is a logistic regression trained on 20,000 simulated leads. A status other than 200, or an incomplete answer, is an
error and fails the run.
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
from benchmarks.load import Load, LoadResult, run_load
from benchmarks.servers import REQUEST, ServerProcess, bare, fresh, ours, pipeline
from leadledger.api.cli.examples import load_simulator
from tests.postgres import durable_server as postgres

CONNECTIONS = 16
WARM = 1.0  # seconds of load on each server, before it counts
OFF, SQLITE, POSTGRESQL = "ours, log off", "ours, log sync, SQLite", "ours, log sync, PostgreSQL"
BARE, PIPELINE = "bare FastAPI", "FastAPI and joblib"


@dataclass(frozen=True)
class ServerRate:
    """One server: requests a second, and the 99th of 100 latencies in ms, medians of its turns; errors in all."""

    server: str
    rate: float
    p99: float
    errors: int


@dataclass(frozen=True)
class RateTarget:
    """What we aim at: requests a second of ours, at least `least` times those of another server."""

    ours: str
    other: str
    least: float


LIMITS = (
    RateTarget(OFF, BARE, 0.8),
    RateTarget(SQLITE, BARE, 0.5),
    RateTarget(POSTGRESQL, BARE, 0.48),
    RateTarget(OFF, PIPELINE, 30.0),
)


def measure(seconds: float, rounds: int) -> list[ServerRate]:
    """Each server in its turns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(fresh()))
        servers = _servers(stack, folder)
        for served in servers.values():
            run_load(Load(served.port, REQUEST, CONNECTIONS, WARM))
        seen: dict[str, list[LoadResult]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, served in servers.items():
                seen[name].append(run_load(Load(served.port, REQUEST, CONNECTIONS, seconds)))
    return [_rate(name, turns) for name, turns in seen.items()]


def _servers(stack: ExitStack, folder: Path) -> dict[str, ServerProcess]:
    """All servers, by name, until the stack ends."""
    simulate = load_simulator()
    simulate.write(simulate.simulate(20_000), folder / "history.csv")
    url = stack.enter_context(postgres())
    off = stack.enter_context(ours(folder / "off", "--log", "off"))
    sync = stack.enter_context(ours(folder / "sqlite", "--log", "sync"))
    return {
        BARE: stack.enter_context(bare(len(sync.answer))),
        OFF: off,
        SQLITE: sync,
        POSTGRESQL: stack.enter_context(ours(folder / "postgresql", "--log", "sync", "--log-url", url)),
        PIPELINE: stack.enter_context(pipeline(lists.model(folder))),
    }


def _rate(name: str, turns: Sequence[LoadResult]) -> ServerRate:
    p99 = statistics.median(turn.statuses[200].p99 if turn.count(200) else 0.0 for turn in turns)
    return ServerRate(name, statistics.median(turn.rate for turn in turns), p99, sum(turn.errors for turn in turns))


def lines(rates: Sequence[ServerRate]) -> Iterator[str]:
    """As text: each server beside the first, then the targets."""
    of = {rate.server: rate.rate for rate in rates}
    for rate in rates:
        beside = f"{rate.rate / rates[0].rate:6.2f} × {rates[0].server}"
        errors = f"   {rate.errors} ERRORS" if rate.errors else ""
        yield f"{rate.server:<28}{rate.rate:9,.0f} requests/s   p99 {rate.p99:7.2f} ms  {beside}{errors}"
    for limit in LIMITS:
        ratio = of[limit.ours] / of[limit.other]
        met = "met" if ratio >= limit.least else "NOT met"
        yield f"{limit.ours}: {ratio:.2f} × {limit.other}, asked {limit.least}: {met}"


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
        soaked = soak.measure(options.soak, options.rate)
        report, failed = list(soak.lines(soaked)), bool(soak.failures(soaked))
        measured: object = asdict(soaked)
    elif options.overload:
        results = overload.measure(options.seconds)
        report, failed = list(overload.lines(results)), any(overload.failures(result) for result in results)
        measured = [asdict(result) for result in results]
    else:
        rates = measure(options.seconds, options.rounds)
        report, failed = list(lines(rates)), any(rate.errors for rate in rates)
        measured = [asdict(rate) for rate in rates]
    print(json.dumps(measured, indent=2) if options.json else "\n".join(report))
    if failed:
        sys.exit("it failed: see above")


if __name__ == "__main__":
    main()
