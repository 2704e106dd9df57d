"""How good a forecast was on held-out leads: ranking (AUC, gain), log-loss, Brier score, calibration."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from leadledger.training.evidence.ranking import groups_by_score, won_among_best

TENTHS = 10
SMALLEST = 1e-7  # probabilities are kept this far from 0 and 1, so that one lead can't make a loss infinite


@dataclass(frozen=True)
class Tenth:
    """About a tenth of the leads, by predicted probability: how many, the mean prediction and the actual rate (0..1).

    Leads with the same prediction share a tenth, so it can be larger, and there can be fewer than ten.
    """

    leads: int
    foreseen: float
    came: float


@dataclass(frozen=True)
class Judgement:
    """The measures of one forecast. None where the held-out leads all ended alike.

    `gain` is the share of all opportunities that the top tenth by score holds; of leads that score alike, an equal
    share of each. `slope` and `intercept` are those of the outcome's log-odds on the predicted ones: 1 and 0 are
    perfect calibration. `calibration_error` is the mean distance between the predicted and the actual rate, over the
    tenths.
    """

    leads: int
    won: int
    auc: float | None
    average_precision: float | None
    log_loss: float
    brier: float
    gain: float | None
    slope: float | None
    intercept: float | None
    calibration_error: float
    calibration: tuple[Tenth, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self)


def judge(
    won: NDArray[np.bool_], probability: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> Judgement:
    """Judge a forecast. Shapes: (n,) outcomes, (n,) probabilities (0..1).

    `weights` (n,): for how many leads each stands; None: for itself. The numbers of leads are those of the held-out
    leads, and all rates and measures those of the leads that they stand for.
    """
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    both = bool(won.any() and not won.all())
    slope, intercept = calibration_line(won.astype(float), p, weights) if both else (None, None)
    parts = groups_by_score(p, TENTHS)
    counts = [None if weights is None else weights[part] for part in parts]
    tenths = tuple(
        Tenth(len(part), float(np.average(p[part], weights=count)), float(np.average(won[part], weights=count)))
        for part, count in zip(parts, counts, strict=True)
    )
    sizes = [len(part) if count is None else float(count.sum()) for part, count in zip(parts, counts, strict=True)]
    misses = [size * abs(tenth.foreseen - tenth.came) for size, tenth in zip(sizes, tenths, strict=True)]
    return Judgement(
        leads=len(won),
        won=int(won.sum()),
        auc=float(roc_auc_score(won, p, sample_weight=weights)) if both else None,
        average_precision=float(average_precision_score(won, p, sample_weight=weights)) if both else None,
        log_loss=float(log_loss(won, p, labels=[False, True], sample_weight=weights)),
        brier=float(brier_score_loss(won, p, sample_weight=weights))
        if both
        else float(np.average((p - won) ** 2, weights=weights)),
        gain=_find_gain(p, won, weights) if both else None,
        slope=slope,
        intercept=intercept,
        calibration_error=sum(misses) / (len(won) if weights is None else float(weights.sum())),
        calibration=tenths,
    )


def _find_gain(p: NDArray[np.float64], won: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> float:
    """The share of all opportunities (0..1) that the best tenth of the leads holds; some of them were won."""
    if weights is None:
        return float(won_among_best(p, won, [max(1, round(len(won) / 10))])[0]) / int(won.sum())
    _, group = np.unique(-p, return_inverse=True)
    leads, of_them = np.bincount(group, weights), np.bincount(group, weights * won)
    best = np.interp(weights.sum() / 10, np.cumsum([0.0, *leads]), np.cumsum([0.0, *of_them]))
    return float(best / of_them.sum())


def calibration_line(
    target: NDArray[np.float64], probability: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[float, float]:
    """Slope and intercept of the target's log-odds on the predicted ones, by logistic regression.

    `target` (n,) holds outcomes (0, 1), or the true probabilities (0..1) where these are known. `weights` (n,): how
    much each lead counts; None: alike.
    """
    predicted = logit(np.clip(probability, SMALLEST, 1 - SMALLEST))

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = line[0] * predicted + line[1]
        miss = expit(log_odds) - target
        value = float(np.average(np.logaddexp(0, log_odds) - target * log_odds, weights=weights))
        return value, np.array([np.average(miss * predicted, weights=weights), np.average(miss, weights=weights)])

    fitted = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    return float(fitted.x[0]), float(fitted.x[1])
