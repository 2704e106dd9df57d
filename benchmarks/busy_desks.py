"""How much scoring costs while people work at the desk: the service's rate alone, and beside ten busy desks.

    python -m benchmarks busy_desks --rounds 5

One worker with a book of 2,000 leads, the log synced, 16 connections that score as fast as answers arrive. A busy desk
is somebody who opens the list, then nine leads, then the list again, a page every two seconds. The two take turns, so
that a slow moment hits both; medians.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.book import write_leads
from benchmarks.load import Load, run_load
from benchmarks.servers import REQUEST, ServerProcess, fresh, ours
from leadledger.api.log import database

LEADS, DESKS, CONNECTIONS = 2_000, 10, 16
PAUSE = 2.0  # seconds between two pages of a desk
ASKED = 0.8  # of the rate alone
WARM = 1.0  # seconds of load before it counts


def measure(rounds: int, seconds: float) -> tuple[float, float, int]:
    """Requests a second alone, and beside busy desks; and how many pages these have read."""
    alone, beside, pages = list[float](), list[float](), 0
    with fresh() as folder:
        home = Path(folder) / "home"
        with ours(home, "--log", "sync") as served:
            run_load(Load(served.port, REQUEST, CONNECTIONS, WARM))
            engine = database.open_database(None, home)
            write_leads(engine, LEADS)
            engine.dispose()
            for _ in range(rounds):
                alone.append(_count_scores(served, seconds))
                with _run_desks(served) as read:
                    beside.append(_count_scores(served, seconds))
                pages += len(read)
    return statistics.median(alone), statistics.median(beside), pages


def _count_scores(served: ServerProcess, seconds: float) -> float:
    result = run_load(Load(served.port, REQUEST, CONNECTIONS, seconds))
    return result.rate


@contextmanager
def _run_desks(served: ServerProcess) -> Iterator[list[int]]:
    """Ten desks at work; the statuses of the pages that they read."""
    over, statuses = threading.Event(), list[int]()
    desks = [threading.Thread(target=_work, args=(served.port, number, over, statuses)) for number in range(DESKS)]
    for desk in desks:
        desk.start()
    try:
        yield statuses
    finally:
        over.set()
        for desk in desks:
            desk.join()
    wrong = [status for status in statuses if status != 200]
    assert not wrong, f"{len(wrong)} of {len(statuses)} pages failed"


def _work(port: int, number: int, over: threading.Event, statuses: list[int]) -> None:
    """One desk: the list, then leads of it, until it is over."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    over.wait(PAUSE * number / DESKS)  # people don't click at one moment
    page = 0
    while not over.is_set():
        start = time.monotonic()
        lead = 1 + (number * 100 + page) % LEADS
        path = "/desk" if page % 10 == 0 else f"/desk/lead?id={lead:016}"
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        page += 1
        over.wait(max(0.0, PAUSE - (time.monotonic() - start)))
    connection.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and say how much is left of the rate."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks busy_desks", description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    options = parser.parse_args(arguments)
    alone, beside, pages = measure(options.rounds, options.seconds)
    print(f"scores a second: {alone:,.0f} alone, {beside:,.0f} beside {DESKS} desks that read {pages:,} pages")
    print(f"{beside / alone:.2f} of the rate is left (asked {ASKED})")
