"""How well fields predict the outcome: each alone, and one beside all others together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from leadledger.models.learner.binning import find_indexes, learn_bins
from leadledger.scoring.bins import TextBins
from leadledger.training.evidence.forecast_quality import SMALLEST, calibration_line
from leadledger.training.history import History

LONE_AREA, LONE_GAIN = 0.75, 0.15  # `alone`: the least that is looked at. Honest: see below; leaks: from 0.81 and 0.21
NEAR_SHARE = 0.75  # ... its own gain, as a share of the gain of all others. Leaks: from 0.92; honest and new: to 0.66
NEW_SHARE = 0.7  # ... what it adds to the others, as that share. Leaks: from 1.2; honest and near: up to 0.32
MOST_LEADS_BINNED = 50_000  # leads that single fields are measured on
MOST_LEADS_BOOSTED = 15_000  # leads that all other fields together are measured on
# Of the rarer outcome, below which a strong honest field can't be told from one that knows more than all others: those
# are learned too poorly. Of ten simulated histories, three were stopped with 45 winners each, none with 70.
FEWEST_OF_A_KIND_COMPARED = 60
FEWEST_LEADS_DRAWN = 1_000  # ... of which so many of either outcome, or all that there are
MOST_FIELDS_COMPARED = 3  # fields that are compared with all others, the strongest first


@dataclass(frozen=True)
class FieldStrength:
    """How well one field alone predicts the outcome, on leads that it wasn't fitted on.

    `area`: under the curve, 0.5 for chance. `gain`: the share of the outcome's entropy that it takes away.
    """

    area: float
    gain: float


def measure_fields(history: History, seed: int) -> dict[str, FieldStrength]:
    """How well each learnable field alone predicts the outcome."""
    if not history.frame.shape[1]:
        return {}
    kept = draw_leads(history.became, MOST_LEADS_BINNED, seed)
    frame, became = history.frame.iloc[kept], history.became[kept]
    columns = [frame[name] for name in frame]
    bins = learn_bins(columns, 32, 24, 20)
    indexes = find_indexes(bins, columns)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(indexes, became))
    average, strengths = became.mean(), {}
    for place, name in enumerate(frame):
        unseen = np.empty(len(became))
        for learn, held in folds:
            leads = np.bincount(indexes[learn, place], minlength=len(bins[place]))
            won = np.bincount(indexes[learn, place], became[learn], len(bins[place]))
            unseen[held] = ((won + 5 * average) / (leads + 5))[indexes[held, place]]
        loss = _losses(became, unseen)
        strengths[str(name)] = FieldStrength(
            float(roc_auc_score(became, unseen)), 1 - float(loss.mean()) / _entropy(became)
        )
    return strengths


def find_lone_predictors(
    history: History, own: Mapping[str, FieldStrength], rest: list[str], seed: int
) -> dict[str, str]:
    """The proof against each field that nearly equals all others together, and knows what they don't.

    `rest`: the fields to compare, those that are suspect already left out. One that is found leaves the comparison too.
    """
    strong = sorted(
        (name for name in rest if own[name].area >= LONE_AREA and own[name].gain >= LONE_GAIN),
        key=lambda name: -own[name].gain,
    )[:MOST_FIELDS_COMPARED]
    rarer = min(int(history.became.sum()), int((~history.became).sum()))
    if not strong or len(rest) < 2 or rarer < FEWEST_OF_A_KIND_COMPARED:
        return {}
    kept = draw_leads(history.became, MOST_LEADS_BOOSTED, seed)
    became = history.became[kept]
    columns = {name: history.frame[name].iloc[kept] for name in rest}
    bins = dict(zip(rest, learn_bins(list(columns.values()), 32, 24, 20), strict=True))
    indexes = dict(zip(rest, find_indexes(list(bins.values()), list(columns.values())).T, strict=True))
    entropy, proofs = _entropy(became), {}

    @cache
    def together(names: tuple[str, ...]) -> NDArray[np.float64]:
        given = np.column_stack([indexes[name] for name in names])
        model = HistGradientBoostingClassifier(
            max_iter=40,
            learning_rate=0.15,
            max_leaf_nodes=15,
            categorical_features=[isinstance(bins[name], TextBins) for name in names],
            early_stopping=False,
            random_state=0,
        )
        unseen = np.empty(len(became))
        for learn, held in StratifiedKFold(3, shuffle=True, random_state=seed).split(given, became):
            unseen[held] = model.fit(given[learn], became[learn]).predict_proba(given[held])[:, 1]
        return _calibrate(became, unseen)

    with threadpool_limits(1, user_api="openmp"):  # threads that wait for one another cost more than they bring
        for name in strong:
            others = together(tuple(field for field in rest if field != name))
            others_gain = max(1 - float(_losses(became, others).mean()) / entropy, 0.0)
            if own[name].gain < NEAR_SHARE * others_gain:
                continue
            added = (_losses(became, others) - _losses(became, together(tuple(rest)))) / entropy
            if added.mean() - 2 * added.std() / np.sqrt(len(added)) < NEW_SHARE * others_gain:
                continue
            proofs[name] = (
                f"alone it explains {own[name].gain:.0%} of the outcome, and the"
                f" {len(rest) - 1} other fields together explain {others_gain:.0%}; with it, they explain"
                f" {others_gain + added.mean():.0%}"
                f" (area under the curve alone {own[name].area:.3f}, the others {roc_auc_score(became, others):.3f})"
            )
            rest = [field for field in rest if field != name]
            if len(rest) < 2:
                break
    return proofs


def draw_leads(became: NDArray[np.bool_], most: int, seed: int) -> NDArray[np.intp]:
    """Positions of about so many leads at most: of each outcome its share, and FEWEST_LEADS_DRAWN at least."""
    if len(became) <= most:
        return np.arange(len(became))
    random = np.random.default_rng(seed)
    of_each = [np.flatnonzero(became == outcome) for outcome in (False, True)]
    sizes = [
        min(len(positions), max(FEWEST_LEADS_DRAWN, round(most * len(positions) / len(became))))
        for positions in of_each
    ]
    return np.sort(
        np.concatenate([random.permutation(positions)[:size] for positions, size in zip(of_each, sizes, strict=True)])
    )


def _calibrate(became: NDArray[np.bool_], predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities (n,) on the line that suits the outcomes best.

    Boosting is too bold on few leads: what all other fields know would seem to be nothing, and any strong field a leak.
    """
    slope, intercept = calibration_line(became.astype(float), predicted)
    return np.asarray(expit(intercept + slope * logit(np.clip(predicted, SMALLEST, 1 - SMALLEST))))


def _losses(became: NDArray[np.bool_], predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log-loss (n,) of each lead, in nats."""
    of_truth = np.clip(np.where(became, predicted, 1 - predicted), 1e-9, 1)
    return np.asarray(-np.log(of_truth))


def _entropy(became: NDArray[np.bool_]) -> float:
    """The log-loss, in nats, of the rate alone."""
    return float(_losses(became, np.full(len(became), became.mean())).mean())
