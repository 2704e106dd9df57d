"""What is stored gives what is sent: the same ledger in any order of arrival, and the same score as a list has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.log import database, tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.event_rows import EventBatch, write_events
from leadledger.api.log.event_store import EventStore
from leadledger.api.log.raw_events import make_raw_events
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.sent_events import SentEventReader, SentEvents
from leadledger.api.service.settings import Settings
from leadledger.scoring.engine.score import get_engine
from tests.api.lists.test_list_events import CARD, DAY, EVENTS, LEADS, TEXT, read, write
from tests.command_line import run
from tests.effort import examples

ENGINE = get_engine(CARD)
READER = SentEventReader(ENGINE)
IDS = ("L1", "L2", "cookie", "other")
Sent = list[dict[str, Any]]


@pytest.fixture(scope="module")
def log(url: str) -> Iterator[Engine]:
    """A log, whose tables of events each example empties."""
    engine = database.open_database(url, Path())
    yield engine
    engine.dispose()


@st.composite
def sent_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of somebody, known from some day on; few ids, so that some are the same and some differ."""
    day = DAY - timedelta(days=draw(st.sampled_from((-1, 0, 1, 2, 13, 14, 40))))
    known = day + timedelta(days=draw(st.sampled_from((0, 0, 1, 20))))
    event = {
        "kind": draw(st.sampled_from(("visit", "click", "webinar"))),
        "lead": draw(st.sampled_from(IDS)),
        "time": draw(st.sampled_from((f"{day}", f"{day}T23:30:00Z", f"{day} 00:15:00+01:00", f"{day}T12:00:00"))),
        "received": draw(st.sampled_from((f"{known}", f"{known}T01:00:00Z"))),
        "properties": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "path": st.sampled_from(("/", "/pricing", "")),
                    "seconds": st.sampled_from((5, "12.5", None)),
                    "campaign": st.sampled_from(("a", "A", "b")),
                    "url": st.sampled_from(("x", "y")),
                },
            )
        ),
    }
    if draw(st.booleans()):
        event["id"] = draw(st.sampled_from(("1", "2", "3")))
    return event


