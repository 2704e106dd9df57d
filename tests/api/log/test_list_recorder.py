"""Lists that are recorded: the log and the book are as if each lead had been scored over HTTP."""

from __future__ import annotations

import csv
import json
import multiprocessing
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.log import database, tables
from leadledger.api.log.record import encode_answer
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from leadledger.api.service.list_recorder import ListRecorder
from leadledger.api.service.rescore import rescore_book
from tests.api.log.faded_leads import (
    FIRST,
    LAST,
    TEXT,
    count_rows,
    emptied,
    load_card,
    make_events,
    make_leads,
    post_events,
    post_leads,
    read_book,
    serving,
    subscribe,
    without_times,
)
from tests.api.log.test_rescore import read_messages

COLUMNS = ("lead_id", "owner", "employees", "last_call", "note")
EVENT_COLUMNS = ("lead", "kind", "time", "received", "id", "path", "seconds")
# The last has an id that an earlier one has, too, and one event is of a kind that the card doesn't know.
LEADS = [{"note": "x", **lead} for lead in make_leads(40)] + [{"lead_id": "L7", "owner": "cy", "note": ""}]
EVENTS = [*make_events(40, 200), {"kind": "zoom", "lead": "L3", "time": str(FIRST), "properties": {}}]
NO_EVENTS = TEXT.replace("  - {name: keen, when: visits >= 2, points: 2.5, reason: Reads}\n", "")
HOLDING = """
name: holding
base_rate: 0.1
fields:
  lead_id: {kind: id}
  owner: {kind: text}
  employees: {kind: number}
  last_call: {kind: date}
rules:
  - {name: big, when: employees >= 100, points: 4, reason: Large}
  - {name: called, when: last_call is not null, points: 9, half_life: 14 days of last_call, reason: Called}
stages: [{name: contact}, {name: lead, points: 56, hold: {band: 3, days: 5}, cool_down: 30 days}]
"""


@pytest.fixture
def log(url: str) -> Iterator[LogStore]:
    """An empty log on each database, with a subscription to every kind of message."""
    with emptied(url) as store:
        subscribe(store.engine)
        yield store


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    """A list as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def record_list(
    log: LogStore, folder: Path, day: date, leads: Sequence[Mapping[str, Any]], **wanted: Any
) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Score a list with the card of the folder, and record it: what was recorded, and the rows of the output."""
    columns = list(dict.fromkeys(name for lead in leads for name in lead))
    file = write_csv(folder / "leads.csv", columns, leads)
    events = write_csv(folder / "events.csv", EVENT_COLUMNS, [flat(event) for event in EVENTS])
    loaded, out = load_card(folder, (folder / "card.yaml").read_text("utf-8")), folder / "out.csv"
    if loaded.card.card.events:
        wanted["events"] = events
    recorder = ListRecorder(log, loaded, day)
    score_list(loaded.card, file, out, day, Wanted(**wanted), recorder=recorder)
    with out.open(encoding="utf-8", newline="") as written:
        return recorder.to_dict(), list(csv.DictReader(written))


