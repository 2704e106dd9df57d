"""Ten times what the service can do: latencies of accepted requests, what refusals say, and the health checks.

Three loads: ten times as many connections as requests are let in at once, each of which sends again at once whatever
the answer is; requests at ten times the rate that 16 connections get; batches of 100 leads, the same. Requests that
count as `unsent` had no free connection: all of them waited. The decision log is synced to SQLite.

An accepted request waits for those before it: as many as there is room for (`--max-waiting`; a batch takes several
places), and the refusals that take a third of the time. That is room / rate, and half as much again. A client that
sends again at once, although Retry-After says a second, may have to rest first, a second at most (`server.protocol`).
So the bound is 1 s + 1.5 × room / rate, however many clients there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Load, LoadResult, get, post, run_load, start_load
from benchmarks.servers import LEAD, REQUEST, fresh, ours
from leadledger.api.http.guard import BYTES_PER_PLACE
from leadledger.api.server.protocol import LONGEST_REST
from leadledger.api.service.settings import Settings

TIMES = 10
CONNECTIONS = 16  # for what it can do
PROBES = 10  # looks at the health, of either kind, a second
WAITING = Settings().max_waiting
BATCH = post("/v1/score/batch", json.dumps({"leads": [LEAD] * 100}).encode())


@dataclass(frozen=True)
class OverloadResult:
    """One load: what the service can do (requests a second), how many it has room for at once, and the answers."""

    load: str
    able: float
    room: float
    seen: LoadResult
    live: LoadResult
    ready: LoadResult

    @property
    def bound(self) -> float:
        """The milliseconds that an accepted request may take."""
        return (LONGEST_REST + 1.5 * self.room / self.able) * 1000


def measure(seconds: float) -> list[OverloadResult]:
    """Each load, for so many seconds."""
    many = TIMES * WAITING
    with fresh() as folder, ours(Path(folder), "--log", "sync") as served:
        able = run_load(Load(served.port, REQUEST, CONNECTIONS, seconds)).rate
        batches = run_load(Load(served.port, BATCH, CONNECTIONS, seconds)).rate
        return [
            _shown(f"{many} connections", able, Load(served.port, REQUEST, many, seconds)),
            _shown(f"{TIMES} × the rate", able, Load(served.port, REQUEST, many, seconds, TIMES * able)),
            _shown(f"{TIMES} × the rate, batches", batches, Load(served.port, BATCH, many, seconds, TIMES * batches)),
        ]


def _shown(name: str, able: float, load: Load) -> OverloadResult:
    with ExitStack() as stack:
        requests = [get(f"/health/{check}") for check in ("live", "ready")]
        probes = [Load(load.port, request, PROBES, load.seconds, PROBES) for request in requests]
        running = [stack.enter_context(start_load(each)) for each in (load, *probes)]
        room = WAITING / (1 + len(load.request) // BYTES_PER_PLACE)
        return OverloadResult(name, able, room, *(next(results) for results in running))


def failures(shown: OverloadResult) -> list[str]:
    """What went wrong; empty: nothing."""
    problems = []
    seen = shown.seen
    if others := sorted(set(seen.statuses) - {200, 429, 503}):
        problems.append(f"statuses {', '.join(map(str, others))}")
    if seen.untold or seen.cut:
        problems.append(f"{seen.untold} refusals without Retry-After or a problem, {seen.cut} without an answer")
    if not seen.count(200) or not seen.count(503):
        problems.append("no request was accepted, or none refused: this was no overload")
    elif seen.statuses[200].most > shown.bound:
        problems.append(f"an accepted request took {seen.statuses[200].most:,.0f} ms, over {shown.bound:,.0f}")
    if shown.live.errors or shown.ready.errors or not shown.live.count(200) or not shown.ready.count(200):
        problems.append("no health")
    return problems


def lines(all_shown: Sequence[OverloadResult]) -> Iterator[str]:
    """As text."""
    yield f"{'':<28}{'can do':>8}{'accepted':>10}{'p99 ms':>8}{'most':>7}{'bound':>7}{'refused':>9}{'p99 ms':>8}" + (
        f"{'unsent':>9}{'live p99 ms':>13}{'ready p99 ms':>14}"
    )
    for result in all_shown:
        accepted, refused, live, ready = (
            seen.statuses.get(status)
            for seen, status in ((result.seen, 200), (result.seen, 503), (result.live, 200), (result.ready, 200))
        )
        if accepted and refused and live and ready:
            yield (
                f"{result.load:<28}{result.able:>6,.0f}/s{result.seen.rate:>8,.0f}/s{accepted.p99:>8,.0f}{accepted.most:>7,.0f}"
                + (
                    f"{result.bound:>7,.0f}{refused.count / result.seen.seconds:>7,.0f}/s{refused.p99:>8,.0f}"
                    f"{result.seen.unsent:>9,}{live.p99:>13,.0f}{ready.p99:>14,.0f}"
                )
            )
        for what in failures(result):
            yield f"{result.load}: {what.upper()}"
