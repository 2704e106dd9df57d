"""Odd values in files of events: a list reads each, or refuses it, as Python does in the events of a lead."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.scorecard import build_untrained

DAY = date(2026, 7, 15)
TEXT = """
name: odd
time_zone: Europe/Oslo
events:
  visit:
    fields:
      path: {kind: text}
      seconds: {kind: number}
      price: {kind: number, format: "1.234,56"}
      asked: {kind: flag}
      since: {kind: date, format: excel}
  slow: {of: visit, when: seconds > 1.2}
  paid: {of: visit, when: price > 1234}
  asking: {of: visit, when: asked}
  known: {of: visit, when: since < '2026-01-01'}
  named: {of: visit, when: path is not null}
fields:
  lead_id: {kind: id}
  seconds: {kind: number, is: sum(visit.seconds)}
  longest: {kind: number, is: "max(visit.price)"}
rules:
  - {name: today, each: visit, points: 1, within: 1 days, reason: Today}
  - {name: ever, each: visit, points: 2, within: 9999 days, reason: Ever}
  - {name: slow, each: slow, points: 4, within: 9999 days, reason: Slow}
  - {name: paid, each: paid, points: 8, within: 9999 days, reason: Paid}
  - {name: asking, each: asking, points: 16, within: 9999 days, reason: Asks}
  - {name: known, each: known, points: 32, within: 9999 days, reason: Known}
  - {name: named, each: named, points: 64, within: 9999 days, reason: Named}
  - {name: long, when: seconds > 1000, points: -0.1, reason: Long}
  - {name: dear, when: longest > 2000, points: -0.2, reason: Dear}
"""
CARD = build_untrained(parse_card(TEXT))
TIMES = [
    *("2026-07-15", "2026-07-14T22:00:00Z", "2026-07-14T21:59:59Z", "2026-07-15T23:30:00+02:00"),
    *(
        "2026-07-15T00:30+0530",
        "2026-07-15 00:15:00",
        "2026-07-14t22:00:00.000z",
        " 2026-07-15 ",
        "2026-07-15T10:00:00-07",
    ),
    *("2026-07-15T10:00:00,5Z", "2026-07-16", "2026-02-30", "2026-07-15T24:00:00Z", "2026-07-15T10", "15.07.2026"),
    *("46218", "46218.5", "1784073600", "2026-W29-3", "20260715T100000Z", "", " ", "soon"),
]
NUMBERS = [
    *("1,5", "1.5", "1.234", "1,234", "1.234,56", "1,234.56", "1 234,5", "12.345.678", "1e3", "-0.0", " 7 ", "1_000"),
    *("", " ", "n/a", "NaN", "inf", "€5", "25%", "5k", "0x10", "1e13", "99999999999999999999", "many", "true"),
]
DAYS = [
    "45992",
    "45992.75",
    "0",
    "2025-12-01",
    "2025-12-01T10:00:00Z",
    "01.12.2025",
    "1 Dec 2025",
    "",
    "-1",
    "99999999",
]
FLAGS = ["yes", "Y", "1", "1.0", "0", "off", "", "perhaps", "2"]
PATHS = ["/", " /  ", "", "  ", "n/a", "-", "NULL", "é", "a" * 500]
TEXTS = [
    *({"time": time} for time in TIMES),
    *({"received": time} for time in TIMES),
    *({"seconds": number} for number in NUMBERS),
    *({"price": number} for number in NUMBERS),
    *({"since": day} for day in DAYS),
    *({"asked": flag} for flag in FLAGS),
    *({"path": path} for path in PATHS),
    *({"kind": kind} for kind in ["Visit", " visit ", "VISIT", "slow", "visits", "", " ", "a" * 300]),
    *({"id": name, "source": "web"} for name in ["1", " 1", "", " ", "é", "a" * 200, "a" * 201]),
    *({"source": source, "id": "1"} for source in ["web", " web ", "", "a" * 201]),
]
TYPED: list[dict[str, Any]] = [
    *({"seconds": number} for number in [1, 1.5, -0.0, 2.0**60, 1e12, 1e13, None]),
    *({"price": number} for number in [1234, 1234.5, 1.234, None]),
    *({"since": number} for number in [45992, 45992.75, 0, None]),
    *({"asked": flag} for flag in [True, False, None]),
    *({"path": path} for path in [12, None]),
    *({"id": number} for number in [7, 0, None]),
]


def make_rows(odd: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A lead for each odd value, with an event that has it; a second event is as usual."""
    rows = []
    for number, values in enumerate(odd):
        usual = {"lead": f"L{number}", "kind": "visit", "time": "2026-07-15", "seconds": None, "path": None}
        rows.append({**usual, **values})
        rows.append({**usual, "time": "2026-07-01", "id": 1000 + number})
    return rows


