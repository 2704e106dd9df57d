"""A request that comes again with its Idempotency-Key gets its first answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.answers import CARD
from tests.api.log.scored_leads import LEAD, count


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


@pytest.mark.slow
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
