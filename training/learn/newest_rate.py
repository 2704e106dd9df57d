"""Whether the newest leads ask for another base rate than all of them, and which.

A card that has learned from all leads predicts their average rate. Where the rate has moved since, the points still
rank the leads, and the probabilities are off. So the newest quarter is set beside its forecast. Where the two differ
beyond chance, the base rate is moved until they agree; where the newest half of that quarter differs from the moved
forecast again, the rate is still moving, and this half alone sets it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.training.learn.trust import in_the_large

NEWEST_SHARES = (0.25, 0.125)  # of the leads: the newest, and the newest of these
FEWEST_OF_A_KIND = 20  # newest leads of either outcome, below which a rate is a guess
BEYOND_CHANCE = 2.0  # standard errors; a smaller difference costs less than moving to it would


@dataclass(frozen=True)
class NewestRate:
    """The newest leads beside their forecast at the rate of all leads, and the base rate that they ask for.

    `won` of the `leads` newest became opportunities, `expected` were to: they are `deviation` standard errors apart.
    `before` is the rate of all leads, `after` the base rate (0..1), the same where the newest don't differ beyond
    chance. `moving`: the newest of these differ from the rest of them again.
    """

    leads: int
    won: int
    expected: float
    deviation: float
    before: float
    after: float
    moving: bool

    @property
    def moved(self) -> bool:
        """Whether the newest leads differ from the forecast beyond chance."""
        return self.after != self.before

    @property
    def said(self) -> str:
        """The figures in sentences, and what to do."""
        sentence = (
            f"Of the {self.leads:,} newest leads {self.won:,} became opportunities, and {self.expected:,.0f} were to be"
            f" expected at the rate of all leads: {abs(self.deviation):.1f} standard errors apart."
        )
        if not self.moved:
            return f"{sentence} Chance explains that; the base rate is that of all leads, {self.before:.1%}."
        sentence += f" The base rate is moved to them, from {self.before:.1%} to {self.after:.1%}."
        if self.moving:
            sentence += (
                " It is still moving: run `leadledger recalibrate` as soon as newer outcomes are known, and rely on"
                " promises with caution until then."
            )
        return sentence

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return asdict(self) | {"moved": self.moved, "said": self.said}


def find_newest_rate(
    log_odds: NDArray[np.float64], won: NDArray[np.bool_], rate: float, weights: NDArray[np.float64] | None = None
) -> NewestRate:
    """Set the newest leads beside their forecast. Shapes: (n,) log-odds, which predict `rate` on average, and outcomes.

    Leads are in the order of time, the newest last. The log-odds of a lead come of a model that had not seen it, or of
    parts of one that left it out. `weights` (n,): how much each lead counts; None: alike.
    """
    counted = np.ones(len(won)) if weights is None else weights
    counts = [max(1, round(len(won) * share)) for share in NEWEST_SHARES]
    shift, shown, fitted, moving = 0.0, counts[0], len(won), False
    for leads in counts:
        forecast, outcome, own = log_odds[-leads:], won[-leads:], counted[-leads:]
        enough = min(outcome.sum(), (~outcome).sum()) >= FEWEST_OF_A_KIND
        if enough and abs(_deviation(forecast + shift, outcome, fitted, own)) > BEYOND_CHANCE:
            shift = in_the_large(forecast, float(np.average(outcome, weights=own)), own)
            shown, fitted, moving = leads, leads, leads < counts[0]
    forecast, outcome = log_odds[-shown:], won[-shown:]
    return NewestRate(
        leads=shown,
        won=int(outcome.sum()),
        expected=float(expit(forecast).sum()),
        deviation=_deviation(forecast, outcome, len(won), counted[-shown:]),
        before=rate,
        after=float(expit(logit(rate) + shift)) if shift else rate,
        moving=moving,
    )


def _deviation(
    log_odds: NDArray[np.float64], won: NDArray[np.bool_], fitted: int, counts: NDArray[np.float64]
) -> float:
    """By how many standard errors more leads were won than forecast.

    The level of the forecast was fitted to so many leads, these among them, and so leans toward them.
    """
    p = expit(log_odds)
    error = float(np.sqrt((counts**2 * p * (1 - p)).sum() * (1 - len(won) / fitted)))
    return (float((counts * won).sum()) - float((counts * p).sum())) / error if error else 0.0
