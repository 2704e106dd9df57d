"""What a short history gives: the log-loss of a forecast learned from 100, 300, 1,000 and 3,000 leads.

    python -m benchmarks learning_curve --sets extraalearn --draws 5

Leads to learn from are drawn by chance from a real set that has a card written by hand; all others judge (at most
10,000 of them, the same for every learner). Each size is drawn twenty times. Ours is as `train` makes it, out-of-fold
forecasts weighed with the rules; where the draw has too few outcomes of a kind, as in `train`, it is the rules alone
with the base rate that the card names. The rules that it is compared with know the base rate of the draw.

A difference is the mean over the draws of one learner's log-loss less another's on the same leads, with its standard
error. Draws share leads to judge by, so that the error is of the learning, not of the set.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.learners import LEARNERS, TITLES
from benchmarks.quality import choose_names, is_absent
from benchmarks.real_sets import SETS, Indexes, RealSet, loaded
from leadledger.training.evidence.forecast_quality import judge

SIZES = (100, 300, 1000, 3000)
DRAWS = 20
MOST_TEST = 10_000
DEFAULT_SETS = ("bank_marketing", "extraalearn")
DEFAULT_LEARNERS = ("rules", "logistic", "boosting", "lightgbm", "catboost")
WITHIN = 0.005  # of log-loss, above the best learner, that ours may be


@dataclass(frozen=True)
class SizeLosses:
    """The mean log-loss of each learner at one size; ours less rules alone and less the best, each with its error."""

    leads: int
    draws: int
    log_loss: dict[str, float]
    less_rules: float
    less_rules_error: float
    best: str
    less_best: float
    less_best_error: float


@dataclass(frozen=True)
class LearningCurve:
    """What was measured on one set."""

    name: str
    rate: float
    sizes: tuple[SizeLosses, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self)


def measure(data: RealSet, names: Sequence[str], sizes: Sequence[int], draws: int) -> LearningCurve:
    """Draw, fit and judge. Sizes that leave fewer than half of the set to judge by are too large, and left out."""
    measured = []
    for size in (size for size in sizes if size <= len(data.history) / 2 or size == min(sizes)):
        losses = np.array([one_draw(data, names, size, draw) for draw in range(draws)])
        measured.append(summary(names, size, losses))
    return LearningCurve(data.name, float(data.history.won.mean()), tuple(measured))


def one_draw(data: RealSet, names: Sequence[str], size: int, draw: int) -> list[float]:
    """The log-loss of each learner on one draw."""
    print(f"{data.name}: {size} leads, draw {draw + 1}", file=sys.stderr)
    kept, held = drawn(data.history.won, size, draw)
    return [judge(data.history.won[held], LEARNERS[name](data, kept, draw)(held)).log_loss for name in names]


def drawn(won: NDArray[np.bool_], size: int, draw: int) -> tuple[Indexes, Indexes]:
    """Positions to learn from and to judge by; a draw with one kind of outcome only is drawn again."""
    random = np.random.default_rng([size, draw])
    while True:
        order = random.permutation(len(won))
        kept = order[:size]
        if won[kept].any() and not won[kept].all():
            return np.sort(kept), np.sort(order[size : size + MOST_TEST])


def summary(names: Sequence[str], size: int, losses: NDArray[np.float64]) -> SizeLosses:
    """Means over the draws. Shape of losses: (draws, learners); the learners `ours` and `rules` are among them."""
    means = losses.mean(axis=0)
    ours, rules = names.index("ours"), names.index("rules")
    others = [place for place, name in enumerate(names) if name != "ours"]
    best = min(others, key=lambda place: means[place])
    by_rules, by_rules_error = mean_and_error(losses[:, ours] - losses[:, rules])
    by_best, by_best_error = mean_and_error(losses[:, ours] - losses[:, best])
    loss = {name: float(mean) for name, mean in zip(names, means, strict=True)}
    return SizeLosses(size, len(losses), loss, by_rules, by_rules_error, names[best], by_best, by_best_error)


def mean_and_error(values: NDArray[np.float64]) -> tuple[float, float]:
    """The mean of draws (n,) and its standard error, NaN for a single draw."""
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return float(values.mean()), error


def lines(curve: LearningCurve) -> Iterator[str]:
    """A curve as text, at most 100 columns wide, and what it says."""
    draws = curve.sizes[0].draws
    yield f"{curve.name}: {curve.rate:.1%} won; mean log-loss of {draws} draws, learned from so many leads"
    yield f"{'':<27}" + "".join(f"{size.leads:>17,}" for size in curve.sizes)
    for name in curve.sizes[0].log_loss:
        yield f"{TITLES[name]:<27}" + "".join(f"{size.log_loss[name]:>17.4f}" for size in curve.sizes)
    cells = [f"{size.less_rules:+.4f} ± {size.less_rules_error:.4f}" for size in curve.sizes]
    yield f"{'ours less rules alone':<27}" + "".join(f"{cell:>17}" for cell in cells)
    cells = [f"{size.less_best:+.4f} ± {size.less_best_error:.4f}" for size in curve.sizes]
    yield f"{'ours less the best other':<27}" + "".join(f"{cell:>17}" for cell in cells)
    yield f"{'the best other':<27}" + "".join(f"{TITLES[size.best].split()[-1]:>17}" for size in curve.sizes)
    worse = [f"{size.leads:,}" for size in curve.sizes if size.less_rules > 0]
    far = [f"{size.leads:,}" for size in curve.sizes if size.less_best > WITHIN]
    yield f"worse than rules alone: {', '.join(worse) or 'never'}"
    yield f"more than {WITHIN} above the best other: {', '.join(far) or 'never'}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks learning_curve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default=",".join(DEFAULT_SETS), help=f"some of {','.join(SETS)}")
    parser.add_argument(
        "--learners",
        default=",".join(DEFAULT_LEARNERS),
        help=f"some of {','.join(LEARNERS)}; ours and rules always are",
    )
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of leads to learn from")
    parser.add_argument("--draws", type=int, default=DRAWS, help="how often each size is drawn")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    chosen = choose_names(parser, "--learners", options.learners, LEARNERS)
    names = ["ours", "rules", *(name for name in chosen if name not in ("ours", "rules") and not is_absent(name))]
    sizes = [int(size) for size in options.sizes.split(",")]
    curves = []
    for data in loaded(choose_names(parser, "--sets", options.sets, SETS)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a rival's own; ours make none
            curves.append(measure(data, names, sizes, options.draws))
        if not options.json:
            print("\n".join(lines(curves[-1])), end="\n\n", flush=True)
    if options.json:
        print(json.dumps([curve.to_dict() for curve in curves], indent=2))


if __name__ == "__main__":
    main()
