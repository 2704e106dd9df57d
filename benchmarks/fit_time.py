"""The time that our fit and a whole training take, beside CatBoost's fit with its defaults, in one run.

    python -m benchmarks fit_time --leads 10000 --repeats 1

The leads are simulated: two years, 16 fields (eight numbers, five texts, three flags, with missing values), of which
some act alone, some in pairs and some in threes. The work takes turns, so that a busy machine slows all alike; the
figures are medians, of seconds and of the processor's seconds, all threads together. CatBoost learns from texts and
flags as its categories. A training reads the history, fits and judges, finds a threshold and writes the release with
its report.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.binning import kind_of
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.releases.store import Releases
from leadledger.training.runs.train import train

LEADS = 30_000
REPEATS = 3
MOST_FOR_FIT, MOST_FOR_TRAINING = 1.0, 2.5  # times CatBoost's, that we allow ourselves
FIRST_DAY = pd.Timestamp("2024-01-01")
DAYS = 730  # over which the leads come in
HORIZON = 60  # days within which an outcome counts
OUTCOME = ("lead_id", "created", "won_on")
BASE = -3.2  # log-odds, with which about a fifth of the leads is won
CARD = """\
name: fit-time
fields:
  lead_id: {kind: id}
  created: {kind: date}
%s
outcome:
  became: {field: won_on, kind: date}
  since: created
  within: 60 days
base_rate: 0.2
stages:
  - {name: lead}
  - {name: customer, points: 70, probability: {precision: 0.5, confidence: 0.9}}
"""


def simulate(leads: int, seed: int = 0) -> pd.DataFrame:
    """A history with an id, a day, 16 fields and the day of winning, if any, of each lead."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(leads, 8))
    sources, industries = random.integers(0, 12, leads), random.integers(0, 20, leads)
    countries = np.minimum(random.geometric(0.08, leads), 40)
    roles, needs = random.integers(0, 6, leads), random.integers(0, 4, leads)
    flags = random.random((leads, 3)) < (0.3, 0.5, 0.15)
    alone = (
        0.5 * x[:, 0]
        + 0.4 * np.sin(2 * x[:, 1])
        - 0.3 * np.abs(x[:, 2])
        + np.linspace(-0.8, 0.8, 12)[sources]
        + np.linspace(0.5, -0.5, 20)[industries]
        + 0.5 * needs
        + 0.4 * flags[:, 0]
    )
    pairs = 0.8 * x[:, 3] * flags[:, 1] + 0.6 * np.sign(x[:, 4]) * (roles < 3)
    threes = 1.4 * ((x[:, 5] > 0) & flags[:, 1] & (needs > 1)) - 1.2 * ((x[:, 6] > 0) & (x[:, 3] > 0) & (roles > 2))
    won = random.random(leads) < expit(BASE + 0.8 + alone + pairs + threes)
    amounts: NDArray[np.float64] = np.exp(7 + x[:, 0]).round(-1)
    values: dict[str, Any] = {
        "amount": _gaps(amounts, random, 0.15),
        "visits": np.floor(np.exp(1 + 0.8 * x[:, 2])),
        **{f"number_{at}": _gaps(x[:, at].round(3), random, 0.03) for at in (1, 3, 4, 5, 6, 7)},
        "source": _texts("source", sources, random, 0.1),
        "industry": _texts("industry", industries, random, 0.2),
        "country": _texts("country", countries, random, 0.0),
        "role": _texts("role", roles, random, 0.05),
        "need": _texts("need", needs, random, 0.0),
        **{f"flag_{at}": flags[:, at] for at in range(3)},
    }
    days = np.sort(random.integers(0, DAYS, leads))
    created = FIRST_DAY + pd.to_timedelta(days, unit="D")
    won_on = created + pd.to_timedelta(random.integers(1, HORIZON, leads), unit="D")
    return pd.DataFrame({"lead_id": [f"lead {at}" for at in range(leads)], "created": created, **values}).assign(
        won_on=won_on.strftime("%Y-%m-%d").where(won, None), created=created.strftime("%Y-%m-%d")
    )


def card_text(history: pd.DataFrame) -> str:
    """A card that learns from all fields of a history."""
    return CARD % "\n".join(f"  {name}: {{kind: {kind_of(history[name])}}}" for name in learnable(history))


