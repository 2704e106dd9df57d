"""A card or a release, loaded and ready to score, and whatever is worked out of it once.

It never changes. Where another release becomes the current one, another `LoadedCard` takes its place, whole; a request
uses the same one from its first step to its last.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from pydantic_core import to_json

from leadledger.api.crm.reader import RecordReader
from leadledger.api.service.sent_events import SentEventReader
from leadledger.api.service.settings import Settings
from leadledger.models.releases.manifest import METRICS, PROVENANCE
from leadledger.models.releases.store import Releases
from leadledger.models.stability import EDGES, POINTS
from leadledger.models.upkeep import find_last_learned, has_learned_promoted
from leadledger.scoring.card.reader import parse_card, read_card_text
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.engine.score import get_engine as engine_of
from leadledger.scoring.scorecard import Scorecard, build_untrained

LOST = "lost"  # what a lead may become, beside the card's stages


@dataclass(frozen=True)
class LoadedCard:
    """A card or a release that is served.

    `text` and `digest` are those of a card without a release; else empty. `training_counts`: how many leads of the
    history that the release was trained on fell in each bin of `leadledger.models.stability`; empty: not known.
    `last_learned` is the day up to which leads count as learned from; None: there is no release. `learned_promoted`:
    it has learned from promoted leads alone.
    """

    engine: Engine
    text: str = ""
    digest: str = ""
    training_counts: tuple[int, ...] = ()
    last_learned: date | None = None
    learned_promoted: bool = False

    @property
    def card(self) -> Scorecard:
        """The scorecard."""
        return self.engine.card

    @property
    def release(self) -> str:
        """The name of the release; empty: a card alone."""
        return self.card.release

    @cached_property
    def reader(self) -> RecordReader:
        """The reader of the records that plain bodies and CRMs send."""
        return RecordReader(self.engine)

    @cached_property
    def event_reader(self) -> SentEventReader:
        """The reader of events that are sent to be stored."""
        return SentEventReader(self.engine)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """What a lead may become."""
        return (*self.card.gates, LOST)

    @cached_property
    def readiness(self) -> bytes:
        """The answer of /health/ready."""
        return to_json({"status": "ready", "card": self.card.card.name, "release": self.release})


def load(settings: Settings) -> LoadedCard:
    """Load what some settings name. Raises ScoringError where that can't be served."""
    if settings.card is None:
        return load_release(settings, settings.release)
    text = read_card_text(settings.card)  # read once: the log keeps what is served
    engine = _make_ready(build_untrained(parse_card(text, settings.card.name)))
    return LoadedCard(engine, text, hashlib.sha256(text.encode()).hexdigest())


def load_release(settings: Settings, name: str | None) -> LoadedCard:
    """Load a release of the home (None: the current one). Raises ReleaseError."""
    releases = Releases(settings.home)
    card = releases.open(name)
    metrics, provenance = (_read_json(releases, card.release, file) for file in (METRICS, PROVENANCE))
    counts = metrics.get(POINTS)
    known = tuple(count for count in counts if isinstance(count, int)) if isinstance(counts, list) else ()
    # An older leadledger kept none, and where nothing was learned there are none.
    is_whole = len(known) == len(EDGES) + 1 and any(known)
    last_learned = find_last_learned(card.release, provenance)
    return LoadedCard(
        _make_ready(card),
        training_counts=known if is_whole else (),
        last_learned=last_learned,
        learned_promoted=has_learned_promoted(provenance),
    )


def _read_json(releases: Releases, name: str, file: str) -> dict[str, Any]:
    """A file of a release; empty where it is no JSON object."""
    try:
        content = json.loads(releases.read(name, file))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _make_ready(card: Scorecard) -> Engine:
    engine = engine_of(card)
    engine.score({}, date.min)  # the first score compiles what later ones use
    return engine
