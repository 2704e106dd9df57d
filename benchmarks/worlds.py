"""How far the predicted probabilities are from the truth, in worlds whose truth is known.

    python -m benchmarks worlds
    python -m benchmarks worlds --worlds threes,noise --leads 5000 --draws 3 --learners classifier,lightgbm

Each world draws leads and the true probability of each, then the outcomes. A learner sees the leads and the outcomes;
its gap is the mean of how much worse it predicts fresh leads than the truth does, in log-loss, over the outcomes that
the truth expects. No gap can be below 0. The mean outcome alone shows what there is to learn.

`sets` is the share of draws in which a learner of ours keeps a combination. It should keep none in the worlds that
only add up: `additive`, `lines`, `noise`, `nothing`, `roundness`, `levels` and `cities`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from benchmarks.quality import choose_names
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.training.evidence.baselines import boosting, logistic, plain

Floats: TypeAlias = NDArray[np.float64]
World: TypeAlias = Callable[[int, np.random.Generator], tuple[pd.DataFrame, Floats]]
Foresee: TypeAlias = Callable[[pd.DataFrame], Floats]  # from leads to the probability (n,) of each

LEADS = 5_000  # that are learned from
DRAWS = 3
FRESH_LEADS = 20_000  # that learners are judged by
RATE = 0.25  # of won leads, about, in every world
LEVELS = 3_000
CITIES, COUNTRIES = 3_000, 40


def numbers(count: int, random: np.random.Generator, fields: int) -> tuple[pd.DataFrame, Floats]:
    """Independent numbers, as a frame and as an array (count, fields)."""
    values = random.normal(size=(count, fields))
    return pd.DataFrame(values, columns=[f"field_{i}" for i in range(fields)]), values


def additive(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Ten numbers that each do something by themselves, smooth, stepped or bent."""
    frame, x = numbers(count, random, 10)
    lines = x[:, :3] @ [0.8, -0.5, 0.3]
    steps = (x[:, 3:6] > [0.0, 1.0, -1.0]) @ [0.6, 0.9, -0.7]
    return frame, lines + steps + 0.6 * np.sin(2 * x[:, 6]) + 0.4 * np.abs(x[:, 7])


