"""The steps up to a sale: a model of each transition, learned and judged as the score is, by the leads that began it.

A step begins on the day on which a lead reached the stage before it: with that day, a lead is a row of the step, looked
at as of it. It made the step if it reached the next stage within the step's horizon; a lead that has had less time is
left out and counted. Its values are those that the history has, as of the lead's own day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin

from leadledger.scoring.column_names import name_key
from leadledger.scoring.errors import DataError, did_you_mean
from leadledger.scoring.field import Field
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.scorecard import Card, Learned
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.evidence.leakage import find_leaks
from leadledger.training.evidence.signal import find_signal
from leadledger.training.history import History
from leadledger.training.history_reader import read_step
from leadledger.training.intervals import rate_limits
from leadledger.training.learn.estimator import align_weights
from leadledger.training.learn.fit import CardFit, default_classifier, fit_card
from leadledger.training.learn.known_leads import digest_leads
from leadledger.training.learn.split import HistorySplit, split_history
from leadledger.training.levels import list_levels
from leadledger.training.runs.fit_measures import rows_to_read

FEWEST_OF_A_KIND = 10  # leads that made a step, or didn't, below which no classifier is fitted
_LEFT_OUT = (
    "rejected",
    "no_date",
    "future",
    "past",
    "repeated",
    "before",
    "immature",
    "closed",
)  # counts of a step's leads


@dataclass(frozen=True)
class FittedStep:
    """What was learned of a step, and its measures for metrics.json."""

    learned: Learned
    metrics: Mapping[str, Any]


def fit_steps(
    card: Card,
    history: History,
    held_out: float,
    estimator: ClassifierMixin | None,
    sample_weight: ArrayLike | None,
    seed: int,
    accept_left_out: bool,
    progress: Callable[[str], None],
) -> dict[str, FittedStep]:
    """Learn the steps of a card, by their stages. `card` has the flags of the choices of `history`.

    `held_out` (0..1) is the share of the leads of each step to judge by. Raises LeakageError for fields that know the
    outcome of a step, DataError where the leads that are left out of one would change it.
    """
    fits = {}
    for position, transition in enumerate(card.steps):
        what = f"step '{transition.stage}'"
        progress(f"{what}: reading its leads")
        stepped = make_step_card(card, position)
        leads = read_step(stepped, history)
        leads = leads.refuse_doubtful(f"training of the {what}", accept_left_out)
        weights = None if sample_weight is None else align_weights(sample_weight, leads.rows, history.counts.rows)
        fits[transition.stage] = _fit(stepped, leads, held_out, estimator, weights, seed, what, progress)
    return fits


def add_steps(card: Card, learned: Learned, steps: Mapping[str, FittedStep], history: History) -> Learned:
    """What was learned, with the steps, and with the choices and the levels of all its terms."""
    by_stage = {stage: replace(step.learned, choices={}, levels={}) for stage, step in steps.items()}
    whole = replace(learned, steps=by_stage)
    asked = {name for term in whole.all_terms for name in term.fields}
    return replace(
        whole,
        choices={name: choice for name, choice in history.choices.items() if name in asked},
        levels=list_levels(card, history.frame, whole.all_terms),
    )


def check_step_columns(card: Card, history: History) -> None:
    """Raises DataError where a history lacks a column with the days of a step."""
    columns = history.source.columns
    keys = set(map(name_key, columns))
    for transition in card.steps if not history.logged else ():
        if name_key(transition.became) not in keys:
            what = f"the day of the step '{transition.stage}' that the card names"
            hint = did_you_mean(transition.became, columns)
            raise DataError(f"{history.label}: has no column '{transition.became}', {what}.{hint}")


def make_step_card(card: Card, position: int) -> Card:
    """The card of one step: its outcome is whether a lead made it, from the day on which it made the one before."""
    assert card.outcome is not None
    transition, since, fields = card.steps[position], card.outcome.since, card.fields
    if position:
        since = "stage_day"
        while since in fields:
            since += "_"
        day = Field(since, "date", sources=(("", card.steps[position - 1].became),), time_zone=card.time_zone)
        fields = {**fields, since: replace(day, learn=False)}
    reached = f"made the step to {transition.stage}"
    minimum = card.outcome.minimum
    landmarks = (0,) if card.events else ()
    outcome = Outcome(
        transition.became, "date", since, transition.within, minimum, reached=reached, landmarks=landmarks
    )
    return replace(card, fields=fields, outcome=outcome, steps=(), each_rules=())  # as `Scorecard.steps` counts them


def _fit(
    card: Card,
    leads: History,
    held_out: float,
    estimator: ClassifierMixin | None,
    weights: NDArray[np.float64] | None,
    seed: int,
    what: str,
    progress: Callable[[str], None],
) -> FittedStep:
    """Fit one step; its base rate alone where its leads are too few, or tell nothing."""
    assert card.outcome is not None
    metrics = _count(card.outcome, leads)
    why = _too_little(leads, card.outcome.minimum)
    gap = card.outcome.within
    split = None if why else split_history(leads.won, leads.days, held_out, digest_leads(leads), gap)
    if split is not None and any(len(np.unique(leads.won[fold.learned])) < 2 for fold in split.folds):
        split, why = None, "the older leads, by which a model would be judged, ended alike"
    if split is None:
        # Half a lead of either kind is added, so that it is never 0 or 1.
        rate = (leads.counts.won + 0.5) / (leads.counts.used + 1) if leads.counts.used else None
        return _rate_alone(metrics, rate, why)
    find_leaks(card, leads, seed).refuse(f"training of the {what}")
    classifier = estimator or default_classifier(card, leads, seed)
    fit = fit_card(card, leads, split, classifier, lambda step: progress(f"{what}: {step}"), weights)
    metrics |= _judge(leads, fit, split)
    if not metrics["signal"]["present"]:
        return _rate_alone(metrics, fit.learned.base_rate, metrics["signal"]["said"])
    metrics |= {
        "base_rate": fit.learned.base_rate,
        "trust": fit.learned.trust,
        "model_weight": round(fit.weights.model, 4),
        "rows_to_read": rows_to_read(fit.learned.terms),
    }
    return FittedStep(fit.learned, {**metrics, "rate_alone": ""})


def _count(outcome: Outcome, leads: History) -> dict[str, Any]:
    """How many leads began the step and made it, the rate with its limits, and how many were left out."""
    counts = leads.counts
    rate = counts.won / counts.used if counts.used else None
    return {
        "became": outcome.column,
        "within": outcome.within,
        "leads": counts.used,
        "reached": counts.won,
        "rate": rate,
        "rate_limits": list(rate_limits(counts.won, counts.used)),
        "left_out": {reason: getattr(counts, reason) for reason in _LEFT_OUT},
    }


def _too_little(leads: History, minimum: int) -> str:
    """Why nothing but the rate can be told of a step; empty where more can."""
    used, reached = leads.counts.used, leads.counts.won
    if used == 0:
        return "no lead began it long enough ago"
    if used < minimum:
        return f"{used:,} leads began it, fewer than the {minimum:,} that the card asks for (`outcome: minimum:`)"
    if min(reached, used - reached) < FEWEST_OF_A_KIND:
        return f"{reached:,} of {used:,} leads made it; at least {FEWEST_OF_A_KIND} of either kind are needed"
    return "" if leads.frame.shape[1] else "there is no field to learn from"


def _rate_alone(metrics: Mapping[str, Any], rate: float | None, why: str) -> FittedStep:
    """A step of which the rate alone is known, the same for every lead."""
    measured = {**metrics, "base_rate": rate, "trust": 0.0, "rate_alone": why}
    return FittedStep(Learned(base_rate=rate, trust=0.0), measured)


def _judge(leads: History, fit: CardFit, split: HistorySplit) -> dict[str, Any]:
    """The forecast on held-out leads beside the base rate, each by models that had not seen them."""
    won, held = leads.won, split.held
    rate: NDArray[np.float64] = np.full(len(leads), np.nan)
    for fold in split.held_folds:
        rate[fold.judged] = won[fold.learned].mean()
    ours, base = judge(won[held], fit.forecast[held]), judge(won[held], rate[held])
    return {
        "split": split.way,
        "newest_rate": fit.newest and fit.newest.to_dict(),
        "signal": find_signal(won, fit.forecast, held, float(won.mean())).to_dict(),
        "held_out": {
            "leads": ours.leads,
            "reached": ours.won,
            "foreseen": float(fit.forecast[held].mean()),
            "came": float(won[held].mean()),
            "log_loss": ours.log_loss,
            "base_log_loss": base.log_loss,
            "auc": ours.auc,
            "slope": ours.slope,
            "intercept": ours.intercept,
            "calibration_error": ours.calibration_error,
        },
    }
