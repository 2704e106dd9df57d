"""The measures behind the charts of the report, as records of plain numbers for metrics.json.

Rates and shares are 0..1, points have one decimal, limits are exact binomial ones at 95 % confidence. Nothing here
reads a file or draws: arrays in, records out, so that every figure that the report shows is kept with the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.training.evidence.forecast_quality import TENTHS
from leadledger.training.evidence.ranking import groups_by_score, won_among_best
from leadledger.training.intervals import rate_limits

SHARES = tuple(step / 20 for step in range(1, 21))  # 0.05, 0.10, … 1.00: how deep into the list sales goes
BANDS = ("below 10", *(f"{low} to {low + 10}" for low in range(10, 90, 10)), "90 and up")  # of points
TENTHS_PER_BAND = 100


def lift(totals: NDArray[np.int64], won: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """How many of the opportunities lie at the top of the list. Shapes: (n,) totals, (n,) outcomes, n > 0.

    A record a share of the leads, best first: `found` is the share of all opportunities in it, `lift` how many times
    more they are than among as many leads picked at random; both None where nothing was won. Of leads that score
    alike an equal share of each is taken, so `won` need not be whole.
    """
    all_won = int(won.sum())
    records = []
    depths = [max(1, round(len(won) * share)) for share in SHARES]
    for share, leads, here in zip(SHARES, depths, won_among_best(totals, won, depths).tolist(), strict=True):
        reached = here / all_won if all_won else None
        times = reached * len(won) / leads if reached is not None else None
        records.append({"share": share, "leads": leads, "won": here, "found": reached, "lift": times})
    return records


def reliability(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Predicted and actual rates by tenths of the leads, lowest first. Shapes: (n,) outcomes, (n,) 0..1.

    Leads with the same probability share a tenth, so there can be fewer than ten.
    """
    return [_predicted_and_actual(won[part], probability[part]) for part in groups_by_score(probability, TENTHS)]


def by_points(
    totals: NDArray[np.int64], won: NDArray[np.bool_], probability: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """How the scores are spread, and how many leads of each ten points were won, lowest first.

    Shapes: (n,) totals (tenths), outcomes, probabilities (0..1). Scores end at 0 and 100, so the outer bands are open:
    `band` reads `below 10`, `10 to 20`, … `90 and up`. `share` is of all leads. Bands without a lead are left out.
    """
    band = np.clip(totals // TENTHS_PER_BAND, 0, len(BANDS) - 1)
    return [
        {
            "band": name,
            "share": float(np.mean(band == i)),
            **_predicted_and_actual(won[band == i], probability[band == i]),
        }
        for i, name in enumerate(BANDS)
        if (band == i).any()
    ]


def by_grade(
    totals: NDArray[np.int64],
    won: NDArray[np.bool_],
    probability: NDArray[np.float64],
    grades: Sequence[tuple[str, int]],
    below: str,
) -> list[dict[str, Any]]:
    """How many leads have each grade, and were won, the best first; grades without a lead are left out.

    Shapes: (n,) totals (tenths), outcomes, probabilities (0..1). `grades` are names with the totals (tenths) from which
    they start, the best first; `below` is the grade of all others.
    """
    at = np.full(len(totals), len(grades))
    for place, (_, cut) in reversed(list(enumerate(grades))):
        at[totals >= cut] = place
    return [
        {"grade": name, "share": float(np.mean(at == i)), **_predicted_and_actual(won[at == i], probability[at == i])}
        for i, name in enumerate([*(name for name, _ in grades), below])
        if (at == i).any()
    ]


def by_month(
    days: NDArray[np.int64], won: NDArray[np.bool_], probability: NDArray[np.float64], held_out: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Predicted and actual rates by calendar month, oldest first.

    Shapes: (n,) whole days since 1970, outcomes, probabilities (NaN: no forecast by a model that had not seen the lead;
    such leads are left out), and whether each was held out. The month in which the held-out leads begin appears twice.
    """
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    able = ~np.isnan(probability)
    records = []
    for held in (False, True):
        kind = able & (held_out == held)
        for month in np.unique(months[kind]):
            here = kind & (months == month)
            record = {"month": str(month), **_predicted_and_actual(won[here], probability[here]), "held_out": held}
            records.append(record)
    return sorted(records, key=lambda record: (record["month"], record["held_out"]))


def _predicted_and_actual(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> dict[str, Any]:
    leads, of_them = len(won), int(won.sum())
    low, high = rate_limits(of_them, leads)
    return {
        "leads": leads,
        "won": of_them,
        "foreseen": float(probability.mean()),
        "came": of_them / leads,
        "low": low,
        "high": high,
    }


def spread(
    rules: NDArray[np.int64], tables: NDArray[np.int64], combinations: NDArray[np.int64]
) -> dict[str, float] | None:
    """Which part of the scores' spread each source of points carries. Shapes: (n,) tenths that each gave to a lead.

    The shares are of the variance of the sum, and add up to 1; what two sources move together is split evenly between
    them, so that one which holds the others back has a share below 0. None where all leads score alike.
    """
    parts = {"rules": rules, "tables": tables, "combinations": combinations}
    total = rules + tables + combinations
    if len(total) == 0 or np.ptp(total) == 0:
        return None
    off = total - total.mean()
    variance = float(off @ off)
    return {name: float((part - part.mean()) @ off) / variance for name, part in parts.items()}
