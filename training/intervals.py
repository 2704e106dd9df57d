"""Exact (Clopper-Pearson) confidence limits of a rate: how far off chance alone could have put it."""

from __future__ import annotations

from scipy.stats import beta

CONFIDENCE_SHOWN = 0.95  # of the limits that people see


def rate_limits(won: int, leads: int, confidence: float = CONFIDENCE_SHOWN) -> tuple[float, float]:
    """The two-sided limits, 0..1, of a rate of which `won` in `leads` was seen; 0 and 1 for no leads."""
    tail = (1 + confidence) / 2
    return lower_limit(won, leads, tail), 1 - lower_limit(leads - won, leads, tail)


def lower_limit(won: int, leads: int, confidence: float) -> float:
    """The one-sided lower limit (0..1) of a rate of which `won` in `leads` was seen."""
    return 0.0 if won == 0 else float(beta.ppf(1 - confidence, won, leads - won + 1))
