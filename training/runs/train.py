"""Training, end to end: read, split, fit, compile, combine, round, promise, judge.

What can't be learnt is said plainly, and rules alone are released: no outcome, too few of them, or all alike.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.base import ClassifierMixin, clone
from sklearn.pipeline import Pipeline

from leadledger.models.releases.store import Releases
from leadledger.models.stability import EDGES, POINTS
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.errors import CompileError, DataError
from leadledger.scoring.lookup import Combination
from leadledger.scoring.scorecard import START, Card, Learned, Scorecard, untrained
from leadledger.training.evidence.auditing import audit
from leadledger.training.evidence.comparison import Comparison, Forecast, compare, incomparable, nothing_learned
from leadledger.training.evidence.drift import drift
from leadledger.training.evidence.judge import Judgement, judge
from leadledger.training.evidence.leakage import find_leaks
from leadledger.training.evidence.maturity import maturity
from leadledger.training.evidence.measures import by_month, examples, lift, reliability, spread, telling
from leadledger.training.evidence.rivals import rivals, rules_alone
from leadledger.training.history import History, read_history
from leadledger.training.learn.combine import LOG_ODDS
from leadledger.training.learn.fit import Fit, default, fit
from leadledger.training.learn.split import Split, split_history
from leadledger.training.learn.threshold import Found, could_be_promoted, line_for, precision_by_volume
from leadledger.training.notebook import table
from leadledger.training.runs.provenance import provenance
from leadledger.training.sources.logged import Logged

HELD_OUT = 0.25
AUDITED = 200_000  # leads that the rules are audited by at most, the newest
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

    @property
    def held_back(self) -> str:
        """Why this should not become the current release; empty where nothing speaks against it."""
        found = self.metrics.get("comparison")
        return str(found["said"]) if found and found["worse"] else ""

    def publish(self, releases: Releases, created: datetime, *, force: bool = False) -> str:
        """Release it; returns the name of the release.

        It becomes the current one, unless it was found worse than that (`held_back`); `force` overrules.
        """
        from leadledger.training.report.page import page  # matplotlib takes half a second

        files: dict[str, bytes] = {}
        if self.estimator is not None:
            buffer = io.BytesIO()
            joblib.dump(self.estimator, buffer)  # for data scientists; nothing that serves reads it
            files["estimator.joblib"] = buffer.getvalue()
        current = force or not self.held_back
        notes = self.notes
        if self.held_back and force:
            notes = (*notes, "It was made the current release all the same (--force).")
        files["report.html"] = page(
            self.metrics, self.provenance, self.learned, self.card, notes, self.rules_only
        ).encode()
        return releases.publish(
            self.card_text,
            self.learned,
            metrics=dict(self.metrics),
            provenance=dict(self.provenance),
            created=created,
            files=files,
            note="; ".join(one for one in (self.rules_only, "" if current else "held back") if one),
            current=current,
        )

    def _repr_html_(self) -> str:
        measures = ("auc", "log_loss", "brier", "gain")
        rows = [
            {"forecast": name} | {one: judged[one] for one in measures}
            for name, judged in self.metrics.get("held_out", {}).items()
        ]
        said = self.rules_only or "; ".join(
            f"promotion to {stage}: {one['said']}" for stage, one in self.metrics["promises"].items()
        )
        return table(rows, f"{self.card.title or self.card.name}, judged by held-out leads", said)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "rules_only": self.rules_only,
            "notes": list(self.notes),
            "metrics": dict(self.metrics),
            "provenance": dict(self.provenance),
        }


def train(
    card: Path | str,
    data: Path | str | pd.DataFrame | Logged,
    *,
    as_of: date | None = None,
    seed: int = 0,
    held_out: float = HELD_OUT,
    estimator: ClassifierMixin | None = None,
    current: Scorecard | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Training:
    """Learn from a history.

    Raises ScorecardError for the card, DataError for the data or the estimator, LeakageError (a DataError) for fields
    that know the outcome.

    `held_out` (0..1) is the share of leads to judge by: the newest where the card names a day, else drawn at random
    with the same share of opportunities. `estimator` takes the default's place; it must be additive over `bins_`.
    `current` is the release that this one would follow; both are judged by the same held-out leads.
    """
    path = Path(card)
    written = read_card(path)
    card_text = path.read_bytes().decode("utf-8")
    progress("reading the history")
    history = read_history(written, data, as_of)
    source = provenance(card_text, data, history, seed)
    counts: dict[str, Any] = {"counts": dict(history.counts.__dict__), "fields_left_out": dict(history.left_out)}
    if isinstance(data, Logged):
        counts["log"] = data.to_dict()
    if history.waits is not None and written.outcome is not None:
        waited = maturity(history.waits.days, history.waits.converted, written.outcome.within, history.counts.immature)
        counts["maturity"] = waited and waited.to_dict()
    why = _too_little(written, history)
    split = None if why else split_history(history, held_out, seed)
    if split is not None and (not history.won[split.train].any() or history.won[split.train].all()):
        why = "all the older leads, which training learns from, ended alike"
    if split is None or why:
        if current is not None and current.learned.terms:
            counts["comparison"] = nothing_learned(current.release, why).to_dict()
        return Training(written, card_text, untrained(written).learned, counts, source, history, why)
    progress("looking for fields that know the outcome")
    leakage = find_leaks(written, history, seed)
    leakage.refuse()
    counts["leakage"] = leakage.to_dict()
    try:
        found = fit(written, history, split, estimator or default(written, history, seed), seed, progress)
    except CompileError as error:
        if estimator is None:  # a mistake of ours, and still no traceback
            raise DataError(f"the default classifier can't be written as tables: {error}") from error
        raise _not_readable(written, history, split, estimator, seed, error, progress) from error
    progress("judging")
    assert found.learned.base_rate is not None
    drawn = draw_lines(written, history, found.totals, split.held, found.learned.base_rate)
    learned = replace(found.learned, lines={name: one.line for name, one in drawn.items()})
    metrics = counts | _judged(written, history, split, found, drawn, learned, seed)
    progress("auditing the rules")
    metrics |= _checked(Scorecard(written, learned), history, split, found.totals)
    if current is not None:
        progress("comparing with the current release")
        metrics["comparison"] = _compared(Scorecard(written, learned), current, history, split, seed).to_dict()
    return Training(written, card_text, learned, metrics, source, history, estimator=found.estimator)


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


def _not_readable(
    card: Card,
    history: History,
    split: Split,
    estimator: ClassifierMixin,
    seed: int,
    reason: CompileError,
    progress: Callable[[str], None],
) -> DataError:
    """The refusal of a classifier that is no sum of tables, and what it would gain: the price of readability."""
    frame, won = history.frame, history.won
    progress("measuring the price of readability")
    opaque: Any = clone(estimator).fit(frame.iloc[split.train], won[split.train])
    readable = fit(card, history, split, default(card, history, seed), seed, progress)
    losses = [
        judge(won[split.held], probability).log_loss
        for probability in (opaque.predict_proba(frame.iloc[split.held])[:, 1], expit(readable.exact[split.held]))
    ]
    gained = losses[1] - losses[0]
    named = type(estimator[-1] if isinstance(estimator, Pipeline) else estimator).__name__
    price = f"the price of readability is {gained:.4f}" if gained > 0 else "readability costs nothing here"
    return DataError(
        f"{named} can't take the default's place: {reason}.\nOn the {len(split.held):,} held-out"
        f" leads its log-loss is {losses[0]:.4f}, that of the readable default {losses[1]:.4f}: {price}."
    )


def _judged(
    card: Card,
    history: History,
    split: Split,
    found: Fit,
    lines: Mapping[str, Found],
    learned: Learned,
    seed: int,
) -> dict[str, Any]:
    """The measures of a fit on the held-out leads, beside those of its rivals."""
    frame, won, rules, older, held = history.frame, history.won, history.rules, split.train, split.held
    probability = foreseen(learned, found.totals)
    forecasts = {
        "leadledger": probability[held],
        "rules alone": rules_alone(rules[older], won[older], rules[held]),
        **rivals(frame.iloc[older], won[older], frame.iloc[held], seed),
    }
    judged: dict[str, Judgement] = {name: judge(won[held], one) for name, one in forecasts.items()}
    volume = {}
    for stage in card.stages:
        if stage.has_line:
            able = held[could_be_promoted(stage, history.criteria, history.excluded)[held]]
            volume[stage.name] = precision_by_volume(found.totals[able], won[able])
    gap = np.abs(found.exact[held] - logit(probability[held])) / LOG_ODDS / 10
    unseen = expit(found.unseen)
    unseen[held] = probability[held]
    months = None
    if history.days is not None:
        months = by_month(history.days, won, unseen, np.isin(np.arange(len(won)), held))
    return {
        "split": split.way,
        "out_of_fold": found.way,
        "held_out": {name: one.to_dict() for name, one in judged.items()},
        "base_rate": learned.base_rate,
        "trust": learned.trust,
        "model_weight": round(found.weights.model, 4),
        "rounding_gap": {"mean_points": float(gap.mean()), "largest_points": float(gap.max())},
        "compile_gap": found.compile_gap,
        "promises": {name: one.to_dict() for name, one in lines.items()},
        "precision_by_volume": volume,
        "lift": lift(found.totals[held], won[held]),
        "reliability": reliability(won[held], probability[held]),
        "by_month": months,
        POINTS: np.bincount(np.searchsorted(EDGES, found.totals, side="right"), minlength=len(EDGES) + 1).tolist(),
        "spread": _spread(Scorecard(card, learned), history, held, found.totals),
        "examples": _examples(Scorecard(card, learned), history, held, found.totals),
    }


def _spread(
    scorecard: Scorecard, history: History, held: NDArray[np.intp], totals: NDArray[np.int64]
) -> dict[str, float] | None:
    """Which share of the spread of scores is rules, tables and combinations, on the held-out leads."""
    learned = scorecard.learned
    readable = tuple(one for one in learned.terms if not isinstance(one, Combination))
    rules, tables = (
        history.score(Scorecard(scorecard.card, replace(learned, start=0, terms=terms)))[held]
        for terms in ((), readable)
    )
    return spread(rules, tables - rules, totals[held] - learned.start - tables)


def _examples(
    scorecard: Scorecard, history: History, held: NDArray[np.intp], totals: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """A handful of telling held-out leads, with their ledgers."""
    stage = scorecard.card.target
    line = scorecard.learned.lines.get(stage.name) if stage else None
    unknown = history.frame.iloc[held].isna().sum(axis=1).to_numpy(np.int64)
    told = telling(totals[held], history.won[held], unknown, line.points if line else None)
    at = held[list(told)]
    won = [bool(one) for one in history.won[at]]
    return examples(scorecard, history.raw(at), history.dated(at), won, list(told.values()))


def _checked(scorecard: Scorecard, history: History, split: Split, totals: NDArray[np.int64]) -> dict[str, Any]:
    """What became of the rules' leads, and, where leads have days, what moved between the older and the newest."""
    fired = history.fired(scorecard.card)
    newest = np.arange(len(history))[-AUDITED:]
    metrics = {"audit": audit(scorecard, history, newest, fired).to_dict()}
    if split.way == "time":
        older, held = ({name: states[part] for name, states in fired.items()} for part in (split.train, split.held))
        frames = history.frame.iloc[split.train], history.frame.iloc[split.held]
        metrics["drift"] = drift(*frames, older, held, totals[split.train], totals[split.held]).to_dict()
    return metrics


