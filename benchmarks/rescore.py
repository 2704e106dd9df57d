"""`leadledger score LIST --log` and `leadledger rescore`: leads a second, beside the same list without the log.

    python -m benchmarks rescore --leads 100000

The list has 18 fields of the simulated CRM of examples/b2b-software, as Parquet; the scorecard is the example's card
alone. On each database, four steps follow each other: the first list, in which every lead is new; the same list a day
later, of which only changed decisions enter the log; the book worked out as of the day after; and the copy of as many
rows of `scores` and of `book` by the database itself, which is the floor of whoever writes so much. Beside the time of
the clock stands that of this process on the CPU, which a busy machine doesn't stretch; PostgreSQL's own isn't in it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.lists import leads
from benchmarks.servers import fresh
from leadledger.api.cli.examples import find_examples
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.log.database import WRITES, open_database
from leadledger.api.log.store import LogStore
from leadledger.api.service.list_recorder import ListRecorder
from leadledger.api.service.loaded import load
from leadledger.api.service.rescore import rescore_book
from leadledger.api.service.settings import Settings
from tests.postgres import durable_server as postgres

LEADS = 100_000
AS_OF = date(2026, 7, 1)
CARD = find_examples() / "b2b-software" / "card.yaml"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
COPIES = ("CREATE TABLE copied_scores AS SELECT * FROM scores", "CREATE TABLE copied_book AS SELECT * FROM book")


@dataclass(frozen=True)
class StepTime:
    """A step on a database: its seconds, those on the CPU, its leads, and how many scores entered the log."""

    database: str
    step: str
    seconds: float
    cpu: float
    leads: int
    logged: int = 0

    @property
    def rate(self) -> float:
        """Leads a second."""
        return self.leads / self.seconds


def measure(number: int, databases: Sequence[str]) -> list[StepTime]:
    """The steps on each database, after the list without a log."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(fresh()))
        listed = folder / "leads.parquet"
        duckdb.execute(f"COPY (FROM read_csv('{leads(folder, number)}', all_varchar = true)) TO '{listed}'")
        card = load(Settings(card=CARD, home=folder)).card
        seconds = _time(lambda: score_list(card, listed, folder / "out.parquet", AS_OF))
        times = [StepTime("none", "the list without a log", *seconds, number)]
        for database in databases:
            url = stack.enter_context(postgres()) if database == POSTGRESQL else None
            times += _measure_database(database, url, folder, listed, number)
    return times


def _measure_database(database: str, url: str | None, folder: Path, listed: Path, number: int) -> Iterator[StepTime]:
    loaded = load(Settings(card=CARD, home=folder))
    engine = open_database(url, folder)
    log = LogStore(engine)
    for days, step in enumerate(("the list, all leads new", "the list a day later")):
        recorder = ListRecorder(log, loaded, AS_OF + timedelta(days=days))
        list_leads = partial(score_list, loaded.card, listed, folder / "out.parquet", recorder.day, Wanted(log=True))
        seconds = _time(partial(list_leads, recorder=recorder))
        yield StepTime(database, step, *seconds, number, recorder.written.scores)
    logged = 0

    def rescore() -> None:
        nonlocal logged
        rescored = rescore_book(log, loaded, folder, AS_OF + timedelta(days=2))
        assert rescored.rescored == number
        logged = rescored.logged

    seconds = _time(rescore)
    yield StepTime(database, "rescore the day after", *seconds, number, logged)

    def copy() -> None:
        with engine.execution_options(**WRITES).begin() as connection:
            if database == POSTGRESQL:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            for statement in COPIES:
                connection.exec_driver_sql(statement)

    yield StepTime(database, "its own copy of both tables", *_time(copy), number)
    engine.dispose()


def _time(work: Callable[[], object]) -> tuple[float, float]:
    """The seconds that something takes, by the clock and on the CPU."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - cpu


def lines(times: Sequence[StepTime]) -> Iterator[str]:
    """As text."""
    for step in times:
        logged = f"   {step.logged:,} scores logged" if step.logged else ""
        seconds = f"{step.seconds:8.2f} s, CPU {step.cpu:7.2f} s"
        yield f"{step.database:<12}{step.step:<30}{seconds} {step.rate:10,.0f} leads/s{logged}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks rescore", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=LEADS, help="of the list")
    parser.add_argument("--databases", nargs="+", choices=[SQLITE, POSTGRESQL], default=[SQLITE, POSTGRESQL])
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    times = measure(options.leads, options.databases)
    print(json.dumps([asdict(step) for step in times], indent=2) if options.json else "\n".join(lines(times)))


if __name__ == "__main__":
    main()
