"""A release or draft that is scored along unseen: what it would have said differently, and that it harms nobody."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.cli.commands import cli
from leadledger.api.log.record import now
from leadledger.api.service.settings import Settings
from leadledger.api.studio import shadow_scores, shadow_watch
from leadledger.api.studio.shadow_watch import ShadowWatch
from tests.api.studio.conftest import CARD, make_leads, publish
from tests.serving import PATIENCE

BOLD = CARD.replace("points: 10", "points: 30")  # a large firm earns 20 more, of which half counts


def compare(client: TestClient) -> dict[str, Any]:
    """The shadow, once all scores so far are compared."""
    ShadowWatch(client.app.state.service).catch_up(now())  # type: ignore[attr-defined]  # a FastAPI
    shown: dict[str, Any] = client.get("/v1/shadow").json()
    return shown


@pytest.fixture
def bold(home: Path) -> str:
    """Another release than the current one, with a bolder rule."""
    return publish(home, BOLD, current=False)


def test_it_counts_what_it_would_have_said(client: TestClient, home: Path, bold: str) -> None:
    """Each score from its naming on is compared, of the same values; the counts are those of the two releases."""
    named = client.post("/v1/shadow", json={"release": bold}).json()
    assert (named["kind"], named["name"], named["compared"]) == ("release", bold, 0)
    leads = make_leads(200)
    served = client.post("/v1/score/batch", json={"leads": leads}).json()["results"]
    with TestClient(create_app(Settings(home=home, release=bold, log="off"))) as other:
        along = other.post("/v1/score/batch", json={"leads": leads}).json()["results"]
    shown = compare(client)
    pairs = [(one["result"], two["result"]) for one, two in zip(served, along, strict=True)]
    differ = [(one, two) for one, two in pairs if any(one[part] != two[part] for part in ("recommendation", "grade"))]
    assert 10 < len(differ) < 190
    assert shown["compared"] == 200
    assert shown["differ"] == len(differ)
    assert shown["grades"] == sum(one["grade"] != two["grade"] for one, two in pairs)
    assert shown["moved"] == sum(one["points"] != two["points"] for one, two in pairs)
    distances = [two["points"] - one["points"] for one, two in pairs]
    assert shown["mean_difference"] == pytest.approx(sum(distances) / 200, abs=0.01)
    assert (shown["largest_distance"], shown["waiting"], shown["failed"], shown["problem"]) == (10.0, 0, 0, "")
    assert sum(move["scores"] for move in shown["moves"] if move["what"] == "grade") == shown["grades"]
    last = shown["leads"][0]
    assert {lead["lead"] for lead in shown["leads"]} == {
        lead["lead_id"] for lead, (one, two) in zip(leads, pairs, strict=True) if (one, two) in differ
    }
    assert last["difference"] == last["shadow_points"] - last["points"]
    assert compare(client) == shown  # nothing is counted twice


def test_lists_and_rescores_are_compared(client: TestClient, home: Path, bold: str, tmp_path: Path) -> None:
    """Scores that a list and a rescore write into the log are compared, as those of requests are."""
    client.post("/v1/shadow", json={"release": bold})
    leads = [{**lead, "lead_id": f"N{at}"} for at, lead in enumerate(make_leads(60))]
    rows = [",".join("" if value is None else str(value) for value in lead.values()) for lead in leads]
    (tmp_path / "leads.csv").write_text("\n".join([",".join(leads[0]), *rows, ""]), "utf-8")
    out = ["-o", str(tmp_path / "scored.csv"), "--as-of", "2026-01-01"]
    listed = CliRunner().invoke(cli, ["score", str(tmp_path / "leads.csv"), *out, "--log", "--home", str(home)])
    assert listed.exit_code == 0, listed.output
    shown = compare(client)
    assert shown["compared"] == 60
    assert shown["differ"] > 0
    publish(home, CARD.replace("points: 8", "points: 30"))
    rescored = CliRunner().invoke(cli, ["rescore", "--home", str(home), "--json"])
    assert rescored.exit_code == 0, rescored.output
    logged = json.loads(rescored.stdout)["logged"]
    assert logged > 0
    assert compare(client)["compared"] == 60 + logged


def test_nobody_is_answered_by_it(client: TestClient, bold: str) -> None:
    """With a shadow, scores, the log and the book are the same as without it."""
    lead: dict[str, Any] = {"lead": make_leads(7)[3], "as_of": "2026-01-01"}
    before = client.post("/v1/score", json=lead).json()
    client.post("/v1/shadow", json={"release": bold})
    after = client.post("/v1/score", json=lead).json()
    compare(client)
    assert before | {"id": ""} == after | {"id": ""}
    listed = client.get("/v1/leads", params={"limit": 200}).json()["leads"]
    assert bold not in {lead["release"] for lead in listed}
    history = client.get(f"/v1/leads/{lead['lead']['lead_id']}/scores").json()["scores"]
    assert bold not in {score["release"] for score in history}


def test_it_survives_a_restart(client: TestClient, home: Path, bold: str) -> None:
    """Another worker, or the next one, counts on where the last one was; ended, nothing is left."""
    client.post("/v1/shadow", json={"release": bold})
    client.post("/v1/score/batch", json={"leads": make_leads(30)})
    first = compare(client)
    with TestClient(create_app(Settings(home=home, log_level="error"))) as again:
        again.post("/v1/score/batch", json={"leads": make_leads(30)})
        second = compare(again)
        assert (first["compared"], second["compared"], second["since"]) == (30, 60, first["since"])
        assert second["differ"] == 2 * first["differ"] > 0
        assert again.request("DELETE", "/v1/shadow").json()["compared"] == 60
    assert client.get("/v1/shadow").json()["kind"] == "none"
    assert not [path.name for path in home.glob("shadow*.json")]


def test_a_draft_is_scored_along_as_it_was_named(client: TestClient, home: Path) -> None:
    """Its text counts as of then, with what the release has learned; fields that are new are unknown, and named."""
    text = BOLD.replace("  visits:", "  seats: {kind: number}\n  visits:")
    assert client.post("/v1/drafts", json={"name": "bold", "text": text}).status_code == 200
    named = client.post("/v1/shadow", json={"draft": "bold"}).json()
    assert (named["kind"], named["name"], named["revision"], named["unknown_fields"]) == ("draft", "bold", 1, ["seats"])
    client.post("/v1/drafts/bold/change", json={"revision": 1, "text": CARD})
    client.post("/v1/score/batch", json={"leads": make_leads(30)})
    assert compare(client)["largest_distance"] == 10.0


def test_forgotten_leads_are_gone(client: TestClient, home: Path, bold: str) -> None:
    """Who is forgotten in the log isn't listed any more."""
    client.post("/v1/shadow", json={"release": bold})
    client.post("/v1/score/batch", json={"leads": make_leads(30)})
    shown = compare(client)
    lead = shown["leads"][0]["lead"]
    forgotten = CliRunner().invoke(cli, ["log", "forget", lead, "--home", str(home)])
    assert forgotten.exit_code == 0, forgotten.output
    after = client.get("/v1/shadow").json()
    assert after["differ"] == shown["differ"]
    assert len(after["leads"]) == len(shown["leads"]) - 1
    assert not any(lead in path.read_text("utf-8") for path in home.glob("shadow*.json"))