def lines(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Four of twelve numbers act, three of them in a line, one by its logarithm; and the eight levels of a text."""
    frame, x = numbers(count, random, 12)
    source = random.integers(0, 8, count)
    frame["field_1"] = np.exp(x[:, 1])
    frame["source"] = pd.Series([f"source {i}" for i in source], dtype=object)
    return frame, x[:, :4] @ [0.6, 0.5, -0.4, 0.3] + np.linspace(-0.7, 0.7, 8)[source]


def roundness(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """An amount of 9,900 values: whole hundreds are guesses, whole thousands more so; two other fields."""
    frame, x = numbers(count, random, 3)
    frame["amount"] = np.where(
        random.random(count) < 0.3, 100 * random.integers(1, 100, count), random.integers(1, 9_901, count)
    ).astype(float)
    guess = np.where(frame["amount"] % 1000 == 0, -2.0, np.where(frame["amount"] % 100 == 0, -1.2, 0.4))
    return frame, guess + 0.5 * x[:, 0] - 0.4 * x[:, 1]


def threes(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Eighty numbers; twenty act, each in several of eighteen overlapping threes."""
    frame, x = numbers(count, random, 80)
    high = x > 0
    together = [high[:, i] & high[:, (i + 1) % 20] & high[:, (i + 5) % 20] for i in range(18)]
    return frame, np.column_stack(together) @ np.tile([1.0, -1.0, 1.2], 6)


def fours(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Twelve numbers; three fours act together, and one number by itself."""
    frame, x = numbers(count, random, 12)
    high = x > -0.3
    together = [high[:, at : at + 4].all(axis=1) for at in (0, 4, 6)]
    return frame, np.column_stack(together) @ [2.0, 1.6, -1.6] + 0.4 * x[:, 11]


def noise(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Three numbers that act by themselves, beside forty that do nothing."""
    frame, x = numbers(count, random, 43)
    return frame, 0.9 * x[:, 0] + 0.7 * np.abs(x[:, 1]) - 0.8 * (x[:, 2] > 0.5)


def pairs(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Fifteen numbers; five act by themselves, and eight in four pairs."""
    frame, x = numbers(count, random, 15)
    together = [np.tanh(x[:, first]) * np.tanh(x[:, second]) for first, second in pairwise(range(5, 10))]
    return frame, x[:, :5] @ np.full(5, 0.4) + 1.2 * np.sum(together, axis=0)


def levels(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """A text of 3,000 levels, the frequent ones first, with effects of variance 1; one number."""
    frame, x = numbers(count, random, 2)
    effects = np.random.default_rng(LEVELS).normal(size=LEVELS)  # the same in each draw: fresh leads have them too
    at = np.minimum((LEVELS * random.random(count) ** 3).astype(int), LEVELS - 1)
    frame["city"] = pd.Series([f"city {i}" for i in at], dtype=object)
    return frame, effects[at] + 0.5 * x[:, 0]


def cities(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Cities within countries, both with effects of variance 0.5, the frequent cities first; one number.

    A fifth of the countries has half of the leads. Most cities are rare, and some of the fresh leads' are new.
    """
    frame, x = numbers(count, random, 2)
    fixed = np.random.default_rng(CITIES)  # the same in each draw: fresh leads have them too
    of_country, of_city = np.sqrt(0.5) * fixed.normal(size=COUNTRIES), np.sqrt(0.5) * fixed.normal(size=CITIES)
    country = (COUNTRIES * fixed.random(CITIES) ** 2.3).astype(int)
    at = np.minimum((CITIES * random.random(count) ** 3).astype(int), CITIES - 1)
    frame["city"] = pd.Series([f"city {i}" for i in at], dtype=object)
    frame["country"] = pd.Series([f"country {i}" for i in country[at]], dtype=object)
    return frame, of_city[at] + of_country[country[at]] + 0.5 * x[:, 0]


def mixed(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """As histories are: texts, flags, skewed numbers, gaps; most act alone, some in twos, a three and a four."""
    frame, x = numbers(count, random, 8)
    kinds, sources = random.integers(0, 6, count), random.integers(0, 12, count)
    flag = random.random(count) < 0.3
    gap = random.random(count) < 0.15
    size = np.exp(x[:, 0])
    alone = 0.5 * x[:, 0] - 0.4 * x[:, 1] + np.linspace(-0.8, 0.8, 12)[sources] - 0.6 * gap + 0.5 * flag
    twos = 0.6 * x[:, 2] * flag + 0.5 * np.sign(x[:, 3]) * (kinds < 3)
    more = 1.4 * ((x[:, 4] > 0) & flag & (kinds > 1)) - 1.2 * ((x[:, 5] > 0) & (x[:, 6] > 0) & (x[:, 3] > 0) & ~flag)
    frame["field_0"] = np.where(gap, np.nan, size)
    frame["kind"] = pd.Series([f"kind {i}" for i in kinds], dtype=object)
    frame["source"] = pd.Series([f"source {i}" for i in sources], dtype=object)
    frame["flag"] = flag
    return frame, alone + twos + more


def duplicates(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """As `mixed`. Of the leads that are learned from, three in five are repeated rows; see `draw`."""
    return mixed(count, random)


def nothing(count: int, random: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Ten numbers, none of which tells anything."""
    frame, _ = numbers(count, random, 10)
    return frame, np.zeros(count)


WORLDS: Mapping[str, World] = {
    world.__name__: world
    for world in (additive, lines, noise, nothing, pairs, threes, fours, mixed, duplicates, roundness, levels, cities)
}
REPEATED_SHARE = 0.6  # of the rows of `duplicates`


@dataclass(frozen=True, eq=False)
class DrawnLeads:
    """Leads of a world, with the true probability (n,) and the outcome (n,) of each."""

    frame: pd.DataFrame
    probability: Floats
    won: NDArray[np.bool_]


def draw(name: str, count: int, seed: int, *, fresh: bool = False) -> DrawnLeads:
    """So many leads of a world. `fresh`: to judge by, without repeated rows."""
    random = np.random.default_rng([seed, int(fresh)])
    frame, log_odds = WORLDS[name](count, random)
    probability = expit(log_odds - CENTRES[name] + logit(RATE))
    won = random.random(count) < probability
    if name == "duplicates" and not fresh:
        rows = random.integers(0, round(count * (1 - REPEATED_SHARE)), count)
        frame, probability, won = frame.iloc[rows].reset_index(drop=True), probability[rows], won[rows]
    return DrawnLeads(frame, probability, won)


def find_centre(name: str) -> float:
    """The mean true log-odds of a world."""
    return float(WORLDS[name](20_000, np.random.default_rng(1))[1].mean())


CENTRES = {name: find_centre(name) for name in WORLDS}


def gap_to_truth(truth: Floats, foreseen: Floats) -> float:
    """How much higher the expected log-loss is than that of the truth; 0 or more."""
    p, q = np.clip(truth, 1e-12, 1 - 1e-12), np.clip(foreseen, 1e-12, 1 - 1e-12)
    return float(np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))))


@dataclass(frozen=True, eq=False)
class WorldModel:
    """What a learner has made of some leads. sets : its combinations, None for learners that have none."""

    foresee: Foresee
    sets: int | None = None


def ours(leads: DrawnLeads, seed: int) -> WorldModel:
    """Our classifier as it is trained by default."""
    return _fit_ours(leads, AdditiveClassifier(random_state=seed, n_jobs=-1))


def readable(leads: DrawnLeads, seed: int) -> WorldModel:
    """The same with tables only."""
    return _fit_ours(leads, AdditiveClassifier(random_state=seed, n_jobs=-1, combinations=0))


def nested(leads: DrawnLeads, seed: int) -> WorldModel:
    """Ours, told that a city lies within its country; as `ours` in the other worlds."""
    parents: dict[str | int, str | int] = {"city": "country"} if "country" in leads.frame else {}
    return _fit_ours(leads, AdditiveClassifier(random_state=seed, n_jobs=-1, parents=parents))


def logistic_regression(leads: DrawnLeads, seed: int) -> WorldModel:
    """scikit-learn's, with standardised numbers and one column a text level."""
    fitted = logistic(leads.frame).fit(plain(leads.frame), leads.won)
    return WorldModel(lambda frame: np.asarray(fitted.predict_proba(plain(frame))[:, 1]))


def unrestricted(leads: DrawnLeads, seed: int) -> WorldModel:
    """scikit-learn's histogram gradient boosting."""
    fitted = boosting(leads.frame, seed).fit(plain(leads.frame), leads.won)
    return WorldModel(lambda frame: np.asarray(fitted.predict_proba(plain(frame))[:, 1]))


def lightgbm(leads: DrawnLeads, seed: int) -> WorldModel:
    """LightGBM, texts as its categories."""
    from lightgbm import LGBMClassifier

    texts = [name for name in leads.frame if leads.frame[name].dtype == object]
    levels = {name: sorted(set(leads.frame[name])) for name in texts}

    def prepare(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{str(name): pd.Categorical(frame[name], levels[name]) for name in texts})

    fitted: Any = LGBMClassifier(random_state=seed, verbose=-1).fit(prepare(leads.frame), leads.won)
    return WorldModel(lambda frame: np.asarray(fitted.predict_proba(prepare(frame))[:, 1]))


def catboost(leads: DrawnLeads, seed: int) -> WorldModel:
    """CatBoost, texts as its categories."""
    from catboost import CatBoostClassifier

    texts = [name for name in leads.frame if leads.frame[name].dtype == object]
    model = CatBoostClassifier(random_seed=seed, verbose=0, allow_writing_files=False, cat_features=texts)
    fitted = model.fit(leads.frame, leads.won.astype(int))
    return WorldModel(lambda frame: np.asarray(fitted.predict_proba(frame)[:, 1]))


def ebm(leads: DrawnLeads, seed: int) -> WorldModel:
    """InterpretML's explainable boosting machine."""
    from interpret.glassbox import ExplainableBoostingClassifier

    fitted = ExplainableBoostingClassifier(random_state=seed).fit(leads.frame, leads.won)
    return WorldModel(lambda frame: np.asarray(fitted.predict_proba(frame)[:, 1]))


def rate_alone(leads: DrawnLeads, seed: int) -> WorldModel:
    """The rate of the leads, for each: what there is to learn."""
    return WorldModel(lambda frame: np.full(len(frame), leads.won.mean()))


LEARNERS: Mapping[str, Callable[[DrawnLeads, int], WorldModel]] = {
    "ours": ours,
    "readable": readable,
    "nested": nested,
    "rate": rate_alone,
    "logistic": logistic_regression,
    "boosting": unrestricted,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "ebm": ebm,
}


@dataclass(frozen=True)
class WorldGap:
    """The gap of a learner to the truth in a world, as a mean over the draws, with its standard deviation.

    sets : the share of the draws with a combination; None where the learner has none. fit : seconds.
    """

    world: str
    learner: str
    gap: float
    spread: float
    sets: float | None
    fit: float


def measure(world: str, learner: str, leads: int, draws: int, first: int = 0) -> WorldGap:
    """Fit a learner to some draws of a world and judge it on fresh leads. `first` is the seed of the first draw."""
    gaps, sets, seconds = [], [], []
    for seed in range(first, first + draws):
        known, fresh = draw(world, leads, seed), draw(world, FRESH_LEADS, seed, fresh=True)
        start = time.perf_counter()
        model = LEARNERS[learner](known, seed)
        seconds.append(time.perf_counter() - start)
        gaps.append(gap_to_truth(fresh.probability, model.foresee(fresh.frame)))
        sets.append(model.sets)
    share = None if None in sets else float(np.mean([bool(count) for count in sets]))
    return WorldGap(world, learner, float(np.mean(gaps)), float(np.std(gaps)), share, float(np.mean(seconds)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks worlds", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", default=",".join(WORLDS), help=f"some of {','.join(WORLDS)}")
    parser.add_argument("--learners", default=",".join(LEARNERS), help=f"some of {','.join(LEARNERS)}")
    parser.add_argument("--leads", type=int, default=LEADS, help="leads that are learned from")
    parser.add_argument("--draws", type=int, default=DRAWS, help="histories of each world")
    parser.add_argument("--first-draw", type=int, default=0, help="seed of the first of them")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    worlds = choose_names(parser, "--worlds", options.worlds, WORLDS)
    learners = choose_names(parser, "--learners", options.learners, LEARNERS)
    installed = [learner for learner in learners if not absent(learner)]
    for learner in set(learners) - set(installed):
        print(f"{learner} is skipped: {absent(learner)}", file=sys.stderr)
    rows = []
    if not options.json:
        print(f"{'world':<12}{'learner':<12}{'gap to the truth':>17}{'sd':>9}{'sets':>7}{'fit s':>8}")
    for world in worlds:
        for learner in installed:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a rival's own; ours make none
                row = measure(world, learner, options.leads, options.draws, options.first_draw)
            rows.append(row)
            sets = "" if row.sets is None else f"{row.sets:.0%}"
            if not options.json:
                line = f"{world:<12}{learner:<12}{row.gap:>17.4f}{row.spread:>9.4f}{sets:>7}{row.fit:>8.1f}"
                print(line, flush=True)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


def absent(learner: str) -> str:
    """Why a learner can't be measured here; empty where it can."""
    module = {"lightgbm": "lightgbm", "catboost": "catboost", "ebm": "interpret"}.get(learner)
    return f"{module} is not installed" if module and find_spec(module) is None else ""


def _fit_ours(leads: DrawnLeads, model: AdditiveClassifier) -> WorldModel:
    model.fit(leads.frame, leads.won)
    return WorldModel(lambda frame: np.asarray(model.predict_proba(frame)[:, 1]), len(model.combinations_))


if __name__ == "__main__":
    main()
