"""The first page of the desk with a million known leads, in a browser, and the requests behind it.

    python -m benchmarks desk --leads 1000000
    python -m benchmarks desk --book FOLDER

The leads are those of `benchmarks.book`, in SQLite; each has another chance, owner and country. A page is measured in
Chromium from the request to the end of its loading, once after a while in which nobody has looked (the first look of a
morning: of such a book, the service keeps the figures ready by itself), then again. Beside it stands the time until the
answer is there, and its size. Of the answers of an open service, each may take 300 ms, and weigh 150 kB with all that
it loads. `--book` keeps the book in a folder, so that it is written only once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from benchmarks.book import write_leads
from benchmarks.load import NUMBER
from benchmarks.servers import LEAD, ServerProcess, fresh, ours
from leadledger.api.log import database, tables
from leadledger.api.service.service import SECONDS_KEPT

if TYPE_CHECKING:
    from playwright.sync_api import Page

ASKED = 300.0  # ms of a page
HEAVIEST = 150_000  # bytes of a page with all that it loads
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120  # seconds for one page
_WEIGHT = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
PAGES = (
    "/desk",
    "/desk?view=call",
    "/desk?view=all",
    "/desk?view=new",
    "/desk?view=waiting",
    "/desk?view=leaving",
    "/desk?view=all&owner=owner+42",
    "/desk?view=all&grade=A",
    "/desk?view=all&search=00000000000123",
    "/desk?view=all&search=nobody",
)


@dataclass(frozen=True)
class PageLatency:
    """How long a page takes, in milliseconds: in the browser the first time and the median of `times` more; the answer
    alone; and how many bytes it has, with all that it loads.
    """

    path: str
    first: float
    median: float
    answer: float
    weight: int
    times: int


def measure(leads: int, times: int, book: Path | None) -> Iterator[PageLatency]:
    """All pages, of a book that a folder keeps, or (None) of a new one."""
    from playwright.sync_api import sync_playwright

    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with ExitStack() as stack:
        home = Path(stack.enter_context(fresh())) if book is None else book
        served = stack.enter_context(ours(home, "--log", "sync"))
        _fill(served, home, leads)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            for path in PAGES:
                time.sleep(SECONDS_KEPT + 1)  # so that what was asked for before is kept no longer
                page = browser.new_context(base_url=f"http://127.0.0.1:{served.port}").new_page()
                page.set_default_timeout(PATIENCE * 1000)
                first, weight = _open(page, path)
                again = [_open(page, path)[0] for _ in range(times)]
                yield PageLatency(path, first, statistics.median(again), _ask(served.port, path), weight, times)
                page.context.close()
            browser.close()


def _fill(served: ServerProcess, home: Path, leads: int) -> None:
    """Score a lead, and fill the book with copies of it, unless it has some."""
    engine = database.open_database(None, home)
    with engine.connect() as connection:
        known = connection.execute(select(tables.book.c.key).limit(2)).all()
    if len(known) > 1:  # the first is that by which the service is known to have started
        engine.dispose()
        return
    connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    lead = {**LEAD, "lead_id": NUMBER.decode()}
    connection.request("POST", "/v1/score", json.dumps({"lead": lead}), {"Content-Type": "application/json"})
    connection.getresponse().read()
    connection.close()
    write_leads(engine, leads)
    engine.dispose()


def _open(page: Page, path: str) -> tuple[float, int]:
    """The milliseconds from the request for a page until it is there, and the bytes of all that it needs."""
    start = time.perf_counter()
    page.goto(path, wait_until="load")
    taken = (time.perf_counter() - start) * 1000
    return taken, int(page.evaluate(_WEIGHT))


def _ask(port: int, path: str) -> float:
    """The milliseconds until an answer is there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    start = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    taken = (time.perf_counter() - start) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return taken


def line(of: PageLatency) -> str:
    """A page as text."""
    return (
        f"{of.path:<45}first {of.first:8.1f} ms   then {of.median:8.1f} ms   answer {of.answer:8.1f} ms"
        f"   {of.weight / 1000:6.1f} kB"
    )


def targets(latencies: Sequence[PageLatency]) -> Iterator[str]:
    """Whether the desk's first page is as quick as is asked, and all are as light."""
    first, heaviest = latencies[0].first, max(of.weight for of in latencies)
    yield f"the first page takes {first:.0f} ms, asked {ASKED:.0f}: {'met' if first < ASKED else 'NOT met'}"
    is_light = "met" if heaviest < HEAVIEST else "NOT met"
    yield f"the heaviest page has {heaviest / 1000:.0f} kB, asked {HEAVIEST / 1000:.0f}: {is_light}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks desk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=1_000_000, help="known leads")
    parser.add_argument("--book", type=Path, help="a folder for the book, which is kept")
    parser.add_argument("--times", type=int, default=10, help="how often each page is opened again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    latencies: list[PageLatency] = []
    for of in measure(options.leads, options.times, options.book):
        latencies.append(of)
        if not options.json:
            print(line(of), flush=True)
    print(json.dumps([asdict(of) for of in latencies], indent=2) if options.json else "\n".join(targets(latencies)))


if __name__ == "__main__":
    main(sys.argv[1:])
