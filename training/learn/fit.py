"""From a split history to a learned card: fit, compile, combine with the rules, round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import ClassifierMixin

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.compile import compile_additive, log_odds, to_tables
from leadledger.scoring.scorecard import START_TENTHS, Card, Learned, Scorecard
from leadledger.training.history import History
from leadledger.training.learn.estimator import fit_estimator
from leadledger.training.learn.split import HistorySplit, out_of_fold
from leadledger.training.learn.trust import LOG_ODDS, Weights, combine, in_the_large
from leadledger.training.levels import list_levels

READING_LOSS = 0.0002  # by which the mean log-loss may rise for tables of fewer rows; on simulated leads it halves them


@dataclass(frozen=True)
class CardFit:
    """What was learned, before any threshold was found.

    `totals` (n,): the score of every lead of the history, tenths. `exact` (n,): its log-odds before rounding. `unseen`
    (n,): those of the older leads by models that were fitted without them, NaN where there are none. `way`: how these
    were split, time or stratified.
    """

    learned: Learned
    estimator: Any
    weights: Weights
    totals: NDArray[np.int64]
    exact: NDArray[np.float64]
    unseen: NDArray[np.float64]
    way: str
    compile_gap: float


def default_classifier(card: Card, history: History, seed: int) -> AdditiveClassifier:
    """The classifier that is trained where none is given: monotone as `better:` says, as readable as the card asks."""
    better = {"higher": 1, "lower": -1, "": 0}
    monotone: dict[str | int, int] = {str(name): better[card.fields[name].better] for name in history.frame.columns}
    return AdditiveClassifier(
        pairs=0 if card.readable == "tables" else "auto",
        combinations="auto" if card.readable == "all" else 0,
        monotone=monotone,
        random_state=seed,
        n_jobs=-1,  # the same fit, whatever the cores
    )


def fit_card(
    card: Card,
    history: History,
    split: HistorySplit,
    estimator: ClassifierMixin,
    seed: int,
    progress: Callable[[str], None] = lambda step: None,
    sample_weight: NDArray[np.float64] | None = None,
) -> CardFit:
    """Learn from the older leads of a split. `sample_weight` (n,): how much each counts for the classifier.

    Raises CompileError where the estimator is no sum of tables, DataError where it can't be fitted at all.
    """
    frame, won, rules, older = history.frame, history.won, history.rules, split.train
    older_weights = None if sample_weight is None else sample_weight[older]
    progress("fitting on all older leads")
    fitted = fit_estimator(estimator, frame.iloc[older], won[older], older_weights)
    progress("compiling to tables")
    additive = compile_additive(fitted, frame.iloc[split.held])
    days = None if history.time_order is None else history.time_order[older]
    parts = out_of_fold(estimator, frame.iloc[older], won[older], days, seed, progress, older_weights)
    seen = np.isfinite(parts.log_odds)
    weights = combine(won[older][seen], rules[older][seen], parts.log_odds[seen], card.trust, parts.parts[seen])
    base_rate = float(won[older].mean())
    if parts.way == "time":
        decision = held_out_decision(fitted, frame.iloc[older])
        beside = weights.trust * rules[older] * LOG_ODDS + weights.model * decision
        weights = replace(weights, intercept=in_the_large(beside, base_rate))
    start = START_TENTHS + (weights.intercept + weights.model * additive.intercept - logit(base_rate)) / LOG_ODDS
    terms = to_tables(additive, list(frame.columns), weights.model, READING_LOSS)
    asked = {name for term in terms for name in term.fields}
    learned = Learned(
        base_rate=base_rate,
        start=round(float(start)),
        trust=round(weights.trust, 4),
        terms=terms,
        choices={name: choice for name, choice in history.choices.items() if name in asked},
        levels=list_levels(card, frame, terms),
    )
    by_rules = weights.intercept + weights.trust * rules * LOG_ODDS
    exact = by_rules + weights.model * log_odds(fitted, frame)
    unseen = np.full(len(history), np.nan)
    unseen[older] = by_rules[older] + weights.model * parts.log_odds
    progress("rounding to tenths")
    totals = history.score(Scorecard(card, learned))
    # What rounding moved on average goes back into the start; the rest is reported as the gap.
    moved = round(float(np.mean((exact[older] - logit(base_rate)) / LOG_ODDS + START_TENTHS - totals[older])))
    learned = replace(learned, start=learned.start + moved)
    return CardFit(learned, fitted, weights, totals + moved, exact, unseen, parts.way, additive.gap)


def held_out_decision(fitted: Any, frame: pd.DataFrame) -> NDArray[np.float64]:
    """The log-odds (n,) of the leads that a classifier was fitted to: by the parts of it that left them out, if any."""
    decided = log_odds(fitted, frame)
    unseen = getattr(fitted, "held_out_decision_", None)
    return decided if unseen is None else np.where(np.isfinite(unseen), unseen, decided)