def test_one_that_fails_harms_no_score(client: TestClient, bold: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shadow that raises is counted as such; scores are answered as before."""
    client.post("/v1/shadow", json={"release": bold})
    assert client.post("/v1/score/batch", json={"leads": make_leads(5)}).json()["scored"] == 5

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a value of a lead")

    monkeypatch.setattr(shadow_scores, "decode_input", fail)
    shown = compare(client)
    assert (shown["failed"], shown["compared"], shown["problem"]) == (5, 0, "ZeroDivisionError")


def test_a_damaged_release_says_so(client: TestClient, home: Path, bold: str) -> None:
    """A release that was damaged since is named as the problem, and nothing else happens."""
    client.post("/v1/shadow", json={"release": bold})
    file = home / "releases" / bold / "learned.json"
    file.chmod(0o644)
    file.write_text("{}", "utf-8")
    assert client.post("/v1/score/batch", json={"leads": make_leads(5)}).json()["scored"] == 5
    shown = compare(client)
    assert shown["compared"] == 0
    assert shown["problem"].startswith(f"release {bold} is refused:\n  learned.json is not what was published")


EVENT_CARD = CARD.replace("name: small\n", "name: small\nevents:\n  visit: {fields: {path: {kind: text}}}\n").replace(
    "rules:\n", "rules:\n  - {name: visited, each: visit, points: 2, within: 999 days, reason: Visited}\n"
)


def test_events_are_counted_as_of_the_score(home: Path) -> None:
    """A shadow that counts events otherwise counts those that are stored and were known; what was only sent, not."""
    publish(home, EVENT_CARD)
    with TestClient(create_app(Settings(home=home, log_level="error"))) as client:
        keen = publish(home, EVENT_CARD.replace("points: 2, within", "points: 6, within"), current=False)
        events = [
            {"kind": "visit", "lead": "L1", "id": str(at), "time": f"2026-01-{at + 1:02}T09:00:00Z"} for at in range(3)
        ]
        assert client.post("/v1/events", json={"events": events}).json()["stored"] == 3
        client.post("/v1/shadow", json={"release": keen})
        with_stored = client.post("/v1/score", json={"lead": {"lead_id": "L1"}}).json()
        sent = [{"kind": "visit", "time": "2026-01-01T09:00:00Z"}]
        client.post("/v1/score", json={"lead": {"lead_id": "L2"}, "events": sent}).raise_for_status()
        late = {"kind": "visit", "lead": "L1", "id": "late", "time": "2026-01-09T09:00:00Z"}
        assert client.post("/v1/events", json={"events": [late]}).json()["stored"] == 1
        shown = compare(client)
    earned = next(entry["points"] for entry in with_stored["ledger"] if entry["name"] == "visited")
    assert earned == 3.0  # three times 2, half of which counts
    assert (shown["compared"], shown["left_out"], shown["failed"]) == (1, 1, 0)
    assert shown["largest_distance"] == 6.0


def test_a_thread_of_the_service_compares(home: Path, bold: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the service runs, the scores are compared by themselves."""
    monkeypatch.setattr(shadow_watch, "LOOK_INTERVAL", 0.01)
    monkeypatch.setattr(shadow_watch, "SETTLED", timedelta(0))
    with TestClient(create_app(Settings(home=home, log_level="error"))) as client:
        client.post("/v1/shadow", json={"release": bold})
        client.post("/v1/score/batch", json={"leads": make_leads(250)})
        until = time.monotonic() + PATIENCE
        while client.get("/v1/shadow").json()["waiting"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert client.get("/v1/shadow").json()["compared"] == 250


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"release": "2026-01-01-9"}, 404, "There is no release of this name. Did you mean '2026-01-01-002'?"),
        ({"draft": "none"}, 404, "There is no draft 'none'."),
        ({"release": "2026-01-01-001"}, 409, "2026-01-01-001 is the one that is served: there is nothing to compare"),
        ({}, 422, "1 mistake in the request; nothing was named."),
        ({"release": "a", "draft": "b"}, 422, "1 mistake in the request; nothing was named."),
        ({"release": 5}, 422, "1 mistake in the request; nothing was named."),
        ({"draft": ""}, 422, "1 mistake in the request; nothing was named."),
    ],
)
def test_what_is_refused(client: TestClient, bold: str, body: Any, status: int, detail: str) -> None:
    """What can't be scored along is refused with its reason."""
    answer = client.post("/v1/shadow", json=body)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]