@st.composite
def joining_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event that joins two ids."""
    day = DAY - timedelta(days=draw(st.integers(-2, 20)))
    verb, other = draw(st.sampled_from((("identify", "anonymous_id"), ("alias", "previous_id"))))
    lead, second = draw(st.permutations(IDS))[:2]
    return {"kind": verb, "lead": lead, other: second, "time": f"{day}", "received": f"{day}T10:00:00Z"}


def store(log: Engine, parts: list[Sent]) -> None:
    """Store events in an empty log, part by part."""
    with log.connect().execution_options(**WRITES) as connection:
        with connection.begin():
            connection.execute(tables.events.delete())
            connection.execute(tables.joins.delete())
        for part in parts:
            sent, mistakes = SentEvents(), Mistakes()
            paths = [("$", number) for number in range(len(part))]
            assert READER.read_all(part, paths, "2026-02-01T00:00:00.000000Z", "", sent, mistakes) == 0
            with connection.begin():
                write_events(connection, EventBatch(sent.events, sent.joins))


def count_stored(log: Engine, day: date) -> dict[str, Any]:
    """What the stored events come to, for each id."""
    stored = EventStore(log).read(IDS)
    return {lead: ENGINE.count_events(make_raw_events(ENGINE.event_reader, stored.of(lead)), day, {}) for lead in IDS}


@pytest.mark.slow
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sent_events() | joining_events(), max_size=12), st.randoms(use_true_random=False), st.integers(-2, 15))
def test_arrival_does_not_matter(log: Engine, events: Sent, random: Any, age: int) -> None:
    """Whatever the order of events and joins, the resends and the batches, the same is counted on every day."""
    day = DAY - timedelta(days=age)
    store(log, [events])
    once = count_stored(log, day)
    again = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(again)
    cuts = sorted(random.randrange(len(again) + 1) for _ in range(3))
    store(log, [again[start:end] for start, end in zip([0, *cuts], [*cuts, len(again)], strict=True)])
    assert count_stored(log, day) == once


@pytest.mark.slow
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sent_events(), max_size=12))
def test_a_merge_is_a_union(log: Engine, events: Sent) -> None:
    """Two leads that an alias joins have the events of both, as if all of them had been sent beside either."""
    alias = {"kind": "alias", "lead": "L1", "previous_id": "L2", "time": "2020-01-01", "received": "2020-01-01"}
    store(log, [events, [alias]])
    counted = count_stored(log, DAY)
    of_both = [event for event in events if event["lead"] in ("L1", "L2")]
    sent = [{name: value for name, value in event.items() if name != "lead"} for event in of_both]
    beside = ENGINE.count_events(sent, DAY, {})
    assert beside is not None
    for lead in ("L1", "L2"):  # what was sent again isn't stored again
        assert (counted[lead].values, counted[lead].rules) == (beside.values, beside.rules)
        assert (counted[lead].counted, counted[lead].machine) == (beside.counted, beside.machine)


@settings(max_examples=examples(200))
@given(st.lists(sent_events(), min_size=1, max_size=8))
def test_usual_events_are_read_alike(events: Sent) -> None:
    """Events that are read together have the rows that each has when it is read by itself."""
    together, alone = SentEvents(), SentEvents()
    at = "2026-02-01T00:00:00.000000Z"
    READER.read_all(events, [("$", 0)] * len(events), at, "k", together, Mistakes())
    for event in events:
        READER.read(event, ("$",), at, "k", alone, Mistakes())
    assert together == alone


@pytest.mark.slow
def test_three_ways(tmp_path: Path) -> None:
    """Every lead has the same score with stored events, with those in the request, and in a list with `--events`."""
    events = [{**event, "received": event["received"] or "2020-01-01"} for event in EVENTS]
    out = tmp_path / "out.csv"
    wanted = Wanted(events=write(events, tmp_path / "events.csv"))
    score_list(CARD, write(LEADS, tmp_path / "leads.csv"), out, DAY, wanted)
    listed = read(f"SELECT points, grade, recommendation FROM read_csv('{out}')")
    (tmp_path / "card.yaml").write_text(TEXT)
    properties = ("path", "seconds", "campaign", "url")
    plain = [
        {name: value for name, value in event.items() if name not in properties and (value or name != "id")}
        | {"properties": {name: event[name] for name in properties}}
        for event in events
    ]
    beside = [
        [
            {name: part for name, part in event.items() if name != "lead"}
            for event in plain
            if event["lead"] == lead["lead_id"]
        ]
        for lead in LEADS
    ]
    body = {"leads": LEADS, "as_of": f"{DAY}"}
    with TestClient(create_app(Settings(card=tmp_path / "card.yaml", home=tmp_path))) as client:
        sent = client.post("/v1/score/batch", json={**body, "events": beside}).json()["results"]
        for start in range(0, len(plain), 150):
            assert client.post("/v1/events", json=plain[start : start + 200]).json()["errors"] == []
        stored = client.post("/v1/score/batch", json=body).json()["results"]
    assert [{**item["result"], "id": ""} for item in stored] == [{**item["result"], "id": ""} for item in sent]
    assert [
        (item["result"]["points"], item["result"]["grade"], item["result"]["recommendation"]) for item in stored
    ] == listed


@pytest.mark.slow
def test_exported_events_give_the_same_scores(tmp_path: Path) -> None:
    """A list with the events that `log events` wrote has the scores of the service, whatever sent and joined them."""
    card = tmp_path / "card.yaml"
    card.write_text(TEXT.replace("visit: {fields", "visit: {from: {segment: page}, fields"))
    known = {"receivedAt": "2026-01-02"}
    page = {"type": "page", "timestamp": "2026-01-10", "properties": {"path": "/pricing"}, **known}
    events = [
        {**page, "anonymousId": "cookie", "messageId": "1"},
        {**page, "userId": "L2", "messageId": "2"},
        {**page, "userId": "L3", "messageId": "2", "properties": {"path": "/", "seconds": 40}},
        {"type": "identify", "userId": "L1", "anonymousId": "cookie", "timestamp": "2026-01-10", **known},
        {"type": "alias", "userId": "L4", "previousId": "L3", "timestamp": "2026-01-10", "receivedAt": "2026-01-14"},
    ]
    leads = [{"lead_id": f"L{number}"} for number in range(6)]
    with TestClient(create_app(Settings(card=card, home=tmp_path))) as client:
        assert client.post("/v1/events", json={"batch": events}).json()["errors"] == []
        for day in ("2026-01-13", "2026-01-15"):
            answer = client.post("/v1/score/batch", json={"leads": leads, "as_of": day}).json()
            out = tmp_path / "events.csv"
            done = run("log", "events", "-o", out, "--card", card, "--home", tmp_path)
            assert (done.stdout, done.exit_code) == ("5 events written to " + str(out) + "\n", 0)
            scored = tmp_path / "out.csv"
            files = ("score", write(leads, tmp_path / "leads.csv"), "--events", out, "--card", card)
            assert run(*files, "--as-of", day, "-o", scored).exit_code == 0
            points = [item["result"]["points"] for item in answer["results"]]
            assert [row[0] for row in read(f"SELECT points FROM read_csv('{scored}')")] == points
    assert len(set(points)) > 2
