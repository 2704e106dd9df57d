"""What a release needs, by the outcomes of leads that it has not learned from: nothing, recalibration, or training.

Where the rate has moved for all leads alike, the points still rank them, and a new base rate mends the probabilities.
Where good and bad leads lie further apart, or closer together, than predicted, no base rate mends that: the calibration
slope is off, or the scores rank no more, and the release has to be trained again.

Plain Python, since the service uses it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import exp, log, sqrt
from typing import Any, Literal, TypeAlias

Advice: TypeAlias = Literal["", "recalibrate", "train"]

NEWEST_LEADS = 2000  # that advice rests on: at a rate of 10 %, a change by a fifth stands out; more are of older days
FEWEST_OF_A_KIND = 20  # leads of either outcome; `recalibrate` asks for as many
BEYOND_CHANCE = 2.0  # standard errors
LEARNED_FROM_PROMOTED = "promoted leads"  # `learned_from` in provenance.json
TRUE_SLOPE = (0.9, 1.1)  # of calibration, as in the verdict of a training
LEVEL_STEPS, SLOPE_STEPS = 50, 8  # at most, of Newton's method, which needs about five of either


@dataclass(frozen=True)
class Upkeep:
    """The newest leads with a known outcome beside what a release predicts of them.

    `won` of the `leads` newest became opportunities, `expected` were predicted to: they are `errors` standard errors
    apart, where each lead is won with its own predicted probability. `slope` is that of calibration at the rate of
    these leads (1: as predicted), `slope_errors` how many standard errors it lies above 1.
    """

    leads: int
    won: int
    expected: float
    errors: float
    slope: float
    slope_errors: float

    @property
    def advice(self) -> Advice:
        """What mends the release; empty where nothing has to be mended."""
        if abs(self.slope_errors) > BEYOND_CHANCE and not TRUE_SLOPE[0] <= self.slope <= TRUE_SLOPE[1]:
            return "train"
        return "recalibrate" if abs(self.errors) > BEYOND_CHANCE else ""

    @property
    def sentence(self) -> str:
        """The figures and the command that mends the release, for people."""
        figures = (
            f"of the {self.leads:,} newest leads that it has not learned from, {self.won:,} became opportunities and"
            f" {self.expected:,.0f} were predicted to"
        )
        if self.advice == "recalibrate":
            return (
                f"The rate has moved: {figures}, {abs(self.errors):.1f} standard errors apart. `leadledger recalibrate"
                " HISTORY`, with a history that has these leads, mends it."
            )
        if self.advice == "train":
            how = "too bold" if self.slope < 1 else "too timid"
            return (
                f"The scores no longer fit: {figures}, and the probabilities are {how} (calibration slope"
                f" {self.slope:.2f}, {abs(self.slope_errors):.1f} standard errors from 1). Another base rate doesn't"
                " mend that: train again with `leadledger train`."
            )
        return f"The rate is as predicted: {figures}; chance explains the difference."

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return asdict(self) | {"advice": self.advice, "said": self.sentence}


def find_last_learned(release: str, provenance: Mapping[str, Any]) -> date | None:
    """The day up to which leads count as learned from by a release, from its name and its provenance.json.

    It is the day of the newest lead that it was made from; where leads have no days, that on which it was made. None:
    neither is known.
    """
    try:
        return date.fromisoformat(str(provenance.get("newest_lead") or release[:10]))
    except ValueError:
        return None


def has_learned_promoted(provenance: Mapping[str, Any]) -> bool:
    """Whether a release has learned from promoted leads alone, by its provenance.json.

    Its probabilities are then those of promoted leads, and only these can judge it.
    """
    return bool(provenance.get("learned_from") == LEARNED_FROM_PROMOTED)


def measure_upkeep(probabilities: Sequence[float], won: Sequence[bool]) -> Upkeep | None:
    """Set predicted probabilities (n,) 0..1 of leads beside their outcomes (n,); None where too few can tell."""
    wins = sum(won)
    if min(wins, len(won) - wins) < FEWEST_OF_A_KIND:
        return None
    log_odds = [log(p / (1 - p)) for p in (min(max(p, 1e-9), 1 - 1e-9) for p in probabilities)]
    expected = sum(probabilities)
    error = sqrt(sum(p * (1 - p) for p in probabilities))
    slope, slope_errors = _fit_slope(log_odds, won)
    return Upkeep(
        leads=len(won),
        won=wins,
        expected=expected,
        errors=(wins - expected) / error if error else 0.0,
        slope=slope,
        slope_errors=slope_errors,
    )


def _fit_slope(log_odds: Sequence[float], won: Sequence[bool]) -> tuple[float, float]:
    """The calibration slope of log-odds (n,), and by how many standard errors it lies above 1 (score test).

    The level is fitted with it. Where all leads have the same log-odds, the slope is 1.
    """
    if max(log_odds) == min(log_odds):
        return 1.0, 0.0
    slope, errors, wins = 1.0, 0.0, sum(won)
    for step in range(SLOPE_STEPS):
        at_rate = _shift_to([slope * value for value in log_odds], wins)
        weights = [p * (1 - p) for p in at_rate]
        mean = sum(weight * value for weight, value in zip(weights, log_odds, strict=True)) / sum(weights)
        spread = sum(weight * (value - mean) ** 2 for weight, value in zip(weights, log_odds, strict=True))
        pull = sum((y - p) * (value - mean) for y, p, value in zip(won, at_rate, log_odds, strict=True))
        if step == 0:
            errors = pull / sqrt(spread)
        slope += min(max(pull / spread, -1.0), 1.0)
        if abs(pull / spread) < 1e-4:
            break
    return slope, errors


def _shift_to(log_odds: Sequence[float], won: int) -> list[float]:
    """The probabilities (n,) where log-odds (n,) are moved by one number, so that `won` are expected."""
    shift = 0.0
    for _ in range(LEVEL_STEPS):
        at_rate = [1 / (1 + exp(-min(max(value + shift, -700.0), 700.0))) for value in log_odds]
        missing = won - sum(at_rate)
        if abs(missing) < 1e-6 * won:
            break
        # A long step may overshoot where most probabilities are near 0 or 1.
        shift += min(max(missing / max(sum(p * (1 - p) for p in at_rate), 1e-12), -2.0), 2.0)
    return at_rate
