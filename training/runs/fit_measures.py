"""The measures of a fitted card on held-out leads: its quality beside baselines, rules, drift, the current release.

Everything here becomes part of metrics.json; `training.evidence` has the measures, this file chooses the leads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from leadledger.models.stability import EDGES, POINTS
from leadledger.scoring.lookup import Combination, Pair, Table, Term, count_rows
from leadledger.scoring.scorecard import START_TENTHS, Card, Learned, Scorecard
from leadledger.training.evidence.auditing import audit
from leadledger.training.evidence.baselines import baselines, rules_alone
from leadledger.training.evidence.chart_measures import by_grade, by_month, by_points, lift, reliability, spread
from leadledger.training.evidence.drift import drift
from leadledger.training.evidence.example_leads import choose_examples, examples
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.evidence.signal import find_signal
from leadledger.training.evidence.verdict import measure_rate
from leadledger.training.history import History
from leadledger.training.learn.fit import CardFit
from leadledger.training.learn.split import HistorySplit
from leadledger.training.learn.threshold import (
    FoundThreshold,
    could_be_promoted,
    list_criteria,
    precision_by_volume,
)
from leadledger.training.learn.trust import LOG_ODDS
from leadledger.training.plausible_days import EPOCH
from leadledger.training.runs.axis_measures import measure_axes
from leadledger.training.runs.group_measures import measure_groups
from leadledger.training.runs.segment_measures import measure_segments

MOST_LEADS_AUDITED = 200_000  # the newest; more would not change what an audit finds


@dataclass(frozen=True)
class FittedCard:
    """A card with what was learned from all leads, and how models that had not seen them judge those of `split`.

    `learned` is that of `fit`, with the `thresholds` that were found for its stages.
    """

    card: Card
    learned: Learned
    fit: CardFit
    thresholds: Mapping[str, FoundThreshold]
    history: History
    split: HistorySplit

    @property
    def scorecard(self) -> Scorecard:
        """The card with what was learned."""
        return Scorecard(self.card, self.learned)


def measure_fit(fitted: FittedCard, seed: int) -> dict[str, Any]:
    """The measures of a fit on the held-out leads, beside those of the baselines."""
    fit, learned, history = fitted.fit, fitted.learned, fitted.history
    won, held = history.won, fitted.split.held
    forecasts = {"leadledger": fit.forecast[held]} | _baseline_forecasts(fitted, seed)
    gap = np.abs((fit.exact - logit(history.rate)) / LOG_ODDS + START_TENTHS - fit.totals)[held] / 10
    bins = np.bincount(np.searchsorted(EDGES, fit.totals, side="right"), minlength=len(EDGES) + 1)
    return {
        "split": fitted.split.way,
        "judged_by": _judges(fitted),
        "held_out": {
            name: judge(won[held], forecast, history.weights_at(held)).to_dict() for name, forecast in forecasts.items()
        },
        "signal": _find_signal(fitted),
        "base_rate": learned.base_rate,
        "newest_rate": fit.newest and fit.newest.to_dict(),
        "trust": learned.trust,
        "model_weight": round(fit.weights.model, 4),
        "rounding_gap": {"mean_points": float(gap.mean()), "largest_points": float(gap.max())},
        "compile_gap": fit.compile_gap,
        "rows_to_read": rows_to_read(learned.terms),
        "promises": {name: threshold.to_dict() for name, threshold in fitted.thresholds.items()},
        "precision_by_volume": _volumes(fitted),
        "lift": lift(fit.judged_totals[held], won[held]),
        "reliability": reliability(won[held], fit.forecast[held]),
        "rate": measure_rate(won[held], fit.forecast[held]),
        "scores": by_points(fit.judged_totals[held], won[held], fit.forecast[held]),
        "grades": by_grade(
            fit.judged_totals[held], won[held], fit.forecast[held], fitted.card.grades, fitted.card.below
        ),
        "by_month": _months(fitted),
        POINTS: bins.tolist(),
        "spread": _spread(fitted),
        "examples": _examples(fitted),
        **measure_segments(fit, history, held),
        **measure_axes(fitted.scorecard, history, fit.estimator, held),
        **measure_groups(fitted.card, learned, history, fit.judged_totals, *fitted.split.apart),
    }


def rows_to_read(terms: Sequence[Term]) -> dict[str, int]:
    """How much a person reads to know all that was learned: rows of tables, cells of pairs, leaves of combinations."""
    kinds = {"tables": Table, "pairs": Pair, "combinations": Combination}
    return {name: sum(count_rows(term) for term in terms if isinstance(term, kind)) for name, kind in kinds.items()}


def _find_signal(fitted: FittedCard) -> dict[str, Any]:
    """Whether the forecast, each lead by a model that had not seen it, is better than the base rate."""
    won, held = fitted.history.won, fitted.split.held
    return find_signal(won, fitted.fit.forecast, held, float(won.mean())).to_dict()


def _baseline_forecasts(fitted: FittedCard, seed: int) -> dict[str, NDArray[np.float64]]:
    """The probabilities (m,) of the held-out leads by each baseline, which learns from the same leads as our judges."""
    history, split = fitted.history, fitted.split
    frame, won, rules = history.frame, history.won, history.rules
    forecasts: dict[str, NDArray[np.float64]] = {}
    for fold in split.held_folds:
        learned, judged = fold.learned, fold.judged
        by_name = {
            "rules alone": rules_alone(rules[learned], won[learned], rules[judged]),
            **baselines(frame.iloc[learned], won[learned], frame.iloc[judged], seed),
        }
        for name, probability in by_name.items():
            forecasts.setdefault(name, np.full(len(history), np.nan))[judged] = probability
    return {name: probability[split.held] for name, probability in forecasts.items()}


def _judges(fitted: FittedCard) -> dict[str, Any]:
    """The models that judged: of how many leads each had learned, and from which day on it judged."""
    history, split = fitted.history, fitted.split

    def day(positions: NDArray[np.intp]) -> str | None:
        if split.way != "time" or history.lead_days is None:
            return None
        return (EPOCH + timedelta(int(history.lead_days[positions[0]]))).isoformat()

    models = [
        {
            "learned": len(fold.learned),
            "learned_until": day(fold.learned[-1:]),
            "judged": len(fold.judged),
            "judged_from": day(fold.judged[:1]),
            "held_out": fold.held,
        }
        for fold in split.folds
    ]
    return {"models": models, "gap_days": split.gap, "gap_kept": split.gap_kept}


def _volumes(fitted: FittedCard) -> dict[str, Any]:
    """For each stage with a threshold, the precision by how many of the held-out leads are promoted."""
    history, held = fitted.history, fitted.split.held
    criteria = list_criteria(fitted.scorecard, history)
    volumes = {}
    for stage in fitted.card.stages:
        if stage.has_threshold:
            able = held[could_be_promoted(stage, criteria, history.excluded)[held]]
            volumes[stage.name] = precision_by_volume(fitted.fit.judged_totals[able], history.won[able])
    return volumes


def _months(fitted: FittedCard) -> list[dict[str, Any]] | None:
    """Predicted and actual rates by month, each lead by a model that had not seen it; None without days."""
    history, held = fitted.history, fitted.split.held
    if history.lead_days is None:
        return None
    rows = fitted.split.draw(np.arange(len(history)))
    return by_month(history.lead_days[rows], history.won[rows], fitted.fit.forecast[rows], np.isin(rows, held))


def _spread(fitted: FittedCard) -> dict[str, float] | None:
    """Which share of the spread of scores is rules, tables and combinations, on the held-out leads."""
    held, learned = fitted.split.held, fitted.learned
    readable = tuple(term for term in learned.terms if not isinstance(term, Combination))
    rules, tables = (
        fitted.history.score(Scorecard(fitted.card, replace(learned, start=0, terms=terms)))[held]
        for terms in ((), readable)
    )
    return spread(rules, tables - rules, fitted.fit.totals[held] - learned.start - tables)


def _examples(fitted: FittedCard) -> list[dict[str, Any]]:
    """A handful of telling held-out leads, with their ledgers."""
    history, held = fitted.history, fitted.split.held
    stage = fitted.card.predicted_stage
    threshold = fitted.learned.thresholds.get(stage.name) if stage else None
    points = threshold.points if threshold else None
    unknown = history.frame.iloc[held].isna().sum(axis=1).to_numpy(np.int64)
    chosen = choose_examples(fitted.fit.totals[held], history.won[held], unknown, points)
    positions = held[list(chosen)]
    won = [bool(outcome) for outcome in history.won[positions]]
    leads, days = history.read_leads(positions), history.scoring_days(positions)
    return examples(fitted.scorecard, leads, days, won, list(chosen.values()))


def audit_and_drift(fitted: FittedCard) -> dict[str, Any]:
    """The outcomes of the leads of each rule, and, where leads have days, what moved from the older to the newest."""
    history, split, totals = fitted.history, fitted.split, fitted.fit.totals
    fired = history.find_fired(fitted.card)
    newest = split.draw(np.arange(len(history)))[-MOST_LEADS_AUDITED:]
    metrics = {"audit": audit(fitted.scorecard, history, newest, fired).to_dict()}
    if split.way == "time":
        older, held = split.apart
        before, after = ({name: states[part] for name, states in fired.items()} for part in (older, held))
        frames = history.frame.iloc[older], history.frame.iloc[held]
        metrics["drift"] = drift(*frames, before, after, totals[older], totals[held]).to_dict()
    return metrics
