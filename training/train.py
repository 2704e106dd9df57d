"""Training, end to end: read, split, fit, compile, combine, round, promise, judge.

What can't be learnt is said plainly, and rules alone are released: no outcome, too few of them, or all alike.
"""

from __future__ import annotations

import hashlib
import io
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.base import ClassifierMixin, clone
from sklearn.model_selection import StratifiedKFold, train_test_split

from models.classifier import AdditiveClassifier
from models.compile import compile_additive, to_tables
from models.releases import Releases
from scoring.reader import read_card
from scoring.scorecard import START, Card, Learned, Scorecard, untrained
from training.combine import LOG_ODDS, combine
from training.history import History, read_history
from training.judge import Judgement, judge
from training.rivals import rivals, rules_alone
from training.threshold import Found, could_be_promoted, line_for

FOLDS = 5
HELD_OUT = 0.25
FEWEST_OF_A_KIND = 10  # outcomes of either kind, below which no classifier is fitted


@dataclass(frozen=True)
class Training:
    """What a training run made: the scorecard's learned part, its measures, where it came from, what to say of it.

    `rules_only` says why nothing was learned; empty where something was. `estimator` is the fitted classifier, or None.
    """

    card: Card
    card_text: str
    learned: Learned
    metrics: Mapping[str, Any]
    provenance: Mapping[str, Any]
    history: History | None
    rules_only: str = ""
    notes: tuple[str, ...] = ()
    estimator: Any = field(default=None, repr=False)

    @property
    def scorecard(self) -> Scorecard:
        """The card with what was learned, not released yet."""
        return Scorecard(self.card, self.learned)

    def publish(self, releases: Releases, created: datetime) -> str:
        """Release it, and make it the current one; returns the name of the release."""
        files: dict[str, bytes] = {}
        if self.estimator is not None:
            buffer = io.BytesIO()
            joblib.dump(self.estimator, buffer)  # for data scientists; nothing that serves reads it
            files["estimator.joblib"] = buffer.getvalue()
        return releases.publish(
            self.card_text,
            self.learned,
            metrics=dict(self.metrics),
            provenance=dict(self.provenance),
            created=created,
            files=files,
            note=self.rules_only,
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "rules_only": self.rules_only,
            "notes": list(self.notes),
            "metrics": dict(self.metrics),
            "provenance": dict(self.provenance),
        }


@dataclass(frozen=True)
class Split:
    """Which leads were learned from, and which were held out; positions in the history."""

    train: NDArray[np.intp]
    held: NDArray[np.intp]
    way: str


