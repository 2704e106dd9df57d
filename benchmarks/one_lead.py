"""One lead with its whole ledger and recommendation, against what a user would pick today.

The baseline is `predict_proba` of a scikit-learn pipeline (imputation, one-hot, logistic regression; and histogram
gradient boosting) on a one-row DataFrame, fitted on the same history; ours is the release that `train` makes of it.
No lead comes twice while ours is timed, so that nothing but values is known from before. Every figure is CPU time, the
best of many short rounds in turns; the ratios are what counts.
"""

from __future__ import annotations

import gc
import itertools
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.models.releases.store import Releases
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.meaning.reference import tally
from leadledger.training.evidence.baselines import boosting, logistic, plain
from leadledger.training.runs.train import train

LEADS = 20_000
FRESH = 20_000  # leads that are scored, of which each way takes ROUNDS times as many as it calls in a round
ROUNDS = 40
MOST_RAW, MOST_TYPED = 1 / 240, 1 / 370  # of the time of the logistic regression
RAW = "raw lead to result: cleaned, ledger, recommendation"
TYPED = "typed lead to result: ledger, recommendation"
AS_OF = date(2026, 7, 1)
UNTIL = date(2026, 6, 30)


def time_in_turns(ways: Mapping[str, tuple[Callable[[Any], Any], Iterable[Any], int]]) -> dict[str, float]:
    """Seconds that a call of each way takes, in its best round; a way is a function, its arguments and calls a round.

    CPU time of this thread: others on the machine don't lengthen it, and threads of the baseline's don't count.
    """
    arguments = {label: itertools.cycle(values) for label, (_, values, _) in ways.items()}
    seconds = dict.fromkeys(ways, math.inf)
    gc.collect()
    gc.disable()
    for _ in range(ROUNDS):
        for label, (work, _, times) in ways.items():
            batch = list(itertools.islice(arguments[label], times))
            start = time.thread_time()
            for argument in batch:
                work(argument)
            seconds[label] = min(seconds[label], (time.thread_time() - start) / times)
    gc.enable()
    return seconds


def main(words: list[str]) -> None:
    """Train once, then time each way on the same leads."""
    card = find_examples() / "b2b-software" / "card.yaml"
    simulate = load_simulator()
    with tempfile.TemporaryDirectory() as folder:
        history, fresh = Path(folder) / "history.csv", Path(folder) / "leads.csv"
        simulate.write(simulate.simulate(LEADS, seed=7, until=UNTIL), history)
        simulate.write(simulate.open_leads(FRESH, seed=8, until=UNTIL), fresh)
        made = train(card, history)
        name = made.publish(Releases(folder), datetime.now(UTC))
        scorecard = Releases(folder).open(name)
        leads = pd.read_csv(fresh, dtype=str, keep_default_na=False).to_dict("records")
    assert made.history is not None
    ready = get_engine(scorecard)
    typed = [ready.clean(lead).values for lead in leads]
    frame, won = made.history.frame, made.history.won
    rows = [plain(frame.iloc[[i]]) for i in range(ROUNDS)]
    fitted = {
        label: model.fit(plain(frame), won)
        for label, model in (("logistic regression", logistic(frame)), ("gradient boosting", boosting(frame, 0)))
    }
    seconds = time_in_turns(
        {
            RAW: (lambda lead: ready.score(lead, AS_OF), leads, 400),
            TYPED: (lambda values: ready.build_result(values, AS_OF), typed, 400),
            "printed Python alone: points, range, criteria": (lambda values: ready.tally(values, AS_OF), typed, 400),
            "tree walk: the same": (lambda values: tally(scorecard, values, AS_OF), typed, 20),
            **{
                f"predict_proba on a one-row DataFrame, {label}": (model.predict_proba, rows, 5)
                for label, model in fitted.items()
            },
        }
    )
    print(f"one lead, b2b-software: {len(scorecard.rules)} rules, {len(scorecard.learned.terms)} learned terms\n")
    print(f"{'':<58}{'µs':>9}{'of logistic':>14}{'of boosting':>14}")
    *_, first, second = seconds.values()
    for label, taken in seconds.items():
        print(f"{label:<58}{taken * 1e6:>9.1f}{'1/%.0f' % (first / taken):>14}{'1/%.0f' % (second / taken):>14}")
    for label, most in ((RAW, MOST_RAW), (TYPED, MOST_TYPED)):
        judgement = "within" if seconds[label] <= first * most else "OVER"
        print(f"{label.partition(' ')[0]}: {judgement} 1/{1 / most:.0f} of the logistic regression")


if __name__ == "__main__":
    main([])