def foreseen(learned: Learned, totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """The probabilities (n,) at some totals (n,), tenths, for a scorecard that knows its base rate."""
    assert learned.base_rate is not None
    return np.asarray(expit((totals - START) * LOG_ODDS + logit(learned.base_rate)))


def _compared(new: Scorecard, current: Scorecard, history: History, split: Split, seed: int) -> Comparison:
    """The new scorecard beside the current release, on the held-out leads."""
    if current.card.outcome != new.card.outcome:
        return incomparable(current.release, "it foresees another outcome")
    if current.learned.base_rate is None:
        return incomparable(current.release, "it knows no base rate, and so no probability")
    held = split.held
    stage = new.card.target
    able = ~history.excluded[held]
    if stage is not None:
        able = could_be_promoted(stage, history.criteria, history.excluded)[held]

    def forecast(card: Scorecard) -> Forecast:
        totals = history.score(card)[held]
        line = card.learned.lines.get(stage.name) if stage else None
        open_ = line is not None and line.points is not None
        cut = line.points if line is not None and line.points is not None else 0
        return Forecast(foreseen(card.learned, totals), able & (totals >= cut) & open_, open_)

    try:
        assert new.learned.base_rate is not None
        forecasts = forecast(new), forecast(current)
        return compare(current.release, history.won[held], *forecasts, new.learned.base_rate, seed)
    except DataError as error:
        return incomparable(current.release, str(error))


def draw_lines(
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
