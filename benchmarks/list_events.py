"""`leadledger score --events` on long lists: its time as a ratio to DuckDB's own counting, and its memory.

    python -m benchmarks list_events --leads 100000

Leads of 18 fields and twenty times as many events lie in Parquet, the events in order of time. The card is that of
examples/b2b-software with two kinds of events, three fields that count them and two rules for each. DuckDB counts the
same by a plain GROUP BY, joins that to the leads and copies them; ours also reads every property, keeps one of several
events with one id (one in 200 is a resend), marks machines, prices events by day and scores. Both times are of the same
minute; the memory is the most that a process of its own held (the kernel's figure).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.lead_events import SECTIONS
from benchmarks.lists import leads, least
from benchmarks.million import run
from leadledger.api.cli.examples import find_examples
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.scorecard import build_untrained

LEADS, EVENTS_PER_LEAD = 1_000_000, 20
AS_OF = date(2026, 7, 1)
LIMIT, MOST_MEMORY = 2.5, 1.5e9
EVENTS = """
SELECT
  'L' || (1 + (hash(i - (i % 200 = 7)::BIGINT) % {leads})::BIGINT) AS lead,
  CASE WHEN i % 4 = 0 THEN 'click' ELSE 'visit' END AS kind,
  'e' || (i - (i % 200 = 7)::BIGINT) AS id,
  TIMESTAMPTZ '2026-04-02 00:00:00Z' + to_seconds((i * 7776000 // {events})::BIGINT) AS time,
  CASE WHEN i % 4 > 0 THEN ['/', '/pricing', '/docs', '/blog'][1 + (hash(i * 3) % 4)::BIGINT] END AS path,
  CASE WHEN i % 4 > 0 THEN (hash(i * 5) % 300)::DOUBLE END AS seconds,
  CASE WHEN i % 4 = 0 THEN 'c' || hash(i * 11) % 7 END AS campaign,
  CASE WHEN i % 4 = 0 THEN 'https://example.com/' || hash(i * 13) % 9 END AS url,
  CASE WHEN i % 4 = 0 THEN 'Mozilla/5.0' END AS agent
FROM range({events}) AS numbers(i)
"""
BASELINE = """
COPY (
  SELECT l.*, c.* EXCLUDE (lead) FROM '{leads}' AS l LEFT JOIN (
    SELECT lead,
      count(*) FILTER (kind = 'visit' AND contains(path, '/pricing') AND day > DATE '2026-06-17') AS price_visits,
      count(DISTINCT day) FILTER (kind = 'visit' AND day > DATE '2026-06-01') AS visit_days,
      max(day) FILTER (kind = 'visit') AS last_visit,
      count(*) FILTER (kind = 'visit' AND contains(path, '/pricing')) AS reads_prices,
      count(*) FILTER (kind = 'click' AND day > DATE '2026-06-01') AS clicks
    FROM (SELECT *, CAST(time AT TIME ZONE 'UTC' AS DATE) AS day FROM '{events}') GROUP BY lead
  ) AS c ON l.lead_id = c.lead
) TO '{out}'
"""


@dataclass(frozen=True)
class EventRun:
    """One size: leads, events, seconds of ours and of the baseline (the least of some runs), bytes of memory."""

    leads: int
    events: int
    ours: float
    baseline: float
    memory: int

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the baseline's."""
        return self.ours / self.baseline


def write_card(folder: Path) -> Path:
    """The card of the example with events."""
    text = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
    for section, lines in SECTIONS.items():
        text = text.replace(f"\n{section}:\n", f"\n{lines}", 1)
    path = folder / "card.yaml"
    path.write_text(text, "utf-8")
    return path


def write_files(folder: Path, number: int) -> tuple[Path, Path]:
    """The leads and their events."""
    lead_file, event_file = folder / "leads.parquet", folder / "events.parquet"
    duckdb.execute(f"COPY (FROM read_csv('{leads(folder, number)}', all_varchar = true)) TO '{lead_file}'")
    select = EVENTS.format(leads=number, events=number * EVENTS_PER_LEAD)
    duckdb.execute(f"COPY ({select}) TO '{event_file}'")
    return lead_file, event_file


def measure(number: int, repeat: int) -> EventRun:
    """The times of one size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card, (lead_file, event_file) = write_card(folder), write_files(folder, number)
        scorecard = build_untrained(parse_card(card.read_text("utf-8")))
        out, copy = folder / "out.parquet", folder / "copy.parquet"
        baseline = BASELINE.format(leads=lead_file, events=event_file, out=copy)
        ours = partial(score_list, scorecard, lead_file, out, AS_OF, Wanted(events=event_file))
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            times = least({"duckdb": partial(connection.execute, baseline), "ours": ours}, repeat)
        words = ["score", str(lead_file), "--events", str(event_file), "--card", str(card), "--as-of", str(AS_OF)]
        _, memory = run(["-m", "leadledger.api.cli.commands", *words, "-o", str(out)])
        return EventRun(number, number * EVENTS_PER_LEAD, times["ours"], times["duckdb"], memory)


def lines(measured: EventRun) -> Iterator[str]:
    """As text."""
    over = "" if measured.ratio <= LIMIT else f"  over {LIMIT}"
    yield f"{measured.leads:,} leads, {measured.events:,} events"
    yield f"ours {measured.ours:.2f} s, DuckDB's own counts {measured.baseline:.2f} s, ratio {measured.ratio:.2f}{over}"
    within = "" if measured.memory <= MOST_MEMORY else f", over {MOST_MEMORY / 1e9} GB"
    yield f"{measured.memory / 1e9:.2f} GB at most{within}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks list_events", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=LEADS, help="how many leads, with twenty events each")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    measured = measure(options.leads, options.repeat)
    print(json.dumps(asdict(measured), indent=2) if options.json else "\n".join(lines(measured)))


if __name__ == "__main__":
    main()
