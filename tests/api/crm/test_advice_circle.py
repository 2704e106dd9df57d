"""A CRM that stores what it is answered, and sends its record with the next request, closes the circle of advice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.crm.bottlecrm import BottleCrm
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.card.write_back import MEMORY_PROPERTIES, REJECTED_PROPERTIES
from leadledger.scoring.engine.score import score
from leadledger.scoring.scorecard import build_untrained

CARD = """
name: circle
fields:
  lead_id: {kind: id}
  worth: {kind: number}
rules:
  - {name: some, when: worth >= 1, points: 4, reason: Worth something}
  - {name: more, when: worth >= 2, points: 8, reason: Worth more}
stages: [{name: contact}, {name: lead, points: 60, hold: {band: 8, days: 14}, cool_down: 10 days}]
"""
OWN = """
write_back:
  hubspot: {recommendation: advice, to: advice_to, recommended_since: advice_since, below_since: advice_below}
  salesforce: {recommendation: Advice__c, to: To__c, recommended_since: Since__c, below_since: Below__c}
  dynamics: {recommendation: new_advice, to: new_to, recommended_since: new_since, below_since: new_below}
  odoo: {recommendation: x_advice, to: x_to, recommended_since: x_since, below_since: x_below}
  bottlecrm:
    recommendation: custom_fields.advice
    to: custom_fields.to
    recommended_since: custom_fields.since
    below_since: custom_fields.below
"""
# The day, the value of the lead, and what must be advised, since when, and since when below the band.
WALK = [
    ("2026-03-01", 1, "nurture", "2026-03-01", None),
    ("2026-03-02", 2, "promote", "2026-03-02", None),
    ("2026-03-03", 1, "promote", "2026-03-02", None),
    ("2026-03-04", 0, "promote", "2026-03-02", "2026-03-04"),
    ("2026-03-04", 0, "promote", "2026-03-02", "2026-03-04"),
    ("2026-03-10", 1, "promote", "2026-03-02", None),
    ("2026-03-11", 0, "promote", "2026-03-02", "2026-03-11"),
    ("2026-03-24", 0, "promote", "2026-03-02", "2026-03-11"),
    ("2026-03-25", 0, "demote", "2026-03-25", "2026-03-11"),
    ("2026-03-30", 1, "demote", "2026-03-25", None),
    ("2026-04-08", 1, "nurture", "2026-04-08", None),
    ("2026-04-09", 2, "promote", "2026-04-09", None),
]


class Record:
    """A lead in a CRM, which keeps what an update call brings; `shape` is that of its records."""

    def __init__(self, system: str) -> None:
        self.system = system
        self.properties: dict[str, Any] = {}

    def body(self) -> dict[str, Any]:
        """The record as the CRM sends it."""
        if self.system == "hubspot":  # which sends dates in milliseconds where a workflow does
            return {"id": "7", "properties": {name: _in_milliseconds(value) for name, value in self.properties.items()}}
        salesforce: dict[str, Any] = {"attributes": {"type": "Lead"}, "Id": "7"}
        if self.system == "bottlecrm":
            return {"id": "7", "kanban_order": "0", "custom_fields": {}, **BottleCrm().make_update(self.properties)}
        marks = {"salesforce": salesforce, "dynamics": {"@odata.etag": "W/1"}, "odoo": {"_model": "crm.lead", "_id": 7}}
        return {**marks[self.system], **self.properties}

    def update(self, answer: dict[str, Any]) -> None:
        """Store what the service answered."""
        if self.system == "bottlecrm":
            answer = {f"custom_fields.{name}": value for name, value in answer["custom_fields"].items()}
        self.properties |= answer["properties"] if self.system == "hubspot" else answer


def _in_milliseconds(value: Any) -> Any:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000)


@pytest.fixture(params=[CARD, CARD + OWN], ids=["default properties", "properties of the card"])
def text(request: pytest.FixtureRequest) -> str:
    """A card, without and with properties of its own."""
    return str(request.param)


@pytest.fixture
def client(tmp_path: Path, text: str) -> Iterator[TestClient]:
    """A client of a service with the card and a log."""
    (tmp_path / "card.yaml").write_text(text, "utf-8")
    with TestClient(create_app(Settings(card=tmp_path / "card.yaml", home=tmp_path))) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("system", MEMORY_PROPERTIES)
def test_the_circle(client: TestClient, text: str, system: str) -> None:
    """Each answer goes into the record, the record into the next request, and advice goes by it."""
    card = parse_card(text)
    own = card.write_back.get(system, {})
    names = {
        "recommendation": own.get("recommendation") or _default(system, "recommendation"),
        **{output: own.get(output) or _default(system, output) for output in MEMORY_PROPERTIES[system]},
    }
    record = Record(system)
    for day, worth, verdict, since, below in WALK:
        record.properties["worth"] = worth
        answer = client.post(f"/v1/score?reply={system}&as_of={day}", json=record.body())
        assert answer.status_code == 200, answer.text
        record.update(answer.json())
        stored = {output: record.properties[name] or None for output, name in names.items()}
        expected = {"recommendation": verdict, "to": "lead", "recommended_since": since, "below_since": below}
        assert stored == expected, day
    record.properties[REJECTED_PROPERTIES[system]] = "2026-04-10"
    for day, verdict in (("2026-04-09", "promote"), ("2026-04-10", "nurture"), ("2026-04-19", "nurture")):
        record.update(client.post(f"/v1/score?reply={system}&as_of={day}", json=record.body()).json())
        assert record.properties[names["recommendation"]] == verdict
    answer = client.post("/v1/score?as_of=2026-04-20", json=record.body()).json()
    assert (answer["recommendation"], answer["recommended_since"]) == ("promote", "2026-04-20")


def _default(system: str, output: str) -> str:
    prefix = {"hubspot": "leadledger_", "dynamics": "new_leadledger_", "odoo": "x_leadledger_"}
    prefix["bottlecrm"] = "custom_fields.leadledger_"
    return f"Leadledger_{output.title()}__c" if system == "salesforce" else f"{prefix[system]}{output}"


def test_a_record_of_nothing_but_advice_is_no_lead(client: TestClient) -> None:
    """What is remembered of a lead doesn't show that a record is a lead of the card."""
    body = {"id": "7", "properties": {"leadledger_recommendation": "promote", "advice": "promote"}}
    answer = client.post("/v1/score", json=body)
    assert answer.status_code == 422
    assert "has no name that the card uses" in answer.text


