"""What a draft of the card would do to 2,000 known leads: the time until the preview is there, while somebody edits.

    python -m benchmarks previews --rounds 10

Leads of the simulated CRM of b2b-software, in a release with tables of four fields, and leads with twenty stored events
each, by a card with events. `first` reads the leads into memory; the others find them there, and each is of a text that
is new: it is read, compiled, and scores all leads, and each of its edits is tried by itself. `another count` changes a
window, so that all events are counted again. Milliseconds of the whole verb, medians: as a clock shows them, and those
of the processor, which other work on the machine doesn't lengthen.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.requests.draft_bodies import DraftBeginning
from leadledger.api.service.settings import Settings
from leadledger.api.studio.drafts import begin_draft
from leadledger.api.studio.previews import preview_draft
from leadledger.api.studio.studio import Studio
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned

LEADS, EVENTS, BATCH = 2_000, 20, 500
ASKED = 500.0  # ms of a preview on 2,000 leads
TABLES = ("employees", "annual_revenue", "pages_viewed", "pricing_visits")
EVENT_CARD = """\
name: visits
events:
  visit: {fields: {path: {kind: text}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
fields:
  lead_id: {kind: id}
  employees: {kind: number}
  visits: {kind: number, is: "count(visit, 14 days)"}
rules:
  - {name: large, when: employees > 100, points: 8, reason: Large}
  - {name: keen, when: visits >= 2, points: 5, reason: Reads}
  - {name: prices, each: price_visit, points: 3, half_life: 14 days, per_day: 6, reason: Prices}
stages: [{name: contact}, {name: lead, points: 60}]
"""
RULE = "rules:\n  - {{name: ceo, when: {field} is not null, points: {points}, reason: Known}}\n"


@dataclass(frozen=True)
class PreviewTimes:
    """Milliseconds: of the first preview, the medians of those after it, and of the processor's work for them."""

    label: str
    first: float
    later: float
    processor: float


def measure(
    home: Path, label: str, texts: Sequence[str], leads: Sequence[dict[str, Any]], events: Sequence[Any] = ()
) -> PreviewTimes:
    """Preview one text after another in a service that knows leads and their events."""
    app = create_app(Settings(home=home, log="sync", log_level="error"))
    with TestClient(app) as client:
        for start in range(0, len(events), BATCH):
            client.post("/v1/events", json={"events": events[start : start + BATCH]}).raise_for_status()
        for start in range(0, len(leads), BATCH):
            client.post("/v1/score/batch", json={"leads": leads[start : start + BATCH]}).raise_for_status()

    gc.collect()
    gc.freeze()  # as each worker of a service does once it has started

    async def preview_all() -> list[tuple[float, float]]:
        studio, times = Studio(app.state.service), []
        await begin_draft(studio, DraftBeginning("bench", None), "")
        for text in texts:
            start, worked = time.perf_counter(), time.process_time()
            answer = await preview_draft(studio, "bench", text)
            times.append(((time.perf_counter() - start) * 1000, (time.process_time() - worked) * 1000))
            assert (answer["leads"], answer["problem"]) == (len(leads), "")
        return times

    first, *later = asyncio.run(preview_all())
    clock, processor = (statistics.median(parts) for parts in zip(*later, strict=True))
    return PreviewTimes(label, first[0], clock, processor)


def make_home(folder: Path, text: str, learned: Learned) -> Path:
    """A home with one release."""
    Releases(folder).publish(text, learned, metrics={}, provenance={}, created=datetime.now(UTC))
    return folder


def measure_software(folder: Path, rounds: int) -> PreviewTimes:
    """Two edited rules of the shipped card, on leads without events."""
    text = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
    bins = NumberBins((10.0, 100.0, 1000.0))
    terms = tuple(Table(name, bins, (0, -9, 3, 8, 12), (9,) * 5) for name in TABLES)
    frame = load_simulator().open_leads(LEADS, seed=8, until=date.today(), bad=0)
    leads = json.loads(frame.to_json(orient="records", date_format="iso"))
    edited = text.replace("points: 8\n", "points: 12\n", 1)
    texts = [edited.replace("rules:\n", RULE.format(field="job_title", points=at + 1), 1) for at in range(rounds + 1)]
    home = make_home(folder, text, Learned(base_rate=0.1, trust=0.4, terms=terms))
    return measure(home, "28 fields, no events", texts, leads)


def measure_events(folder: Path, rounds: int, *, is_recounted: bool) -> PreviewTimes:
    """An edit of a card with events: of points, or of what is counted."""
    today = datetime.now(UTC)
    leads = [{"lead_id": f"L{at}", "employees": at % 300} for at in range(LEADS)]
    events = [
        {
            **{"kind": "visit", "lead": f"L{at % LEADS}", "id": str(at)},
            "time": (today - timedelta(hours=at // LEADS * 37)).isoformat(),
            "properties": {"path": "/pricing" if at % 3 else "/"},
        }
        for at in range(LEADS * EVENTS)
    ]
    texts = []
    for at in range(rounds + 1):
        text = EVENT_CARD.replace("points: 5", f"points: {at + 6}")
        texts.append(text.replace("14 days)", f"{at + 15} days)") if is_recounted else text)
    label = "20 events each, another count" if is_recounted else "20 events each, other points"
    return measure(make_home(folder, EVENT_CARD, Learned(base_rate=0.1)), label, texts, leads, events)


def main(words: Sequence[str]) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks previews")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = [
            measure_software(folder / "software", options.rounds),
            measure_events(folder / "points", options.rounds, is_recounted=False),
            measure_events(folder / "counts", options.rounds, is_recounted=True),
        ]
    if options.json:
        print(json.dumps([vars(row) for row in times]))
        return
    print(
        f"{f'a preview of {LEADS:,} leads, ms':<40} {'first':>8} {'later':>8} {'processor':>10}   (asked: {ASKED:.0f})"
    )
    for row in times:
        print(f"{row.label:<40} {row.first:>8.0f} {row.later:>8.0f} {row.processor:>10.0f}")