def flat(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as a row."""
    return {name: value for name, value in event.items() if name != "properties"} | event["properties"]


@pytest.mark.slow
def test_a_list_is_as_requests(log: LogStore, url: str, tmp_path: Path) -> None:
    """Over two days, the book after a list is the book after the same leads over HTTP, with their events."""
    load_card(tmp_path)
    books = []
    for day in (FIRST, LAST):
        record_list(log, tmp_path, day, LEADS)
        books.append(without_times(read_book(log.engine)))
    scores = count_rows(log.engine, tables.scores)
    with emptied(url) as store, serving(url, tmp_path) as client:
        for day, book in zip((FIRST, LAST), books, strict=True):
            for lead in LEADS:
                own = [bare(event) for event in EVENTS if event["lead"] == lead["lead_id"]]
                answer = client.post("/v1/score", json={"lead": lead, "events": own, "as_of": str(day)})
                assert answer.status_code == 200, answer.text
            assert without_times(read_book(store.engine)) == book
        assert len(LEADS) < scores < count_rows(store.engine, tables.scores) == 2 * len(LEADS)


def bare(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it stands beside its lead."""
    return {name: value for name, value in event.items() if name != "lead"}


@pytest.mark.slow
def test_what_is_recorded_replays(log: LogStore, tmp_path: Path) -> None:
    """Each score of a list gives its answer again, and the file says the same."""
    load_card(tmp_path)
    _, rows = record_list(log, tmp_path, LAST, LEADS)
    log.keep_card(*digest_of(tmp_path))
    replayer, book = Replayer(log, tmp_path), read_book(log.engine)
    scores = list(log.read_scores())
    assert len(scores) == len(LEADS)
    for score in scores:
        assert encode_answer(score["id"], replayer.replay(score)).decode() == score["result"]
    for row in rows[:7] + rows[8:]:  # the eighth row is L7, of which the last one counts
        known = book[row["lead_id"]]
        assert (row["recommendation"], row["grade"], float(row["points"])) == (
            known.recommendation,
            known.grade,
            known.tenths / 10,
        )


def digest_of(folder: Path) -> tuple[str, str]:
    """The digest and the text of the card."""
    loaded = load_card(folder)
    return loaded.digest, loaded.text


@pytest.mark.slow
def test_a_second_run_adds_nothing(log: LogStore, tmp_path: Path) -> None:
    """The same list on the same day writes nothing; a day later it moves the book, and only decisions enter the log."""
    load_card(tmp_path)
    leads = LEADS[:-1]
    first, _ = record_list(log, tmp_path, FIRST, leads)
    book, messages = read_book(log.engine), len(read_messages(log))
    again, _ = record_list(log, tmp_path, FIRST, leads)
    assert (first["new"], first["scores"], again["same"], again["scores"]) == (40, 40, 40, 0)
    assert (read_book(log.engine), len(read_messages(log))) == (book, messages)
    assert first["messages"] == messages
    load_card(tmp_path, NO_EVENTS)  # no event may come between
    later, _ = record_list(log, tmp_path, FIRST + timedelta(days=1), leads)
    assert (later["moved"], later["scores"]) == (40, 40)  # another card
    after, _ = record_list(log, tmp_path, FIRST + timedelta(days=2), leads)
    assert after["moved"] == 40
    assert after["decisions"] <= after["scores"] < 40


@pytest.mark.slow
def test_new_data_enters_the_log(log: LogStore, tmp_path: Path) -> None:
    """A lead with another value gets a score of its own in the log, though its decision stays."""
    load_card(tmp_path)
    record_list(log, tmp_path, FIRST, LEADS[:2])
    changed = [LEADS[0] | {"owner": "dee"}, LEADS[1]]
    recorded, _ = record_list(log, tmp_path, FIRST, changed)
    assert (recorded["moved"], recorded["same"], recorded["scores"], recorded["decisions"]) == (1, 1, 1, 0)
    assert read_book(log.engine)["L0"].owner == "dee"


@pytest.mark.slow
def test_an_older_day_leaves_the_book(log: LogStore, tmp_path: Path) -> None:
    """A list of an earlier day than the book's leaves no trace, and is counted."""
    load_card(tmp_path)
    record_list(log, tmp_path, LAST, LEADS[:3])
    book = read_book(log.engine)
    recorded, rows = record_list(log, tmp_path, FIRST, LEADS[:3])
    assert (recorded["older"], recorded["scores"], len(rows)) == (3, 0, 3)
    assert read_book(log.engine) == book


@pytest.mark.slow
def test_what_never_enters(log: LogStore, tmp_path: Path) -> None:
    """Rejects, leads without an id, and those that a condition leaves out don't enter; those beyond --top do."""
    load_card(tmp_path)
    odd: list[dict[str, Any]] = [{"lead_id": "bad", "employees": "many"}, {"lead_id": "", "employees": 300}]
    recorded, rows = record_list(log, tmp_path, LAST, [*LEADS[:9], *odd], where="employees > 50", top=1)
    large = {lead["lead_id"] for lead in LEADS[:9] if lead["employees"] > 50}
    assert (set(read_book(log.engine)), len(rows), recorded["without_id"]) == (large, 1, 1)
    assert len(large) > 1


@pytest.mark.slow
def test_a_rescore_counts_events_that_are_stored(log: LogStore, url: str, tmp_path: Path) -> None:
    """Leads of a list whose events are stored, too, are worked out again; those of other leads keep their scores."""
    loaded = load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_events(client, [event for event in EVENTS if event["lead"] != "L3"])
    record_list(log, tmp_path, FIRST, LEADS[:5])
    run = rescore_book(log, loaded, tmp_path, LAST)
    assert (run.rescored, run.not_recounted) == (4, 1)
    assert read_book(log.engine)["L3"].as_of == str(FIRST)


@pytest.mark.slow
def test_advice_over_time_is_the_same(log: LogStore, url: str, tmp_path: Path) -> None:
    """Requests, lists and rescores hold a promotion as long, and leave a rejected lead alone, by the book's memory."""
    loaded, leads = load_card(tmp_path, HOLDING), [lead for lead in LEADS[:20] if "last_call" in lead]
    days = [FIRST + timedelta(days=days) for days in (0, 1, 6, 12, 13, 20, 40, 60)]
    books = []
    with serving(url, tmp_path) as client:
        for day in days:
            post_leads(client, leads, day)
            books.append(without_times(read_book(log.engine)))
            reject_some(log, day)
    assert {row.recommendation for book in books for row in book.values()} >= {"promote", "demote", "nurture"}
    with emptied(url) as store:
        for day, book in zip(days, books, strict=True):
            _, rows = record_list(store, tmp_path, day, leads)
            assert without_times(read_book(store.engine)) == book
            assert [(row["recommendation"], row["recommended_since"]) for row in rows] == [
                (book[row["lead_id"]].recommendation, book[row["lead_id"]].since) for row in rows
            ]
            reject_some(store, day)
    with emptied(url) as store:
        record_list(store, tmp_path, days[0], leads)
        for day, book in zip(days[1:], books[1:], strict=True):
            reject_some(store, days[days.index(day) - 1])
            run = rescore_book(store, loaded, tmp_path, day)
            assert without_times(read_book(store.engine)) == book
            assert run.causes.total() == run.decisions


@pytest.mark.slow
def test_a_list_with_its_own_memory(log: LogStore, tmp_path: Path) -> None:
    """A list that has a column for the last recommendation speaks for itself."""
    load_card(tmp_path, HOLDING)
    lead = {"lead_id": "L1", "employees": 300, "last_call": str(FIRST)}
    record_list(log, tmp_path, FIRST, [lead])
    own = {"last_recommendation": "nurture", "recommended_to": "lead", "recommended_since": str(FIRST)}
    later = FIRST + timedelta(days=20)
    recorded, (row,) = record_list(log, tmp_path, later, [lead | own], prefix="new_")
    assert row["last_recommendation"] == "nurture"
    assert json.loads(read_book(log.engine)["L1"].input)["values"]["last_recommendation"] == "nurture"
    assert (row["new_recommendation"], recorded["moved"]) == (read_book(log.engine)["L1"].recommendation, 1)


def reject_some(log: LogStore, day: date) -> None:
    """Let sales reject a few leads on a day, those that are promoted among them."""
    book = tables.book.c
    with log.engine.begin() as connection:
        if day == FIRST + timedelta(days=12):
            connection.execute(update(tables.book).where(book.key.in_(["L1", "L2"])).values(rejected_on=str(day)))


@pytest.mark.slow
def test_a_list_may_be_killed(log: LogStore, url: str, tmp_path: Path) -> None:
    """However often a run is killed, the next one completes it: nothing is lost, and no decision is told twice."""
    load_card(tmp_path)
    leads = [{"note": "x", **lead} for lead in make_leads(300)]
    record_list(log, tmp_path, FIRST, leads)
    messages, scores, before = len(read_messages(log)), count_rows(log.engine, tables.scores), read_book(log.engine)
    (tmp_path / "out.csv").unlink()
    drawn, killed = random.Random(4), 0
    # A fork of this process would have DuckDB's locks without its threads.
    fresh = multiprocessing.get_context("forkserver")
    fresh.set_forkserver_preload([__name__])
    for _ in range(10):
        log.engine.dispose()
        run = fresh.Process(target=record_at, args=(url, tmp_path, leads))
        run.start()
        moved = count_moved(log)
        while run.is_alive() and count_moved(log) == moved < len(leads):  # kill it while it works
            time.sleep(0.005)
        run.join(drawn.uniform(0, 0.1))
        killed += run.exitcode is None
        assert run.exitcode is None or count_moved(log) == len(leads)
        run.kill()
        run.join()
        assert count_moved(log) == len(leads) or not (tmp_path / "out.csv").exists()  # it comes last
        (tmp_path / "out.csv").unlink(missing_ok=True)
    record_list(log, tmp_path, LAST, leads)
    after = read_book(log.engine)
    changed = {key for key, row in after.items() if row.decision != before[key].decision}
    assert {row.as_of for row in after.values()} == {str(LAST)}
    assert killed > 3
    told = [lead for lead, _ in read_messages(log)[messages:]]
    assert len(told) == len(set(told)) > 10
    assert set(told) <= changed
    assert len(changed) <= count_rows(log.engine, tables.scores) - scores <= len(leads)


def count_moved(log: LogStore) -> int:
    """The leads of the book that stand at the last day."""
    with log.engine.connect() as connection:
        query = select(func.count()).select_from(tables.book).where(tables.book.c.as_of == str(LAST))
        return connection.execute(query).scalar_one()


def record_at(url: str, folder: Path, leads: Sequence[Mapping[str, Any]]) -> None:
    """A run in a process of its own, ten leads at a time."""
    from leadledger.api.lists import recorded_leads

    recorded_leads.LEADS_PER_BATCH = 10
    engine = database.open_database(url, folder)
    record_list(LogStore(engine), folder, LAST, leads)
