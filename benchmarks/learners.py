"""What is measured: ours, and what a user would pick today, each with its defaults, on the same leads and fields.

A learner takes a set, the positions to learn from and a seed, and returns a function from
other positions to the predicted probability (n,) of their leads.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from benchmarks import odoo_bayes, stacked
from benchmarks.real_sets import Indexes, RealSet
from leadledger.scoring.scorecard import Scorecard, build_untrained
from leadledger.training.evidence.baselines import boosting, logistic, plain, rules_alone
from leadledger.training.learn.fit import default_classifier, fit_card
from leadledger.training.learn.known_leads import digest_leads
from leadledger.training.learn.split import split_history
from leadledger.training.learn.trust import probability_at
from leadledger.training.runs.train import FEWEST_OF_A_KIND, HELD_OUT

Floats: TypeAlias = NDArray[np.float64]
Predict: TypeAlias = Callable[[Indexes], Floats]
Learner: TypeAlias = Callable[[RealSet, Indexes, int], Predict]


def ours(data: RealSet, older: Indexes, seed: int) -> Predict:
    """What `train` makes: rules, tables and combinations, in whole tenths. It scores by printed SQL, as for a list."""
    return _released(data, older, seed, {})


def readable(data: RealSet, older: Indexes, seed: int) -> Predict:
    """The same with tables only, of single fields and pairs: what a person can read."""
    return _released(data, older, seed, {"combinations": 0})


def classifier(data: RealSet, older: Indexes, seed: int) -> Predict:
    """The classifier alone, without the rules."""
    frame = data.history.frame
    fitted = default_classifier(data.card, data.history, seed).fit(frame.iloc[older], data.history.won[older])
    return lambda held: np.asarray(expit(fitted.decision_function(frame.iloc[held])))


def rules(data: RealSet, older: Indexes, seed: int) -> Predict:
    """The card's rules as declared, with the base rate of the history."""
    points, won = data.history.rules, data.history.won
    return lambda held: rules_alone(points[older], won[older], points[held])


def logistic_regression(data: RealSet, older: Indexes, seed: int) -> Predict:
    """scikit-learn's, with standardised numbers and one column a text level."""
    return _pipeline(logistic(data.history.frame), data, older)


def unrestricted(data: RealSet, older: Indexes, seed: int) -> Predict:
    """scikit-learn's histogram gradient boosting over all fields at once."""
    return _pipeline(boosting(data.history.frame, seed), data, older)


def lightgbm(data: RealSet, older: Indexes, seed: int) -> Predict:
    """LightGBM, texts and flags as its categories; a level that it has not learned from is missing."""
    from lightgbm import LGBMClassifier

    frame, names = _texts(data.history.frame)
    for name in names:
        levels = sorted(set(frame[name].iloc[older]))
        frame[name] = pd.Categorical(frame[name].where(frame[name].isin(levels), None), levels)
    fitted: Any = LGBMClassifier(random_state=seed, verbose=-1).fit(frame.iloc[older], data.history.won[older])
    return lambda held: np.asarray(fitted.predict_proba(frame.iloc[held])[:, 1])


def catboost(data: RealSet, older: Indexes, seed: int) -> Predict:
    """CatBoost, texts and flags as its categories."""
    from catboost import CatBoostClassifier

    frame, names = _texts(data.history.frame)
    model = CatBoostClassifier(random_seed=seed, verbose=0, allow_writing_files=False, cat_features=names)
    fitted = model.fit(frame.iloc[older], data.history.won[older].astype(int))
    return lambda held: np.asarray(fitted.predict_proba(frame.iloc[held])[:, 1])


def ebm(data: RealSet, older: Indexes, seed: int) -> Predict:
    """InterpretML's explainable boosting machine."""
    from interpret.glassbox import ExplainableBoostingClassifier

    frame, _ = _texts(data.history.frame)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Missing values detected")  # its plots don't show them
        fitted = ExplainableBoostingClassifier(random_state=seed).fit(frame.iloc[older], data.history.won[older])
    return lambda held: np.asarray(fitted.predict_proba(frame.iloc[held])[:, 1])


def odoo(data: RealSet, older: Indexes, seed: int) -> Predict:
    """Naive Bayes as Odoo's CRM does it; see benchmarks/odoo_bayes.py."""
    frame = data.history.frame
    fitted = odoo_bayes.fit(frame.iloc[older], data.history.won[older])
    return lambda held: fitted.predict(frame.iloc[held])


LEARNERS: Mapping[str, Learner] = {
    "ours": ours,
    "readable": readable,
    "classifier": classifier,
    "rules": rules,
    "logistic": logistic_regression,
    "boosting": unrestricted,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "ebm": ebm,
    "odoo": odoo,
    "autogluon": stacked.stacked,
}
TITLES = {
    "ours": "ours",
    "readable": "ours, readable part alone",
    "classifier": "ours, without the rules",
    "rules": "rules alone",
    "logistic": "logistic regression",
    "boosting": "unrestricted boosting",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "ebm": "EBM",
    "odoo": "naive Bayes as in Odoo",
    "autogluon": stacked.NAME,
}
UNSEEDED = ("rules", "logistic", "odoo", "autogluon")  # the same again with any seed; the last, since it takes its time
MODULES = {"lightgbm": "lightgbm", "catboost": "catboost", "ebm": "interpret"}


def absent(name: str) -> str:
    """Why a learner can't be measured here; empty where it can."""
    if name in MODULES and find_spec(MODULES[name]) is None:
        return f"{MODULES[name]} is not installed"
    if name == "autogluon" and not stacked.PYTHON.is_file():
        return f"{stacked.PYTHON} is not there; make bench-quality makes it"
    return ""


def _released(data: RealSet, older: Indexes, seed: int, settings: Mapping[str, Any]) -> Predict:
    """The scorecard that `train` learns from these leads, or the bare card where it finds too little to learn from."""
    card, history = data.card, data.history
    fewest = min(int(history.won[older].sum()), int((~history.won[older]).sum()))
    if fewest < FEWEST_OF_A_KIND or (card.outcome and len(older) < card.outcome.minimum):
        learned = build_untrained(card).learned
    else:
        known = history.take(older)
        gap = card.outcome.within if card.outcome and known.days is not None else 0
        split = split_history(known.won, known.time_order, HELD_OUT, digest_leads(known), gap)
        estimator = default_classifier(card, known, seed).set_params(**settings)
        learned = fit_card(card, known, split, estimator).learned
    scorecard = Scorecard(card, learned)
    return lambda held: probability_at(learned, history.score(scorecard)[held])


def _pipeline(model: Any, data: RealSet, older: Indexes) -> Predict:
    """One thread for boosting, as in training: on a busy machine its threads wait for one another."""
    frame = plain(data.history.frame)
    with threadpool_limits(1, user_api="openmp"):
        fitted = model.fit(frame.iloc[older], data.history.won[older])

    def predict(held: Indexes) -> Floats:
        with threadpool_limits(1, user_api="openmp"):
            return np.asarray(fitted.predict_proba(frame.iloc[held])[:, 1])

    return predict


def _texts(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Texts and flags as texts, a missing one as a level of its own; and the names of these columns."""
    names = [str(name) for name in frame if frame[name].dtype != float]
    return plain(frame).astype(dict.fromkeys(names, object)), names
