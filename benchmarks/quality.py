"""How good the predicted probabilities are on real sets, beside those of what a user would pick today.

    make bench-quality
    python -m benchmarks quality --sets olist --learners ours,logistic,odoo --json
    python -m benchmarks quality --once     # the sets that are kept aside; it counts how often they were looked at

Every learner has its defaults and sees the same leads and the same honest fields: those that the card lets training
learn from. Where leads have days, it learns from the older and predicts the newer, at the newest 30 % and at earlier
cuts; otherwise the leads are split at random, stratified, several times, 70 to 30. Figures are means over the splits,
and over the seeds of a learner that has any: `seeds ±` is the standard deviation of its log-loss from seed to seed, on
the same split. The interval of a log-loss is a bootstrap over leads, that of a difference to ours a paired one: of each
lead's loss, averaged over the splits that held it out. AutoGluon learns for 200 seconds, once a split.

`fit s` of ours is all that training does: the fit, the compilation into tables, the out-of-fold predictions, the
weighing with the rules, the rounding. Its `predict s` scores all leads of the set, cleaned and with rules, as a list is
scored; that of the others covers the held-out leads alone, with clean values. Learners use their default number of
threads; scikit-learn's boosting uses one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.kept_aside import ONCE, count_look, say_times
from benchmarks.learners import LEARNERS, TITLES, UNSEEDED, Floats, absent
from benchmarks.real_sets import HELD_OUT_SHARE, SETS, RealSet, loaded
from leadledger.training.evidence.forecast_quality import SMALLEST, judge

SPLITS = 3
SEEDS = 3
RESAMPLES = 1000
CONFIDENCE = 0.95
WITHIN = 0.002  # of log-loss, above the best of all, that ours may be


@dataclass(frozen=True)
class LearnerQuality:
    """One learner on one set, as means over splits and seeds.

    `loss_low` and `loss_high` are the interval of its log-loss, `seed_error` its standard deviation from seed to seed
    (None: one seed). `above` is its log-loss less ours, with its interval, `low` and `high`.
    """

    learner: str
    log_loss: float
    loss_low: float
    loss_high: float
    seed_error: float | None
    above: float
    low: float
    high: float
    auc: float
    brier: float
    fit: float  # seconds
    predict: float  # seconds


@dataclass(frozen=True)
class SetQuality:
    """What was measured on one set."""

    name: str
    leads: int
    rate: float
    fields: int
    splits: int
    way: str
    rows: tuple[LearnerQuality, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self)


@dataclass
class LearnerTally:
    """What one learner has shown so far: measures by split, and each lead's mean share of the log-loss (n,)."""

    lead_losses: Floats
    measures: list[tuple[float, ...]] = field(default_factory=list)
    by_seed: list[list[float]] = field(default_factory=list)  # of each split, the log-loss of each seed


def measure(data: RealSet, names: Sequence[str], splits: int, seeds: int = 1) -> SetQuality:
    """Fit and judge the learners on the same splits; ours is among them and comes first.

    `seeds` is how often a learner with a seed is fitted to each split.
    """
    won = data.history.won
    tallies = {name: LearnerTally(np.zeros(len(won))) for name in names}
    parts = list(data.splits(splits))
    for number, (older, held) in enumerate(parts):
        for name, tally in tallies.items():
            print(f"{data.name}, split {number + 1} of {len(parts)}: {TITLES[name]}", file=sys.stderr)
            draws = 1 if name in UNSEEDED else seeds
            tally.by_seed.append([])
            for seed in range(number * draws, (number + 1) * draws):
                start = time.perf_counter()
                predict = LEARNERS[name](data, older, seed)
                fitted = time.perf_counter()
                probability = predict(held)
                done = time.perf_counter()
                judged = judge(won[held], probability)
                assert judged.auc is not None
                tally.measures.append((judged.log_loss, judged.auc, judged.brier, fitted - start, done - fitted))
                tally.by_seed[-1].append(judged.log_loss)
                tally.lead_losses[held] += lead_losses(won[held], probability) / len(held) / len(parts) / draws
    tested = np.unique(np.concatenate([held for _, held in parts]))
    losses = np.column_stack([tally.lead_losses[tested] for tally in tallies.values()])
    above = losses - losses[:, :1]
    low, high = bootstrap(above)
    loss_low, loss_high = bootstrap(losses)
    rows = []
    for place, (name, tally) in enumerate(tallies.items()):
        loss, auc, brier, fit, predict_ = (float(mean) for mean in np.mean(tally.measures, axis=0))
        difference = float(above[:, place].sum())
        limits = float(loss_low[place]), float(loss_high[place])
        apart = float(low[place]), float(high[place])
        spread = seed_error(tally.by_seed)
        rows.append(LearnerQuality(name, loss, *limits, spread, difference, *apart, auc, brier, fit, predict_))
    way = "time-ordered" if data.ordered else "stratified"
    return SetQuality(data.name, len(won), float(won.mean()), data.history.frame.shape[1], len(parts), way, tuple(rows))