@pytest.mark.slow
def test_an_advice_that_nobody_gives_is_refused(client: TestClient, text: str) -> None:
    """A verdict that doesn't exist is a mistake with its path."""
    name = "advice" if text.endswith(OWN) else "leadledger_recommendation"
    answer = client.post("/v1/score", json={"id": "7", "properties": {"worth": 1, name: "call them"}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == f"$.properties.{name}"
    assert error["reason"] == "'call them' is not one of: promote, ask, nurture, disqualify, keep, demote"


def test_scores_are_replayed(client: TestClient) -> None:
    """Every logged score is worked out again to the same bytes, with what was remembered then."""
    memory: dict[str, Any] = {}
    for day, worth, verdict, _, _ in WALK:
        answer = client.post(
            "/v1/score", json={"lead": {"lead_id": "7", "worth": worth, **memory}, "as_of": day}
        ).json()
        assert answer["recommendation"] == verdict
        memory = {
            "last_recommendation": answer["recommendation"],
            "recommended_to": answer["to"],
            "recommended_since": answer["recommended_since"],
            "below_since": answer["below_since"],
        }
        replayed = client.get(f"/v1/scores/{answer['id']}/replay").json()
        assert replayed["identical"]
        assert replayed["result"] == answer


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "lead_"])
def test_the_circle_of_lists(tmp_path: Path, text: str, prefix: str) -> None:
    """A list that a CRM exports holds the properties, under which the advice of the day before is read."""
    card = build_untrained(parse_card(text))
    own = card.card.write_back.get("salesforce", {})
    names = [
        own.get(output) or _default("salesforce", output)
        for output in ("recommendation", "to", "recommended_since", "below_since")
    ]
    stored: list[Any] = ["", "", "", ""]
    for day, worth, *expected in WALK:
        leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
        leads.write_text(f"lead_id,worth,{','.join(names)}\n7,{worth},{','.join(stored)}\n", "utf-8")
        score_list(card, leads, out, date.fromisoformat(day), Wanted(prefix=prefix))
        columns = ", ".join(f"{prefix}{name}" for name in ("recommendation", "recommended_since", "below_since"))
        select = f"SELECT {columns} FROM read_csv('{out}', all_varchar = true)"
        ((verdict, since, below),) = duckdb.execute(select).fetchall()
        assert [verdict, since, below] == expected
        stored = [verdict, "lead", since, below or ""]
        out.unlink()


def test_names_that_mean_two_things_count_in_bodies_alone() -> None:
    """A property that holds the verdict in one CRM and the stage in another is read in the body of its CRM only."""
    text = CARD + "write_back: {hubspot: {recommendation: advice, to: stage_of}, salesforce: {to: Advice}}\n"
    card = parse_card(text)
    last, to = card.fields["last_recommendation"], card.fields["recommended_to"]
    assert ("hubspot", "advice") in last.in_bodies
    assert ("salesforce", "Advice") in to.in_bodies
    assert ("hubspot", "stage_of") in to.standard
    result = score(build_untrained(card), {"worth": 1, "advice": "promote"}, date(2026, 3, 1))
    assert (result.recommendation.verdict, result.ignored) == ("nurture", ("advice",))


def test_the_fields_are_described(client: TestClient) -> None:
    """A program that reads the description of the service learns the fields that remember, and the two days."""
    document = client.get("/openapi.json").json()
    lead = json.dumps(document["components"]["schemas"]["Lead"])
    assert all(name in lead for name in ("last_recommendation", "recommended_to", "below_since", "rejected_on"))
    assert {"recommended_since", "below_since"} <= document["components"]["schemas"]["Result"]["properties"].keys()
