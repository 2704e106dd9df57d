"""Whether promises are kept, and how often one is found, on histories whose truth is known: models trained anew.

    python -m benchmarks promise --draws 400

The simulated CRM of examples/b2b-software gives each lead its true probability. Each draw is a history of its own: some
of the leads, on days of three years, with outcomes drawn from the truth. A model learns from it, by a classifier that
is quick to fit (`--released`: by the one that training uses), `find_precision_threshold` looks for a threshold on the
held-out leads that meet the criteria of the card's stage, and its true precision is taken on the leads that were not
drawn, on the day on which the last outcomes are known. Where that is below what was asked, the promise is broken.

Worlds: `steady`; `halves`, where the odds of leads that score alike halve in a year; `late`, where they begin to, in
the last year. There a promise may be withheld, but not broken.

Beside it stands an oracle: it knows the true precision of every candidate, picks the one that is most likely to be
proven, and spends the whole error on that one. No search that must find its threshold can do better.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta, binom
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.models.learner.binning import Binning
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.learn.fit import default_classifier, fit_card
from leadledger.training.learn.proof import set_candidates, strictest_first
from leadledger.training.learn.split import split_history
from leadledger.training.learn.threshold import could_be_promoted, find_thresholds
from leadledger.training.plausible_days import EPOCH
from leadledger.training.runs.train import HELD_OUT

CARD = find_examples() / "b2b-software" / "card.yaml"
STAGE = "opportunity"
DRAWS = 400
LEADS = 6_000  # of a history
POOL = 26_000  # leads that histories are drawn from; the rest of them are the population
PRECISIONS = (0.70, 0.90, 0.95)
CONFIDENCE = 0.90
CERTAINTY = 2.0  # how many times the true log-odds are stretched, so that few leads can prove 95 %
YEARS = 3.0
KNOWN_AFTER = 90 / 365  # years from the newest lead to the day on which its outcome is known: the day of the promise
MOST_BROKEN = 0.12  # of the draws: 10 %, and what chance adds in 400 of them
LEAST_FOUND = 0.85  # of the draws in which the oracle finds one
WORLDS = ("steady", "halves", "late")


@dataclass(frozen=True)
class Outcomes:
    """Of the draws at one precision: how many found a threshold, broke their promise, and what the oracle found."""

    asked: float
    draws: int
    found: int
    broken: int
    by_oracle: int
    by_both: int
    precisions: tuple[float, ...]

    @property
    def broken_limits(self) -> tuple[float, float]:
        """The 95 % limits (0..1) of the share of draws that break their promise."""
        low = float(beta.ppf(0.025, self.broken, self.draws - self.broken + 1)) if self.broken else 0.0
        high = float(beta.ppf(0.975, self.broken + 1, self.draws - self.broken)) if self.broken < self.draws else 1.0
        return low, high


def shift(world: str, years: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the log-odds of leads (n,) that came in after so many years have gained, on a world's way down."""
    since = {"steady": np.inf, "halves": YEARS / 2, "late": YEARS - 1}[world]
    gone = np.zeros_like(years) if world == "steady" else years - since
    return np.asarray(-np.log(2) * (np.maximum(gone, 0) if world == "late" else gone))


def certain(truth: NDArray[np.float64], times: float) -> NDArray[np.float64]:
    """The log-odds (n,) of true probabilities, stretched about an even chance."""
    return np.asarray(logit(np.clip(truth, 1e-9, 1 - 1e-9)) * times)


def true_precision(log_odds: NDArray[np.float64], promoted: NDArray[np.bool_]) -> float:
    """The true share (0..1) of promoted leads that become opportunities; shapes (n,)."""
    return float(expit(log_odds[promoted]).mean()) if promoted.any() else 0.0


def draw_history(
    pool: History, log_odds: NDArray[np.float64], world: str, leads: int, random: np.random.Generator
) -> tuple[History, NDArray[np.bool_]]:
    """A history of some of the pool's leads, with days and outcomes of its own, and which leads were drawn (n,)."""
    positions = random.choice(len(pool), leads, replace=False)
    years = np.sort(random.random(leads)) * YEARS
    won = random.random(leads) < expit(log_odds[positions] + shift(world, years))
    drawn = np.zeros(len(pool), dtype=bool)
    drawn[positions] = True
    history = replace(
        pool,
        rows=pool.rows[positions],
        frame=pool.frame.iloc[positions].reset_index(drop=True),
        won=won,
        days=(years * 365).astype(np.int64),
        rules=pool.rules[positions],
        criteria={name: states[positions] for name, states in pool.criteria.items()},
        excluded=pool.excluded[positions],
        counts=replace(pool.counts, used=leads, won=int(won.sum())),
        as_of=EPOCH + timedelta(days=round((YEARS + KNOWN_AFTER) * 365)),
    )
    return history, drawn


def quick_classifier() -> ClassifierMixin:
    """A logistic regression over bins: a sum of tables, fitted in a tenth of the time."""
    return make_pipeline(Binning(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=0.3, max_iter=300))


def with_precision(card: Card, precision: float) -> Card:
    """The card, whose stage asks for this precision."""
    stages = [
        replace(stage, precision=precision, confidence=CONFIDENCE) if stage.name == STAGE else stage
        for stage in card.stages
    ]
    return replace(card, stages=tuple(stages))