def seed_error(by_seed: Sequence[Sequence[float]]) -> float | None:
    """The standard deviation of the log-loss from seed to seed, pooled over splits; None with one seed a split."""
    variances = [np.var(losses, ddof=1) for losses in by_seed if len(losses) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else None


def lead_losses(won: np.ndarray, probability: Floats) -> Floats:
    """The log-loss of each lead; shape (n,)."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.log(np.where(won, p, 1 - p)))


def bootstrap(differences: Floats) -> tuple[Floats, Floats]:
    """The interval of the sum of each column (n, learners) over samples of leads like these."""
    random = np.random.default_rng(0)
    n = len(differences)
    sums = np.array([random.multinomial(n, np.full(n, 1 / n)) @ differences for _ in range(RESAMPLES)])
    tail = (1 - CONFIDENCE) / 2
    return np.quantile(sums, tail, axis=0), np.quantile(sums, 1 - tail, axis=0)


def lines(table: SetQuality) -> Iterator[str]:
    """A table as text, at most 100 columns wide, and what it says."""
    cut = "cuts in time" if table.way == "time-ordered" else "random splits"
    yield (
        f"{table.name}: {table.leads:,} leads, {table.rate:.1%} won, {table.fields} fields;"
        f" {table.way}, {table.splits} {cut}, {HELD_OUT_SHARE:.0%} held out"
    )
    yield f"{'':<26}{'log-loss, 95 %':>24}{'seeds ±':>9}{'above ours, 95 %':>26}{'AUC':>7}{'fit s':>8}"
    for row in table.rows:
        above = "" if row.learner == "ours" else f"{row.above:+.4f} ({row.low:+.4f} {row.high:+.4f})"
        limits = f"{row.log_loss:.4f} ({row.loss_low:.4f} {row.loss_high:.4f})"
        seeds = "" if row.seed_error is None else f"{row.seed_error:.4f}"
        yield f"{TITLES[row.learner]:<26}{limits:>24}{seeds:>9}{above:>26}{row.auc:>7.3f}{row.fit:>8.2f}"
    first, *others = table.rows
    own = ("ours", "readable", "classifier")
    rivals = [row for row in others if row.learner not in own]
    if rivals:
        best = min(rivals, key=lambda row: row.log_loss)
        gap = first.log_loss - best.log_loss
        verdict = "within" if gap <= WITHIN else "NOT within"
        yield f"ours is {abs(gap):.4f} {'above' if gap > 0 else 'below'} the best other, {TITLES[best.learner]}:" + (
            f" {verdict} {WITHIN}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default="", help=f"some of {','.join(SETS)}; with --once of {','.join(ONCE)}")
    parser.add_argument("--once", action="store_true", help="the sets kept aside, for a last measurement; looks count")
    parser.add_argument("--learners", default=",".join(LEARNERS), help=f"some of {','.join(LEARNERS)}; ours always is")
    parser.add_argument("--splits", type=int, default=SPLITS, help="how often leads are held out (at most 4 in time)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how often a learner with a seed is fitted to a split")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    chosen = choose_names(parser, "--learners", options.learners, LEARNERS)
    names = ["ours", *(name for name in chosen if name != "ours" and not is_absent(name))]
    known = ONCE if options.once else SETS
    sets = choose_names(parser, "--sets", options.sets or ",".join(known), known)
    tables = []
    for data in loaded(sets, once=options.once):
        if options.once:
            print(f"{data.name}: looked at {say_times(count_look(data.name))}", file=sys.stderr)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a rival's own; ours make none
            tables.append(measure(data, names, max(1, options.splits), max(1, options.seeds)))
        if not options.json:
            print("\n".join(lines(tables[-1])), end="\n\n", flush=True)
    if options.json:
        print(json.dumps([table.to_dict() for table in tables], indent=2))


def is_absent(name: str) -> bool:
    """Whether a learner is absent; says so on standard error."""
    why = absent(name)
    if why:
        print(f"{TITLES[name]} is skipped: {why}", file=sys.stderr)
    return bool(why)


def choose_names(parser: argparse.ArgumentParser, option: str, given: str, known: Any) -> list[str]:
    """The names of a list with commas; one that is not known ends the program with status 2."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    for name in names:
        if name not in known:
            parser.error(f"{option}: there is no '{name}'; there are: {', '.join(known)}")
    return names


if __name__ == "__main__":
    main()
