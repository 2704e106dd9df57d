"""Lists with events that Spark scores: what they come to is what DuckDB makes of the same files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from leadledger import score_frame
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.spark import score_folder
from leadledger.api.lists.spark_events import count_folder_events
from leadledger.api.lists.spark_files import SparkFiles
from leadledger.api.lists.spark_session import SETTINGS
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.frames.spark import prepare_leads
from leadledger.scoring.frames.spark_events import describe_missing
from leadledger.scoring.scorecard import build_untrained
from tests import spark
from tests.api.lists.test_list_events import CARD, DAY, EVENTS, LACKING, LEADS, read, write

SMALL = build_untrained(
    parse_card(
        """
name: small
events: {visit: {}}
fields:
  lead_id: {kind: id}
  visits: {kind: number, is: "count(visit, 14 days)"}
rules:
  - {name: came, when: visits = 1, points: 3, reason: Came}
  - {name: ever, each: visit, points: 0.5, within: 30 days, reason: Visits}
"""
    )
)
# Fewer kinds and rules than CARD has, since Spark takes longest to plan the SELECT.
WEB = build_untrained(
    parse_card(
        """
name: web
time_zone: Europe/Oslo
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
fields:
  lead_id: {kind: id}
  seconds: {kind: number, is: "sum(visit.seconds, 30 days)"}
groups: {engagement: {max: 12}}
rules:
  - {name: keen, when: seconds > 20, points: 2.5, reason: Reads, group: engagement}
  - {name: prices, each: price_visit, points: 3, half_life: 14 days, per_day: 4, reason: "It's {price}"}
