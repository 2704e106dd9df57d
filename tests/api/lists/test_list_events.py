"""Lists with events: each lead gets the score that Python gives it with its events, from files of every kind."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import build_untrained
from tests.command_line import run

DAY = date(2026, 1, 15)
TEXT = """
name: web
time_zone: Europe/Oslo
base_rate: 0.1
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
  click: {fields: {campaign: {kind: text}, url: {kind: text}}, once_per: campaign, per_day: 2}
fields:
  lead_id: {kind: id}
  employees: {kind: number}
  visits: {kind: number, is: "count(visit, 14 days)"}
  seconds: {kind: number, is: "sum(visit.seconds, 30 days)"}
  longest: {kind: number, is: "max(visit.seconds)"}
  last_visit: {kind: date, is: last(visit)}
  silent: {kind: number, is: days_since(last_visit)}
groups:
  engagement: {max: 12}
  best: {best_of: yes}
rules:
  - {name: big, when: employees >= 100, points: 4, reason: Large}
  - {name: keen, when: visits >= 2 and seconds > 20, points: 2.5, reason: Reads, group: engagement}
  - {name: slow, when: longest > 30, points: 1, reason: Stays, group: best}
  - {name: gone, when: silent > 10, points: -3, reason: Is gone}
  - {name: prices, each: price_visit, points: 3, half_life: 14 days, per_day: 4, group: engagement, reason: Prices}
  - {name: clicks, each: click, points: 2, within: 30 days, reason: Clicks}
  - {name: visits, each: visit, points: 0.7, half_life: 3 days, group: best, reason: Visits}
criteria:
  seen: {met: visits >= 1}
stages: [{name: contact}, {name: lead, requires: [seen], points: 55}]
"""
CARD = build_untrained(parse_card(TEXT))
LEADS = [{"lead_id": f"L{i}", "employees": str(i * 7 % 200) if i % 5 else ""} for i in range(40)]


def make_events() -> list[dict[str, Any]]:
    """Events of most leads, with repeats, awkward days and missing parts; some are of no lead in the list."""
    random = Random(3)
    events = []
    for _ in range(400):
        day = DAY - timedelta(days=random.choice([-1, 0, 0, 1, 2, 13, 14, 29, 30, 100]))
        time = random.choice([f"{day}", f"{day}T23:30:00Z", f"{day} 00:15:00+01:00", f"{day}T12:00:00"])
        event = {"lead": f"L{random.randrange(44)}", "kind": random.choice(["visit", "visit", "click", "webinar"])}
        event |= {"time": time, "id": random.choice(["", str(random.randrange(60))]), "received": ""}
        if random.random() < 0.2:
            event["received"] = str(day + timedelta(days=random.randrange(3)))
        event["path"] = random.choice(["/", "/pricing", "/en/Pricing", ""])
        event["seconds"] = random.choice(["", "12.5", "0.1", "40"])
        event["campaign"] = random.choice(["a", "A", "b", ""])
        event["url"] = random.choice(["x", "y"])
        events.append(event)
    return events


EVENTS = make_events()


def write(rows: list[dict[str, Any]], path: Path) -> Path:
    """A file of rows, of the kind that its name says."""
    lines = path.with_suffix(".jsonl")
    lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    if path.suffix != ".jsonl":
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in rows[0])
        source = f"read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})"
        duckdb.sql(f"COPY (FROM {source}) TO '{path}'")
    return path


def read(query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def raw_events(lead: str) -> list[dict[str, Any]]:
    """The events of a lead as Python takes them."""
    members = ("kind", "time", "id", "received")
    return [
        {name: event[name] for name in members if event[name]}
        | {"properties": {name: event[name] for name in ("path", "seconds", "campaign", "url")}}
        for event in EVENTS
        if event["lead"] == lead
    ]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_lists_agree_with_python(tmp_path: Path, ending: str) -> None:
    """Every lead of a list has the points, grade and recommendation of Python, in the order of the list."""
    leads = write(LEADS, tmp_path / f"leads{ending}")
    events = write(EVENTS, tmp_path / f"events{ending}")
    out = tmp_path / "out.csv"
    scored = score_list(CARD, leads, out, DAY, Wanted(events=events))
    rows = read(f"SELECT lead_id, points, grade, recommendation FROM read_csv('{out}')")
    expected = []
    for lead in LEADS:
        result = score(CARD, lead, DAY, events=raw_events(lead["lead_id"]))
        expected.append((lead["lead_id"], result.points, result.grade, result.recommendation.verdict))
    assert rows == expected
    assert len({points for _, points, _, _ in rows}) > 20
    assert any(note.startswith("Events: ") and "of leads that aren't in the list" in note for note in scored.notes)


@pytest.mark.slow
def test_a_long_list_keeps_its_order(tmp_path: Path) -> None:
    """The rows of a list that several threads read are written in their order, in whatever order their events come."""
    leads, events, out = (tmp_path / name for name in ("leads.parquet", "events.parquet", "out.csv"))
    number = 150_000
    duckdb.sql(f"COPY (SELECT 'L' || hash(i) AS lead_id, '5' AS employees FROM range({number}) t(i)) TO '{leads}'")
    of_lead = f"SELECT 'L' || hash({number} - i) AS lead, 'visit' AS kind, '2026-01-15' AS time"
    duckdb.sql(f"COPY ({of_lead} FROM range(0, {number}, 3) t(i)) TO '{events}'")
    score_list(CARD, leads, out, DAY, Wanted(events=events, columns=("lead_id", "points")))
    with out.open(encoding="utf-8", newline="") as file:
        written = [row["lead_id"] for row in csv.DictReader(file)]
    assert written == [row[0] for row in read(f"SELECT lead_id FROM '{leads}'")]


@pytest.mark.slow
def test_best_first(tmp_path: Path) -> None:
    """A list with events can be sorted, chosen from and cut like any other."""
    leads, events = write(LEADS, tmp_path / "leads.csv"), write(EVENTS, tmp_path / "events.csv")
    out = tmp_path / "out.csv"
    score_list(CARD, leads, out, DAY, Wanted(events=events, top=5, where="visits >= 1", columns=("lead_id", "points")))
    points = [row[0] for row in read(f"SELECT points FROM read_csv('{out}')")]
    assert points == sorted(points, reverse=True)
    assert len(points) == 5


@pytest.mark.slow
def test_bad_leads_go_to_the_rejects(tmp_path: Path) -> None:
    """A lead that can't be read is rejected with its reason, and the others are scored."""
    leads = write([{"lead_id": "L1", "employees": "many"}, *LEADS[2:5]], tmp_path / "leads.csv")
    events = write(EVENTS, tmp_path / "events.csv")
    scored = score_list(CARD, leads, tmp_path / "out.csv", DAY, Wanted(events=events))
    assert (scored.rows, scored.scored, scored.rejected) == (4, 3, 1)
    assert "'many' is not a number" in (tmp_path / "out.rejects.csv").read_text("utf-8")


