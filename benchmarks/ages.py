"""How often older leads are found to foretell less, and what it gains to let them count less.

    python -m benchmarks ages --draws 100 --fits 6

Worlds of three years: `steady`; `rate`, where the odds of all leads halve every year; `slow` and `fast`, where what
makes a lead good changes, by three fifths and wholly, from the first to the last day. The half-life is chosen as in
training. For the first draws, as many as `--fits`, the tables of our classifier are fitted to the leads before the
held-out quarter, with equal weights and with those chosen; the gain is how much nearer to the truth they come on the
held-out leads, in log-loss, each moved to the true mean rate of these.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.worlds import gap_to_truth
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.training.learn.age_weights import choose_age_weights
from leadledger.training.learn.split import split_history
from leadledger.training.learn.trust import in_the_large
from leadledger.training.runs.train import HELD_OUT

WORLDS = {"steady": (0.0, 0.0), "rate": (0.0, -0.7), "slow": (0.6, 0.0), "fast": (1.0, 0.0)}  # turn, log-odds a year
YEARS, HORIZON = 3.0, 60  # of the history; days after which an outcome is known
NUMBERS, SOURCES = 8, 8
SPREAD = 0.5  # standard deviation of the effects


@dataclass(frozen=True)
class AgesFound:
    """In a world: the share of draws with age weights, how often each half-life was chosen, the gain of the fits.

    gap : of tables with equal weights, to the truth, over the draws that were fitted; gain : what weights take from
    it. choosing, fitting : seconds a draw.
    """

    world: str
    leads: int
    chosen: float
    half_lives: dict[str, int]
    gap: float | None
    gain: float | None
    choosing: float
    fitting: float | None


def draw(world: str, leads: int, seed: int) -> tuple[Any, NDArray[np.float64]]:
    """A history with what the choice of weights reads, and the true probability (n,) of each lead."""
    turn, rate = WORLDS[world]
    random = np.random.default_rng([seed, 14])
    years = np.sort(random.random(leads)) * YEARS
    values, source = random.normal(size=(leads, NUMBERS)), random.integers(0, SOURCES, leads)
    angle = turn * years / YEARS * np.pi / 2
    log_odds = -1.3 + rate * years
    for share in (np.cos(angle), np.sin(angle)):
        effects, of_source = random.normal(0, SPREAD, NUMBERS), random.normal(0, SPREAD, SOURCES)
        log_odds = log_odds + share * (values @ effects + of_source[source])
    probability = expit(log_odds)
    frame = pd.DataFrame(values, columns=[f"number_{i}" for i in range(NUMBERS)])
    frame["source"] = pd.Series([f"source {i}" for i in source], dtype=object)
    days = (365 * years).astype(np.int64)
    won = random.random(leads) < probability
    return SimpleNamespace(frame=frame, won=won, days=days, time_order=days), probability


def measure(world: str, leads: int, draws: int, fits: int, first: int) -> AgesFound:
    """Choose weights for some draws, and fit our tables for the first of them."""
    chosen: list[str] = []
    gaps, gains, choosing, fitting = [], [], 0.0, 0.0
    for seed in range(first, first + draws):
        history, truth = draw(world, leads, seed)
        split = split_history(history.won, history.days, HELD_OUT, np.zeros(leads, np.uint64), HORIZON)
        start = time.perf_counter()
        ages = choose_age_weights(history, split)
        choosing += time.perf_counter() - start
        chosen.append("none" if ages is None or ages.half_life is None else f"{ages.half_life:g}")
        if seed - first < fits:
            held = split.held
            learned = np.flatnonzero(history.days + HORIZON <= history.days[held[0]])
            weights = None if ages is None else ages.weigh(history, None)
            start = time.perf_counter()
            equal = _gap(history, truth, learned, held, None)
            fitting += time.perf_counter() - start
            gaps.append(equal)
            gains.append(0.0 if weights is None else equal - _gap(history, truth, learned, held, weights[learned]))
    return AgesFound(
        world,
        leads,
        1 - chosen.count("none") / draws,
        {half_life: chosen.count(half_life) for half_life in sorted(set(chosen) - {"none"})},
        float(np.mean(gaps)) if gaps else None,
        float(np.mean(gains)) if gains else None,
        choosing / draws,
        fitting / len(gaps) if gaps else None,
    )


def _gap(
    history: Any,
    truth: NDArray[np.float64],
    learned: NDArray[np.intp],
    held: NDArray[np.intp],
    weights: NDArray[np.float64] | None,
) -> float:
    """How far tables that learn from some leads are from the truth of the held-out ones."""
    model = AdditiveClassifier(random_state=0, pairs=0, combinations=0, n_jobs=-1)
    model.fit(history.frame.iloc[learned], history.won[learned], weights)
    decided = model.decision_function(history.frame.iloc[held])
    return gap_to_truth(truth[held], expit(decided + in_the_large(decided, float(truth[held].mean()))))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks ages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", default=",".join(WORLDS), help=f"some of {','.join(WORLDS)}")
    parser.add_argument("--leads", type=int, default=6_000, help="of a history")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--fits", type=int, default=6, help="draws for which our tables are fitted, twice")
    parser.add_argument("--first-draw", type=int, default=0, help="seed of the first draw")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    rows = []
    for world in options.worlds.split(","):
        row = measure(world, options.leads, options.draws, options.fits, options.first_draw)
        rows.append(row)
        if not options.json:
            fitted = "" if row.gap is None else f"; gap {row.gap:.4f}, gain {row.gain:.4f}, {row.fitting:.1f} s a fit"
            times = ", ".join(f"{half_life} years {count}" for half_life, count in row.half_lives.items())
            chosen = f"weights in {row.chosen:.0%} ({times or 'none'})"
            print(f"{world:<8}{chosen}; {row.choosing:.2f} s{fitted}", flush=True)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
