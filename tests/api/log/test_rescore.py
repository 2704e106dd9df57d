"""The book, worked out again: as if each lead had been scored on that day, once, whoever else is at work."""

from __future__ import annotations

import json
import multiprocessing
import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from leadledger.api.log import database, tables
from leadledger.api.log.book_updates import plan_update, write_updates
from leadledger.api.log.database import write_whole
from leadledger.api.log.record import encode_answer, now
from leadledger.api.log.replay import Replayer
from leadledger.api.log.stale_rows import BookState, read_stale
from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import LoadedCard, load
from leadledger.api.service.rescore import BookRescore, rescore_book
from leadledger.api.service.rescored_leads import LeadRescorer
from leadledger.api.service.settings import Settings
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

LEADS = make_leads(60)
EVENTS = make_events(len(LEADS), 300)
VISIT = {"kind": "visit", "time": str(LAST), "received": str(LAST), "properties": {"path": "/pricing"}}


@pytest.fixture
def log(url: str) -> Iterator[LogStore]:
    """An empty log on each database, with a subscription to every kind of message."""
    with emptied(url) as store:
        subscribe(store.engine)
        yield store


@pytest.mark.slow
@pytest.mark.parametrize("day", [FIRST + timedelta(days=1), LAST])
def test_rescore_is_scoring_on_that_day(log: LogStore, url: str, tmp_path: Path, day: date) -> None:
    """A lead of the book gets the score that a request on that day gets, with all that the book says of it."""
    loaded = load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_events(client, EVENTS[:200])
        post_leads(client, LEADS, FIRST)
        post_events(client, EVENTS[200:])
        rescored = rescore_book(log, loaded, tmp_path, day)
        again = without_times(read_book(log.engine))
        assert rescored.rescored == len(LEADS)
        post_leads(client, LEADS, day)
        assert without_times(read_book(log.engine)) == again


def test_a_dry_run_says_what_a_run_writes(log: LogStore, url: str, tmp_path: Path) -> None:
    """The figures of a dry run, which writes nothing, are those of the run after it, and of what it has written."""
    loaded = load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_events(client, EVENTS[:150])
        post_leads(client, LEADS, FIRST)
        post_events(client, EVENTS[150:])
    before, scores, messages = read_book(log.engine), count_rows(log.engine, tables.scores), count_messages(log)
    dry = rescore_book(log, loaded, tmp_path, LAST, is_dry=True)
    assert (read_book(log.engine), count_rows(log.engine, tables.scores)) == (before, scores)
    assert count_messages(log) == messages
    run = rescore_book(log, loaded, tmp_path, LAST)
    after = read_book(log.engine)
    written = {"dry_run": False, "logged": run.logged, "messages": run.messages}
    assert dry.to_dict() | written == run.to_dict()
    changed = [key for key, row in after.items() if row.decision != before[key].decision]
    assert 5 < run.decisions == len(changed) == run.logged == count_rows(log.engine, tables.scores) - scores
    assert run.moved == sum(row.tenths != before[key].tenths for key, row in after.items())
    assert run.messages == count_messages(log) - messages > 0
    assert run.causes.total() == run.decisions
    assert set(run.causes) == {"time", "data"}
    verdicts = [(before[key].recommendation, after[key].recommendation) for key in changed]
    assert run.recommendations == Counter(pair for pair in verdicts if pair[0] != pair[1])
    assert all((row.score_id == before[key].score_id) == (key not in changed) for key, row in after.items())


@pytest.mark.slow
def test_a_second_run_writes_nothing(log: LogStore, url: str, tmp_path: Path) -> None:
    """Leads that stand at the day and release are left out; those of a later day are left as they are."""
    loaded = load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_leads(client, LEADS[:50], FIRST)
        post_leads(client, LEADS[50:], LAST)
    first = rescore_book(log, loaded, tmp_path, LAST - timedelta(days=1))
    book = read_book(log.engine)
    assert (first.leads, first.rescored, first.current, first.later) == (60, 50, 0, 10)
    second = rescore_book(log, loaded, tmp_path, LAST - timedelta(days=1))
    assert (second.leads, second.rescored, second.current, second.later) == (60, 0, 50, 10)
    assert (second.logged, second.decisions, second.moved) == (0, 0, 0)
    assert read_book(log.engine) == book


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lead", "events", "card", "cause"),
    [
        ({"last_call": str(FIRST)}, [], TEXT, "time"),
        ({}, [VISIT] * 3, TEXT, "data"),
        ({"employees": 300}, [], TEXT.replace("points: 4,", "points: 30,"), "release"),
    ],
)
def test_a_change_has_its_cause(
    log: LogStore, url: str, tmp_path: Path, lead: dict[str, Any], events: list[dict[str, Any]], card: str, cause: str
) -> None:
    """A decision changes because the days pass, because events arrived, or because the release is another."""
    load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_events(client, [{"kind": "visit", "lead": "other", "time": "2026-01-01", "received": "2026-01-01"}])
        post_leads(client, [{"lead_id": "L1", **lead}], FIRST)
        if events:
            post_events(client, [event | {"lead": "L1", "id": str(i)} for i, event in enumerate(events)])
    run = rescore_book(log, load_card(tmp_path, card), tmp_path, LAST)
    assert (run.decisions, dict(run.causes)) == (1, {cause: 1})


