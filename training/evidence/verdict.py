"""Whether people can rely on the scores: a verdict that rests on all that was measured, and on nothing else.

It takes calibration, the rate of the judged leads beside the predicted one, drift and the power of the judgement
together. Each doubt is a sentence that says what was seen. Scores without a doubt can be relied on; with one, they are
used with care; those that don't tell the better leads from the worse beyond chance can't be relied on at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRUE_SLOPE = (0.9, 1.1)  # of calibration; outside, probabilities are too bold or too timid, unless chance explains it
MOST_TENTHS_OUTSIDE = 2  # of ten, outside their 95% limits by chance; three or more are one time in a hundred
MOST_ERRORS = 2.0  # standard errors between the actual and the predicted rate; chance brings more one time in twenty
FEWEST_OF_A_KIND = 30  # judged leads of either outcome, below which no measure is sure
NO_SIGNAL_ERRORS = 1.645  # standard errors by which the area under the curve is above that of chance, 95% one-sided


def measure_rate(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> dict[str, Any]:
    """The actual rate of leads beside the predicted one. Shapes: (n,) outcomes, (n,) probabilities (0..1), n > 0.

    `errors` is how many standard errors the actual rate lies above the predicted one (below: negative), were every lead
    won with its own predicted probability; None where that leaves nothing to chance.
    """
    error = math.sqrt(float((probability * (1 - probability)).sum()))
    return {
        "leads": len(won),
        "won": int(won.sum()),
        "foreseen": float(probability.mean()),
        "came": float(won.mean()),
        "errors": (float(won.sum()) - float(probability.sum())) / error if error > 0 else None,
    }


def reach_verdict(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on what was measured, for metrics.json.

    `level` is good, care or none; `doubts` are records of `kind` and `said`, the gravest first; `said` is all in one
    sentence. Measures that are absent raise no doubt.
    """
    doubts = [{"kind": kind, "said": said} for kind, said in _find_doubts(metrics)]
    level = "none" if any(doubt["kind"] == "signal" for doubt in doubts) else "care" if doubts else "good"
    start = {
        "good": "You can rely on the scores",
        "care": "Use the scores with care",
        "none": "Don't rely on the scores",
    }[level]
    reasons = "; ".join(doubt["said"] for doubt in doubts)
    return {"level": level, "doubts": doubts, "said": f"{start}: {reasons}" if reasons else start}


def _find_doubts(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What speaks against relying on the scores: its kind, and a sentence."""
    held = metrics["held_out"]
    ours = held["leadledger"]
    lost = ours["leads"] - ours["won"]
    if _is_chance(ours["auc"], ours["won"], lost):
        yield "signal", f"they don't tell the better leads from the worse beyond chance (AUC {ours['auc']:.2f})"
    if min(ours["won"], lost) < FEWEST_OF_A_KIND:
        few, what = (ours["won"], "became opportunities") if ours["won"] < lost else (lost, "did not become one")
        yield (
            "power",
            f"only {few:,} of the {ours['leads']:,} leads to judge by {what}, too few to be sure of any measure",
        )
    alone = held.get("rules alone")
    if alone and ours["log_loss"] >= alone["log_loss"]:
        yield "rules", "the rules alone predict just as well"
    rate = metrics.get("rate")
    if rate and rate["errors"] is not None and abs(rate["errors"]) >= MOST_ERRORS:
        yield "rate", _word_rate(rate, metrics.get("split") == "time", metrics.get("newest_rate"))
    if ours["slope"] is not None and _is_off(ours["slope"], metrics.get("reliability") or ()):
        how = "too bold" if ours["slope"] < 1 else "too timid"
        yield "slope", f"the probabilities are {how} (calibration slope {ours['slope']:.2f})"
    if metrics.get("drift"):
        yield from _find_drift(metrics["drift"])
    if metrics.get("fairness", {}).get("exceeded"):
        yield "fairness", "a bound of the card's fairness is exceeded"


def _is_chance(area: float | None, won: int, lost: int) -> bool:
    """Whether an area under the curve could be that of chance (Hanley and McNeil, 1982)."""
    if area is None:
        return False
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (won - 1) * (first - area**2) + (lost - 1) * (second - area**2)
    return area - NO_SIGNAL_ERRORS * math.sqrt(max(0.0, variance) / (won * lost)) <= 0.5


def _word_rate(rate: Mapping[str, Any], newest: bool, newest_rate: Mapping[str, Any] | None) -> str:
    """What the judging models predicted and what came; the release itself has learned from these leads since."""
    high = rate["errors"] < 0
    cure = "leadledger recalibrate moves them"
    if newest_rate and newest_rate["moved"] and not newest_rate["moving"]:
        cure = "the base rate of this release is moved to that of the newest leads"
    elif newest_rate and not newest_rate["moved"]:
        cure = "this release has learned from these leads since"
    return (
        f"{rate['came']:.1%} of the {'newest' if newest else 'held-out'} leads became opportunities and"
        f" {rate['foreseen']:.1%} were predicted to, {abs(rate['errors']):.1f} standard errors apart: the probabilities"
        f" are too {'high' if high else 'low'}" + (f" ({cure})" if newest else "")
    )


def _is_off(slope: float, tenths: Any) -> bool:
    """Whether a calibration slope is off by more than chance."""
    outside = sum(not tenth["low"] <= tenth["foreseen"] <= tenth["high"] for tenth in tenths)
    by_chance = bool(tenths) and outside <= MOST_TENTHS_OUTSIDE
    return not TRUE_SLOPE[0] <= slope <= TRUE_SLOPE[1] and not by_chance


def _find_drift(drift: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    score = drift["score"]
    if score["band"] != "steady":
        yield "drift", f"the scores of the newest leads have {score['band']} (stability index {score['psi']:.2f})"
    shifted = [shift["name"] for shift in drift["fields"] if shift["band"] == "shifted"]
    if shifted:
        yield "drift", f"the newest leads differ in {', '.join(shifted)}"
