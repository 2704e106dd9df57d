"""How far a query over a list is, told while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import duckdb

from leadledger.training.sources.scan import Scan, estimate_rows

ReportProgress: TypeAlias = Callable[
    [float, int], None
]  # takes the share that is done, and about how many rows that is
_REFRESHED = 0.2  # seconds between two reports of progress


@contextmanager
def reported_progress(
    connection: duckdb.DuckDBPyConnection, scan: Scan, progress: ReportProgress | None
) -> Iterator[None]:
    """Report how far a query is, from a thread of its own, until it is done."""
    if progress is None:
        yield
        return
    rows = estimate_rows(connection, scan)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_REFRESHED):
            share = connection.query_progress()
            if share > 0:
                progress(share / 100, int(rows * share / 100))

    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
