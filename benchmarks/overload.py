"""Ten times what the service can do: how soon those are answered who are let in, what the others are told, and health.

Three loads: ten times as many connections as requests are let in at once, each of which asks again at once whatever it
is told; requests at ten times the rate that 16 connections get; batches of 100 leads, the same. What `unsent` counts
had no connection to go by: all of them waited. The decision log is synced to SQLite.

Who is let in waits for those that were before: as many as there is room for (`--max-waiting`; a batch takes several
places), and the refusals that a third of the time holds. That takes room / rate, and half as much again. Whoever asks
again at once, though told to ask in a second, may have to rest first, a second at most (`server.protocol`). So the
bound is 1 s + 1.5 × room / rate, however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Load, Seen, ask, asking, get, post
from benchmarks.served import LEAD, REQUEST, fresh, ours
from leadledger.api.http.guard import BYTES_PER_PLACE
from leadledger.api.server.protocol import LONGEST_REST
from leadledger.api.service.settings import Settings

TIMES = 10
CONNECTIONS = 16  # for what it can do
PROBES = 10  # looks at the health, of either kind, a second
WAITING = Settings.__dataclass_fields__["max_waiting"].default
BATCH = post("/v1/score/batch", json.dumps({"leads": [LEAD] * 100}).encode())


@dataclass(frozen=True)
class Shown:
    """One load: what the service can do (requests a second), how many it has room for at once, and what came back."""

    load: str
    able: float
    room: float
    seen: Seen
    live: Seen
    ready: Seen

    @property
    def bound(self) -> float:
        """The milliseconds that an accepted request may take."""
        return (LONGEST_REST + 1.5 * self.room / self.able) * 1000


def measure(seconds: float) -> list[Shown]:
    """Each load, for so many seconds."""
    many = TIMES * WAITING
    with fresh() as folder, ours(Path(folder), "--log", "sync") as served:
        able, batches = (ask(Load(served.port, one, CONNECTIONS, seconds)).rate for one in (REQUEST, BATCH))
        return [
            _shown(f"{many} connections", able, Load(served.port, REQUEST, many, seconds)),
            _shown(f"{TIMES} × the rate", able, Load(served.port, REQUEST, many, seconds, TIMES * able)),
            _shown(f"{TIMES} × the rate, batches", batches, Load(served.port, BATCH, many, seconds, TIMES * batches)),
        ]


def _shown(name: str, able: float, load: Load) -> Shown:
    with ExitStack() as stack:
        probes = [Load(load.port, get(f"/health/{one}"), PROBES, load.seconds, PROBES) for one in ("live", "ready")]
        all_seen = [stack.enter_context(asking(one)) for one in (load, *probes)]
        room = WAITING / (1 + len(load.request) // BYTES_PER_PLACE)
        return Shown(name, able, room, *(next(one) for one in all_seen))


def failures(shown: Shown) -> list[str]:
    """What should not be."""
    found = []
    seen = shown.seen
    if others := sorted(set(seen.statuses) - {200, 429, 503}):
        found.append(f"statuses {', '.join(map(str, others))}")
    if seen.untold or seen.cut:
        found.append(f"{seen.untold} refusals without their words, {seen.cut} without an answer")
    if not seen.count(200) or not seen.count(503):
        found.append("not all answered, and not all refused: there was no overload")
    elif seen.statuses[200].most > shown.bound:
        found.append(f"an accepted request took {seen.statuses[200].most:,.0f} ms, over {shown.bound:,.0f}")
    if shown.live.errors or shown.ready.errors or not shown.live.count(200) or not shown.ready.count(200):
        found.append("no health")
    return found


def lines(all_shown: Sequence[Shown]) -> Iterator[str]:
    """As text."""
    yield f"{'':<28}{'can do':>8}{'accepted':>10}{'p99 ms':>8}{'most':>7}{'bound':>7}{'refused':>9}{'p99 ms':>8}" + (
        f"{'unsent':>9}{'live p99 ms':>13}{'ready p99 ms':>14}"
    )
    for one in all_shown:
        accepted, refused, live, ready = (
            seen.statuses.get(status)
            for seen, status in ((one.seen, 200), (one.seen, 503), (one.live, 200), (one.ready, 200))
        )
        if accepted and refused and live and ready:
            yield (
                f"{one.load:<28}{one.able:>6,.0f}/s{one.seen.rate:>8,.0f}/s{accepted.p99:>8,.0f}{accepted.most:>7,.0f}"
                + (
                    f"{one.bound:>7,.0f}{refused.count / one.seen.seconds:>7,.0f}/s{refused.p99:>8,.0f}"
                    f"{one.seen.unsent:>9,}{live.p99:>13,.0f}{ready.p99:>14,.0f}"
                )
            )
        for what in failures(one):
            yield f"{one.load}: {what.upper()}"