"""
    )
)
BAD = [
    {"lead": "L1", "kind": "visit", "time": "soon", "id": "b1", "seconds": "many"},
    {"lead": " L2 ", "kind": "visit", "time": "2026-01-14", "id": "", "seconds": "lots"},
    {"lead": "L9999", "kind": "visit", "time": "soon", "id": "", "seconds": ""},
    {"lead": "", "kind": "visit", "time": "2026-01-14", "id": "", "seconds": ""},
]
slow = pytest.mark.slow


def objects(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of JSON lines whose properties stand in objects."""
    members = ("lead", "kind", "time", "id", "received")
    lines = [
        {name: row[name] for name in members if name in row}
        | {"properties": {name.upper(): value for name, value in row.items() if name not in members}}
        for row in rows
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


@slow
def test_spark_counts_as_duckdb_does(spark_local: str, tmp_path: Path) -> None:
    """Scores, reasons, ledgers, rejects and the summary of odd events are the same as in a list that DuckDB scores."""
    leads, ours, theirs = write(LEADS, tmp_path / "leads.csv"), tmp_path / "spark", tmp_path / "duckdb"
    ours.mkdir()
    theirs.mkdir()
    rows = [*EVENTS, *({**dict.fromkeys(EVENTS[0], ""), **event} for event in BAD)]
    events = objects(tmp_path / "events.jsonl", rows)
    wanted = Wanted(explain=True, only=("keep", "promote", "ask"), events=events)
    expected = score_list(WEB, leads, theirs / "out.csv", DAY, replace(wanted, ledger=theirs / "ledger.csv"))
    places, wanted = (str(leads), str(ours / "out.csv")), replace(wanted, ledger=ours / "ledger.csv")
    scored = score_folder(WEB, *places, DAY, wanted, master=spark_local)
    columns = "lead_id, score, points, grade, recommendation, gain_1, gain_2, gain_3, loss_1"
    for name, selected in (("out", columns), ("ledger", "*"), ("out.rejects", '"column", value')):
        query = f"SELECT {selected} FROM read_csv('{{}}', all_varchar = true) ORDER BY ALL"
        assert read(query.format(f"{ours}/{name}.csv/*.csv")) == read(query.format(theirs / f"{name}.csv"))
    assert scored.notes == expected.notes
    assert (scored.scored, scored.rejected) == (expected.scored, 2)
    (reason,) = read(f"SELECT reason FROM '{ours}/out.rejects.csv/*.csv' WHERE value = 'soon'")[0]
    assert reason.startswith("event 'b1' in file:")
    assert reason.endswith("/events.jsonl: 'soon' is not a time; write it like 2026-01-31T10:00:00Z, or a day alone,"
        " 2026-01-31")  # fmt: skip
    assert sorted(path.name for path in ours.iterdir()) == ["ledger.csv", "out.csv", "out.rejects.csv"]


@slow
def test_events_in_a_folder_of_parquet(spark_local: str, tmp_path: Path) -> None:
    """Times, days and whole numbers may be typed, and the events be parted into files."""
    leads, events = write([{"lead_id": "1"}, {"lead_id": "2"}], tmp_path / "leads.csv"), tmp_path / "events"
    events.mkdir()
    for part, time in (("a", "TIMESTAMPTZ '2026-01-14 23:30:00+00'"), ("b", "TIMESTAMPTZ '2026-01-01 00:00:00+00'")):
        duckdb.sql(f"COPY (SELECT 1 AS lead, 'visit' AS kind, {time} AS time) TO '{events}/{part}.parquet'")
    wanted = Wanted(events=events, columns=("lead_id", "points"))
    scored = score_folder(SMALL, str(leads), str(tmp_path / "out.csv"), DAY, wanted, master=spark_local)
    assert sorted(read(f"SELECT * FROM read_csv('{tmp_path}/out.csv/*.csv')")) == [(1, 54.0), (2, 50.0)]
    assert scored.notes == ("Events: 2 of 2 counted",)


@slow
def test_what_is_no_list_of_events(spark_local: str, tmp_path: Path) -> None:
    """Files that hold no events, and rows that are none, stop the list."""
    lacking = write([{"lead": "L1", "kind": "visit"}], tmp_path / "lacking.csv")
    broken, other = tmp_path / "broken.csv", tmp_path / "events.txt"
    broken.write_text("lead,kind,time\nL1,visit,2026-01-01,more\n", "utf-8")
    other.write_text("lead,kind,time\n", "utf-8")
    with spark.session(spark_local, **SETTINGS) as session:
        leads = prepare_leads(SMALL.card, session.sql("SELECT 'L1' AS lead_id"), ["lead_id"])

        def refusal(events: Path) -> str:
            with pytest.raises(DataError) as caught:
                count_folder_events(
                    session,
                    SparkFiles(session),
                    SMALL,
                    DAY,
                    str(events),
                    (leads, "lead_id"),
                    str(tmp_path / "work"),
                    entries=False,
                )
            return str(caught.value)

        mend = "rename the one with the times of the events"
        assert refusal(lacking) == f"{lacking}: has no column 'time'; its columns are 'lead', 'kind'; {mend}"
        endings = ".parquet, .csv, .tsv, .csv.gz, .tsv.gz, .jsonl, .ndjson, .json"
        kinds = f"is neither Parquet nor CSV nor JSON lines; its name must end in {endings}"
        assert refusal(other) == f"file:{other}: {kinds}"
        assert refusal(broken) == (
            f"file:{broken}: the row 'L1,visit,2026-01-01,more' has more or fewer values than the header has columns,"
            " or a quote that is not closed"
        )


@slow
def test_frames_of_spark(spark_local: str) -> None:
    """A DataFrame of leads takes its events as another; a lead with an event that can't be read has a problem."""
    events = "SELECT * FROM VALUES ('a', 'visit', '2026-01-14'), ('b', 'visit', 'soon') AS e(lead, kind, time)"
    with spark.session(spark_local) as session:
        leads = session.sql("SELECT explode(array('a', 'b', 'c')) AS lead_id")
        scored = score_frame(SMALL, leads, DAY, events=session.sql(events), explain=True)
        rows = scored.select("lead_id", "points", "gain_1", "problem").orderBy("lead_id").collect()
        assert [tuple(row) for row in rows] == [
            ("a", 53.5, "+3.0 Came", None),
            ("b", None, None, "has an event that can't be read"),
            ("c", 50.0, None, None),
        ]
        assert describe_missing(CARD.card, session.sql(events)) == LACKING
        with pytest.raises(DataError, match=r"^the frame of events: has no column 'lead'; its columns are 'lead_id'; "):
            score_frame(SMALL, leads, DAY, events=leads)
        with pytest.raises(DataError, match=r"^the data frame: must be a Spark DataFrame, as the leads are$"):
            score_frame(SMALL, leads, DAY, events=pd.DataFrame(EVENTS))


def test_a_card_that_counts_events_needs_them(tmp_path: Path) -> None:
    """A list without its events is refused before Spark starts."""
    with pytest.raises(DataError, match=r"^the card 'web' counts events; give those of the leads by --events FILE"):
        score_folder(CARD, str(tmp_path), str(tmp_path / "out"), DAY, master="spark://127.0.0.1:1")
