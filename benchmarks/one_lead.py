"""One lead with its whole ledger and recommendation, against what a user would pick today.

The baseline is `predict_proba` of a scikit-learn pipeline (imputation, one-hot, logistic regression; and histogram
gradient boosting) on a one-row DataFrame, fitted on the same history; ours is the release that `train` makes of it.
Every figure is the best of several rounds in one run; the ratios are what counts.
"""

from __future__ import annotations

import gc
import itertools
import tempfile
import time
from collections.abc import Callable
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
ROUNDS = 15
AS_OF = date(2026, 7, 1)
UNTIL = date(2026, 6, 30)


def best(work: Callable[[], Any], times: int) -> float:
    """Seconds that one call takes, in the best of several rounds."""
    seconds = []
    gc.disable()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            work()
        seconds.append((time.perf_counter() - start) / times)
    gc.enable()
    return min(seconds)


def main(words: list[str]) -> None:
    """Train once, then time each way on the same leads."""
    card = find_examples() / "b2b-software" / "card.yaml"
    simulate = load_simulator()
    with tempfile.TemporaryDirectory() as folder:
        history, fresh = Path(folder) / "history.csv", Path(folder) / "leads.csv"
        simulate.write(simulate.simulate(LEADS, seed=7, until=UNTIL), history)
        simulate.write(simulate.open_leads(200, seed=8, until=UNTIL), fresh)
        made = train(card, history)
        name = made.publish(Releases(folder), datetime.now(UTC))
        scorecard = Releases(folder).open(name)
        leads = pd.read_csv(fresh, dtype=str, keep_default_na=False).to_dict("records")
    assert made.history is not None
    ready = get_engine(scorecard)
    typed = [ready.clean(lead).values for lead in leads]
    turn, turn_typed = itertools.cycle(leads), itertools.cycle(typed)
    ours = best(lambda: ready.score(next(turn), AS_OF), 400)
    from_typed = best(lambda: ready.build_result(next(turn_typed), AS_OF), 400)
    printed = best(lambda: ready.tally(next(turn_typed), AS_OF), 400)
    walked = best(lambda: tally(scorecard, next(turn_typed), AS_OF), 20)
    frame, won = made.history.frame, made.history.won
    row = plain(frame.iloc[[0]])
    baselines = {}
    for label, model in (("logistic regression", logistic(frame)), ("gradient boosting", boosting(frame, 0))):
        fitted = model.fit(plain(frame), won)
        baselines[label] = best(lambda fitted=fitted: fitted.predict_proba(row), 5)
    print(f"one lead, b2b-software: {len(scorecard.rules)} rules, {len(scorecard.learned.terms)} learned terms\n")
    print(f"{'':<58}{'µs':>9}{'of logistic':>14}{'of boosting':>14}")
    rows = {
        "raw lead to result: cleaned, ledger, recommendation": ours,
        "typed lead to result: ledger, recommendation": from_typed,
        "printed Python alone: points, range, criteria": printed,
        "tree walk: the same": walked,
        **{f"predict_proba on a one-row DataFrame, {label}": seconds for label, seconds in baselines.items()},
    }
    first, second = baselines.values()
    for label, seconds in rows.items():
        print(f"{label:<58}{seconds * 1e6:>9.1f}{'1/%.0f' % (first / seconds):>14}{'1/%.0f' % (second / seconds):>14}")


if __name__ == "__main__":
    main([])
