"""Scores are written in groups; neither a bad record nor a full disk loses another."""

from __future__ import annotations

import asyncio
import random
import string
import time
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.group_commit import PendingEntry
from leadledger.api.log.record import Record, new_id, now
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.scorecard import build_untrained
from tests.api.answers import CARD
from tests.api.log.scored_leads import DAY, LEAD, count, scored


def test_groups_of_any_size_are_written_whole(client: TestClient, url: str) -> None:
    """Every score is recorded, however many are written at once."""
    for size in (1, 3, 63, 64, 65, 200):
        before = count(url)
        answer = client.post("/v1/score/batch", json={"leads": [LEAD] * size, "as_of": DAY}).json()
        assert answer["scored"] == count(url) - before == size
    last = answer["results"][-1]["result"]
    assert client.get(f"/v1/scores/{last['id']}").json()["result"] == last


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
        while app.state.service.decision_log.recorder.writer.waiting:
            time.sleep(0.01)
    assert count(f"sqlite:///{tmp_path}/{database.LOG_FILE}") == 1 + statuses.count(200)


@pytest.mark.slow
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


def test_what_one_record_can_do_spoils_nothing(client: TestClient, url: str) -> None:
    """A record that the database refuses for its size is no failure of the database: async goes on, and says so."""
    if not url.startswith("postgresql"):
        pytest.skip("SQLite's indexes take a text of any length")
    writer = client.app.state.service.decision_log.recorder.writer  # type: ignore[attr-defined]
    result = score(build_untrained(read_card(CARD)), LEAD, date(2026, 7, 1))
    lead = "".join(random.Random(1).choices(string.ascii_letters, k=8000))  # a row of an index has 2,704 bytes at most
    scored(client)
    writer.add(PendingEntry([Record(new_id(), now(), lead, "", "", "{}", b"{}", result)], None, None))
    scored(client)
    while writer.waiting:
        time.sleep(0.01)
    assert count(url) == 2
    assert writer.error == ""


def test_the_log_file_is_moved_away(tmp_path: Path) -> None:
    """While the file is gone nothing is answered, since nothing would be kept; it goes on when the file is back."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        scored(client)
        file = tmp_path / database.LOG_FILE
        file.rename(tmp_path / "away")
        answer = client.post("/v1/score", json={"lead": LEAD})
        assert answer.status_code == 503
        assert "its file was moved or deleted while the service ran; put it back, or restart" in answer.json()["detail"]
        event = client.post("/v1/events", json={"kind": "visit", "lead": "L1", "time": "2026-01-01"})
        assert event.status_code == 503
        assert event.json()["detail"].endswith("or restart the service. Nothing was stored; try again.")
        (tmp_path / "away").rename(file)
        scored(client)
    assert count(f"sqlite:///{file}") == 2