def find_fates(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What Python says of each lead: its points, or why its events can't be read."""
    fates: dict[str, Any] = {}
    engine = get_engine(CARD)
    for lead in dict.fromkeys(row["lead"] for row in rows):
        events = []
        for row in rows:
            if row["lead"] != lead:
                continue
            told = {name: value for name, value in row.items() if name != "lead" and value not in (None, "")}
            event = {name: told.pop(name) for name in PLAIN_MEMBERS if name in told}
            events.append({**event, "properties": told})
        try:
            fates[lead] = engine.score({"lead_id": lead}, DAY, events=events).points
        except LeadError as error:
            fates[lead] = [problem.clause for problem in error.problems]
    return fates


def score_file(rows: list[dict[str, Any]], events: Path) -> dict[str, Any]:
    """What a list says of each lead."""
    leads, out = events.with_name("leads.csv"), events.with_name("out.csv")
    names = list(dict.fromkeys(row["lead"] for row in rows))
    leads.write_text("".join(f"{line}\n" for line in ["lead_id", *names]), "utf-8")
    score_list(CARD, leads, out, DAY, Wanted(events=events, columns=("lead_id", "points")))
    with out.open(encoding="utf-8", newline="") as file:
        fates: dict[str, Any] = {row["lead_id"]: float(row["points"]) for row in csv.DictReader(file)}
    rejects = events.with_name("out.rejects.csv")
    if rejects.exists():
        with rejects.open(encoding="utf-8", newline="") as file:
            for reject in csv.DictReader(file):
                reason = reject["reason"].partition(f" in {events}: ")[2]
                fates.setdefault(names[int(reject["row"]) - 1], []).append(reason)
    return fates


def write_lines(rows: list[dict[str, Any]], path: Path) -> None:
    """The rows as JSON lines."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_texts(tmp_path: Path, ending: str) -> None:
    """A text in a file of events is read, or refused in the same words, as in the events of a lead."""
    rows = make_rows(TEXTS)
    names = list(dict.fromkeys(name for row in rows for name in row))
    events = tmp_path / f"events{ending}"
    if ending == ".csv":
        with events.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    else:
        write_lines(rows, tmp_path / "events.jsonl")
    if ending == ".parquet":
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        source = f"read_json('{tmp_path / 'events.jsonl'}', format = 'newline_delimited', columns = {{{columns}}})"
        duckdb.sql(f"COPY (FROM {source}) TO '{events}'")
    expected = find_fates(rows)
    assert score_file(rows, events) == expected
    refused = [fate for fate in expected.values() if isinstance(fate, list)]
    assert 20 < len(refused) < len(TEXTS) - 20


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_typed_values(tmp_path: Path, ending: str) -> None:
    """Numbers and flags that are typed in a file count, or are refused, as those in the events of a lead."""
    rows = make_rows(TYPED)
    events = tmp_path / f"events{ending}"
    write_lines(rows, tmp_path / "events.jsonl")
    if ending == ".parquet":
        duckdb.sql(f"COPY (FROM '{tmp_path / 'events.jsonl'}') TO '{events}'")
    assert without_words(score_file(rows, events)) == without_words(find_fates(rows))


def without_words(fates: dict[str, Any]) -> dict[str, Any]:
    """Points, and how many values are refused: a column has one type, so that a file may spell a number otherwise."""
    return {lead: len(fate) if isinstance(fate, list) else fate for lead, fate in fates.items()}
