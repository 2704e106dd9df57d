"""Training runs in MLflow, for teams that keep their experiments there.

Nothing happens unless MLFLOW_TRACKING_URI is set and MLflow is installed. A run that can't be logged gives a message,
and never undoes a release.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from leadledger.training.runs.training_result import Training

VARIABLE = "MLFLOW_TRACKING_URI"


def log_run(training: Training, release: str) -> str:
    """Log a training run; returns a message for the user, empty where tracking is off."""
    if not os.environ.get(VARIABLE):
        return ""
    try:
        import mlflow
    except ModuleNotFoundError:
        return f"Not logged to MLflow: {VARIABLE} is set, but MLflow is not installed (pip install mlflow)."
    try:
        mlflow.set_experiment(training.card.name)
        with mlflow.start_run(run_name=release) as run:
            mlflow.set_tags({"leadledger.release": release, "leadledger.held_back": training.held_back or "no"})
            mlflow.log_params(dict(_flat(training.provenance)) | {"rules_only": training.rules_only or "no"})
            numbers = {name: value for name, value in _flat(training.metrics) if isinstance(value, int | float)}
            mlflow.log_metrics({name: float(value) for name, value in numbers.items()})
            mlflow.log_dict(dict(training.metrics), "metrics.json")
            mlflow.log_text(training.card_text, "card.yaml")
    except Exception as error:  # a tracking server may fail in any way
        return f"Not logged to MLflow: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return f"Logged to MLflow as run {run.info.run_id} of the experiment {training.card.name}."


def _flat(record: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The single values of nested records by their path, `held_out.leadledger.auc`; lists are left to metrics.json."""
    for key, value in record.items():
        name = f"{path}.{key}" if path else str(key)
        name = "".join(letter if letter.isalnum() or letter in "_-. /" else "_" for letter in name)
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif value is not None and not isinstance(value, list | tuple):
            yield name, value
