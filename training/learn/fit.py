"""From a split history to a learned card: fit, compile, combine with the rules, round.

Models of older leads, one a fold of the split, say how good the recipe is and how much its model counts beside the
rules. Then the same recipe is fitted to all leads, and that is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.base import ClassifierMixin

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.compile import compile_additive, log_odds, to_tables
from leadledger.scoring.axis_parts import is_of_one_axis
from leadledger.scoring.choice_flags import add_choice_flags
from leadledger.scoring.errors import DataError
from leadledger.scoring.lookup import Term
from leadledger.scoring.scorecard import START_TENTHS, Card, Choice, Learned, Scorecard
from leadledger.training.history import History
from leadledger.training.learn.estimator import fit_estimator
from leadledger.training.learn.judged_totals import to_published_scale
from leadledger.training.learn.newest_rate import NewestRate, find_newest_rate
from leadledger.training.learn.split import FoldForecast, HistorySplit, forecast_folds, held_out_decision
from leadledger.training.learn.trust import LOG_ODDS, Weights, combine, in_the_large
from leadledger.training.levels import list_levels
from leadledger.training.nested_texts import find_learned_parents

READING_LOSS = 0.0002  # by which the mean log-loss may rise for tables of fewer rows; on simulated leads it halves them


@dataclass(frozen=True)
class CardFit:
    """What was learned, before any threshold was found.

    `totals` (n,): the score of every lead of the history, tenths, by the card that learned from all of them. `exact`
    (n,): its log-odds before rounding. Models that had not seen a lead give it `judged_totals` (n,), on the scale of
    `totals` and with the same weights, and `forecast` (n,), a probability; leads that no such model judges have their
    `totals`, and NaN. `pool_forecast` (n,) is the forecast without what segments add; None where there are none.

    `comparable_totals` (n,), tenths, tell which leads score alike, whenever they came in: they are those of the card
    that learned from all leads, by the parts of its model that left the lead out, where it has such parts. NaN for
    further rows of a lead, and for all without time.
    """

    learned: Learned
    estimator: Any
    weights: Weights
    totals: NDArray[np.int64]
    exact: NDArray[np.float64]
    judged_totals: NDArray[np.int64]
    forecast: NDArray[np.float64]
    comparable_totals: NDArray[np.float64]
    compile_gap: float
    newest: NewestRate | None = None
    pool_forecast: NDArray[np.float64] | None = None


def default_classifier(card: Card, history: History, seed: int) -> AdditiveClassifier:
    """The classifier that is trained where none is given: monotone as `better:` says, as readable as the card asks.

    It learns segments where the card names a field for them that the history has, and no term of two axes.
    """
    better = {"higher": 1, "lower": -1, "": 0}
    monotone: dict[str | int, int] = {str(name): better[card.fields[name].better] for name in history.frame.columns}
    return AdditiveClassifier(
        segment=card.segment if card.segment in monotone else None,
        pairs=0 if card.readable == "tables" else "auto",
        combinations="auto" if card.readable == "all" else 0,
        monotone=monotone,
        parents=find_learned_parents(card, history.frame),
        axes=find_axes(card, history.choices, history.frame.columns),
        random_state=seed,
        n_jobs=-1,  # the same fit, whatever the cores
    )


def fit_card(
    card: Card,
    history: History,
    split: HistorySplit,
    estimator: ClassifierMixin,
    progress: Callable[[str], None] = lambda step: None,
    sample_weight: NDArray[np.float64] | None = None,
) -> CardFit:
    """Learn from all leads, and judge by the folds of a split.

    `sample_weight` (n,) says how much each lead counts for the classifier.
    Raises CompileError where the estimator is no sum of tables, DataError where it can't be fitted at all.
    """
    frame, won, rules = history.frame, history.won, history.rules
    progress("fitting on all leads")
    leads = None if split.rows is None else split.rows.leads
    fitted = fit_estimator(estimator, frame, won, sample_weight, leads)
    progress("compiling to tables")
    additive = compile_additive(fitted, frame)
    forecasts = forecast_folds(estimator, frame, won, split, progress, sample_weight)
    base_rate = history.rate
    weights = weigh_forecasts(card, history, forecasts, split.way)
    newest: NewestRate | None = None
    comparable = np.full(len(won), np.nan)
    if split.way == "time":
        decision = held_out_decision(fitted, frame)
        decided, counts = weights.log_odds(rules, decision), history.fit_weights
        rate = float(np.average(won, weights=counts))
        weights = replace(weights, intercept=in_the_large(decided, rate, counts))
        drawn = split.draw(np.arange(len(won)))
        comparable[drawn] = decided[drawn] / LOG_ODDS
        newest = find_newest_rate(
            decided[drawn] + weights.intercept, won[drawn], base_rate, None if counts is None else counts[drawn]
        )
    start = START_TENTHS + (weights.intercept + weights.model * additive.intercept - logit(base_rate)) / LOG_ODDS
    terms = to_tables(additive, list(frame.columns), weights.model, READING_LOSS)
    _refuse_spanning(card, history, terms)
    asked = {name for term in terms for name in term.fields}
    learned = Learned(
        base_rate=base_rate,
        start=round(float(start)),
        trust=round(weights.trust, 4),
        terms=terms,
        choices={name: choice for name, choice in history.choices.items() if name in asked},
        levels=list_levels(card, frame, terms),
    )
    exact = weights.intercept + weights.log_odds(rules, log_odds(fitted, frame))
    progress("rounding to tenths")
    totals = history.score(Scorecard(card, learned))
    # What rounding moved on average goes back into the start; the rest is reported as the gap.
    moved = round(float(np.mean((exact - logit(base_rate)) / LOG_ODDS + START_TENTHS - totals)))
    learned = replace(learned, start=learned.start + moved, base_rate=newest.after if newest else base_rate)
    totals = totals + moved
    return CardFit(
        learned=learned,
        estimator=fitted,
        weights=weights,
        totals=totals,
        exact=exact,
        judged_totals=_judged_totals(history, forecasts, weights, totals),
        forecast=make_forecast(card, history, forecasts, weights, split),
        comparable_totals=comparable,
        compile_gap=additive.gap,
        newest=newest,
        pool_forecast=_forecast_by_pool(card, history, forecasts, weights, split),
    )


def find_axes(card: Card, choices: Mapping[str, Choice], columns: Iterable[Any]) -> dict[str | int, str] | None:
    """The axis of each column of a history, which is a field or a choice of one; None: the card has no axes.

    The columns of segments are left out: they say whose a table is, and not what it is about.
    """
    if not card.axes:
        return None
    fields = add_choice_flags(card, choices).fields
    return {str(name): fields[str(name)].axis or "fit" for name in columns if name != card.segment}


def _refuse_spanning(card: Card, history: History, terms: Sequence[Term]) -> None:
    """Raises DataError where a classifier of the caller's has learned a term of two axes."""
    if not card.axes:
        return
    flagged = add_choice_flags(card, history.choices)
    spanning = [term.name for term in terms if not is_of_one_axis(flagged, term)]
    if spanning:
        raise DataError(
            f"the classifier has learned a term of both axes, '{spanning[0]}', and each entry of the ledger belongs to"
            " one; leave `estimator` out, since AdditiveClassifier keeps them apart, let these fields be of one axis,"
            " or remove `axes:` from the card"
        )


