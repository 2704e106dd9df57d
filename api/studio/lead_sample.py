"""Known leads that previews try a draft on: a sample of the book, kept in memory with their results as they are now.

So a second preview costs the scoring by the draft, and nothing else.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.history import read_log
from leadledger.api.service.known_leads import recall_leads
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.scoring import today
from leadledger.api.service.service import DecisionLog, Service
from leadledger.api.studio.effect import WeighedLead, weigh_lead

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.store import LogStore

SAMPLE = 2_000  # leads
SECONDS_KEPT = 300.0  # after which the book may have moved on
MOST_EVENTS_KEPT = 100_000  # of all leads of a sample: some 50 MB
LEADS_PER_STEP = 500
WEEKS_COUNTED = 4  # for the leads that are promoted a week


@dataclass(frozen=True)
class LeadSample:
    """Some `leads` of the `known` ones of a card, spread evenly over their ids, as of a day.

    `per_week` is how many leads were promoted a week of late; None where no stage is predicted.
    """

    leads: tuple[WeighedLead, ...]
    known: int
    per_week: float | None

    @property
    def is_whole(self) -> bool:
        """Whether all known leads are in it."""
        return len(self.leads) == self.known


class SampleKeeper:
    """Keeps one sample in memory: that of the release that is served, and of the day."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = asyncio.Lock()
        self._kept: tuple[tuple[str, str, date], float, LeadSample] | None = None
        self._reading: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Begin to read the sample, for somebody who has opened the studio: the first preview then finds it there."""
        if self._service.decision_log is not None and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._prepare())

    async def stop(self) -> None:
        """Wait until nothing is read any more: the log closes after that."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    @property
    def is_ready(self) -> bool:
        """Whether a preview would find the sample there."""
        loaded = self._service.loaded
        wanted = (loaded.release, loaded.digest, today(loaded.card.card.time_zone))
        return self._kept is not None and self._kept[0] == wanted and self._kept[1] > monotonic()

    async def _prepare(self) -> None:
        loaded = self._service.loaded
        with suppress(Refusal):  # the preview says why
            await self.get(loaded, today(loaded.card.card.time_zone))

    async def get(self, loaded: LoadedCard, day: date) -> LeadSample:
        """The sample. Raises Refusal: there is no log (404), or it fails (503)."""
        wanted = (loaded.release, loaded.digest, day)
        async with self._lock:
            if self._kept is not None and self._kept[0] == wanted and self._kept[1] > monotonic():
                return self._kept[2]
            self._kept = None  # the old one goes before the new one comes
            home = self._service.settings.home
            sample = await read_log(self._service, lambda log: _read_sample(log, loaded, home, day))
            if sample.leads:  # the first leads count at once
                self._kept = wanted, monotonic() + SECONDS_KEPT, sample
            return sample


def _read_sample(log: DecisionLog, loaded: LoadedCard, home: Path, day: date) -> LeadSample:
    engine, card = log.store.engine, loaded.card.card.name
    known = count_known(engine, card)
    keys = _choose_keys(engine, card, known)
    leads: list[WeighedLead] = []
    events = 0
    with _collect_no_garbage():
        for start in range(0, len(keys), LEADS_PER_STEP):
            rows = log.book.read_leads(keys[start : start + LEADS_PER_STEP])
            for lead in recall_leads(log.store, loaded, home, list(rows.values()), day):
                events += len(lead.events or ())
                if events > MOST_EVENTS_KEPT:
                    break
                leads.append(weigh_lead(lead, day))
    return LeadSample(tuple(leads), known, count_per_week(engine, loaded, day))


@contextmanager
def _collect_no_garbage() -> Iterator[None]:
    """Let the collector rest for half a second: nearly all that is made is kept, and it would walk that many times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def weigh_book(log: LogStore, loaded: LoadedCard, home: Path, day: date) -> Iterator[list[WeighedLead]]:
    """All known leads of a card, some at a time, in the order of their keys."""
    from sqlalchemy import select

    from leadledger.api.log import tables
    from leadledger.api.log.book_rows import BookRow

    book = tables.book.c
    query = (
        select(*[book[name] for name in BookRow._fields])
        .where(book.card == loaded.card.card.name)
        .order_by(book.key)
        .limit(LEADS_PER_STEP)
    )
    last = ""
    while True:
        with log.engine.connect() as connection:
            rows: list[BookRow] = [BookRow._make(row) for row in connection.execute(query.where(book.key > last))]
        if rows:
            yield [weigh_lead(lead, day) for lead in recall_leads(log, loaded, home, rows, day)]
        if len(rows) < LEADS_PER_STEP:
            return
        last = rows[-1].key


def count_known(engine: Engine, card: str) -> int:
    """How many leads of a card the book knows."""
    from sqlalchemy import func, select

    from leadledger.api.log import tables

    with engine.connect() as connection:
        query = select(func.count()).select_from(tables.book).where(tables.book.c.card == card)
        return connection.execute(query).scalar_one()


def _choose_keys(engine: Engine, card: str, known: int) -> list[str]:
    """The keys of at most `SAMPLE` leads, spread evenly over the order of keys: the same ones each time."""
    from sqlalchemy import func, select

    from leadledger.api.log import tables

    numbered = (
        select(tables.book.c.key, func.row_number().over(order_by=tables.book.c.key).label("number"))
        .where(tables.book.c.card == card)
        .subquery()
    )
    is_chosen = numbered.c.number * SAMPLE % max(known, SAMPLE) < SAMPLE
    query = select(numbered.c.key).where(is_chosen).order_by(numbered.c.key)
    with engine.connect() as connection:
        return [str(key) for key in connection.execute(query).scalars()]


def count_per_week(engine: Engine, loaded: LoadedCard, day: date) -> float | None:
    """How many leads a week were promoted of late, of those that still are.

    None: no stage is predicted, or the book is younger than the weeks that count.
    """
    from sqlalchemy import func, select

    from leadledger.api.log import tables
    from leadledger.api.log.book_figures import BookFigures

    stage = loaded.card.card.predicted_stage
    since = day - timedelta(weeks=min(WEEKS_COUNTED, day.toordinal() // 7))
    with engine.connect() as connection:
        oldest = connection.execute(select(func.min(tables.book.c.since))).scalar_one()
    if stage is None or oldest is None or oldest > since.isoformat():
        return None
    return BookFigures(engine).count_promoted(stage.name, since.isoformat()) / WEEKS_COUNTED
