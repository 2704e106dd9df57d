"""The studio of a service: its drafts, and the known leads that previews keep in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.service import Service
from leadledger.api.studio.draft_store import DraftStore
from leadledger.api.studio.lead_sample import SampleKeeper
from leadledger.api.studio.running_trials import RunningTrials
from leadledger.models.releases.manifest import CARD
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DraftError, DraftHomeError, ReleaseError, ReleaseHomeError, UnknownDraft

_T = TypeVar("_T")


@dataclass
class Studio:
    """What pages and routes about drafts serve. `previewing` lets one preview work at a time, so that scores go on."""

    service: Service
    previewing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    trials: RunningTrials = field(default_factory=RunningTrials, init=False)
    sample: SampleKeeper = field(init=False)
    drafts: DraftStore = field(init=False)
    releases: Releases = field(init=False)

    def __post_init__(self) -> None:
        self.sample = SampleKeeper(self.service)
        self.drafts = DraftStore(self.service.settings.home)
        self.releases = Releases(self.service.settings.home)

    def find_current(self) -> str:
        """The release that drafts are held against: the one that is served, or that is to be; empty: a card alone."""
        if not self.service.follows:
            return self.service.loaded.release
        return self.releases.current() or ""

    def read_card(self, release: str) -> str:
        """The text of the card of a release; empty: that of the card that is served alone. Raises ReleaseError."""
        if not release:
            return self.service.loaded.text
        return self.releases.read(release, CARD).decode("utf-8-sig", "replace")


async def run_in_thread(function: Callable[[], _T]) -> _T:
    """What a function of the home's files returns, in a thread. Raises Refusal for its errors (404, 409, 503)."""
    try:
        return await asyncio.to_thread(function)
    except UnknownDraft as error:
        raise Refusal(404, f"{_begin_large(error)}.") from None
    except (DraftHomeError, ReleaseHomeError) as error:
        raise Refusal(503, f"{_begin_large(error)}.", retry_after=1) from None
    except (DraftError, ReleaseError) as error:
        raise Refusal(409, f"{_begin_large(error)}.") from None


def now() -> str:
    """The present time in UTC, as drafts note it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _begin_large(error: Exception) -> str:
    text = str(error).removesuffix(".")
    return text[:1].upper() + text[1:]
