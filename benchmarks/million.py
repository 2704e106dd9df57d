"""`leadledger train` on a million simulated leads with 20 fields to learn from: its time and its memory.

    python -m benchmarks million --leads 100000

The history is the simulated CRM of examples/b2b-software, written to a CSV file by its own script; the card is that of
the example with three more fields to learn from (`company`, `unsubscribed`, `competitor`), which makes them 20. The
memory is the most that the process held (the kernel's figure for that one process, its threads included).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from leadledger.api.cli.examples import find_examples
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.scorecard import Card

ROOT = Path(__file__).parents[1]
EXAMPLE = find_examples() / "b2b-software"
LEADS = 1_000_000
FIELDS = 20
ALSO = ("company", "unsubscribed", "competitor")
MINUTES, GIGABYTES = 15, 6  # what it may take


@dataclass(frozen=True)
class TrainingRun:
    """One training: leads of the file, its size, seconds, the most bytes of memory."""

    leads: int
    fields: int
    file: int
    seconds: float
    memory: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {**asdict(self), "leads_per_second": round(self.leads / self.seconds, 1)}


def card_text() -> str:
    """The example's card, with 20 fields to learn from."""
    text = (EXAMPLE / "card.yaml").read_text("utf-8")
    rows = text.splitlines(keepends=True)
    for place, row in enumerate(rows):
        if row.strip().startswith(tuple(f"{name}: {{" for name in ALSO)):
            rows[place] = row.replace(", learn: no", "")
    return "".join(rows)


def learnable(card: Card) -> list[str]:
    """The fields that training may learn from."""
    kinds = ("number", "text", "flag")
    return [field.name for field in card.fields.values() if field.learn and field.kind in kinds]


def measure(leads: int, seed: int = 7) -> TrainingRun:
    """Simulate, then train, each in a process of its own. Raises RuntimeError where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        card, history = Path(folder) / "card.yaml", Path(folder) / "history.csv"
        text = card_text()
        card.write_text(text, "utf-8")
        fields = len(learnable(parse_card(text, str(card))))
        print(f"simulating {leads:,} leads", file=sys.stderr)
        run([str(EXAMPLE / "simulate.py"), "--leads", str(leads), "--seed", str(seed), "-o", str(history)])
        print("training", file=sys.stderr)
        seconds, memory = run(
            [
                "-m",
                "leadledger.api.cli.commands",
                "train",
                str(card),
                str(history),
                "--home",
                str(Path(folder) / "home"),
            ]
        )
        return TrainingRun(leads, fields, history.stat().st_size, seconds, memory)


def run(words: Sequence[str]) -> tuple[float, int]:
    """TrainingRun Python with these words; the seconds it took, and the most bytes that it held."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"status {process.returncode}: {' '.join(words)}")
    return time.perf_counter() - start, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def lines(training: TrainingRun) -> Iterator[str]:
    """As text."""
    yield f"{training.leads:,} leads, {training.fields} fields to learn from, {training.file / 1e6:,.0f} MB of CSV"
    rate = training.leads / training.seconds
    yield f"{training.seconds:,.0f} s, {rate:,.0f} leads/s, {training.memory / 1e9:.2f} GB at most"
    if training.leads >= LEADS:
        kept = training.seconds <= MINUTES * 60 and training.memory <= GIGABYTES * 1e9
        yield f"{'within' if kept else 'NOT within'} {MINUTES} minutes and {GIGABYTES} GB"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks million", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=LEADS, help="leads of the history")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    training = measure(options.leads)
    print(json.dumps(training.to_dict(), indent=2) if options.json else "\n".join(lines(training)))


if __name__ == "__main__":
    main()
