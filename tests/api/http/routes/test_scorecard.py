"""GET /v1/scorecard: the card and what was learned for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases


def test_scorecard(client: TestClient) -> None:
    """The scorecard can be read: names, questions, columns, rules with both points, and the thresholds of stages."""
    scorecard = client.get("/v1/scorecard").json()
    fields = {field["name"]: field for field in scorecard["fields"]}
    rules = {rule["name"]: rule for rule in scorecard["rules"]}
    stages = {stage["name"]: stage for stage in scorecard["stages"]}
    assert (scorecard["name"], scorecard["release"], scorecard["base_rate"], scorecard["trust"]) == (
        "b2b-software",
        "",
        0.09,
        1.0,
    )
    assert fields["employees"]["columns"] == ["employees", "NumberOfEmployees", "numberofemployees", "No_of_Employees"]
    assert fields["budget"]["question"] == "What budget is set aside for it?"
    assert fields["need"]["values"] == ["none", "vague", "clear", "urgent"]
    assert fields["days_silent"]["is"] == "days_since(last_activity)"
    assert rules["urgent_need"]["points"] == {"declared": 15.0, "effective": 15.0}
    assert rules["recent_activity"]["half_life"] == {"days": 14, "of": "last_activity"}
    assert stages["opportunity"]["line"] == 90.0
    assert stages["opportunity"]["requires"] == ["need", "budget", "timing"]
    assert {criterion["name"] for criterion in scorecard["criteria"]} == {"need", "budget", "timing", "authority"}
    assert [(grade["grade"], grade["from"]) for grade in scorecard["grades"]] == [
        ("A", 70),
        ("B", 55),
        ("C", 40),
        ("D", None),
    ]


def make_node(number: int, **members: Any) -> dict[str, Any]:
    """A node of the first tree of a combination, with every key."""
    return {
        **{"tree": 0, "node": number, "field": "", "bins": [], "then": None, "else": None},
        **{"points": None, "leads": None},
        **members,
    }


def test_release_is_pinned(two_releases: Path) -> None:
    """A named release is served, current or not, with its tables and its trust."""
    first = Releases(two_releases).names()[0]
    scorecard = (
        TestClient(create_app(Settings(log="off", home=two_releases, release=first))).get("/v1/scorecard").json()
    )
    assert (scorecard["release"], scorecard["trust"], scorecard["base_rate"]) == (first, 0.5, 0.2)
    assert scorecard["rules"][0]["points"] == {"declared": 15.0, "effective": 7.5}
    assert scorecard["groups"][0]["max"] == {"declared": 20.0, "effective": 10.0}
    table, pair = scorecard["tables"]
    assert table["bins"][1] == {"labels": ["below 10"], "points": -3.0, "plus_minus": None, "leads": 10}
    assert (pair["fields"], pair["bins"][2]["labels"]) == (["employees", "newsletter"], ["missing", "yes"])
    assert [cell["plus_minus"] for cell in pair["bins"][:3]] == [0.4, 0.5, 0.6]
    (combination,) = scorecard["combinations"]
    assert combination == {
        "name": "employees & newsletter & competitor",
        "fields": ["employees", "newsletter", "competitor"],
        "plus_minus": 1.1,
        "nodes": [
            make_node(0, field="employees", bins=["missing", "below 50"], **{"then": 1, "else": 6}),
            make_node(1, field="newsletter", bins=["yes"], **{"then": 2, "else": 5}),
            make_node(2, field="competitor", bins=["yes"], **{"then": 3, "else": 4}),
            make_node(3, points=-0.9, leads=4),
            make_node(4, points=0.3, leads=5),
            make_node(5, points=0.1, leads=6),
            make_node(6, points=0.0, leads=7),
        ],
    }
