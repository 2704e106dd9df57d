"""How much of what the simulator's events make possible training reaches, and what it costs.

The simulated CRM of examples/b2b-software knows the true chance of each lead on each landmark, with its events and
without. So the AUC of a release is set beside that of the truth, over one look at each held-out lead and at each
landmark, and its calibration beside 1.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training

AFTER_THE_FACT = ["lead_status", "proposal_value"]  # columns that give the outcome away
LEAST_GAIN = 0.001  # of the AUC; below it a share of it says nothing


def learn(leads: int, seed: int) -> tuple[Training, pd.DataFrame, float]:
    """A training with events on a simulated history, the true chances of its leads, and the seconds that it took."""
    simulation = load_simulator().simulate_events(leads, seed=seed)
    history = simulation.leads.drop(columns=AFTER_THE_FACT)
    card = find_examples() / "b2b-software" / "card-with-events.yaml"
    began = time.perf_counter()
    training = train(card, history, as_of=load_simulator().UNTIL, events=simulation.events, without=AFTER_THE_FACT)
    return training, simulation.chances, time.perf_counter() - began


def find_truth(training: Training, chances: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The true chances (n,) of the rows of a training's history, with events and without."""
    history = training.history
    assert history is not None
    assert history.landmarks is not None
    keys = pd.MultiIndex.from_arrays([history.ids["lead_id"], history.landmarks.after])
    rows = chances.set_index(["lead_id", "age"]).reindex(keys)
    return rows["true_probability"].to_numpy(float), rows["without_events"].to_numpy(float)


def share(reached: float, without: float, possible: float, possible_without: float) -> str:
    """Which share of what events make possible a forecast reaches, in words."""
    gain = possible - possible_without
    return f"{(reached - without) / gain:.0%} of what events bring" if gain > LEAST_GAIN else "nothing to gain"


def main(words: list[str]) -> None:
    """Print the AUC with events and without, beside the truth, in all and by landmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks landmarks", description=__doc__)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(words)
    training, chances, seconds = learn(given.leads, given.seed)
    history, held = training.history, training.held
    assert history is not None
    assert history.landmarks is not None
    assert history.lead_days is not None
    truth, without = find_truth(training, chances)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{history.counts.used:,} leads, {len(history):,} looks: {seconds:,.0f} s, {memory:.1f} GB at most\n")
    titles = ("looks", "slope", "of truth", "AUC", "possible", "without", "possible")
    print(f"{'days after':<12}" + "".join(f"{title:>10}" for title in titles))

    def show(name: str, rows: NDArray[np.intp], ours: tuple[float, float], slope: float) -> None:
        possible = [roc_auc_score(history.won[rows], chance[rows]) for chance in (truth, without)]
        of_truth = judge(history.won[rows], truth[rows]).slope  # how far chance alone takes it from 1
        slopes, areas = f"{slope:>10.2f}{of_truth:>10.2f}", zip(ours, possible, strict=True)
        measured = "".join(f"{reached:>10.4f}{most:>10.4f}" for reached, most in areas)
        print(f"{name:<12}{len(rows):>10,}{slopes}{measured}  {share(*ours, *possible)}")

    measures = training.metrics["landmarks"]
    judged = history.lead_days >= history.lead_days[held].min()
    for row in measures["by_landmark"]:
        rows = np.flatnonzero(judged & (history.landmarks.after == row["after"]))
        show(str(row["after"]), rows, (row["auc"], row["auc_without_events"]), row["slope"])
    both = measures["with_events"], measures["without_events"]
    show("one of each", held, (both[0]["auc"], both[1]["auc"]), both[0]["slope"])


if __name__ == "__main__":
    main([])
