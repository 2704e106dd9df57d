"""One lead with 200 events, against the same lead without: what counting costs.

The card is that of b2b-software with kinds of events, three fields that count them and two rules for each. Every lead
has events of its own, so that little of one helps the next. Figures are the best of several calls, in processor time.
Beside them stands what Python takes at the least: to parse the JSON of the events, and to parse their times.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from leadledger.api.cli.examples import find_examples
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import build_untrained

EVENTS, LEADS, CALLS = 200, 60, 600
AS_OF = date(2026, 7, 1)
SECTIONS = {
    "fields": """events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
  click: {fields: {campaign: {kind: text}, url: {kind: text}, agent: {kind: text}}, once_per: campaign, per_day: 3}
fields:
  price_visits: {kind: number, is: "count(price_visit, 14 days)"}
  visit_days: {kind: number, is: "days(visit, 30 days)"}
  last_visit: {kind: date, is: last(visit)}
""",
    "rules": """rules:
  - {name: reads_prices, each: price_visit, points: 3, half_life: 14 days, per_day: 6, reason: Reads the prices}
  - {name: clicks, each: click, points: 2, within: 30 days, reason: Clicks}
""",
}


def make_events(lead: int) -> list[dict[str, Any]]:
    """The events of one lead: visits, and a quarter clicks, over 30 days."""
    events = []
    for i in range(EVENTS):
        day = AS_OF - timedelta(days=(i * 7 + lead) % 30)
        time_of_day = f"{(i + lead) % 24:02}:{(i * 13 + lead) % 60:02}:{(i * 29 + lead) % 60:02}Z"
        event: dict[str, Any] = {"kind": "visit", "id": f"{lead}-{i}", "source": "web", "time": f"{day}T{time_of_day}"}
        event["properties"] = {"path": ("/", "/pricing", "/docs", "/blog")[(i + lead) % 4], "seconds": i * lead % 300}
        if i % 4 == 0:
            url = f"https://example.com/{i % 9}"
            event |= {"kind": "click", "properties": {"campaign": f"c{i % 7}", "url": url, "agent": "Mozilla/5.0"}}
        events.append(event)
    return events


def best(work: Callable[[], Any]) -> float:
    """Microseconds of processor time that one call takes, in the best of many."""
    shortest = float("inf")
    for _ in range(CALLS):
        start = time.process_time_ns()
        work()
        shortest = min(shortest, time.process_time_ns() - start)
    return shortest / 1000


def main(words: list[str]) -> None:
    """Time both ways on the same lead."""
    text = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
    for section, lines in SECTIONS.items():
        text = text.replace(f"\n{section}:\n", f"\n{lines}", 1)
    engine = get_engine(build_untrained(parse_card(text)))
    lead = engine.card.card.cases[0].lead
    turn = itertools.cycle([make_events(number) for number in range(LEADS)])
    without = best(lambda: engine.score(lead, AS_OF))
    counted = best(lambda: engine.score(lead, AS_OF, events=next(turn)))
    sent = itertools.cycle([json.dumps(make_events(number)) for number in range(LEADS)])
    parsed = best(lambda: json.loads(next(sent)))
    timed = best(lambda: [datetime.fromisoformat(event["time"]) for event in next(turn)])
    ratio = counted / without
    print(f"one lead without events {without:.1f} µs, with {EVENTS} events {counted:.1f} µs: {ratio:.1f} times as long")
    print(f"to parse the JSON of {EVENTS} events takes {parsed:.1f} µs; their times alone {timed:.1f} µs")


if __name__ == "__main__":
    main([])
