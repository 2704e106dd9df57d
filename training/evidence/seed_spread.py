"""How much a forecast owes to the seed: what further trainings, alike but for it, say of the same leads.

A seed deals leads out to the bags. A spread that is large beside the gain of one recipe over another says that the
gain may be one of chance, and that few leads, or fields that say the same, leave the training a free choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SeedSpread:
    """The log-loss of the held-out leads under each seed, that of the release first, and how far scores differ.

    `log_loss_error` is the standard deviation of these; `score_error` that of a lead's score from seed to seed, in
    points, pooled over all leads of the history.
    """

    log_losses: tuple[float, ...]
    log_loss_error: float
    score_error: float

    def describe(self) -> str:
        """It as a sentence."""
        low, high = min(self.log_losses), max(self.log_losses)
        return (
            f"With {len(self.log_losses):,} seeds the log-loss lies between {low:.4f} and {high:.4f} (standard"
            f" deviation {self.log_loss_error:.4f}), and a lead's score differs by {self.score_error:.1f} points from"
            " seed to seed (standard deviation)."
        )

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON, with the sentence."""
        return {**asdict(self), "said": self.describe()}


def spread_over_seeds(log_losses: Sequence[float], totals: Sequence[NDArray[np.int64]]) -> SeedSpread:
    """The spread over two seeds or more, given the log-loss and the totals (n,), in tenths, under each."""
    by_seed = np.stack(totals) / 10
    score_error = float(np.sqrt(by_seed.var(axis=0, ddof=1).mean()))
    return SeedSpread(tuple(log_losses), float(np.std(log_losses, ddof=1)), score_error)
