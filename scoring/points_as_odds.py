"""Points as what they mean: how many times the odds, and of a hundred average leads how many more or fewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadledger.scoring.decay import scale_points
from leadledger.scoring.probability import compute_probability
from leadledger.scoring.result import format_signed
from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING

NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class PointsAsOdds:
    """What points (tenths) do to an average lead.

    `factor` is what they multiply the odds by. `before` and `after` are the probabilities (0..1) without and with them;
    None: no base rate is known. `trusted` are the points that count after trust, with `trusted_after`; None: in full.
    """

    tenths: int
    factor: float
    before: float | None = None
    after: float | None = None
    trusted: int | None = None
    trusted_after: float | None = None
    trust: float | None = None

    @property
    def mark(self) -> str:
        """The factor, short: `odds × 2.8`, `odds ÷ 2.8`."""
        size = self.factor if self.factor >= 1 else 1 / self.factor
        return f"odds {'×' if self.factor >= 1 else '÷'} {_show_factor(size)}"

    @property
    def sentence(self) -> str:
        """The whole of it: `2.8 times the odds: of 100 average leads 23 instead of 9 become opportunities.`"""
        if not self.tenths:
            return "No points: the odds stay as they are."
        size = _show_factor(self.factor if self.factor >= 1 else 1 / self.factor)
        start = f"{size} times the odds" if self.factor >= 1 else f"The odds divided by {size}"
        if self.before is None or self.after is None:
            return f"{start}. How many leads that is, training will tell."
        crowd = _choose_crowd(self.before, self.after, self.trusted_after)
        count = f"{self.after * crowd:,.0f} instead of {self.before * crowd:,.0f}"
        text = f"{start}: of {crowd:,} average leads {count} become opportunities."
        if self.trust is None or self.trusted is None or self.trusted_after is None:
            return text
        share = f"{self.trust * 100:.0f}{NO_BREAK}%"
        return f"{text} It counts by {share}: {format_signed(self.trusted)}, so {self.trusted_after * crowd:,.0f}" + (
            f" instead of {self.before * crowd:,.0f}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        return {
            "points": self.tenths / 10,
            "factor": self.factor,
            "before": self.before,
            "after": self.after,
            "trust": self.trust,
            "trusted_points": None if self.trusted is None else self.trusted / 10,
            "trusted_after": self.trusted_after,
            "mark": self.mark,
            "sentence": self.sentence,
        }


def describe_points(tenths: int, base_rate: float | None = None, trust: float | None = None) -> PointsAsOdds:
    """What points (tenths) do to a lead that has `base_rate`; `trust` (0..1) is how much rules count, None: in full."""
    trusted = None if trust is None or trust == 1 else scale_points(tenths, trust)
    return PointsAsOdds(
        tenths,
        2.0 ** (tenths / TENTHS_PER_DOUBLING),
        base_rate,
        compute_probability(base_rate, START_TENTHS + tenths),
        trusted,
        None if trusted is None else compute_probability(base_rate, START_TENTHS + trusted),
        None if trusted is None else trust,
    )


def _show_factor(size: float) -> str:
    """A factor with two digits that count, at least."""
    return f"{size:.2f}" if size < 1.1 else f"{size:.1f}" if size < 10 else f"{size:,.0f}"


def _choose_crowd(before: float, *others: float | None) -> int:
    """Among how many leads each chance differs from the one before by a lead at least."""
    changes = [abs(rate - before) for rate in others if rate is not None]
    return next((crowd for crowd in (100, 1_000, 10_000) if min(changes) * crowd >= 1), 100_000)