def train(
    card: Path | str,
    data: Path | str | pd.DataFrame,
    *,
    as_of: date | None = None,
    seed: int = 0,
    held_out: float = HELD_OUT,
    estimator: ClassifierMixin | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Training:
    """Learn from a history. Raises ScorecardError for the card, DataError for the data.

    `held_out` (0..1) is the share of leads to judge by: the newest where the card names a day, else drawn at random
    with the same share of opportunities. `estimator` takes the default's place; it must be additive over `bins_`.
    """
    path = Path(card)
    written = read_card(path)
    card_text = path.read_bytes().decode("utf-8")
    progress("reading the history")
    history = read_history(written, data, as_of)
    provenance = _provenance(card_text, data, history, seed)
    counts = {"counts": dict(history.counts.__dict__), "fields_left_out": dict(history.left_out)}
    why = _too_little(written, history)
    if why:
        return Training(written, card_text, untrained(written).learned, counts, provenance, history, why)
    split = split_history(history, held_out, seed)
    if not history.won[split.train].any() or history.won[split.train].all():
        why = "all the older leads, which training learns from, ended alike"
        return Training(written, card_text, untrained(written).learned, counts, provenance, history, why)
    return _fit(written, card_text, history, split, estimator, seed, counts, provenance, progress)


def _too_little(card: Card, history: History) -> str:
    """Why nothing can be learned; empty where something can."""
    leads, won = len(history), history.counts.won
    minimum = card.outcome.minimum if card.outcome else 0
    if leads == 0:
        return "no lead of the history has an outcome that can be judged yet"
    if leads < minimum:
        return f"{leads} leads have an outcome, fewer than the {minimum} that the card asks for (`outcome: minimum:`)"
    if min(won, leads - won) == 0:
        return f"all {leads} leads ended alike: {'every' if won else 'no'} lead became an opportunity"
    if min(won, leads - won) < FEWEST_OF_A_KIND:
        return f"{won} of {leads} leads became opportunities; at least {FEWEST_OF_A_KIND} of either kind are needed"
    if history.frame.shape[1] == 0:
        return "no field can be learnt from: each is `learn: no`, or has one value only"
    return ""


def split_history(history: History, held_out: float, seed: int) -> Split:
    """Hold out the newest leads where the history has days, else a stratified sample."""
    positions = np.arange(len(history))
    if history.days is not None:
        cut = len(history) - max(1, round(len(history) * held_out))
        return Split(positions[:cut], positions[cut:], "time")
    kept, held = train_test_split(positions, test_size=held_out, stratify=history.won, random_state=seed)
    return Split(np.sort(kept), np.sort(held), "stratified")


def _fit(
    card: Card,
    card_text: str,
    history: History,
    split: Split,
    estimator: ClassifierMixin | None,
    seed: int,
    counts: Mapping[str, Any],
    provenance: Mapping[str, Any],
    progress: Callable[[str], None],
) -> Training:
    frame, won, rules = history.frame, history.won, history.rules
    older, held = split.train, split.held
    if estimator is None:
        better = {"higher": 1, "lower": -1, "": 0}
        monotone: dict[str | int, int] = {str(name): better[card.fields[name].better] for name in frame.columns}
        estimator = AdditiveClassifier(
            monotone=monotone, random_state=seed, n_jobs=-1
        )  # the same fit, whatever the cores
    unseen = out_of_fold(estimator, frame.iloc[older], won[older], seed, progress)
    weights = combine(won[older], rules[older], unseen, card.trust)
    progress("fitting on all older leads")
    fitted = clone(estimator).fit(frame.iloc[older], won[older])
    progress("compiling to tables")
    additive = compile_additive(fitted, frame.iloc[held])
    base_rate = float(won[older].mean())
    start = START + (weights.intercept + weights.model * additive.intercept - logit(base_rate)) / LOG_ODDS
    learned = Learned(
        base_rate=base_rate,
        start=round(float(start)),
        trust=round(weights.trust, 4),
        terms=to_tables(additive, list(frame.columns), weights.model),
    )
    # In log-odds, before anything was rounded.
    exact = weights.intercept + weights.trust * rules * LOG_ODDS + weights.model * fitted.decision_function(frame)
    progress("judging")
    totals = history.score(Scorecard(card, learned))
    # What rounding moved on average goes back into the start; the rest is told as the gap.
    drift = round(float(np.mean((exact[older] - logit(base_rate)) / LOG_ODDS + START - totals[older])))
    learned = replace(learned, start=learned.start + drift)
    totals = totals + drift
    promises = _promises(card, history, totals, held, base_rate)
    learned = replace(learned, lines={name: one.line for name, one in promises.items()})
    probability = expit((totals - START) * LOG_ODDS + logit(base_rate))
    forecasts = {
        "leadledger": probability[held],
        "rules alone": rules_alone(rules[older], won[older], rules[held]),
        **rivals(frame.iloc[older], won[older], frame.iloc[held], seed),
    }
    judged: dict[str, Judgement] = {name: judge(won[held], one) for name, one in forecasts.items()}
    gap = np.abs(exact[held] - logit(probability[held])) / LOG_ODDS / 10
    metrics = {
        **counts,
        "split": split.way,
        "held_out": {name: one.to_dict() for name, one in judged.items()},
        "base_rate": base_rate,
        "trust": learned.trust,
        "model_weight": round(weights.model, 4),
        "rounding_gap": {"mean_points": float(gap.mean()), "largest_points": float(gap.max())},
        "compile_gap": additive.gap,
        "promises": {name: one.to_dict() for name, one in promises.items()},
    }
    return Training(card, card_text, learned, metrics, provenance, history, estimator=fitted)


def out_of_fold(
    estimator: ClassifierMixin,
    frame: pd.DataFrame,
    won: NDArray[np.bool_],
    seed: int,
    progress: Callable[[str], None] = lambda step: None,
) -> NDArray[np.float64]:
    """Log-odds (n,) of each lead by a model that was fitted without it."""
    folds = min(FOLDS, int(won.sum()), int((~won).sum()))
    unseen = np.empty(len(won))
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(frame, won)
    for number, (kept, left) in enumerate(parts, start=1):
        progress(f"fitting, part {number} of {folds}")
        unseen[left] = clone(estimator).fit(frame.iloc[kept], won[kept]).decision_function(frame.iloc[left])
    return unseen


def _promises(
    card: Card, history: History, totals: NDArray[np.int64], held: NDArray[np.intp], base_rate: float
) -> dict[str, Found]:
    """The line of each stage that asks training for one, on the held-out leads that could be promoted."""
    days = None if history.days is None else int(np.ptp(history.days[held])) + 1
    found: dict[str, Found] = {}
    for stage in card.stages:
        able = held[could_be_promoted(stage, history.criteria, history.excluded)[held]]
        one = line_for(stage, totals[able], history.won[able], days, base_rate)
        if one is not None:
            found[stage.name] = one
    return found


def _provenance(card_text: str, data: Path | str | pd.DataFrame, history: History, seed: int) -> dict[str, Any]:
    """Where a release came from: digests, row counts, versions, the seed, and no clock."""
    if isinstance(data, pd.DataFrame):
        name, digest = "data frame", hashlib.sha256(pd.util.hash_pandas_object(data).to_numpy().tobytes()).hexdigest()
    else:
        name = Path(data).name
        with Path(data).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "data": name,
        "data_sha256": digest,
        "rows": history.counts.rows,
        "card_sha256": hashlib.sha256(card_text.encode()).hexdigest(),
        "as_of": None if history.as_of is None else history.as_of.isoformat(),
        "seed": seed,
        "versions": {
            "python": platform.python_version(),
            **{one: version(one) for one in ("leadledger", "scikit-learn", "pandas", "numpy", "duckdb")},
        },
    }