def test_a_file_that_is_no_list_of_events_stops(tmp_path: Path) -> None:
    """A file of events that lacks a column stops the list."""
    events = write([{"lead": "L1", "kind": "visit"}], tmp_path / "events.csv")
    with pytest.raises(DataError) as caught:
        score_list(CARD, write(LEADS, tmp_path / "leads.csv"), tmp_path / "out.csv", DAY, Wanted(events=events))
    assert str(caught.value) == (
        f"{events}: has no column 'time'; its columns are 'lead', 'kind'; rename the one with the times of the events"
    )
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("columns", "mend"),
    [
        (["Lead", "kind", "time"], "rename 'Lead' to 'lead'"),
        (["lead_id", "kind", "time"], "rename 'lead_id' to 'lead'"),
        (["lead", "what", "time"], "rename the one with the kinds of the events"),
    ],
)
def test_a_column_of_another_name(tmp_path: Path, columns: list[str], mend: str) -> None:
    """Where a column of events is gone, the message names the one to rename."""
    events = write([dict(zip(columns, ("L1", "visit", "2026-01-15"), strict=True))], tmp_path / "events.csv")
    with pytest.raises(DataError) as caught:
        score_list(CARD, write(LEADS, tmp_path / "leads.csv"), tmp_path / "out.csv", DAY, Wanted(events=events))
    assert str(caught.value).endswith(f"; {mend}")


LACKING = "The events have no column for visit.path, visit.seconds, so they are missing in all of them"


