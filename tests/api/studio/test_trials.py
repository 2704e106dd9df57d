"""Trials in the background: on all known leads as a preview says, on past ones as `leadledger backtest` does."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.training.evidence.backtesting import backtest
from tests.api.studio.conftest import CARD, LEARNED, make_leads, publish
from tests.serving import PATIENCE

WITH_OUTCOME = CARD + "outcome: {became: {field: won, kind: flag}}\n"
EDITED = WITH_OUTCOME.replace("points: 8", "points: 30").replace("size > 100", "size > 200")


def wait(client: TestClient, on: str) -> dict[str, Any]:
    """A trial of the draft x, once it has ended."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        trials = {trial["on"]: trial for trial in client.get("/v1/drafts/x/trials").json()["trials"]}
        if trials[on]["state"] != "running":
            return trials[on]
        time.sleep(0.1)
    raise AssertionError(f"it takes longer than {PATIENCE} s: {trials[on]}")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Past leads, of which those won that visited often and decide."""
    rows = ["lead_id,job,size,visits,won"]
    for lead in make_leads(600):
        won = "yes" if lead["visits"] > 3 and lead["job"] in ("ceo", "CEO") else "no"
        rows.append(f"{lead['lead_id']},{lead['job'] or ''},{lead['size']},{lead['visits']},{won}")
    path = tmp_path / "history.csv"
    path.write_text("\n".join(rows), "utf-8")
    return path


@pytest.mark.slow
def test_trials_say_what_others_say(tmp_path: Path, history: Path) -> None:
    """A trial on all leads has the numbers of a preview, one on a history those of a back-test; both say when done."""
    publish(tmp_path, WITH_OUTCOME)
    with TestClient(create_app(Settings(home=tmp_path, log_level="error", history=history))) as client:
        client.post("/v1/score/batch", json={"leads": make_leads(300)})
        client.post("/v1/drafts", json={"name": "x"})
        client.post("/v1/drafts/x/change", json={"revision": 1, "text": EDITED})
        nothing = client.get("/v1/drafts/x/trials").json()["trials"]
        assert [(trial["on"], trial["state"], trial["effect"]) for trial in nothing] == [
            ("leads", "none", None),
            ("history", "none", None),
        ]
        for on in ("leads", "history"):
            begun = client.post("/v1/drafts/x/trials", json={"on": on}).json()
            assert (begun["state"], begun["revision"], begun["is_newest"]) == ("running", 2, True)
        assert client.post("/v1/drafts/x/trials", json={"on": "history"}).json()["state"] == "running"
        effect, preview = wait(client, "leads")["effect"], client.post("/v1/drafts/x/preview", json={}).json()
        assert effect == {key: preview[key] for key in effect}
        trial = wait(client, "history")
        assert (trial["state"], trial["problem"], trial["share"]) == ("done", "", 1.0)
        tested = trial["backtest"]
        old, new = (parse_card(text) for text in (WITH_OUTCOME, EDITED))
        direct = backtest(old, new, history, learned=LEARNED, release=Releases(tmp_path).current() or "")
        described = json.loads(json.dumps(direct.to_dict()))
        assert {key: tested[key] for key in described} == described
        assert tested["changed"] > 0
        assert (tested["source"], [rule["name"] for rule in tested["rules"]]) == ("history.csv", ["decider", "large"])
        assert tested["rules"][0]["lift_low"] > 1
        client.post("/v1/drafts/x/change", json={"revision": 2, "text": f"{EDITED}# more\n"})
        assert wait(client, "history")["is_newest"] is False


@pytest.mark.slow
def test_a_trial_that_can_not_be(tmp_path: Path) -> None:
    """Why a trial fails is said; one whose process was killed doesn't run for ever."""
    publish(tmp_path, WITH_OUTCOME)
    with TestClient(create_app(Settings(home=tmp_path, log_level="error"))) as client:
        client.post("/v1/drafts", json={"name": "x", "text": EDITED})
        client.post("/v1/drafts/x/trials", json={"on": "history"})
        trial = wait(client, "history")
        assert trial["state"] == "failed"
        assert trial["problem"].startswith("the outcome of the card 'small' is a flag without a horizon")
        path = tmp_path / "drafts" / "x" / "trial-history.json"
        state = json.loads(path.read_bytes())
        path.write_text(json.dumps({**state, "state": "running", "updated": "2026-01-01T00:00:00+00:00"}), "utf-8")
        assert wait(client, "history")["problem"] == "The trial was ended before it was done; start it again."
    with TestClient(create_app(Settings(home=tmp_path, log_level="error", log="off"))) as client:
        refused = client.post("/v1/drafts/x/trials", json={"on": "leads"})
        assert refused.status_code == 404
        assert refused.json()["detail"] == "Nothing is recorded: the service runs with its log off."
        assert client.post("/v1/drafts/x/preview", json={}).status_code == 404
