"""Leads that leadforge simulates, on its own split: our training with events beside its own two models.

    python -m benchmarks leadforge_split --leads 5000 --seed 42 1 2

Each seed is another firm. leadforge's two models learn from its snapshots, each lead as of day 30, prepared as in
leadforge/validation/release_quality.py and without `total_touches_all`, which counts later touches. Ours learn from
the same leads and their events, once at day 30 only (as theirs do) and once at the card's landmarks. All predict
which of the test leads that had not bought by day 30 buy in the 60 days after.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Hashable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from leadledger.api.cli.examples import find_examples
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.runs.train import train

DAY, HORIZON = 30, 60  # days after a lead came on which it is judged, and to wait for what becomes of it
LAST_DAY = date(2024, 12, 31)  # by then all is known of every lead
NO_FEATURES = ["converted_within_90_days", "lead_id", "account_id", "contact_id", "lead_created_at", "split"]
UNKNOWN_THEN = ["won_on", "total_touches_all"]  # of leads.csv, on the day of the forecast
LEAKS = ["current_stage", "is_sql", "total_touches_all"]


def make(folder: Path, leads: int, seed: int) -> None:
    """Simulate the leads, as the example does."""
    path = find_examples() / "leadforge" / "load.py"
    spec = importlib.util.spec_from_file_location("leadforge_load", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.load(folder, leads, seed)


def read_snapshots(folder: Path) -> pd.DataFrame:
    """leadforge's table of the leads that had not bought by day 30, with `bought`: within the horizon after it."""
    leads = pd.read_csv(folder / "leads.csv")
    days = (pd.to_datetime(leads["won_on"]) - pd.to_datetime(leads["lead_created_at"])).dt.days
    leads["bought"] = days.between(DAY + 1, DAY + HORIZON)
    snapshots = pd.read_csv(folder / "snapshots.csv")
    return snapshots.merge(leads.loc[~(days <= DAY), ["lead_id", "bought"]], on="lead_id")


def predict_by_leadforge(snapshots: pd.DataFrame) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The forecasts of leadforge's two models, for the test leads."""
    features = snapshots.drop(columns=[*NO_FEATURES, *LEAKS, "bought"], errors="ignore")
    features = features.astype({name: float for name in features.select_dtypes(bool)})
    numbers = list(features.select_dtypes("number"))
    texts = [name for name in features if name not in numbers]
    older, held = snapshots["split"] != "test", snapshots["split"] == "test"
    for name, model in (
        ("its logistic regression", LogisticRegression(max_iter=1000)),
        ("its boosting", HistGradientBoostingClassifier(random_state=42)),
    ):
        columns = ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
                (
                    "texts",
                    make_pipeline(
                        SimpleImputer(strategy="most_frequent"),
                        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                    ),
                    texts,
                ),
            ]
        )
        fitted = make_pipeline(columns, model).fit(features[older], snapshots["bought"][older])
        yield name, fitted.predict_proba(features[held])[:, 1]


def learn(folder: Path, landmarks: str) -> Scorecard:
    """What our training learns from all but the test leads, with their events."""
    text = (find_examples() / "leadforge" / "card.yaml").read_text("utf-8")
    if landmarks:
        text = text.replace(f"  within: {HORIZON} days\n", f"  within: {HORIZON} days\n  landmarks: {landmarks}\n")
    card = folder / "card.yaml"
    card.write_text(text, "utf-8")
    leads, events = pd.read_csv(folder / "leads.csv", dtype=str), pd.read_csv(folder / "events.csv", dtype=str)
    test = set(pd.read_csv(folder / "snapshots.csv").query("split == 'test'")["lead_id"])
    learned = train(
        card,
        leads[~leads["lead_id"].isin(test)],
        as_of=LAST_DAY,
        events=events[~events["lead"].isin(test)],
        accept_left_out=True,
    )
    return Scorecard(learned.card, learned.learned)


def predict(scorecard: Scorecard, folder: Path, ids: list[str]) -> np.ndarray[Any, Any]:
    """Our forecasts for some leads as of day 30, each scored with its events."""
    engine = get_engine(scorecard)
    events = pd.read_csv(folder / "events.csv", dtype=str)
    by_lead = dict(list(events[events["lead"].isin(ids)].groupby("lead")))
    leads = pd.read_csv(folder / "leads.csv", dtype=str).set_index("lead_id", drop=False)
    chances = []
    for lead_id in ids:
        lead: dict[str, Any] = {
            str(name): cell for name, cell in leads.loc[lead_id].drop(UNKNOWN_THEN).dropna().items()
        }
        day = date.fromisoformat(lead["lead_created_at"]) + timedelta(days=DAY)
        rows = by_lead[lead_id].drop(columns="lead").to_dict("records") if lead_id in by_lead else []
        chances.append(engine.score(lead, day, events=[_make_event(row) for row in rows]).probability)
    return np.array(chances, float)


def _make_event(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    known = {str(name): value for name, value in row.items() if isinstance(value, str)}
    members = {name: known.pop(name) for name in PLAIN_MEMBERS if name in known}
    return {**members, "properties": known}


def main(words: list[str]) -> None:
    """Measure all, on several simulations."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--seed", type=int, nargs="+", default=[42, 1, 2], help="a simulation for each")
    options = parser.parse_args(words)
    measured: dict[str, list[tuple[float, float]]] = {}
    for seed in options.seed:
        with TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, options.leads, seed)
            snapshots = read_snapshots(folder)
            held = snapshots[snapshots["split"] == "test"]
            forecasts = dict(predict_by_leadforge(snapshots))
            for label, landmarks in (("ours, at day 30", f"[{DAY}]"), ("ours, at all landmarks", "")):
                forecasts[label] = predict(learn(folder, landmarks), folder, list(held["lead_id"]))
            rate = snapshots["bought"][snapshots["split"] != "test"].mean()
            forecasts["the rate alone"] = np.full(len(held), rate)
            for label, chances in forecasts.items():
                loss, area = log_loss(held["bought"], chances), roc_auc_score(held["bought"], chances)
                measured.setdefault(label, []).append((loss, area))
    print(f"{len(options.seed)} simulations of {options.leads:,} leads; means over the test leads open on day {DAY}\n")
    print(f"{'':26}{'log-loss':>10}{'AUC':>8}")
    for label, figures in measured.items():
        loss, area = np.mean(np.array(figures), axis=0)
        print(f"{label:26}{loss:10.4f}{area:8.4f}")


if __name__ == "__main__":
    main([])