def test_a_property_without_a_column_is_said(tmp_path: Path) -> None:
    """Where no column holds a property that the card reads, a note says so; other properties may stay away."""
    rows = [{"lead": "L1", "kind": "visit", "time": "2026-01-15", "url": "/pricing"}]
    leads, events = write(LEADS, tmp_path / "leads.csv"), write(rows, tmp_path / "events.csv")
    scored = score_list(CARD, leads, tmp_path / "out.csv", DAY, Wanted(events=events))
    assert scored.notes == (
        "Events: 1 of 1 counted",
        LACKING,
    )


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    """The reason of an event without a kind or a time says what is missing; times of Parquet are shown as people do."""
    leads = write([{"lead_id": "L1"}, {"lead_id": "L2"}, {"lead_id": "L3"}], tmp_path / "leads.csv")
    rows = "SELECT * FROM (VALUES ('L1', '', TIMESTAMPTZ '2026-01-15 08:00Z'), ('L2', 'visit', NULL))"
    events = tmp_path / "events.parquet"
    duckdb.execute(f"COPY ({rows} AS events (lead, kind, time)) TO '{events}'")
    score_list(CARD, leads, tmp_path / "out.csv", DAY, Wanted(events=events))
    with (tmp_path / "out.rejects.csv").open(encoding="utf-8", newline="") as file:
        reasons = [reject["reason"].removeprefix("event of row ") for reject in csv.DictReader(file)]
    assert reasons == [
        f"1 in {events}: 'kind' is missing; an event is an object like"
        ' {"kind": "visit", "time": "2026-01-31T10:00:00Z"}',
        f"2 in {events}: 'time' is missing; an event needs the time at which it happened",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_lead_with_a_bad_event_is_rejected(tmp_path: Path, ending: str) -> None:
    """What can't be read in the events of a lead goes to the rejects with its row and reason; others are scored."""
    leads = write([{"lead_id": "L0"}, {"lead_id": "L1"}, {"lead_id": "L2"}], tmp_path / "leads.csv")
    rows = [
        {"lead": "L1", "kind": "visit", "time": "2026-01-15", "seconds": "5"},
        {"lead": "L1", "kind": "visit", "time": "soon", "seconds": "many"},
        {"lead": "L2", "kind": "webinar", "time": "soon", "seconds": ""},
        {"lead": "L9", "kind": "visit", "time": "soon", "seconds": ""},
    ]
    rows = [{**row, "path": "/"} for row in rows]
    events, out = write(rows, tmp_path / f"events{ending}"), tmp_path / "out.csv"
    scored = score_list(CARD, leads, out, DAY, Wanted(events=events))
    assert (scored.rows, scored.scored, scored.rejected) == (3, 2, 1)
    with (tmp_path / "out.rejects.csv").open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))
    at, form = f"event of row 2 in {events}: ", "2026-01-31T10:00:00Z, or a day alone, 2026-01-31"
    assert [tuple(reject.values()) for reject in rejects] == [
        (
            "2",
            "time",
            "soon",
            f"{at}'soon' is not a time; write it like {form}",
        ),
        ("2", "seconds", "many", f"{at}'many' is not a number; write it like 25000, 2.5 or 1e6"),
    ]
    assert scored.notes == (
        "Events: 1 of 4 counted; left out: 1 of leads that aren't in the list, 1 that can't be read, 1 of the unknown"
        " kind 'webinar'",
    )


@pytest.mark.slow
def test_properties_in_objects(tmp_path: Path) -> None:
    """The properties of JSON lines may stand in an object, in any spelling of their names."""
    leads, events = write(LEADS[:3], tmp_path / "leads.csv"), tmp_path / "events.jsonl"
    lines = [
        {"lead": "L1", "kind": "visit", "time": "2026-01-15", "properties": {"Path": "/pricing", "seconds": 12.125}},
        {"lead": "L1", "kind": "visit", "time": "2026-01-14", "properties": {"seconds": None}},
        {"lead": "L2", "kind": "visit", "time": "2026-01-14", "properties": {"seconds": "many"}},
    ]
    events.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    out = tmp_path / "out.csv"
    scored = score_list(CARD, leads, out, DAY, Wanted(events=events))
    raw = [{name: line[name] for name in ("kind", "time", "properties")} for line in lines[:2]]
    expected = score(CARD, LEADS[1], DAY, events=raw)
    assert read(f"SELECT points FROM read_csv('{out}') WHERE lead_id = 'L1'") == [(expected.points,)]
    assert "3,properties.seconds,many," in (tmp_path / "out.rejects.csv").read_text("utf-8")
    assert scored.rejected == 1


@pytest.mark.slow
def test_ledgers_and_reasons(tmp_path: Path) -> None:
    """The ledger has every entry that Python has, word for word, and --explain names its reasons and questions."""
    leads, events = write(LEADS, tmp_path / "leads.csv"), write(EVENTS, tmp_path / "events.csv")
    out, ledger = tmp_path / "out.csv", tmp_path / "ledger.csv"
    score_list(CARD, leads, out, DAY, Wanted(events=events, explain=True, ledger=ledger))
    entries = read(f"SELECT lead_id, entry, kind, points, reason FROM read_csv('{ledger}')")
    reasons = read(f"SELECT lead_id, gain_1, loss_1, questions FROM read_csv('{out}', all_varchar = true)")
    for lead, (name, gain, loss, questions) in zip(LEADS, reasons, strict=True):
        result = score(CARD, lead, DAY, events=raw_events(lead["lead_id"]))
        told = {
            (entry.name, entry.kind, entry.points, entry.reason) for entry in result.ledger if entry.kind != "group"
        }
        assert {entry[1:] for entry in entries if entry[0] == name and entry[2] != "group"} == told
        assert sum(round(entry[3] * 10) for entry in entries if entry[0] == name) == result.tenths
        advice = result.recommendation
        assert {gain, loss} - {None} <= set(advice.reasons)
        assert (questions or "") == "; ".join(question.text for question in advice.questions)