def weigh_forecasts(card: Card, history: History, forecasts: Sequence[FoldForecast], way: str) -> Weights:
    """The weights of rules and model, by leads that the models had not seen; by time with an intercept a fold."""
    judged = np.concatenate([forecast.fold.judged for forecast in forecasts])
    decision = np.concatenate([forecast.judged for forecast in forecasts])
    sizes = [len(forecast.judged) for forecast in forecasts]
    parts = np.repeat(np.arange(len(sizes)), sizes) if way == "time" else None
    counts = None if history.fit_weights is None else history.fit_weights[judged]
    return combine(history.won[judged], history.rules[judged], decision, card.trust, parts, counts)


def _judged_totals(
    history: History, forecasts: Sequence[FoldForecast], weights: Weights, totals: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The totals (n,) that models which had not seen the leads give them, on the scale of the published `totals` (n,).

    A model of fewer leads starts elsewhere and spreads its totals less, so each fold has a scale of its own.
    """
    judged_totals = totals.copy()
    for forecast in forecasts:
        judged = forecast.fold.judged
        points = weights.log_odds(history.rules[judged], forecast.judged)
        judged_totals[judged] = to_published_scale(points, totals[judged])
    return judged_totals


def make_forecast(
    card: Card, history: History, forecasts: Sequence[FoldForecast], weights: Weights, split: HistorySplit
) -> NDArray[np.float64]:
    """The probabilities (n,) by models that had not seen the leads; NaN where there are none.

    The weights of a fold come from the judged leads that its model has learned from; where there are none, they are
    those of all. The base rate is that of its learned leads, by time that of the newest of them, as for the release.
    """
    probability = np.full(len(history), np.nan)
    for forecast in forecasts:
        fold = forecast.fold
        others = [known for other in forecasts if other is not forecast and (known := _known_to(fold.learned, other))]
        own = weigh_forecasts(card, history, others, split.way) if others else weights
        seen = own.log_odds(history.rules[fold.learned], forecast.learned)
        won = history.won[fold.learned]
        counts = None if history.fit_weights is None else history.fit_weights[fold.learned]
        rate = float(np.average(won, weights=counts))
        intercept = in_the_large(seen, rate, counts)
        if split.way == "time":
            drawn = slice(None) if split.rows is None else split.rows.drawn[fold.learned]
            newest = find_newest_rate(
                seen[drawn] + intercept, won[drawn], rate, None if counts is None else counts[drawn]
            )
            intercept += float(logit(newest.after) - logit(rate))
        decided = own.log_odds(history.rules[fold.judged], forecast.judged)
        probability[fold.judged] = expit(intercept + decided)
    return probability


def _forecast_by_pool(
    card: Card, history: History, forecasts: Sequence[FoldForecast], weights: Weights, split: HistorySplit
) -> NDArray[np.float64] | None:
    """The probabilities (n,) as of `make_forecast`, without what segments add; None where there are none."""
    by_pool = [replace(forecast, judged=forecast.pool) for forecast in forecasts if forecast.pool is not None]
    return make_forecast(card, history, by_pool, weights, split) if by_pool else None


def _known_to(learned: NDArray[np.intp], forecast: FoldForecast) -> FoldForecast | None:
    """The part of a forecast whose leads are among those that another model has learned from; None: there are none."""
    known = np.isin(forecast.fold.judged, learned)
    if not known.any():
        return None
    return replace(
        forecast, fold=replace(forecast.fold, judged=forecast.fold.judged[known]), judged=forecast.judged[known]
    )
