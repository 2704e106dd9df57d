"""How often rules fire for known leads, beside what training found of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.api.studio.rule_findings import find_drift
from leadledger.models.releases.store import Releases
from tests.api.studio.conftest import CARD, CREATED, LEARNED, make_leads

RULE = {
    **{"reason": "", "group": "", "declared": 8.0, "counted": 4.0, "share": 0.5, "won": 3, "rate": None},
    **dict.fromkeys(("rate_low", "rate_high", "lift", "lift_low", "lift_high"), None),
    **dict.fromkeys(("supported", "supported_low", "supported_high"), None),
    **{"lost_to_caps": 0.0, "lost_to_caps_in_all": 0.0, "finding": "", "said": ""},
}


@pytest.mark.parametrize(
    ("then", "now", "drift"),
    [
        ((0, 0), (5, 10), ""),
        ((500, 1000), (490, 1000), "steady"),
        ((2, 10), (5, 10), "steady"),  # by chance
        ((100, 1000), (230, 1000), "moved"),
        ((100, 1000), (400, 1000), "shifted"),
        ((100, 1000), (0, 1000), "shifted"),
    ],
)
def test_drift(then: tuple[int, int], now: tuple[int, int], drift: str) -> None:
    """A rule drifts where its share has moved further than chance brings."""
    assert find_drift(*then, *now) == drift


@pytest.mark.slow
def test_rules_beside_known_leads(tmp_path: Path) -> None:
    """The share of the known leads is counted, held against training, and left open for a rule that was edited."""
    rules = [{**RULE, "name": "decider", "fired": 1_800, "share": 0.9}, {**RULE, "name": "large", "fired": 1_140}]
    metrics: dict[str, Any] = {
        "audit": {"leads": 2_000, "won": 300, "rules": rules},
        "grades": [{"grade": "A", "leads": 80, "share": 0.04, "foreseen": 0.4, "came": 0.38, "low": 0.3, "high": 0.5}],
        "drift": {"rules": [{"name": "large", "psi": 0.2, "chance": 0.0, "band": "moved"}]},
    }
    Releases(tmp_path).publish(CARD, LEARNED, metrics=metrics, provenance={}, created=CREATED)
    with TestClient(create_app(Settings(home=tmp_path, log_level="error"))) as client:
        before = client.get("/v1/rules/findings").json()
        assert (before["known"], before["now"]) == (0, [])
        assert [rule["drift"] for rule in before["rules"]] == ["", "moved"]
        leads = make_leads(280)
        client.post("/v1/score/batch", json={"leads": leads}).raise_for_status()
        found = client.get("/v1/rules/findings").json()
        large = sum(lead["size"] > 100 for lead in leads)
        ceos = sum((lead["job"] or "").upper() == "CEO" for lead in leads)
        assert found["known"] == 280
        assert found["now"] == [
            {"name": "decider", "fired": ceos, "share": ceos / 280, "drift": "shifted"},
            {"name": "large", "fired": large, "share": round(large / 280, 4), "drift": "steady"},
        ]
        page = client.get("/studio").text
        assert "fires less often now" in page
        assert "What became of each grade" in page
        assert "38 %" in page.replace("\u00a0", " ")
