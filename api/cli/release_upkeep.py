"""What the current release of a card needs, by a list with outcomes and by the decision log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadledger.api.cli.log import open_log
from leadledger.models.releases.store import Releases
from leadledger.models.upkeep import Upkeep, find_last_learned, has_learned_promoted
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.scorecard import Card

if TYPE_CHECKING:
    from leadledger.training.history import History


@dataclass(frozen=True)
class ReleaseUpkeep:
    """What a release needs, by the newest leads of `source`, the list or the log."""

    release: str
    source: str
    upkeep: Upkeep

    @property
    def sentence(self) -> str:
        """The figures and the command that mends the release, for people."""
        return f"Release {self.release}, by the {self.source}: {self.upkeep.sentence}"

    def to_dict(self) -> dict[str, object]:
        """Flat JSON."""
        return {"release": self.release, "source": self.source, **self.upkeep.to_dict()}


def find_upkeep(card: Card, home: Path, log_url: str | None, history: History | None) -> Iterator[ReleaseUpkeep]:
    """What the current release of a home needs, by a history (None: there is none) and by the log.

    Nothing where the release is of another card, or where they can't tell. Nothing is created in the home.
    """
    try:
        releases = Releases(home)
        scorecard = releases.open() if releases.current() else None
    except ScoringError:  # `releases list` says why it is refused
        return
    if scorecard is None or scorecard.card.name != card.name:
        return
    if history is not None:
        from leadledger.training.runs.list_upkeep import measure_list

        try:
            upkeep = measure_list(releases, history)
        except ScoringError:  # the list lacks columns of the release
            upkeep = None
        if upkeep is not None:
            yield ReleaseUpkeep(scorecard.release, "list", upkeep)
    provenance = releases.show()["provenance"]
    last_learned = find_last_learned(scorecard.release, provenance)
    from leadledger.api.log.database import LOG_FILE
    from leadledger.api.log.recent_outcomes import measure_log

    if last_learned is None or not (log_url or (home / LOG_FILE).exists()):
        return
    with open_log(home, log_url) as log:
        upkeep = measure_log(log, get_engine(scorecard), last_learned, promoted=has_learned_promoted(provenance))
    if upkeep is not None:
        yield ReleaseUpkeep(scorecard.release, "log", upkeep)