def find_by_oracle(
    totals: NDArray[np.int64],
    won: NDArray[np.bool_],
    population: NDArray[np.int64],
    log_odds: NDArray[np.float64],
    precision: float,
) -> bool:
    """Whether the candidate that is most likely to be proven, by its true precision, is proven at the whole error.

    Shapes: (m,) totals and outcomes of the held-out leads; (n,) totals and true log-odds of the population.
    """
    sorted_totals, sorted_won = strictest_first(totals, won)
    candidates = set_candidates(sorted_totals, None, precision, 1 - CONFIDENCE)
    rates = np.array([true_precision(log_odds, population >= threshold) for threshold in candidates.thresholds])
    if not (rates >= precision).any():
        return False
    fewest = binom.isf(1 - CONFIDENCE, candidates.volumes, precision) + 1
    likely = binom.sf(fewest - 1, candidates.volumes, rates) * (rates >= precision)
    best = int(likely.argmax())
    return bool(sorted_won[: candidates.volumes[best]].sum() >= fewest[best])


def measure(
    draws: int, leads: int, pool_size: int, world: str, certainty: float, released: bool, seed: int
) -> list[Outcomes]:
    """Draw histories, learn from each, and count; an item for each of the precisions."""
    card = read_card(CARD)
    assert card.outcome is not None
    frame = load_simulator().simulate(pool_size, seed=seed, truth=True)
    pool = read_history(card, frame.drop(columns="true_probability"))
    log_odds = certain(frame["true_probability"].to_numpy()[pool.rows - 1], certainty)
    log_odds_then = log_odds + shift(world, np.array(YEARS + KNOWN_AFTER))
    stage = next(stage for stage in card.stages if stage.name == STAGE)
    able = could_be_promoted(stage, pool.criteria, pool.excluded)
    random = np.random.default_rng(seed)
    truths: dict[float, list[float]] = {precision: [] for precision in PRECISIONS}
    oracle: dict[float, list[tuple[bool, bool]]] = {precision: [] for precision in PRECISIONS}
    for draw in range(draws):
        if draw % 20 == 0:
            print(f"{world}: {draw} of {draws} draws", file=sys.stderr)
        history, drawn = draw_history(pool, log_odds, world, leads, random)
        by_days_alone = np.zeros(leads, np.uint64)
        split = split_history(history.won, history.time_order, HELD_OUT, by_days_alone, card.outcome.within)
        classifier = default_classifier(card, history, draw) if released else quick_classifier()
        fit = fit_card(card, history, split, classifier)
        assert fit.learned.base_rate is not None
        others = able & ~drawn
        population = pool.score(Scorecard(card, fit.learned))[others]
        held = split.held[could_be_promoted(stage, history.criteria, history.excluded)[split.held]]
        for precision in PRECISIONS:
            asked = with_precision(card, precision)
            thresholds = find_thresholds(
                asked,
                history,
                fit.judged_totals,
                split.held,
                fit.learned.base_rate,
                comparable=fit.comparable_totals,
            )
            points = thresholds[STAGE].threshold.points
            if points is not None:
                truths[precision].append(true_precision(log_odds_then[others], population >= points))
            possible = find_by_oracle(
                fit.judged_totals[held], history.won[held], population, log_odds_then[others], precision
            )
            oracle[precision].append((possible, possible and points is not None))
    return [
        Outcomes(
            precision,
            draws,
            len(truths[precision]),
            sum(truth < precision for truth in truths[precision]),
            sum(possible for possible, _ in oracle[precision]),
            sum(both for _, both in oracle[precision]),
            tuple(truths[precision]),
        )
        for precision in PRECISIONS
    ]


def lines(results: Sequence[Outcomes], world: str) -> Iterator[str]:
    """As text, at most 100 columns wide."""
    yield f"world: {world}; confidence {CONFIDENCE:.2f}, {results[0].draws:,} histories, a model trained on each"
    for outcomes in results:
        yield ""
        yield f"precision {outcomes.asked:.2f}: a threshold in {outcomes.found:,} draws"
        share = outcomes.broken / outcomes.draws
        low, high = outcomes.broken_limits
        verdict = "within" if share <= MOST_BROKEN else "NOT within"
        yield (
            f"  broken by the true precision in {outcomes.broken:,} of all draws ({share:.1%}, 95 % interval {low:.1%}"
            f" to {high:.1%}): {verdict} {MOST_BROKEN:.0%}"
        )
        if outcomes.by_oracle and world == "steady":
            reached = outcomes.by_both / outcomes.by_oracle
            verdict = "enough" if reached >= LEAST_FOUND else "NOT enough"
            yield (
                f"  found in {outcomes.by_both:,} of the {outcomes.by_oracle:,} draws in which the oracle finds one"
                f" ({reached:.1%}): {verdict} for {LEAST_FOUND:.0%}"
            )
        if outcomes.precisions:
            worst, middle, best = np.quantile(outcomes.precisions, [0, 0.5, 1])
            yield f"  true precision: {worst:.3f} at worst, {middle:.3f} in the middle, {best:.3f} at best"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks promise", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=DRAWS, help="histories to draw in each world")
    parser.add_argument("--leads", type=int, default=LEADS, help="leads of a history, a quarter of them held out")
    parser.add_argument("--pool", type=int, default=POOL, help="leads that they are drawn from")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=WORLDS, help="how the rate moves")
    parser.add_argument("--certainty", type=float, default=CERTAINTY, help="how far the true log-odds are stretched")
    parser.add_argument("--released", action="store_true", help="train by the classifier of releases: ten times slower")
    parser.add_argument("--seed", type=int, default=1000, help="of the leads and the draws")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    results: dict[str, list[Outcomes]] = {}
    for world in options.worlds:
        results[world] = measure(
            options.draws, options.leads, options.pool, world, options.certainty, options.released, options.seed
        )
        if not options.json:
            print("\n".join(lines(results[world], world)), end="\n\n", flush=True)
    if options.json:
        records: dict[str, list[dict[str, Any]]] = {
            world: [asdict(outcomes) for outcomes in of_world] for world, of_world in results.items()
        }
        print(json.dumps(records, indent=2))


if __name__ == "__main__":
    main()
