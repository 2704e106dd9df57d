"""The first look at the desk: of a book so large that its figures take long, the service works them out before anybody
looks, and renews them while nobody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic

from leadledger.api.pages.rendering import load_template
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.listed_leads import read_detailed_page
from leadledger.api.service.places import read_places
from leadledger.api.service.scoring import today
from leadledger.api.service.service import SECONDS_KEPT, START_DELAY, Service
from leadledger.api.service.today import answer_today

COSTLY = 0.1  # seconds for the figures, from which on they are renewed
RENEWAL_INTERVAL = 60.0  # seconds: of a million leads, the figures take less than 1 % of them
SECONDS_READY = 90.0  # for which costly figures are kept, so that there are some while they are renewed
LOOK_INTERVAL = 600.0  # seconds between two looks at whether they have become costly


@asynccontextmanager
async def kept_ready(service: Service) -> AsyncIterator[None]:
    """While the service runs, the figures of a large book are there before somebody looks."""
    if service.decision_log is None:
        yield
        return
    task = asyncio.create_task(_keep_ready(service))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _keep_ready(service: Service) -> None:
    await asyncio.sleep(START_DELAY)
    with _going_on(service):
        await _load(service)
    seconds = 0.0
    while True:
        was_costly = seconds >= COSTLY
        start = monotonic()
        with _going_on(service):
            await renew_figures(service, SECONDS_READY if was_costly else SECONDS_KEPT)
        seconds = monotonic() - start
        if seconds < COSTLY:
            await asyncio.sleep(LOOK_INTERVAL)
        elif was_costly:
            await asyncio.sleep(RENEWAL_INTERVAL)


@contextmanager
def _going_on(service: Service) -> Iterator[None]:
    """Go on after a failure. Where the log fails, each page says so; anything else stands in the program's log."""
    try:
        yield
    except Refusal:
        pass
    except Exception as error:
        service.program_log.write(
            "error", "desk", message="the figures can't be kept ready", error=type(error).__name__
        )


async def renew_figures(service: Service, seconds: float) -> None:
    """Work out anew what the list says of the whole book, and keep it for so many seconds. Raises Refusal."""
    await read_places(service, seconds)
    await answer_today(service, seconds)


async def _load(service: Service) -> None:
    """Load what the first page needs: its template, and what explains a lead. Raises Refusal."""
    from leadledger.api.log.lead_lists import LeadList

    await asyncio.to_thread(load_template, "desk/list.html")
    await read_detailed_page(service, LeadList(limit=1, detailed=True), today(service.loaded.card.card.time_zone))
