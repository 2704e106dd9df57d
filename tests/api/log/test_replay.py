"""A logged score is worked out again, and the log explains why it moved."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned
from tests.api.log.scored_leads import scored


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


def test_history_says_why_a_score_moved(client: TestClient) -> None:
    """From one score of a lead to the next, the entries that moved have their causes, and add up."""
    first = scored(client, "2026-07-01")
    second = scored(client, "2026-09-20")
    third = scored(client, "2026-09-25", need="vague", last_activity="2026-09-24")
    outcome = {"lead": "L1", "became": "opportunity", "on": "2026-10-01"}
    assert client.post("/v1/outcomes", json=outcome).json() == {**outcome, "new": True, "notes": []}
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
