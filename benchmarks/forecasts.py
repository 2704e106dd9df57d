"""What will change of a lead within 90 days: the time of one forecast, beside that of one whole result.

Leads of the simulated CRM of b2b-software, by the release that `train` makes of its card, and by the rules of the card
with events, each lead with twenty of them and without. Figures are medians over leads, in processor time, the best of
several rounds for each; `naive` scores the lead as of each of the days.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import load
from leadledger.scoring.engine.forecast import forecast_values
from leadledger.scoring.engine.forecast_days import USUAL_DAYS
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.runs.train import train

LEADS, EVENTS, ROUNDS = 200, 20, 5
AS_OF = date(2026, 7, 1)
UNTIL = date(2026, 6, 30)
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("visit", {"path": "/pricing", "seconds": 40}),
    ("visit", {"path": "/", "seconds": 9}),
    ("mail_click", {"mail": "spring", "link": "/go/1", "links": 3}),
    ("form", {"form": "demo"}),
    ("call", {"outcome": "reached", "minutes": 12}),
)


def make_events(lead: int) -> list[dict[str, Any]]:
    """The events of a lead: some of each kind, over two months."""
    events = []
    for i in range(EVENTS):
        kind, properties = KINDS[(i + lead) % len(KINDS)]
        day = AS_OF - timedelta(days=(i * 7 + lead) % 60)
        event = {"kind": kind, "id": f"{lead}-{i}", "source": "web", "time": f"{day}T10:{i:02}:00Z"}
        events.append(event | {"properties": properties})
    return events


def measure(work: Callable[[], Any]) -> float:
    """Milliseconds of processor time that one call takes, in the best of several rounds."""
    shortest = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        work()
        shortest = min(shortest, time.process_time_ns() - start)
    return shortest / 1e6


def report(label: str, card: Scorecard, leads: list[dict[str, Any]], events: list[list[dict[str, Any]]] | None) -> None:
    """Print the medians of a card over leads."""
    engine = get_engine(card)
    typed = [engine.clean(lead).values for lead in leads]
    of_leads = [None] * len(leads) if events is None else events
    counted, results, naive, changing = [], [], [], 0
    for values, raw in zip(typed, of_leads, strict=True):
        answer = forecast_values(card, values, AS_OF, USUAL_DAYS, raw)
        changing += answer.recommendation is not None

        def score_on(day: date, values: Any = values, raw: Any = raw) -> Any:
            return engine.build_result(values, day, counts=engine.count_events(raw, day, values))

        counted.append(measure(lambda values=values, raw=raw: forecast_values(card, values, AS_OF, USUAL_DAYS, raw)))
        results.append(measure(lambda score_on=score_on: score_on(AS_OF)))
        if len(naive) < LEADS // 10:
            days = [AS_OF + timedelta(days=number) for number in range(USUAL_DAYS + 1)]
            naive.append(measure(lambda score_on=score_on, days=days: [score_on(day) for day in days]))
    high = statistics.quantiles(counted, n=100)[98]
    medians = [statistics.median(counted), high, statistics.median(results), statistics.median(naive)]
    print(f"{label:<44}{''.join(f'{value:>11.3f}' for value in medians)}{changing / len(leads):>10.0%}")


def main(words: list[str]) -> None:
    """Time forecasts of the same leads by a learned release and by rules, with events and without."""
    folder = find_examples() / "b2b-software"
    simulate = load_simulator()
    with tempfile.TemporaryDirectory() as scratch:
        history, fresh = Path(scratch) / "history.csv", Path(scratch) / "leads.csv"
        simulate.write(simulate.open_leads(LEADS, seed=8, until=UNTIL), fresh)
        simulate.write(simulate.simulate(5_000, seed=7, until=UNTIL), history)
        learned = train(folder / "card.yaml", history).scorecard
        leads = pd.read_csv(fresh, dtype=str, keep_default_na=False).to_dict("records")
    with_events = load(folder / "card-with-events.yaml")
    events = [make_events(number) for number in range(LEADS)]
    print(f"milliseconds a lead, {USUAL_DAYS} days, {LEADS} leads\n")
    print(f"{'':<44}{'median':>11}{'99 of 100':>11}{'result':>11}{'naive':>11}{'changes':>10}")
    report("learned release, without events", learned, leads, None)
    report("rules and events, none known", with_events, leads, None)
    report(f"rules and events, {EVENTS} each", with_events, leads, events)


if __name__ == "__main__":
    main([])
