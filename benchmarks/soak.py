"""A long, steady load, with the decision log in SQLite: does memory stay flat, and is every request answered?

The memory is the resident set of the process, read every second. What the first tenth of the time fills (caches of
SQLite, of the allocator, of the code) is not counted: from then on it may grow by `GROWTH`.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Load, LoadResult, start_load
from benchmarks.servers import REQUEST, fresh, ours

CONNECTIONS = 64  # so many requests may be due while one is answered late, and none is refused for want of room
PARTS = 10  # of the time; the latencies of the first are held against those of the last
GROWTH = 0.03  # share of the memory after the first part; what is less comes and goes


@dataclass(frozen=True)
class SoakResult:
    """Memory in MB: at the start, after the first part, at the end; its slope in MB an hour after the first part. What
    was seen in each part.
    """

    start: float
    warm: float
    end: float
    slope: float
    parts: Sequence[LoadResult]


def measure(seconds: float, rate: float) -> SoakResult:
    """So many seconds of load, at so many requests a second."""
    with fresh() as folder, ours(Path(folder), "--log", "sync") as served:
        times, sizes = [0.0], [resident(served.pid)]
        begun = time.monotonic()
        with start_load(Load(served.port, REQUEST, CONNECTIONS, seconds, rate, every=seconds / PARTS)) as seen:
            while (now := time.monotonic() - begun) < seconds:
                time.sleep(min(1.0, seconds / 100))
                times.append(now)
                sizes.append(resident(served.pid))
            parts = list(seen)
        first = next(at for at, now in enumerate(times) if now >= seconds / PARTS)
        slope = statistics.linear_regression(times[first:], sizes[first:]).slope * 3600
        warm, end = (statistics.median(window) for window in (sizes[first : first + 5], sizes[-5:]))
        return SoakResult(sizes[0], warm, end, slope, parts)


def resident(pid: int) -> float:
    """The memory of a process, in MB: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html"""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def failures(held: SoakResult) -> list[str]:
    """What went wrong; empty: nothing."""
    problems = []
    errors = sum(part.errors for part in held.parts)
    if errors:
        problems.append(f"{errors} errors")
    if held.end > held.warm * (1 + GROWTH):
        problems.append("memory grows")
    return problems


def lines(held: SoakResult) -> Iterator[str]:
    """As text."""
    yield f"memory: {held.start:.1f} MB at the start, {held.warm:.1f} MB warm, {held.end:.1f} MB at the end"
    yield f"slope once warm: {held.slope:+.2f} MB an hour"
    answers = sum(part.count(200) for part in held.parts)
    errors, unsent = (sum(counts) for counts in zip(*((part.errors, part.unsent) for part in held.parts), strict=True))
    yield f"{answers:,} answers, {errors} errors, {unsent} not sent for want of a free connection"
    for name, part in (("first", held.parts[0]), ("last", held.parts[-1])):
        if part.count(200):
            took = part.statuses[200]
            yield f"{name} {part.seconds:.0f} s: median {took.median:.2f} ms, p99 {took.p99:.2f} ms"
    yield "; ".join(failures(held)).upper() or "flat, without an error"
