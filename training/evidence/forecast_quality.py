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


def judge(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> Judgement:
    """Judge a forecast. Shapes: (n,) outcomes, (n,) probabilities (0..1)."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    both = bool(won.any() and not won.all())
    top = float(won_among_best(p, won, [max(1, round(len(won) / 10))])[0])
    slope, intercept = calibration_line(won.astype(float), p) if both else (None, None)
    tenths = tuple(
        Tenth(len(part), float(p[part].mean()), float(won[part].mean())) for part in groups_by_score(p, TENTHS)
    )
    return Judgement(
        leads=len(won),
        won=int(won.sum()),
        auc=float(roc_auc_score(won, p)) if both else None,
        average_precision=float(average_precision_score(won, p)) if both else None,
        log_loss=float(log_loss(won, p, labels=[False, True])),
        brier=float(brier_score_loss(won, p)) if both else float(np.mean((p - won) ** 2)),
        gain=top / int(won.sum()) if both else None,
        slope=slope,
        intercept=intercept,
        calibration_error=sum(tenth.leads * abs(tenth.foreseen - tenth.came) for tenth in tenths) / len(won),
        calibration=tenths,
    )


def calibration_line(target: NDArray[np.float64], probability: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of the target's log-odds on the predicted ones, by logistic regression.

    `target` (n,) holds outcomes (0, 1), or the true probabilities (0..1) where these are known.
    """
    predicted = logit(np.clip(probability, SMALLEST, 1 - SMALLEST))

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = line[0] * predicted + line[1]
        miss = expit(log_odds) - target
        value = float(np.mean(np.logaddexp(0, log_odds) - target * log_odds))
        return value, np.array([np.mean(miss * predicted), np.mean(miss)])

    fitted = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    return float(fitted.x[0]), float(fitted.x[1])