@pytest.mark.slow
def test_another_release_enters_the_log(log: LogStore, url: str, tmp_path: Path) -> None:
    """Where the card or release is another, each lead gets a score in the log, though its decision stays."""
    load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_leads(client, LEADS, LAST)
    scores = count_rows(log.engine, tables.scores)
    run = rescore_book(log, load_card(tmp_path, TEXT.replace("reason: Large", "reason: Big")), tmp_path, LAST)
    assert (run.rescored, run.logged, run.decisions, run.moved) == (60, 60, 0, 0)
    assert count_rows(log.engine, tables.scores) == scores + 60


def test_leads_of_other_cards_are_left(log: LogStore, url: str, tmp_path: Path) -> None:
    """A lead that another card has scored is counted, and left as it is."""
    load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_leads(client, LEADS[:3], FIRST)
    book = read_book(log.engine)
    run = rescore_book(log, load_card(tmp_path, TEXT.replace("name: fading", "name: other")), tmp_path, LAST)
    assert (run.leads, run.of_other_cards, run.rescored) == (0, 3, 0)
    assert read_book(log.engine) == book


def test_values_that_the_card_lacks_are_left_out(log: LogStore, url: str, tmp_path: Path) -> None:
    """A field that the card no longer has, or has as another kind, is as if the lead had none."""
    load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_leads(client, [{"lead_id": "L1", "owner": "ann", "employees": 300}], FIRST)
    text = TEXT.replace("  owner: {kind: text}\n", "").replace("employees: {kind: number}", "employees: {kind: text}")
    rescore_book(log, load_card(tmp_path, text.replace("employees >= 100", "employees = 'many'")), tmp_path, LAST)
    (row,) = read_book(log.engine).values()
    assert (row.tenths, row.owner, row.as_of) == (500, "", str(LAST))
    assert json.loads(row.input)["values"] == {"lead_id": "L1"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stores", "sent", "is_rescored"), [(False, True, False), (True, True, True), (False, False, True)]
)
def test_events_that_came_with_a_lead(
    log: LogStore, url: str, tmp_path: Path, stores: bool, sent: bool, is_rescored: bool
) -> None:
    """A lead keeps its score where events came with it that are not stored; where none came, that goes on to be so."""
    loaded = load_card(tmp_path)
    event = VISIT | {"id": "1", "time": str(FIRST), "received": str(FIRST)}
    events = [event] if sent else []
    with serving(url, tmp_path) as client:
        if stores:
            post_events(client, [event | {"lead": "L1"}])
        lead = {"lead": {"lead_id": "L1"}, "events": events, "as_of": str(FIRST)}
        batch = {"leads": [{"lead_id": "L2"}], "events": [events], "as_of": str(FIRST)}
        assert client.post("/v1/score", json=lead).status_code == 200
        assert client.post("/v1/score/batch", json=batch).status_code == 200
    book = read_book(log.engine)
    run = rescore_book(log, loaded, tmp_path, LAST)
    expected = 2 if not sent else 1 if stores else 0
    assert (run.rescored, run.not_recounted) == (expected, 2 - expected)
    after = read_book(log.engine)
    assert (after["L1"] != book["L1"]) == is_rescored
    if is_rescored:
        assert json.loads(after["L1"].input)["events"]["known"]
        assert json.loads(after["L1"].input)["events"]["counted"] == sent


def test_a_newer_score_wins(log: LogStore, url: str, tmp_path: Path) -> None:
    """A lead that is scored between the reading and the writing of its row stays as that score has left it."""
    loaded = load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_leads(client, LEADS[:4], FIRST)
        rows = [row for rows in read_stale(log.engine, state_of(loaded)) for row in rows]
        leads = [lead for lead in LeadRescorer(log, loaded, tmp_path, LAST).rescore(rows) if lead]
        post_leads(client, LEADS[:1], LAST)
        log.forget("L1")
        reject(log, "L2")
    book = read_book(log.engine)
    updates = [plan_update(lead.row, lead.score, now()) for lead in leads]
    written, _ = write_whole(log.engine, lambda connection: write_updates(connection, [u for u in updates if u]))
    assert [update.before.key for update in written] == ["L3"]
    after = read_book(log.engine)
    assert {key: after[key] == row for key, row in book.items()} == {"L0": True, "L2": True, "L3": False}


