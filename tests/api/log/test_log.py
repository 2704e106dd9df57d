"""The decision log records answers, replays them and forgets leads, on both databases."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from hypothesis import given, settings
from sqlalchemy import event, func, select, text

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.record import Record, decode_input, encode_input, find_lead_id, new_id
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, LeadError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Card, Learned, build_untrained
from tests import logs
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, PLAIN

ROOT = Path(__file__).parents[3]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
LEAD = {"lead_id": "L1", "need": "urgent", "budget": 25000, "last_activity": "2026-06-20"}
DAY = "2026-07-01"


@pytest.fixture(scope="module", params=logs.DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    with logs.database_of(request.param, tmp_path_factory.mktemp("log")) as address:
        yield address


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service that records what it answers, in an empty log."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log_url=url))) as client:
        with client.app.state.service.decision_log.store.engine.begin() as connection:  # type: ignore[attr-defined]
            for table in (tables.scores, tables.answers, tables.outcomes):
                connection.execute(table.delete())
        yield client


def count(url: str, table: Any = tables.scores) -> int:
    """The rows of a table."""
    engine = database.open_database(url, Path())
    try:
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()
    finally:
        engine.dispose()


def scored(client: TestClient, day: str = DAY, **changes: Any) -> dict[str, Any]:
    """The answer to a lead."""
    answer = client.post("/v1/score", json={"lead": {**LEAD, **changes}, "as_of": day})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def test_tables_are_what_the_migrations_make(url: str, tmp_path: Path) -> None:
    """The migrations create the tables that the code knows, and the newest one has the name that it knows."""
    engine = database.open_database(url, tmp_path)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == tables.HEAD
    engine.dispose()


def test_answers_are_recorded(client: TestClient, url: str) -> None:
    """The log holds each answer with its cleaned values and its day, under the id of the answer."""
    answer = scored(client, NumberOfEmployees="120", favourite="red")
    logged = client.get(f"/v1/scores/{answer['id']}").json()
    assert logged["result"] == answer
    assert (logged["id"], logged["lead"], logged["as_of"], logged["points"]) == (
        answer["id"],
        "L1",
        DAY,
        answer["points"],
    )
    assert {value["field"]: value["value"] for value in logged["input"]} == {
        "lead_id": "L1",
        "need": "urgent",
        "budget": "25000.0",
        "last_activity": "2026-06-20",
        "employees": "120.0",
    }
    assert count(url) == 1


def test_rows_have_the_order_of_the_columns() -> None:
    """Rows have the order of the columns, because they are written without column names."""
    scorecard = build_untrained(Card("none", fields=PLAIN))
    record = Record("id", "at", None, "", "", "", "", get_engine(scorecard).score({}, AS_OF))
    assert list(record.row()) == tables.scores.columns.keys()


def test_groups_of_any_size_are_written_whole(client: TestClient, url: str) -> None:
    """Every score is recorded, however many are written at once."""
    for size in (1, 3, 63, 64, 65, 200):
        before = count(url)
        answer = client.post("/v1/score/batch", json={"leads": [LEAD] * size, "as_of": DAY}).json()
        assert answer["scored"] == count(url) - before == size
    last = answer["results"][-1]["result"]
    assert client.get(f"/v1/scores/{last['id']}").json()["result"] == last


def test_batches_are_recorded(client: TestClient, url: str) -> None:
    """Each scored lead of a batch is in the log; a refused one is not."""
    leads = [{"lead_id": "A"}, {"lead_id": "B", "employees": "x"}, {"need": "clear"}]
    answer = client.post("/v1/score/batch?explain=none", json={"leads": leads, "as_of": DAY}).json()
    assert (answer["scored"], answer["refused"]) == (2, 1)
    first, _, third = answer["results"]
    assert first["result"]["ledger"] == []
    logged = client.get(f"/v1/scores/{first['result']['id']}").json()
    assert logged["lead"] == "A"
    assert logged["result"]["ledger"] != []
    assert client.get(f"/v1/scores/{third['result']['id']}").json()["lead"] == ""
    assert count(url) == 2


def test_page_after_an_unknown_score(client: TestClient) -> None:
    """If the log lacks the score that `before` names, the answer says so; it is not a failure."""
    scored(client)
    answer = client.get("/v1/leads/L1/scores?before=none")
    assert (answer.status_code, answer.json()["detail"]) == (404, "The score that `before` names is not in the log.")


def test_replay(client: TestClient) -> None:
    """A score is worked out again from the log, to the same bytes."""
    ident = scored(client)["id"]
    replayed = client.get(f"/v1/scores/{ident}/replay").json()
    assert replayed["identical"]
    assert replayed["points"] == replayed["replayed"]


def test_replay_of_a_changed_card(tmp_path: Path) -> None:
    """A score is worked out by the card that gave it, though the file has changed and another is served."""
    card = tmp_path / "card.yaml"
    card.write_text("name: one\nfields: {a: {kind: flag}}\nrules: [{name: r, when: a, points: 7, reason: R}]\n")
    with TestClient(create_app(Settings(card=card, home=tmp_path))) as client:
        old = client.post("/v1/score", json={"lead": {"a": True}}).json()
    card.write_text(card.read_text().replace("points: 7", "points: 9"))
    with TestClient(create_app(Settings(card=card, home=tmp_path))) as client:
        replayed = client.get(f"/v1/scores/{old['id']}/replay").json()
        assert (replayed["identical"], replayed["result"]) == (True, old)
        assert client.post("/v1/score", json={"lead": {"a": True}}).json()["points"] == 59.0


@settings(max_examples=examples(50))
@given(lead=LEADS)
def test_any_values_come_back(lead: dict[str, Any]) -> None:
    """What the log keeps of a lead is read as the same values, of the same types."""
    ready = get_engine(build_untrained(Card("raw", fields=PLAIN)))
    try:
        values = ready.clean(lead).values
    except LeadError:  # is not recorded
        return
    again, ignored = decode_input(ready.card.card, encode_input(values, ("x",)))
    assert again == values
    assert [type(value) for value in again.values()] == [type(value) for value in values.values()]
    assert ignored == ("x",)


def test_history_says_why_a_score_moved(client: TestClient) -> None:
    """From one score of a lead to the next, the entries that moved have their causes, and add up."""
    first = scored(client, "2026-07-01")
    second = scored(client, "2026-09-20")
    third = scored(client, "2026-09-25", need="vague", last_activity="2026-09-24")
    outcome = {"lead": "L1", "became": "opportunity", "on": "2026-10-01"}
    assert client.post("/v1/outcomes", json=outcome).json() == {**outcome, "new": True}
    history = client.get("/v1/leads/L1/scores").json()
    assert [score["id"] for score in history["scores"]] == [third["id"], second["id"], first["id"]]
    assert history["more"] is False
    assert [(outcome["became"], outcome["on"]) for outcome in history["outcomes"]] == [("opportunity", "2026-10-01")]
    newest, middle, oldest = history["scores"]
    assert (oldest["moved"], oldest["changed"]) == ([], [])
    assert middle["changed"] == []
    assert {move["cause"] for move in middle["moved"]} == {"time"}
    assert {move["cause"] for move in newest["moved"]} == {"data", "time"} or {
        move["cause"] for move in newest["moved"]
    } == {"data"}
    assert {change["field"] for change in newest["changed"]} == {"need", "last_activity"}
    for new, old in ((newest, middle), (middle, oldest)):
        tenths = sum(round(move["moved"] * 10) for move in new["moved"])
        assert tenths == round(new["points"] * 10) - round(old["points"] * 10)
    page = client.get(f"/v1/leads/L1/scores?limit=1&before={third['id']}").json()
    assert [score["id"] for score in page["scores"]] == [second["id"]]
    assert page["more"] is True


def test_history_over_releases(tmp_path: Path) -> None:
    """If the release has changed too, its moves are separate from those of the day and of the values."""
    card = "name: two\nfields: {lead_id: {kind: id}, a: {kind: flag}, seen: {kind: date}}\nrules:\n"
    card += "- {name: r, when: a, points: 7, reason: R}\n"
    card += "- {name: s, when: days_since(seen) <= 30, points: 8, reason: S}\n"
    home = Releases(tmp_path)
    results = []
    for points, day, flag in ((3, "2026-07-01", True), (5, "2026-09-01", False)):
        learned = Learned(base_rate=0.1, terms=(Table("a", FlagBins(), (0, points, -points), (1, 1, 1)),))
        home.publish(card, learned, metrics={}, provenance={}, created=datetime(2026, 1, 1, tzinfo=UTC))
        with TestClient(create_app(Settings(home=tmp_path))) as client:
            body = {"lead": {"lead_id": "L", "a": flag, "seen": "2026-06-20"}, "as_of": day}
            results.append(client.post("/v1/score", json=body).json())
            score = client.get("/v1/leads/L/scores").json()["scores"][0]
    moved = {(move["name"], move["cause"]): move["moved"] for move in score["moved"]}
    assert moved[("s", "time")] == -8.0
    assert moved[("r", "data")] == -7.0
    difference = results[1]["points"] - results[0]["points"]
    assert sum(round(points * 10) for points in moved.values()) == round(difference * 10)
    assert {cause for _, cause in moved} == {"release", "time", "data"}


def test_unknown_and_forgotten(client: TestClient) -> None:
    """Scores and leads that are not in the log are not found."""
    assert client.get("/v1/scores/nothing").status_code == 404
    assert client.get("/v1/leads/nobody/scores").status_code == 404


def test_idempotency(client: TestClient, url: str) -> None:
    """The same request with the same name gets its first answer and is recorded once; another request is refused."""
    headers = {"Idempotency-Key": "one"}
    body = {"lead": LEAD}
    first, again = (client.post("/v1/score", json=body, headers=headers) for _ in range(2))
    assert first.content == again.content
    assert count(url) == 1
    conflict = client.post("/v1/score", json={"lead": {}}, headers=headers)
    assert conflict.status_code == 422
    assert conflict.json()["detail"].startswith("This Idempotency-Key belongs to another request")
    bad = client.post("/v1/score", json=body, headers={"Idempotency-Key": "x" * 256})
    assert bad.status_code == 400
    refused = {"lead": {"employees": "x"}}
    assert client.post("/v1/score", json=refused, headers={"Idempotency-Key": "two"}).status_code == 422
    mended = client.post("/v1/score", json=body, headers={"Idempotency-Key": "two"})
    assert mended.status_code == 200  # this name has no answer yet


def test_idempotency_at_the_same_time(client: TestClient, url: str) -> None:
    """Twenty callers with the same request and name get the same answer, and one score is recorded."""

    async def ask() -> set[bytes]:
        transport = httpx2.ASGITransport(client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            calls = (http.post("/v1/score", json={"lead": LEAD}, headers={"Idempotency-Key": "k"}) for _ in range(20))
            return {answer.content for answer in await asyncio.gather(*calls)}

    assert len(asyncio.run(ask())) == 1
    assert count(url) == 1


def test_two_workers_answer_once(url: str, tmp_path: Path) -> None:
    """If two services get the same request at the same time, both give the answer of one of them."""
    services = [create_app(Settings(card=CARD, home=tmp_path, log_url=url)) for _ in range(2)]
    before = count(url)

    async def ask(name: str) -> set[bytes]:
        clients = [httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") for app in services]
        async with clients[0], clients[1]:
            headers = {"Idempotency-Key": name}
            calls = [http.post("/v1/score", json={"lead": LEAD}, headers=headers) for http in clients * 5]
            return {answer.content for answer in await asyncio.gather(*calls)}

    for i in range(10):
        assert len(asyncio.run(ask(f"both {i}"))) == 1
    assert count(url) == before + 10
    for app in services:
        app.state.service.decision_log.recorder.writer.stop()
        app.state.service.decision_log.store.engine.dispose()


@pytest.mark.parametrize(
    ("body", "mistakes"),
    [
        ({"lead": "L", "became": "lost", "on": "2026-01-01", "x": 1}, ["$.x"]),
        ({}, ["$.lead", "$.became", "$.on"]),
        ({"lead": "", "became": "opportunty", "on": "soon"}, ["$.lead", "$.became", "$.on"]),
        ({"lead": [], "became": 1, "on": None}, ["$.lead", "$.became", "$.on"]),
        ([], ["$"]),
    ],
)
def test_outcomes_with_mistakes(client: TestClient, body: Any, mistakes: list[str]) -> None:
    """An invalid outcome is refused with all of its mistakes."""
    answer = client.post("/v1/outcomes", json=body)
    assert answer.status_code == 422
    assert list(dict.fromkeys(error["path"] for error in answer.json()["errors"])) == mistakes


def test_outcomes_are_noted_once(client: TestClient, url: str) -> None:
    """The same outcome is recorded once, however often it arrives."""
    body = {"lead": 7, "became": "lost", "on": "2026-01-01"}
    answers = [client.post("/v1/outcomes", json=body).json() for _ in range(3)]
    assert [answer["new"] for answer in answers] == [True, False, False]
    assert answers[0]["lead"] == "7"
    assert count(url, tables.outcomes) == 1


def test_forget(client: TestClient, url: str, tmp_path: Path) -> None:
    """Forgetting erases a lead from the log and its files; its points stay for the statistics."""
    secret = "Zwetschgenknödel"
    body = {"lead": {**LEAD, "lead_id": secret, "job_title": f"{secret} officer"}}
    mine = client.post("/v1/score", json=body, headers={"Idempotency-Key": "forget"}).json()
    scored(client)
    client.post("/v1/outcomes", json={"lead": secret, "became": "lost", "on": "2026-01-01"})
    from leadledger.api.log.store import LogStore

    opened = database.open_database(url, tmp_path)
    assert LogStore(opened).forget(secret) == 1
    assert LogStore(opened).forget(secret) == 0
    opened.dispose()
    assert client.get(f"/v1/scores/{mine['id']}").status_code == 410
    assert client.get(f"/v1/leads/{secret}/scores").status_code == 404
    assert count(url) == 2
    assert count(url, tables.outcomes) == 1
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        assert not any(secret.encode() in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "\0"])
def test_texts_that_no_database_keeps(client: TestClient, odd: str) -> None:
    """A lead with a NUL or a lone surrogate is recorded, found and replayed like any other."""
    content = json.dumps({"lead": {**LEAD, "lead_id": odd, "job_title": odd}, "as_of": DAY})
    answer = client.post("/v1/score", content=content, headers={"Content-Type": "application/json"})
    if answer.status_code == 422:  # refused before it is scored
        return
    assert answer.status_code == 200, answer.text
    assert client.get(f"/v1/scores/{answer.json()['id']}/replay").json()["identical"]
    logged = client.get(f"/v1/scores/{answer.json()['id']}").json()["lead"]
    assert len(client.get(f"/v1/leads/{logged}/scores").json()["scores"]) == 1


def test_one_that_fails_spoils_no_other(client: TestClient, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose record can't be written is refused alone, however many share its transaction."""
    whole = Record.row
    monkeypatch.setattr(Record, "row", lambda self: {**whole(self), **({"id": None} if self.lead == "bad" else {})})

    async def ask() -> list[int]:
        transport = httpx2.ASGITransport(client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            leads = ["bad" if i == 7 else f"L{i}" for i in range(20)]
            calls = (http.post("/v1/score", json={"lead": {"lead_id": lead}}) for lead in leads)
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert asyncio.run(ask()) == [503 if i == 7 else 200 for i in range(20)]
    assert count(url) == 19


def test_async_loses_nothing_over_a_full_disk(tmp_path: Path) -> None:
    """Scores that were answered before the disk was full are written once there is room again."""
    app = create_app(Settings(card=CARD, home=tmp_path, log="async"))
    pages = [1_000_000]

    @event.listens_for(app.state.service.decision_log.store.engine, "begin")
    def limited(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

    with TestClient(app) as client:
        scored(client)
        while app.state.service.decision_log.recorder.writer.waiting:
            time.sleep(0.01)
        pages[0] = 1
        statuses: list[int] = []
        while statuses.count(503) < 10 and len(statuses) < 5000:  # the free rest of the pages is filled first
            statuses.append(client.post("/v1/score", json={"lead": LEAD}).status_code)
        assert set(statuses) == {200, 503}
        pages[0] = 1_000_000
    assert count(f"sqlite:///{tmp_path}/{database.LOG_FILE}") == 1 + statuses.count(200)


def test_a_full_disk(tmp_path: Path) -> None:
    """While nothing can be recorded, nothing is answered; afterwards the service continues by itself."""
    app = create_app(Settings(card=CARD, home=tmp_path))
    pages = [1_000_000]
    engine = app.state.service.decision_log.store.engine

    @event.listens_for(engine, "begin")
    def limited(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

    with TestClient(app) as client:
        assert client.post("/v1/score", json={"lead": LEAD}).status_code == 200
        pages[0] = 1
        refused = 0
        for _ in range(200):
            answer = client.post("/v1/score", json={"lead": LEAD})
            if answer.status_code != 200:
                refused += 1
                assert answer.status_code == 503
                assert "database or disk is full" in answer.json()["detail"]
        assert refused
        pages[0] = 1_000_000
        assert client.post("/v1/score", json={"lead": LEAD}).status_code == 200
    with engine.connect() as connection:
        rows = connection.execute(select(func.count()).select_from(tables.scores)).scalar_one()
    assert rows == 202 - refused


def test_without_a_log(tmp_path: Path) -> None:
    """With the log off, scores have no id and there is no history."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log="off"))) as client:
        answer = client.post("/v1/score", json={"lead": LEAD}, headers={"Idempotency-Key": "k"})
        assert answer.json()["id"] == ""
        for path in ("/v1/scores/x", "/v1/leads/L1/scores"):
            answer = client.get(path)
            assert (answer.status_code, "log off" in answer.json()["detail"]) == (404, True)
    assert list(tmp_path.iterdir()) == []


def test_async_records_all_at_the_end(tmp_path: Path) -> None:
    """With `async` an answer does not wait for its record, and stopping the service loses none."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log="async"))) as client:
        for _ in range(50):
            scored(client)
    assert count(f"sqlite:///{tmp_path}/{database.LOG_FILE}") == 50


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mysql://u:secret@h/d", "the log's address is not a URL like"),
        ("nonsense", "the log's address is not a URL like"),
        ("postgresql://u:secret@127.0.0.1:1/d", "the log at postgresql+psycopg://u:***@127.0.0.1:1/d can't be opened"),
        ("sqlite:////nowhere/at/all.sqlite3", "can't be opened: unable to open database file"),
    ],
)
def test_addresses_that_are_none(tmp_path: Path, address: str, message: str) -> None:
    """A log that can't be opened is refused at the start; the message omits the password."""
    with pytest.raises(DataError) as caught:
        create_app(Settings(card=CARD, home=tmp_path, log_url=address))
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_only_the_owner_reads_the_log(tmp_path: Path) -> None:
    """Only the owner can read the files of the log, because they hold leads."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        scored(client)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob(f"{database.LOG_FILE}*")}
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


def test_a_later_log_is_left_alone(tmp_path: Path) -> None:
    """A log that a later version has migrated is left unchanged."""
    database.open_database(None, tmp_path).dispose()
    later = database.open_database(None, tmp_path)
    with later.execution_options(**database.WRITES).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    later.dispose()
    with pytest.raises(DataError, match="was written by a later leadledger"):
        database.open_database(None, tmp_path)


def test_ids_sort_by_time() -> None:
    """Ids have 26 characters, all differ, and they sort by their millisecond."""
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {len(new) for new in ids} == {26}
    assert ids[0][:9] <= ids[-1][:9]


def test_the_id_of_a_lead() -> None:
    """The id of a lead is its first known field of that kind."""
    card = parse_card("name: ids\nfields: {a: {kind: id}, b: {kind: number}, c: {kind: id}}\n")
    assert find_lead_id(card, {"a": None, "b": 1.0, "c": "x"}) == "x"
    assert find_lead_id(card, {"a": "y", "b": 1.0, "c": "x"}) == "y"
    assert find_lead_id(card, {"a": None, "b": 1.0, "c": None}) is None


def test_numbers_come_back_exactly() -> None:
    """Doubles are kept to the last bit."""
    card = parse_card("name: n\nfields: {b: {kind: number}}\n")
    for value in (0.1, 1e308, 5e-324, -0.0, math.pi, 2.0**53 + 2):
        again, _ = decode_input(card, encode_input({"b": value}, ()))
        assert again["b"] == value
    with pytest.raises(DataError, match="the card has no field 'c'"):
        decode_input(card, json.dumps({"values": {"c": 1}, "ignored": []}))


def test_days(client: TestClient) -> None:
    """The history of a lead is in the order of the answers, whatever their days."""
    for back in range(3):
        scored(client, (AS_OF - timedelta(days=back)).isoformat())
    days = [date.fromisoformat(score["as_of"]) for score in client.get("/v1/leads/L1/scores").json()["scores"]]
    assert days == [AS_OF - timedelta(days=back) for back in (2, 1, 0)]