def learnable(history: pd.DataFrame) -> list[str]:
    """The fields that a learner sees."""
    return [str(name) for name in history if name not in OUTCOME]


def fit_ours(history: pd.DataFrame) -> None:
    """Fit our classifier as it is trained by default."""
    AdditiveClassifier(random_state=0, n_jobs=-1).fit(history[learnable(history)], history["won_on"].notna())


def fit_catboost(history: pd.DataFrame) -> None:
    """Fit CatBoost with its defaults."""
    from catboost import CatBoostClassifier

    frame = history[learnable(history)]
    categories = [str(name) for name in frame if kind_of(frame[name]) != "number"]
    frame = frame.assign(**{name: frame[name].astype(object).fillna("").astype(str) for name in categories})
    model = CatBoostClassifier(random_seed=0, verbose=0, allow_writing_files=False, cat_features=categories)
    model.fit(frame, history["won_on"].notna().astype(int))


def train_ours(history: pd.DataFrame) -> None:
    """Train and write the release."""
    with tempfile.TemporaryDirectory() as folder:
        card = Path(folder) / "card.yaml"
        card.write_text(card_text(history), "utf-8")
        training = train(card, history)
        training.publish(Releases(Path(folder) / "home"), datetime.now(UTC))


WORK: dict[str, Callable[[pd.DataFrame], None]] = {
    "catboost": fit_catboost,
    "fit": fit_ours,
    "training": train_ours,
}
TITLES = {"catboost": "CatBoost with its defaults", "fit": "our fit", "training": "our whole training"}


@dataclass(frozen=True)
class WorkTime:
    """Medians of the seconds of a work, by the clock and of the processor, and their ratios to those of CatBoost."""

    work: str
    seconds: float
    processor: float
    ratio: float
    processor_ratio: float


def measure(leads: int, repeats: int, names: Sequence[str] = tuple(WORK)) -> list[WorkTime]:
    """Time each work in turn, so often; CatBoost is the first of `names`."""
    history = simulate(leads)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for repeat in range(repeats):
        for name in names:
            print(f"{repeat + 1} of {repeats}: {TITLES[name]}", file=sys.stderr)
            clock, processor = time.perf_counter(), time.process_time()
            WORK[name](history)
            times[name].append((time.perf_counter() - clock, time.process_time() - processor))
    medians = {name: np.median(of_work, axis=0) for name, of_work in times.items()}
    first: NDArray[np.float64] = medians[names[0]]
    return [WorkTime(name, *map(float, (*median, *(median / first)))) for name, median in medians.items()]


def lines(times: Sequence[WorkTime], leads: int) -> Iterator[str]:
    """As text."""
    yield f"{leads:,} leads, 16 fields"
    yield f"{'':<28}{'s':>8}{'ratio':>8}{'processor s':>13}{'ratio':>8}"
    for row in times:
        figures = f"{row.seconds:>8.2f}{row.ratio:>8.2f}{row.processor:>13.2f}{row.processor_ratio:>8.2f}"
        yield f"{TITLES[row.work]:<28}{figures}"
    for row in times[1:]:
        most = {"fit": MOST_FOR_FIT, "training": MOST_FOR_TRAINING}[row.work]
        yield f"{TITLES[row.work]}: {'within' if row.ratio <= most else 'NOT within'} {most:g} times CatBoost's"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks fit_time", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=LEADS, help="leads of the history")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="how often each work is done")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    times = measure(options.leads, options.repeats)
    rows = [asdict(row) for row in times]
    print(json.dumps(rows, indent=2) if options.json else "\n".join(lines(times, options.leads)))


def _gaps(values: NDArray[np.float64], random: np.random.Generator, missing: float) -> NDArray[np.float64]:
    return np.where(random.random(len(values)) < missing, np.nan, values)


def _texts(prefix: str, codes: NDArray[np.int64], random: np.random.Generator, missing: float) -> NDArray[np.object_]:
    gone = random.random(len(codes)) < missing
    return np.array(
        [None if none else f"{prefix} {code}" for none, code in zip(gone, codes, strict=True)], dtype=object
    )


if __name__ == "__main__":
    main()