@pytest.mark.slow
def test_two_runs_beside_a_service(log: LogStore, url: str, tmp_path: Path) -> None:
    """Two runs at once, while requests score the same leads: each change of a decision is logged and told once."""
    loaded = load_card(tmp_path)
    with serving(url, tmp_path) as client:
        post_events(client, EVENTS)
        post_leads(client, LEADS, FIRST)
        before = read_book(log.engine)
        scores, messages = count_rows(log.engine, tables.scores), count_messages(log)
        runs: list[BookRescore] = []
        work = [
            threading.Thread(target=lambda: runs.append(rescore_book(log, loaded, tmp_path, LAST, rows=7)))
            for _ in range(2)
        ]
        for thread in work:
            thread.start()
        post_leads(client, LEADS[::3], LAST)
        for thread in work:
            thread.join()
    after = read_book(log.engine)
    changed = [key for key, row in after.items() if row.decision != before[key].decision]
    assert {row.as_of for row in after.values()} == {str(LAST)}
    assert len(runs) == 2
    logged = sum(run.logged for run in runs)
    assert count_rows(log.engine, tables.scores) == scores + logged + len(LEADS[::3])
    told = [lead for lead, _ in read_messages(log)[messages:]]
    assert len(told) == len(set(told))
    assert set(told) <= set(changed)
    assert sum(run.messages for run in runs) <= len(told)


KILLS = 10


@pytest.mark.slow
def test_a_run_may_be_killed(log: LogStore, url: str, tmp_path: Path) -> None:
    """However often a run is killed, the next one goes on: nothing is lost, and no decision is told twice."""
    loaded, leads = load_card(tmp_path), make_leads(400)
    with serving(url, tmp_path) as client:
        post_events(client, make_events(len(leads), 600))
        answer = client.post("/v1/score/batch", json={"leads": leads, "as_of": str(FIRST)})
        assert answer.json()["scored"] == len(leads)
    before = read_book(log.engine)
    scores, messages = count_rows(log.engine, tables.scores), count_messages(log)
    dry = rescore_book(log, loaded, tmp_path, LAST, is_dry=True)
    drawn, ended = random.Random(9), 0
    fork = multiprocessing.get_context("fork")
    for _ in range(KILLS):
        log.engine.dispose()
        run = fork.Process(target=rescore_at, args=(url, tmp_path))
        run.start()
        run.join(drawn.uniform(0.05, 0.4))
        ended += run.exitcode is not None
        run.kill()
        run.join()
    assert ended < KILLS
    rescore_book(log, loaded, tmp_path, LAST, rows=5)
    after = read_book(log.engine)
    changed = {key for key, row in after.items() if row.decision != before[key].decision}
    assert {row.as_of for row in after.values()} == {str(LAST)}
    assert len(changed) == dry.decisions == count_rows(log.engine, tables.scores) - scores
    told = [lead for lead, _ in read_messages(log)[messages:]]
    assert len(told) == len(set(told)) > 10
    for score_id in {after[key].score_id for key in changed}:
        row = log.read_score(score_id)
        assert row is not None
        assert encode_answer(score_id, Replayer(log, tmp_path).replay(row)).decode() == row["result"]


def rescore_at(url: str, folder: Path) -> None:
    """A run in a process of its own, few leads at a time."""
    engine = database.open_database(url, folder)
    rescore_book(LogStore(engine), load(Settings(card=folder / "card.yaml", home=folder)), folder, LAST, rows=5)


def state_of(loaded: LoadedCard) -> BookState:
    """The last day, by a card."""
    return BookState(loaded.card.card.name, loaded.release, loaded.digest, str(LAST))


def reject(log: LogStore, key: str) -> None:
    """Say that sales rejected a lead."""
    with log.engine.begin() as connection:
        connection.execute(update(tables.book).where(tables.book.c.key == key).values(rejected_on=str(FIRST)))


def read_messages(log: LogStore) -> list[tuple[str, str]]:
    """The lead and the kind of each message, in their order."""
    messages = tables.messages.c
    with log.engine.connect() as connection:
        rows = connection.execute(select(messages.lead_key, messages.kind).order_by(messages.number))
        return [(lead, kind) for lead, kind in rows]


def count_messages(log: LogStore) -> int:
    """How many messages there are."""
    return len(read_messages(log))
