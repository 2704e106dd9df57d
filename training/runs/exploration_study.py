"""Training on a history in which some leads were promoted at random below the threshold.

Only promoted leads say what becomes of promoted leads, so the others are left out and counted. A promoted lead stands
for 1 / propensity leads (Horvitz and Thompson, 1952). So many it counts in what is said of all leads: the base rate,
the measures of held-out leads, the places among leads, the thresholds.

Where something is fitted, it counts by the square root of that. Promotion rests on the fields and on a draw, so however
leads are weighed, a model that can hold the truth finds it in the end; but with whole weights a few drawn leads
outweigh all others, and without any the many leads above the threshold drown what the few below show. The square root
is half way between (Shimodaira, Journal of Statistical Planning and Inference 90, 2000, 227-244), and in simulated
worlds (`python -m benchmarks exploration`) it came nearest to the truth below the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.scorecard import Card
from leadledger.training.evidence.hidden_leads import HiddenLeads, measure_hidden
from leadledger.training.evidence.promotion_lift import PromotionLift, measure_lift
from leadledger.training.history import History
from leadledger.training.promotions import Promotions, find_promotion_columns, read_promotions

FEWEST_DRAWN_OF_A_KIND = 10  # drawn leads of either outcome, from which on training weighs them
NOT_SAID = (
    "The card explores, and the history doesn't say what was recommended: with the columns `recommendation` and"
    " `propensity`, as scored lists have them, training would learn what becomes of leads below the threshold."
)
NOT_ASKED = (
    "The history has propensities, and no stage of the card explores: all leads are learned from alike. With `explore:`"
    " at a stage, training would weigh promoted leads by them."
)
WEIGHED = (
    "Each promoted lead stands for 1 / propensity leads: so many it counts in the base rate, the measures of the"
    " held-out leads, the places among leads and the thresholds, and by the square root of that in what is fitted. A"
    " threshold by precision or value takes leads of unequal weight for fewer of equal weight, which is no exact test."
    " The charts, the audit, drift, fairness and the comparison with earlier releases count each promoted lead once;"
    " steps learn from all leads."
)


@dataclass(frozen=True)
class ExplorationStudy:
    """Where the leads of an explored history went, and what the drawn ones tell.

    `history` has the promoted leads alone, with their weights, where `weighed`; else it is the whole as it was.
    """

    history: History
    by_merit: int
    drawn: int
    drawn_won: int
    undrawn: int
    never: int
    unknown: int
    weighed: bool
    lift: PromotionLift | None
    hidden: HiddenLeads | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, for people."""
        unknown = f" Of {self.unknown:,} leads no propensity is known." if self.unknown else ""
        counts = (
            f"Exploration: {self.by_merit:,} leads were promoted by their own points, and {self.drawn:,} at random of"
            f" {self.drawn + self.undrawn:,} that points alone held back; {self.never:,} could not be"
            f" promoted.{unknown}"
        )
        lift = [self.lift.sentence] if self.lift else []
        if not self.weighed:
            fewer = min(self.drawn_won, self.drawn - self.drawn_won)
            kind = "became opportunities" if fewer == self.drawn_won else "didn't"
            return (
                counts,
                *lift,
                f"Not enough yet to weigh them: {fewer:,} of the drawn leads {kind}, and {FEWEST_DRAWN_OF_A_KIND} of"
                " either kind are needed. Until then training learns from all leads alike, and below the threshold it"
                " learns what the threshold did.",
            )
        return (counts, *lift, *([self.hidden.sentence] if self.hidden else []), WEIGHED)

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        counts = ("by_merit", "drawn", "drawn_won", "undrawn", "never", "unknown", "weighed")
        return {
            **{name: getattr(self, name) for name in counts},
            "lift": self.lift and self.lift.to_dict(),
            "hidden": self.hidden and self.hidden.to_dict(),
            "said": list(self.sentences),
        }


def study_exploration(card: Card, history: History, seed: int) -> ExplorationStudy | None:
    """What the draws of a history tell; None where it doesn't say what was recommended. Raises DataError."""
    promotions = read_promotions(card, history)
    if promotions is None:
        return None
    stands_for = weigh_promotions(promotions)
    first = history.first_rows  # a lead counts once, however many landmarks it has
    leads, of_leads = history.take(first), promotions.take(first)
    drawn, drawn_won = int(of_leads.drawn.sum()), int(leads.won[of_leads.drawn].sum())
    weighed = min(drawn_won, drawn - drawn_won) >= FEWEST_DRAWN_OF_A_KIND
    return ExplorationStudy(
        history=_keep_promoted(history, promotions, stands_for) if weighed else history,
        by_merit=int((of_leads.propensity == 1).sum()),
        drawn=drawn,
        drawn_won=drawn_won,
        undrawn=int(of_leads.may_be_drawn.sum()) - drawn,
        never=int((of_leads.propensity == 0).sum()),
        unknown=int((~of_leads.known).sum()),
        weighed=weighed,
        lift=measure_lift(of_leads, leads.won),
        hidden=measure_hidden(leads, of_leads, np.sqrt(stands_for[first]), seed) if weighed else None,
    )


def weigh_promotions(promotions: Promotions) -> NDArray[np.float64]:
    """For how many leads each lead stands, (n,): 1 / propensity of a promoted one, 0 of any other."""
    weights = np.zeros(len(promotions.propensity))
    counts = promotions.promoted & promotions.known
    weights[counts] = 1 / promotions.propensity[counts]
    return weights


def ignores_propensities(card: Card, history: History) -> bool:
    """Whether a history has what exploration needs, and the card doesn't explore."""
    return not card.explores and all(find_promotion_columns(card, history))


def keep_promoted(card: Card, history: History) -> History | None:
    """The promoted leads of a history, with their weights; None where it doesn't say who was. Raises DataError."""
    promotions = read_promotions(card, history)
    return None if promotions is None else _keep_promoted(history, promotions, weigh_promotions(promotions))


def _keep_promoted(history: History, promotions: Promotions, stands_for: NDArray[np.float64]) -> History:
    """The promoted leads of a history, with the leads that each stands for."""
    kept = np.flatnonzero(stands_for > 0)
    leads = history.take(kept)
    used, won, unknown = (
        len(np.unique(rows)) for rows in (leads.rows, leads.rows[leads.won], history.rows[~promotions.known])
    )
    out = history.counts.used - used - unknown
    counts = replace(history.counts, used=used, won=won, unpromoted=out, unexplored=unknown)
    return replace(leads, weights=stands_for[kept], counts=counts)
