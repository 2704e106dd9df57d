"""Which clicks the shipped rule for mail scanners marks, of the simulated gateways and people of examples/b2b-software.

The gateways are written from what mail services have measured, and know nothing of the rule. Each line adds a sign to
those above it, as a kind of events declares more properties.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.scorecard import build_untrained

KIND = "mail_click"
SIGNS = (
    ("mail", "link"),
    ("mail", "link", "agent"),
    ("mail", "link", "agent", "method"),
    ("mail", "link", "agent", "method", "seconds_after_delivery"),
    ("mail", "link", "agent", "method", "seconds_after_delivery", "links"),
)


def draw_clicks(leads: int, seed: int) -> pd.DataFrame:
    """The clicks of simulated leads, each once, with `machine`: whether a gateway followed the link."""
    events: pd.DataFrame = load_simulator().simulate_events(leads, seed=seed, truth=True).events
    return events[events["kind"] == KIND].drop_duplicates("id")


def mark(clicks: pd.DataFrame, properties: Sequence[str]) -> pd.Series:
    """Which clicks the rule marks, where only these properties are known of them. Shape: (clicks,)."""
    counter = EventCounter(build_untrained(read_card(find_examples() / "b2b-software" / "card-with-events.yaml")))
    events = clicks[["kind", "time", "id", "source"]].to_dict("records")
    by_lead: dict[str, list[dict[Hashable, Any]]] = defaultdict(list)
    for lead, event, values in zip(clicks["lead"], events, clicks[list(properties)].to_dict("records"), strict=True):
        by_lead[lead].append({"properties": values, **event})
    marked: set[str] = set()
    for of_lead in by_lead.values():
        columns = counter.read(of_lead).by_kind[KIND]
        marked |= {of_lead[row]["id"] for row in counter.scanners[KIND].find(columns)}
    return clicks["id"].isin(marked)


def main(words: list[str]) -> None:
    """Print both shares for each set of signs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks machine_clicks", description=__doc__)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(words)
    clicks = draw_clicks(given.leads, given.seed)
    by_machine = clicks["machine"]
    print(f"{by_machine.sum():,} clicks of gateways, {(~by_machine).sum():,} of people; marked:")
    for properties in SIGNS:
        marks = mark(clicks, properties)
        print(f"{marks[by_machine].mean():7.2%} and {marks[~by_machine].mean():.2%} by {', '.join(properties)}")


if __name__ == "__main__":
    main([])
