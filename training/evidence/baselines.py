"""What the forecast is measured against: rules alone, a plain logistic regression, unrestricted boosting.

All learn from the same leads and the same fields. Boosting without restrictions is the price of readability: what a
black box would gain.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from leadledger.training.learn.trust import LOG_ODDS, in_the_large


def baselines(
    frame: pd.DataFrame, won: NDArray[np.bool_], held: pd.DataFrame, seed: int
) -> Mapping[str, NDArray[np.float64]]:
    """The probabilities (n,) that each rival gives to the held-out leads."""
    made = {"logistic regression": logistic(frame), "unrestricted boosting": boosting(frame, seed)}
    # One thread: on a busy machine, boosting's threads wait for one another, and cost many times more than they bring.
    with threadpool_limits(1, user_api="openmp"):
        return {name: model.fit(plain(frame), won).predict_proba(plain(held))[:, 1] for name, model in made.items()}


def rules_alone(rules: NDArray[np.int64], won: NDArray[np.bool_], held: NDArray[np.int64]) -> NDArray[np.float64]:
    """The probabilities that declared points give: the odds double with 10 points, and the mean is the history's."""
    start = in_the_large(rules * LOG_ODDS, float(won.mean()))
    return np.asarray(expit(held * LOG_ODDS + start))


def logistic(frame: pd.DataFrame) -> Pipeline:
    """Standardised numbers with a mark where they are missing, one column a text level, default regularisation."""
    numbers, levels = _split(frame)
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, max_categories=50), levels),
        ),
        LogisticRegression(max_iter=2000),
    )


def boosting(frame: pd.DataFrame, seed: int) -> Pipeline:
    """Histogram gradient boosting with its defaults, over all fields at once."""
    numbers, levels = _split(frame)
    encode = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, max_categories=200
    )
    known = [False] * len(numbers) + [True] * len(levels)
    return make_pipeline(
        make_column_transformer(("passthrough", numbers), (encode, levels)),
        HistGradientBoostingClassifier(categorical_features=known, random_state=seed),
    )


def _split(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [str(column) for column in frame.columns if frame[column].dtype == float]
    return numbers, [str(column) for column in frame.columns if column not in numbers]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Flags and texts as texts, which the encoders of scikit-learn take; a missing one is a level of its own."""
    levels = _split(frame)[1]
    texts = {name: frame[name].astype(object).where(frame[name].notna(), "missing").astype(str) for name in levels}
    return frame.assign(**texts)