def test_another_card_is_refused(client: TestClient, home: Path) -> None:
    """A release of another card can't score the leads of this one."""
    other = publish(home, CARD.replace("name: small", "name: other"), current=False)
    answer = client.post("/v1/shadow", json={"release": other})
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        f"Release {other} scores by the card 'other', and the leads are scored by 'small'."
    )


def test_only_admins_name_it(client: TestClient, people: Any, bold: str) -> None:
    """With `read` it is looked at, with `admin` named and ended."""
    reader, admin = people["Rita"], people["Lena"]
    assert client.post("/v1/shadow", json={"release": bold}, headers=reader).status_code == 403
    assert client.post("/v1/shadow", json={"release": bold}, headers=admin).json()["by"] == "Lena"
    assert client.get("/v1/shadow", headers=reader).json()["name"] == bold
    assert client.delete("/v1/shadow", headers=reader).status_code == 403


def test_the_command_line_shows_the_same(client: TestClient, home: Path, bold: str) -> None:
    """`releases shadow` names it, shows the counts of the API, and ends it."""

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["releases", "shadow", *words, "--home", str(home)])
        assert done.exit_code == 0, done.output
        return done.output

    assert run() == "Nothing is scored along. `leadledger releases shadow NAME` begins.\n"
    assert run(bold).startswith(f"Release {bold} has been scored along since ")
    client.post("/v1/score/batch", json={"leads": make_leads(28)})
    shown = compare(client)
    printed = json.loads(run("--json"))
    assert {key: printed[key] for key in ("compared", "differ", "moves", "mean_distance")} == {
        key: shown[key] for key in ("compared", "differ", "moves", "mean_distance")
    }
    assert f"Of 28 scores, {shown['differ']} (" in run()
    assert run("--end").endswith("It is not scored along any more.\n")
    assert client.get("/v1/shadow").json()["kind"] == "none"
