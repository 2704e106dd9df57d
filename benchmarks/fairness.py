"""How far the fairness of a report can be believed: groups whose true rates and gaps are known.

    python -m benchmarks fairness --draws 2000

In each draw every group has so many held-out leads, and each lead is promoted, won and foreseen by its group's true
rates. All groups are alike but the last: a smaller share of it is promoted, fewer of its promoted leads are won, and it
is won less often than predicted. `at` is where that gap is exactly the card's bound, `far` and `farther` where it
exceeds the bound by a half of it and by all of it.

Printed are the coverage of the 95 % limits of rates, that of the joint 90 % limits of the gap that is shown, and how
often a bound is found exceeded: of `at`, each finding is a false one.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from leadledger.scoring.fairness import Fairness
from leadledger.training.evidence.fairness import Gap, GroupMeasures, find_gaps, measure_group

BOUNDS = Fairness(rate_ratio=0.8, precision_gap=0.1, calibration_gap=0.05)
EXCESSES = {"at": 1.0, "far": 1.5, "farther": 2.0}  # of what the bound allows
PROMOTED, PRECISION, WON_OF_REST = 0.3, 0.5, 0.1  # true rates of all groups but the last
MEASURES = ("rate_ratio", "precision_gap", "calibration_gap")  # shown where groups have enough promoted leads
SIZES, GROUPS = (200, 500, 2000), (2, 4)


@dataclass(frozen=True)
class TrueRates:
    """The true rates (0..1) of a group: promoted, won of the promoted, won of all, and the mean predicted."""

    promoted: float
    precision: float
    won: float
    foreseen: float


@dataclass(frozen=True)
class GapsFound:
    """Over the draws of so many groups of so many leads: shares (0..1) by measure, and the coverage of rates."""

    groups: int
    leads: int
    excess: str
    rates_covered: float
    gaps_covered: dict[str, float]
    exceeded: dict[str, float]
    kept: dict[str, float]


def list_groups(count: int, excess: float) -> list[TrueRates]:
    """The true rates of so many groups, the last of which is worse off by `excess` times what the bounds allow."""
    alike = TrueRates(PROMOTED, PRECISION, *[PROMOTED * PRECISION + (1 - PROMOTED) * WON_OF_REST] * 2)
    assert BOUNDS.rate_ratio is not None
    assert BOUNDS.precision_gap is not None
    assert BOUNDS.calibration_gap is not None
    promoted = PROMOTED * (1 - excess * (1 - BOUNDS.rate_ratio))
    precision = PRECISION - excess * BOUNDS.precision_gap
    won = promoted * precision + (1 - promoted) * WON_OF_REST
    return [alike] * (count - 1) + [TrueRates(promoted, precision, won, won + excess * BOUNDS.calibration_gap)]


def draw_group(name: str, rates: TrueRates, leads: int, random: np.random.Generator) -> GroupMeasures:
    """What a group of held-out leads gets by chance."""
    chosen = random.random(leads) < rates.promoted
    won = random.random(leads) < np.where(chosen, rates.precision, WON_OF_REST)
    return measure_group(name, np.full(leads, rates.foreseen), chosen, won)


def true_gap(gap: Gap, groups: dict[str, TrueRates]) -> float:
    """The true value of the gap that is shown."""
    worse, better = groups[gap.worse], groups[gap.better]
    if gap.measure == "rate_ratio":
        return worse.promoted / better.promoted
    return better.precision - worse.precision if gap.measure == "precision_gap" else worse.won - worse.foreseen


def rates_within(measures: GroupMeasures, rates: TrueRates) -> Iterator[bool]:
    """Whether the 95 % limits of each rate hold the true one."""
    yield measures.rate_low <= rates.promoted <= measures.rate_high
    yield measures.came_low <= rates.won <= measures.came_high
    if measures.chosen:
        yield measures.precision_low <= rates.precision <= measures.precision_high


def measure(groups: int, leads: int, excess: str, draws: int, seed: int) -> GapsFound:
    """Draw and count."""
    random = np.random.default_rng([seed, groups, leads, list(EXCESSES).index(excess)])
    truth = {f"group {i}": rates for i, rates in enumerate(list_groups(groups, EXCESSES[excess]))}
    within: list[bool] = []
    shown: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    verdicts: Counter[tuple[str, str]] = Counter()
    for _ in range(draws):
        drawn = [draw_group(name, rates, leads, random) for name, rates in truth.items()]
        for measures, rates in zip(drawn, truth.values(), strict=True):
            within += rates_within(measures, rates)
        for gap in find_gaps("field", drawn, BOUNDS, "promoted"):
            shown[gap.measure] += 1
            verdicts[gap.measure, gap.verdict] += 1
            covered[gap.measure] += gap.low <= true_gap(gap, truth) <= (np.inf if gap.high is None else gap.high)
    return GapsFound(
        groups,
        leads,
        excess,
        float(np.mean(within)),
        {name: covered[name] / shown[name] for name in MEASURES},
        {name: verdicts[name, "exceeded"] / shown[name] for name in MEASURES},
        {name: verdicts[name, "kept"] / shown[name] for name in MEASURES},
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks fairness", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=2_000, help="of each number of groups, leads and excess")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    rows = []
    if not options.json:
        print("shares of the draws; of gaps: rate ratio, precision, calibration")
        print(f"{'groups':>6}{'leads':>7}  {'gap':<9}{'rates in limits':>16}{'gaps in limits':>25}{'exceeded':>25}")
    for groups in GROUPS:
        for leads in SIZES:
            for excess in EXCESSES:
                row = measure(groups, leads, excess, options.draws, options.seed)
                rows.append(row)
                if not options.json:
                    gaps, exceeded = (
                        "".join(f"{share:>8.1%}" for share in shares.values())
                        for shares in (row.gaps_covered, row.exceeded)
                    )
                    start = f"{groups:>6}{leads:>7,}  {excess:<9}{row.rates_covered:>16.1%}"
                    print(f"{start}{gaps:>25}{exceeded:>25}", flush=True)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