@pytest.mark.slow
def test_tracked_since_a_day_of_the_lead(tmp_path: Path) -> None:
    """A window that begins before the day on which tracking of the lead began is unknown."""
    text = TEXT.replace("visit: {fields", "visit: {tracked_since: met, fields")
    text = text.replace("  employees:", "  met: {kind: date}\n  employees:")
    card = build_untrained(parse_card(text.replace("max(visit.seconds)", "max(visit.seconds, 9 days)")))
    rows = [{**lead, "met": ["2026-01-02", "2026-01-03", "2025-01-01", ""][i % 4]} for i, lead in enumerate(LEADS)]
    leads, events = write(rows, tmp_path / "leads.csv"), write(EVENTS, tmp_path / "events.csv")
    out = tmp_path / "out.csv"
    score_list(card, leads, out, DAY, Wanted(events=events))
    points = [row[0] for row in read(f"SELECT points FROM read_csv('{out}')")]
    assert points == [score(card, lead, DAY, events=raw_events(lead["lead_id"])).points for lead in rows]


def test_broken_rows_of_events_stop(tmp_path: Path) -> None:
    """A line of the events that is no row stops the list, and isn't left out without a word."""
    leads, events = write(LEADS, tmp_path / "leads.csv"), tmp_path / "events.csv"
    events.write_text("lead,kind,time\nL1,visit,2026-01-15\nL1,visit,2026-01-15,a,b\nL2,visit,2026-01-14\n", "utf-8")
    with pytest.raises(DataError) as caught:
        score_list(CARD, leads, tmp_path / "out.csv", DAY, Wanted(events=events))
    assert str(caught.value).startswith(f"{events}: row 2 ")


def test_what_lists_refuse(tmp_path: Path) -> None:
    """A card with events needs them, one without takes none; and they need the ids of the leads."""
    leads, events = write(LEADS, tmp_path / "leads.csv"), write(EVENTS, tmp_path / "events.csv")
    out = tmp_path / "out.csv"
    with pytest.raises(
        DataError, match=r"^the card 'web' counts events; give those of the leads by --events FILE, whose"
    ):
        score_list(CARD, leads, out, DAY)
    plain = build_untrained(parse_card("name: a\nfields: {employees: {kind: number}}\n"))
    with pytest.raises(DataError, match=r"^the card 'a' has no `events:`, so it can't count those of "):
        score_list(plain, leads, out, DAY, Wanted(events=events))
    no_id = write([{"employees": "5"}], tmp_path / "no_id.csv")
    with pytest.raises(DataError, match=r"events need an id for each lead, a column of a field of `kind: id`$"):
        score_list(CARD, no_id, out, DAY, Wanted(events=events))


@pytest.mark.slow
def test_on_the_command_line(tmp_path: Path) -> None:
    """`leadledger score … --events` says what became of the events."""
    card = tmp_path / "web.yaml"
    card.write_text(TEXT, "utf-8")
    leads, events = write(LEADS, tmp_path / "leads.csv"), write(EVENTS, tmp_path / "events.csv")
    words = ["score", leads, "-o", tmp_path / "out.csv", "--card", card, "--as-of", DAY, "--events", events]
    done = run(*words)
    assert done.exit_code == 0
    assert "Events: " in done.output
    assert "of the unknown kind 'webinar'" in " ".join(done.output.split())


def test_two_columns_of_one_property(tmp_path: Path) -> None:
    """Of two spellings of one text the first counts, so that two events that differ in the second are one."""
    card = build_untrained(
        parse_card(
            """
name: clicks
events: {click: {fields: {campaign: {kind: text, from: {crm: utm}}}}}
fields: {lead_id: {kind: id}, clicks: {kind: number, is: count(click)}}
rules: [{name: many, when: clicks = 2, points: 3, reason: Many}]
"""
        )
    )
    told = [{"campaign": "Spring", "utm": spelling} for spelling in ("spring", "SPRING")]
    event = {"lead": "L1", "kind": "click", "time": "2026-01-14"}
    leads = write([{"lead_id": "L1"}], tmp_path / "leads.csv")
    events, out = write([event | properties for properties in told], tmp_path / "events.csv"), tmp_path / "out.csv"
    scored = score_list(card, leads, out, DAY, Wanted(events=events))
    assert scored.notes == ("Events: 1 of 2 counted; left out: 1 sent again",)
    raw = [{"kind": "click", "time": "2026-01-14", "properties": properties} for properties in told]
    counted = score(card, {"lead_id": "L1"}, DAY, events=raw).events
    assert counted is not None
    assert (counted.counted, counted.repeated) == (1, 1)
