"""Whether a new release is worse than the current one, or than the best so far, on leads that neither has learned from.

Both forecast the same leads. Two differences are measured with their 90 % intervals: in log-loss, and in precision
among as many of the best leads as the earlier release promotes. The volume is the same for both, because a release that
promotes more, and keeps its promise, has a lower precision at its own threshold and is no worse for it.

A release is worse where an interval lies wholly beyond a margin that somebody would notice: two fits of the same leads
are so alike that chance moves them little, and a difference that is sure need not matter. Small losses that no
comparison can see might add up from release to release; so each new release is also compared with the best so far,
which stays the measure until a release is better than it beyond chance. Thus quality can fall by the margin and what
one comparison can't tell, and not by that much again with every release.

A release that predicts no better than the base rate of the history is held back too: where outcomes were mixed up, both
look bad, and the new one, which has learned nothing, less so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from leadledger.training.evidence.forecast_quality import SMALLEST
from leadledger.training.evidence.ranking import share_among_best

CONFIDENCE = 0.90  # of the two-sided interval
LOSS_MARGIN = 0.0005  # of log-loss: what rounding to tenths and fusing bins may cost together
PRECISION_MARGIN = 0.005  # one promoted lead in 200


@dataclass(frozen=True)
class Forecast:
    """A release's predicted probabilities (n,) 0..1 of some leads, and whether it would promote them (n,)."""

    probability: NDArray[np.float64]
    promoted: NDArray[np.bool_]


@dataclass(frozen=True)
class Difference:
    """A measure of the new release and of the old, new less old, and the interval of that."""

    new: float
    old: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Promoted:
    """How many of the compared leads each release would promote, by its own threshold."""

    new: int
    old: int


@dataclass(frozen=True)
class Comparison:
    """A new release beside an earlier one, `release`, on `leads` leads.

    `precision` is that among as many of the best leads as `release` promotes; None where it promotes nobody. `better`:
    beyond chance in log-loss, and not worse. `best` is the comparison with the best release so far, where that is
    another; `measure` is the release that the next one has to come up to, empty where that is the new one itself.
    """

    release: str
    leads: int
    log_loss: Difference | None
    precision: Difference | None
    promoted: Promoted | None
    worse: bool
    better: bool
    said: str
    best: Comparison | None = None
    measure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self)


def compare(
    release: str,
    won: NDArray[np.bool_],
    able: NDArray[np.bool_],
    new: Forecast,
    old: Forecast,
    base_rate: float,
    kind: str = "current release",
) -> Comparison:
    """Compare two forecasts of the same leads; `won` (n,) are their outcomes, `able` (n,) those that can be promoted.

    `base_rate` (0..1) is that of the leads which the new release has learned from. `kind` is what sentences call the
    earlier release.
    """
    losses = [_loss(won, forecast.probability) for forecast in (new, old)]
    loss = _difference(losses[0], losses[1])
    by_base_rate = _difference(losses[0], _loss(won, np.full(len(won), base_rate)))
    knows_nothing = by_base_rate.high >= 0
    precision = _precision_of_best(won[able], new.probability[able], old.probability[able], int(old.promoted.sum()))
    promoted = Promoted(int(new.promoted.sum()), int(old.promoted.sum()))
    bad = []
    if loss.low > LOSS_MARGIN:
        bad.append(f"log-loss {loss.new:.4f} against {loss.old:.4f}")
    if precision is not None and precision.high < -PRECISION_MARGIN:
        bad.append(f"precision among the best {promoted.old:,} {precision.new:.1%} against {precision.old:.1%}")
    better = loss.high < 0 and not bad and not knows_nothing
    if bad:
        sentence = f"worse than the {kind} {release} on the same {len(won):,} leads: {' and '.join(bad)}"
    elif knows_nothing:
        sentence = (
            f"no better on {len(won):,} held-out leads than the base rate of the history, {base_rate:.1%}; so the"
            f" current release {release} stays"
        )
    elif better:
        sentence = f"better than the {kind} {release}: log-loss {loss.new:.4f} against {loss.old:.4f}"
    else:
        sentence = (
            f"as good as the {kind} {release}: log-loss {loss.new:.4f} against {loss.old:.4f}, with 95% confidence at"
            f" most {max(0.0, loss.high):.4f} worse"
        )
    measure = "" if better else release
    return Comparison(
        release, len(won), loss, precision, promoted, bool(bad) or knows_nothing, better, sentence, measure=measure
    )


def with_best(current: Comparison, best: Comparison) -> Comparison:
    """The comparison with the current release, joined by that with the best so far: worse if either says so."""
    sentence = current.said if current.worse or not best.worse else f"{best.said}; {current.said}"
    measure = "" if best.better else best.release
    return replace(current, worse=current.worse or best.worse, said=sentence, best=best, measure=measure)


def nothing_learned(release: str, why: str) -> Comparison:
    """The comparison where rules alone would follow a release that has learned."""
    sentence = f"rules alone, since {why}; so the current release {release} stays"
    return Comparison(release, 0, None, None, None, True, False, sentence)


def incomparable(release: str, why: str) -> Comparison:
    """The comparison where the two can't be compared; the new release is not held back for it."""
    sentence = f"not compared with the current release {release}: {why}"
    return Comparison(release, 0, None, None, None, False, False, sentence)


def _loss(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.log(np.where(won, p, 1 - p)))


def _difference(new: NDArray[np.float64], old: NDArray[np.float64]) -> Difference:
    """Of two means over the same leads, (n,) each. One lead has no interval, but the point."""
    gap = new - old
    half = _quantile(len(gap) - 1) * float(gap.std(ddof=1)) / len(gap) ** 0.5 if len(gap) > 1 else 0.0
    difference = float(gap.mean())
    return Difference(float(new.mean()), float(old.mean()), difference, difference - half, difference + half)


def _precision_of_best(
    won: NDArray[np.bool_], new: NDArray[np.float64], old: NDArray[np.float64], volume: int
) -> Difference | None:
    """The precision among the best leads by each forecast (n,); None where nobody is promoted.

    Leads that both have among their best, or neither, tell nothing. Of the rest, which lie near both cuts, a rate of
    winning is expected whoever picked them; how far the won ones are from being evenly shared out is the difference.
    Its interval is that of a mean of so many leads, and has no end where there are fewer than two.
    """
    if not volume:
        return None
    shares = [share_among_best(forecast, volume) for forecast in (new, old)]
    by_new, by_old = (float(share[won].sum()) / volume for share in shares)
    picked = shares[0] - shares[1]
    weight = float(np.abs(picked).sum())
    if weight < SMALLEST:
        return Difference(by_new, by_old, 0.0, 0.0, 0.0)
    rate = float(np.abs(picked)[won].sum()) / weight
    error = float(np.sqrt(np.sum(picked**2 * (won - rate) ** 2))) / volume
    half = _quantile(weight - 1) * error if weight > 2 else 1.0
    difference = by_new - by_old
    return Difference(by_new, by_old, difference, difference - half, difference + half)


def _quantile(freedom: float) -> float:
    """How many standard errors an interval reaches to either side."""
    return float(student.ppf((1 + CONFIDENCE) / 2, freedom))
