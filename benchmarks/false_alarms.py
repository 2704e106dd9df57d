"""Which honest fields the leakage gate stops or suspects on random halves of the real sets and of the simulated CRM.

python -m benchmarks false_alarms --halves 20

The example cards leave out (`learn: no`) what is known to leak, so every field that is named here is a false alarm.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_sets import ROOT, SETS, RealSet, loaded
from leadledger.api.cli.examples import load_simulator
from leadledger.scoring.card.reader import read_card
from leadledger.training.evidence.leakage import find_leaks
from leadledger.training.history import History
from leadledger.training.history_reader import read_history

SIMULATED = "b2b-software"
FIRST_SEED = 100  # of the halves: the limits of the gate were chosen on others


def simulated() -> RealSet:
    """The simulated CRM of the example, 8,000 leads."""
    card = read_card(ROOT / "examples" / SIMULATED / "card.yaml")
    frame = load_simulator().simulate(8_000, seed=11, until=date(2026, 6, 30))
    return RealSet(SIMULATED, card, read_history(card, frame))


def halves(history: History, count: int) -> Iterator[tuple[int, History]]:
    """Random halves of a history, each with its seed."""
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        order = np.random.default_rng(seed).permutation(len(history))
        yield seed, take_leads(history, np.sort(order[: len(history) // 2]))


def take_leads(history: History, positions: NDArray[np.intp]) -> History:
    """Some leads of a history."""
    return replace(
        history,
        rows=history.rows[positions],
        frame=history.frame.iloc[positions].reset_index(drop=True),
        won=history.won[positions],
        became=history.became[positions],
        became_on=None if history.became_on is None else history.became_on[positions],
        days=None if history.days is None else history.days[positions],
        order=None if history.order is None else history.order[positions],
        dates={name: days[positions] for name, days in history.dates.items()},
        ids={name: texts[positions] for name, texts in history.ids.items()},
        rules=history.rules[positions],
        excluded=history.excluded[positions],
    )


def measure(data: RealSet, count: int) -> dict[str, object]:
    """How often each field was stopped or suspected on halves of a set."""
    alarms: Counter[str] = Counter()
    for seed, half in halves(data.history, count):
        leakage = find_leaks(data.card, half, seed)
        alarms.update(f"{suspect.field} ({suspect.kind})" for suspect in (*leakage.suspects, *leakage.suspected))
    return {"set": data.name, "leads": len(data.history) // 2, "halves": count, "alarms": dict(alarms)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the alarms of each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halves", type=int, default=20, help="random halves of each set")
    parser.add_argument("--sets", nargs="*", default=[*SETS, SIMULATED], help="names of sets")
    parser.add_argument("--json", action="store_true", help="print data")
    given = parser.parse_args(arguments)
    for data in loaded([name for name in given.sets if name != SIMULATED]):
        tell(measure(data, given.halves), given.json)
    if SIMULATED in given.sets:
        tell(measure(simulated(), given.halves), given.json)


def tell(measured: dict[str, object], as_json: bool) -> None:
    """Print what a set gave."""
    alarms = measured["alarms"] or "no honest field is stopped or suspected"
    text = f"{measured['set']}, {measured['halves']} halves of {measured['leads']:,} leads: {alarms}"
    print(json.dumps(measured) if as_json else text, flush=True)
