"""Fits AutoGluon's stack and predicts with it; run by the Python of `.venv-autogluon`, whose pandas is not ours.

    .venv-autogluon/bin/python -P benchmarks/stacked_fit.py fit FOLDER SECONDS
    .venv-autogluon/bin/python -P benchmarks/stacked_fit.py predict FOLDER

`fit` reads FOLDER/older.parquet with the outcome in WON; `predict` reads FOLDER/held.parquet and writes
FOLDER/probability.txt, a line a lead. Without torch and ray the stack is of LightGBM, CatBoost, XGBoost and forests,
bagged one fold after the other.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from autogluon.tabular import TabularPredictor  # type: ignore[import-not-found]  # it is in a venv of its own

WON = "(won)"  # no field of a card can have this name


def main(step: str, folder: Path, seconds: float = 0) -> None:
    """One step: `fit` or `predict`."""
    model = str(folder / "model")
    if step == "fit":
        predictor = TabularPredictor(WON, problem_type="binary", eval_metric="log_loss", path=model, verbosity=0)
        # The search for the best depth of the stack would spend a quarter of the time, and needs ray.
        leads = pd.read_parquet(folder / "older.parquet")
        predictor.fit(leads, time_limit=seconds, presets="best_quality", dynamic_stacking=False)
        return
    chances = TabularPredictor.load(model, verbosity=0).predict_proba(pd.read_parquet(folder / "held.parquet"))
    chances[True].to_csv(folder / "probability.txt", index=False, header=False, float_format="%.17g")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:]))
