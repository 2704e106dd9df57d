"""Training, end to end: read, split, fit, compile, combine, round, find thresholds, judge.

Where nothing can be learned (no outcome, too few of them, or all alike) training says why and releases rules alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import ClassifierMixin

from leadledger.models.learner.compile import class_name_of
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.choice_flags import add_choice_flags
from leadledger.scoring.errors import CompileError, DataError
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.evidence.leakage import find_leaks
from leadledger.training.evidence.maturity import maturity
from leadledger.training.evidence.release_comparison import nothing_learned
from leadledger.training.evidence.verdict import reach_verdict
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.learn.age_weights import choose_age_weights
from leadledger.training.learn.estimator import align_weights
from leadledger.training.learn.fit import default_classifier, fit_card
from leadledger.training.learn.known_leads import digest_leads, keep_leads
from leadledger.training.learn.lead_rows import find_lead_rows
from leadledger.training.learn.percentiles import find_percentiles
from leadledger.training.learn.split import HistorySplit, forecast_folds, split_history
from leadledger.training.learn.threshold import find_thresholds
from leadledger.training.nested_texts import describe_nesting
from leadledger.training.runs.earlier_releases import EarlierReleases, as_earlier, compare_to_earlier, unseen_totals
from leadledger.training.runs.exploration_study import (
    NOT_ASKED,
    NOT_SAID,
    ExplorationStudy,
    ignores_propensities,
    study_exploration,
)
from leadledger.training.runs.fit_measures import FittedCard, audit_and_drift, measure_fit
from leadledger.training.runs.landmark_measures import measure_events
from leadledger.training.runs.list_upkeep import measure_leads
from leadledger.training.runs.looks import count_look
from leadledger.training.runs.lost_fields import describe_lost_fields, find_lost_fields
from leadledger.training.runs.other_seeds import measure_seeds
from leadledger.training.runs.provenance import provenance
from leadledger.training.runs.step_fits import FittedStep, add_steps, check_step_columns, fit_steps
from leadledger.training.runs.training_result import Training
from leadledger.training.sources.event_rows import require_events
from leadledger.training.sources.logged import LoggedHistory
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.required_fields import check_without, fields_to_learn, require_fields

HELD_OUT = 0.25  # share of the leads to judge by, unless the caller sets another
FEWEST_OF_A_KIND = 10  # outcomes of either kind, below which no classifier is fitted


def train(
    card: Path | str,
    data: Path | str | pd.DataFrame | LoggedHistory,
    *,
    as_of: date | None = None,
    seed: int = 0,
    seeds: int = 1,
    held_out: float = HELD_OUT,
    estimator: ClassifierMixin | None = None,
    sample_weight: ArrayLike | None = None,
    current: Scorecard | EarlierReleases | None = None,
    events: Path | str | pd.DataFrame | None = None,
    reading: ReadingOptions = AS_FOUND,
    today: date | None = None,
    accept_left_out: bool = False,
    without: Sequence[str] = (),
    progress: Callable[[str], None] = lambda step: None,
) -> Training:
    """Learn from a history.

    Raises ScorecardError for the card, DataError for the data or the estimator, LeakageError (a DataError) for fields
    that know the outcome.

    `seeds` is how often the training is repeated, with the seeds that follow `seed`, to measure how far they differ.
    `held_out` (0..1) is the share of leads that models which had not seen them judge: the newest where the card names a
    day, else each lead in turn, in parts of that share that their ids, or values, choose. What is
    published has learned from all leads.
    `estimator` takes the default's place; it must be additive over `bins_`.
    `sample_weight` (rows of the history,) says how much each row counts for the classifier, 0 or more. Where the recent
    past foretells better, that of the default classifier is multiplied by the weight of the lead's age. Each lead
    counts once where rules are combined with it, thresholds are found and all is judged.
    `current` is the release that this one would follow, alone or with the best so far (`open_earlier`); all are judged
    by the same held-out leads, which none of them has learned from. A scorecard alone is taken to know none of them,
    and nobody counts then how often the leads were looked at (`runs/looks.py`).
    `events` are those of the leads, one row an event, for a card that counts events: leads are then learned from at
    landmarks (docs/training.md).
    `reading` says where in a file the leads are. `as_of` is the day on which the history was taken; None: its newest
    plausible day, and none after `today`, where the caller knows it. `accept_left_out`: go on where the rows that are
    left out would change the result. `without` names the fields that the history has no column for and that training
    goes on without; any other field of the card that it needs and that has none stops it.
    """
    earlier = as_earlier(current) or EarlierReleases(None)
    former = earlier.current
    path = Path(card)
    written = read_card(path)
    card_text = path.read_bytes().decode("utf-8")
    progress("reading the history")
    if not isinstance(data, LoggedHistory):
        require_events(written, events)
    elif events is not None:
        raise DataError("training from the decision log reads no list of events; leave out --events")
    history = read_history(written, data, as_of, reading, today, events)
    check_without([written], without)
    check_step_columns(written, history)
    gone: tuple[str, ...] = ()
    if not history.logged:  # the log has a column for each field
        needs = [(written, fields_to_learn(written))]
        gone = require_fields(history.source.columns, needs, without, history.label, "A release")
    history = history.refuse_doubtful("training", accept_left_out)
    written = add_choice_flags(written, history.choices)
    exploration: ExplorationStudy | None = None
    if written.explores:
        progress("looking at the leads that were drawn")
        exploration = study_exploration(written, history, seed)
        history = replace(history, notes=(*history.notes, NOT_SAID)) if exploration is None else exploration.history
    elif ignores_propensities(written, history):
        history = replace(history, notes=(*history.notes, NOT_ASKED))
    weights = None if sample_weight is None else align_weights(sample_weight, history.rows, history.counts.rows)
    source = provenance(
        card_text, data, history, seed, gone, data.events if isinstance(data, LoggedHistory) else events
    )
    metrics = _history_metrics(written, data, history)
    if exploration is not None:
        metrics["exploration"] = exploration.to_dict()
    why = _too_little(written, history)
    digests = digest_leads(history)
    rows = find_lead_rows(history, digests)
    gap = written.outcome.within if written.outcome and history.days is not None else 0
    split = None if why else split_history(history.won, history.time_order, held_out, digests, gap, rows)
    if split is not None and any(len(np.unique(history.won[fold.learned])) < 2 for fold in split.folds):
        why = "all the older leads, by which a model would be judged, ended alike"
    if split is None or why:
        if former is not None and former.scorecard.learned.terms:
            metrics["comparison"] = nothing_learned(former.scorecard.release, why).to_dict()
        return Training(
            written, card_text, build_untrained(written).learned, metrics, source, history, why, history.notes
        )
    progress("looking for fields that know the outcome")
    leakage = find_leaks(written, history if rows is None else history.take(np.flatnonzero(rows.drawn)), seed)
    leakage.refuse()
    metrics["leakage"] = leakage.to_dict()
    look = count_look(earlier.looks, source, held_out, digests[split.held])
    metrics["look"] = look.to_dict()
    progress("finding how fast leads age")
    ages = choose_age_weights(history, split, weights) if estimator is None else None
    if ages is not None:
        metrics["age_weights"] = ages.to_dict()
        weights = ages.weigh(history, weights)
    if history.fit_weights is not None:
        weights = history.fit_weights if weights is None else weights * history.fit_weights
    fitted = _fit(written, history, split, estimator, seed, progress, weights, look.error_share)
    steps: dict[str, FittedStep] = {}
    if not history.logged:  # the log knows no days of the steps
        steps = fit_steps(written, history, held_out, estimator, sample_weight, seed, accept_left_out, progress)
    if steps:
        fitted = replace(fitted, learned=add_steps(written, fitted.learned, steps, history))
        metrics["steps"] = {stage: step.metrics for stage, step in steps.items()}
    progress("judging")
    metrics |= measure_fit(fitted, seed)
    if seeds > 1:
        metrics["seeds"] = measure_seeds(fitted, seed, seeds, progress, weights)
    metrics |= measure_events(fitted, estimator, seed, progress, weights)
    progress("auditing the rules")
    metrics |= audit_and_drift(fitted)
    metrics["verdict"] = reach_verdict(metrics)
    if former is not None:
        progress("comparing with the current release")
        metrics["comparison"] = compare_to_earlier(fitted, former, earlier.best, digests).to_dict()
        if metrics["comparison"]["leads"]:
            unseen = split.held[~former.knows(history, digests)[split.held]]
            upkeep = measure_leads(former.scorecard, history, unseen)
            metrics["current_upkeep"] = upkeep and {"release": former.scorecard.release, **upkeep.to_dict()}
        lost = find_lost_fields(written, history, data, former.scorecard)
        if lost:
            metrics["lost_fields"] = {"fields": lost, "said": describe_lost_fields(lost, former.scorecard.release)}
    aged = [ages.sentence] if ages and ages.half_life else []
    return Training(
        written,
        card_text,
        fitted.learned,
        metrics,
        source,
        history,
        notes=(
            *history.notes,
            *_notes(fitted, estimator is None),
            *aged,
            *filter(None, [look.describe()]),
        ),
        estimator=fitted.fit.estimator,
        held=split.held,
        known=keep_leads(history, digests, unseen_totals(fitted), None if rows is None else rows.drawn),
        judged=fitted.fit.judged_totals[split.held],
    )


def _history_metrics(card: Card, data: Path | str | pd.DataFrame | LoggedHistory, history: History) -> dict[str, Any]:
    """What is known before anything is learned: where the rows went, and how long leads take."""
    metrics: dict[str, Any] = {"counts": dict(history.counts.__dict__), "fields_left_out": dict(history.left_out)}
    if isinstance(data, LoggedHistory):
        metrics["log"] = data.to_dict()
    if history.waits is not None and card.outcome is not None:
        curve = maturity(history.waits.days, history.waits.converted, card.outcome.within, history.counts.immature)
        metrics["maturity"] = curve and curve.to_dict()
    return metrics


def _fit(
    card: Card,
    history: History,
    split: HistorySplit,
    estimator: ClassifierMixin | None,
    seed: int,
    progress: Callable[[str], None],
    weights: NDArray[np.float64] | None,
    error_share: float,
) -> FittedCard:
    """Fit, and find the thresholds of the stages. Raises DataError where the classifier is no sum of tables.

    `error_share` (0..1) is the part of a promise's error that may be spent.
    """
    try:
        classifier = estimator or default_classifier(card, history, seed)
        fit = fit_card(card, history, split, classifier, progress, weights)
    except CompileError as error:
        if estimator is None:  # a mistake of ours, and still no traceback
            raise DataError(f"the default classifier can't be written as tables: {error}") from error
        raise _not_readable(card, history, split, estimator, seed, error, progress) from error
    assert fit.learned.base_rate is not None
    base_rate, comparable = fit.learned.base_rate, fit.comparable_totals
    thresholds = find_thresholds(card, history, fit.judged_totals, split.held, base_rate, error_share, comparable)
    learned = replace(
        fit.learned,
        thresholds={stage: threshold.threshold for stage, threshold in thresholds.items()},
        percentiles=find_percentiles(fit.judged_totals[split.held], history.weights_at(split.held)),
    )
    return FittedCard(card, learned, fit, thresholds, history, split)


def _notes(fitted: FittedCard, own: bool) -> Iterator[str]:
    """What the reader of the measures must know of the models that judged, of a rate that has moved, and of steps.

    `own`: whether the classifier is the default one, which knows of nested texts.
    """
    if own:
        yield from describe_nesting(fitted.card, fitted.history.frame, fitted.history.left_out)
    if fitted.card.steps and not fitted.learned.steps:
        yield "The decision log has no days of the steps, so this release has no chance of a sale: train from a list."
    if not fitted.split.gap_kept:
        yield (
            "The models that judge have learned from leads whose outcome was not known yet on the day from which they"
            f" judge: to wait the {fitted.split.gap:,} days of the horizon would leave fewer than half of the older"
            " leads. Where the market moves, the measures flatter."
        )
    if fitted.fit.newest is not None and fitted.fit.newest.moved:
        yield fitted.fit.newest.said
    segment = fitted.card.segment
    if segment and fitted.fit.pool_forecast is None:
        why = fitted.history.left_out.get(segment, "is learned like any other by a classifier that isn't the default")
        yield f"There are no segments: '{segment}' {why}."


def _too_little(card: Card, history: History) -> str:
    """Why nothing can be learned; empty where something can."""
    leads, won = history.counts.used, history.counts.won
    minimum = card.outcome.minimum if card.outcome else 0
    if leads == 0:
        return "no lead of the history has an outcome that can be judged yet"
    if leads < minimum:
        return (
            f"{leads:,} leads have an outcome, fewer than the {minimum:,} that the card asks for (`outcome: minimum:`)"
        )
    if min(won, leads - won) == 0:
        return f"all {leads:,} leads ended alike: {'every' if won else 'no'} lead became an opportunity"
    if min(won, leads - won) < FEWEST_OF_A_KIND:
        return f"{won:,} of {leads:,} leads became opportunities; at least {FEWEST_OF_A_KIND} of either kind are needed"
    if history.frame.shape[1] == 0:
        return "there is no field to learn from: each is `learn: no`, or has one value only"
    return ""


def _not_readable(
    card: Card,
    history: History,
    split: HistorySplit,
    estimator: ClassifierMixin,
    seed: int,
    reason: CompileError,
    progress: Callable[[str], None],
) -> DataError:
    """The refusal of a classifier that is no sum of tables, and what it would gain: the price of readability."""
    frame, won = history.frame, history.won
    classifier = class_name_of(estimator)
    progress("measuring the price of readability")
    try:
        forecasts = forecast_folds(estimator, frame, won, replace(split, folds=split.held_folds))
    except CompileError:  # it has no probabilities
        return DataError(f"{classifier} can't take the default's place: {reason}.")
    opaque = np.full(len(history), np.nan)
    for forecast in forecasts:
        opaque[forecast.fold.judged] = expit(forecast.judged)
    readable = fit_card(card, history, split, default_classifier(card, history, seed), progress).forecast
    losses = [judge(won[split.held], probability[split.held]).log_loss for probability in (opaque, readable)]
    gained = losses[1] - losses[0]
    price = f"the price of readability is {gained:.4f}" if gained > 0 else "readability costs nothing here"
    return DataError(
        f"{classifier} can't take the default's place: {reason}.\nOn the {len(split.held):,} held-out"
        f" leads its log-loss is {losses[0]:.4f}, that of the readable default {losses[1]:.4f}: {price}."
    )
