"""Whether a first release has learned anything: its forecast beside the base rate, on leads that it had not seen.

Without a signal, training comes to a forecast that is the same for every lead, or nearly. It is calibrated, so neither
calibration nor the rejection of a worse release shows that it knows nothing. A release that follows another is compared
with that one instead (`release_comparison.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.training.evidence.forecast_quality import SMALLEST

# In 16 worlds without a signal (150 leads, six fields, without rules and with wrong ones) the gain was below one of
# these; with a strong signal (area under the curve about 0.8) above both in 10 of 12.
LEAST_ERRORS = 1.0  # standard errors of the mean gain, below which it may be chance
LEAST_GAIN = 0.0005  # of log-loss: a forecast that is the same for nearly every lead gains less
WORSE_ERRORS = 1.645  # by how many the held-out leads may be worse, though the others are better


@dataclass(frozen=True)
class Signal:
    """Log-loss of the forecast, and of the base rate (0..1) alone, on `leads` that it had not seen.

    `present`: whether the forecast is better beyond chance. `said`: that it isn't; empty where it is.
    """

    leads: int
    log_loss: float
    base_log_loss: float
    base_rate: float
    present: bool
    said: str

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return asdict(self)


def find_signal(
    won: NDArray[np.bool_], probability: NDArray[np.float64], held: NDArray[np.intp], base_rate: float
) -> Signal:
    """Compare a forecast with the base rate.

    `won` (n,) are outcomes, `probability` (n,) 0..1 of models that had not seen the lead, NaN where there is none.
    `held` (m,) are the positions of the held-out leads, among which each has a forecast.
    """
    seen = np.flatnonzero(np.isfinite(probability))
    gains = {name: _gain(won[of], probability[of], base_rate) for name, of in (("all", seen), ("held", held))}
    gain, errors = gains["all"]
    present = bool(gain >= LEAST_GAIN and errors >= LEAST_ERRORS and gains["held"][1] > -WORSE_ERRORS)
    leads = seen if gain < LEAST_GAIN or errors < LEAST_ERRORS else held
    loss, base = (
        float(_losses(won[leads], forecast).mean()) for forecast in (probability[leads], np.full(len(leads), base_rate))
    )
    sentence = (
        f"on {len(leads):,} leads that it had not seen, its forecast is no better than the base rate of the history,"
        f" {base_rate:.1%}, beyond what chance does (log-loss {loss:.4f} against {base:.4f}); the fields and rules tell"
        " nothing of the outcome that could be relied on"
    )
    return Signal(len(leads), loss, base, base_rate, present, "" if present else sentence)


def _gain(won: NDArray[np.bool_], probability: NDArray[np.float64], base_rate: float) -> tuple[float, float]:
    """By how much the forecast's log-loss is lower than that of the base rate, and how many standard errors that is."""
    gains = _losses(won, np.full(len(won), base_rate)) - _losses(won, probability)
    spread = float(gains.std(ddof=1)) if len(gains) > 1 else 0.0
    return float(gains.mean()), float(gains.mean()) / (spread / np.sqrt(len(gains))) if spread > 0 else 0.0


def _losses(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.log(np.where(won, p, 1 - p)))
