"""Answers that a CRM can write back at once: the body of its update call, with the properties that the card names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.crm.hubspot import HubSpot
from leadledger.api.crm.odoo import Odoo
from leadledger.api.crm.reply import make_reply
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.outputs import WRITE_BACK_OUTPUTS
from leadledger.scoring.scorecard import MOST_PERCENT, Learned, Scorecard, build_untrained
from tests.scoring.step_cards import CARD as CARD_WITH_STEPS
from tests.scoring.step_cards import LEARNED as LEARNED_WITH_STEPS

CASES = Path(__file__).parents[2] / "cases" / "crm"
CARD = (CASES / "card.yaml").read_text("utf-8")
DAY = "2026-01-01"
BODIES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(CASES.glob("*.json"))}
WRITE_BACK = """
write_back:
  hubspot: {score: fit, grade: fit_grade, reasons: fit_why, plus_minus: fit_give_or_take}
  salesforce: {score: Fit__c, questions: Ask__c}
"""


def service(tmp_path_factory: pytest.TempPathFactory, text: str) -> TestClient:
    """A client of a service with a card."""
    path = tmp_path_factory.mktemp("reply") / "card.yaml"
    path.write_text(text, "utf-8")
    return TestClient(create_app(Settings(card=path, max_batch=150)))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service whose card says nothing of properties."""
    with service(tmp_path_factory, CARD) as client:
        yield client


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service whose card names properties."""
    with service(tmp_path_factory, CARD + WRITE_BACK) as client:
        yield client


def answer(client: TestClient, body: Any, query: str, path: str = "/v1/score") -> httpx2.Response:
    """The response to a body, on a day."""
    return client.post(f"{path}?as_of={DAY}&{query}", json=body)


def test_hubspot(client: TestClient) -> None:
    """HubSpot gets texts under `properties`; what is not known clears its property."""
    plain = answer(client, BODIES["hubspot"], "").json()
    reply = answer(client, BODIES["hubspot"], "reply=hubspot")
    assert reply.headers["content-type"] == "application/json"
    assert reply.json() == {
        "properties": {
            "leadledger_score": "90",
            "leadledger_points": "90.4",
            "leadledger_probability": "0.646363",
            "leadledger_grade": "A",
            "leadledger_recommendation": "promote",
            "leadledger_reasons": "\n".join(plain["reasons"]),
            "leadledger_as_of": "2026-01-01",
            "leadledger_release": "",
        }
    }
    assert plain["probability"] == 0.646363


def test_a_sale_goes_back_where_the_card_names_a_property() -> None:
    """The chance of a sale and the expected value are written as each system writes numbers; unknown ones clear it."""
    named = {"sale_probability": "Chance__c", "expected_value": "Value__c"}
    systems = {system: named for system in ("hubspot", "salesforce", "dynamics")}
    card = Scorecard(replace(CARD_WITH_STEPS, write_back=systems), LEARNED_WITH_STEPS)
    known, unknown = (get_engine(card).score(lead, date(2026, 1, 1)) for lead in ({"deal_size": 1000}, {}))
    assert known.sale is not None
    chance = round(known.sale.probability or 0, 6)
    value = known.sale.rounded_value
    for system in ("salesforce", "dynamics"):
        assert make_reply(card.card, system).make_update(known) == {"Chance__c": chance, "Value__c": value}
    hubspot = make_reply(card.card, "hubspot")
    assert hubspot.make_update(known) == {"properties": {"Chance__c": str(chance), "Value__c": str(value)}}
    assert hubspot.make_update(unknown) == {"properties": {"Chance__c": str(chance), "Value__c": ""}}
    rules_alone = get_engine(build_untrained(card.card)).score({"deal_size": 1000}, date(2026, 1, 1))
    assert hubspot.make_update(rules_alone) == {"properties": {"Chance__c": "", "Value__c": ""}}


def test_salesforce(client: TestClient) -> None:
    """Salesforce gets a flat record of custom fields; the id is in the address of its call."""
    reply = answer(client, BODIES["salesforce"], "reply=salesforce").json()
    assert {key: reply[key] for key in list(reply)[:5]} == {
        "Leadledger_Score__c": 90,
        "Leadledger_Points__c": 90.4,
        "Leadledger_Probability__c": 0.646363,
        "Leadledger_Grade__c": "A",
        "Leadledger_Recommendation__c": "promote",
    }
    assert all(key.endswith("__c") for key in reply)


def test_dynamics(client: TestClient) -> None:
    """Dynamics gets a flat record for PATCH."""
    reply = answer(client, BODIES["dynamics"], "reply=dynamics").json()
    assert reply["new_leadledger_score"] == 90
    assert list(reply) == list(DEFAULT_PROPERTIES["dynamics"].values())


def test_odoo(client: TestClient) -> None:
    """Odoo gets the values of `write()`; `false` clears a field, and an id is a number."""
    reply = answer(client, BODIES["odoo"], "from=odoo&reply=odoo").json()
    assert (reply["x_leadledger_score"], reply["x_leadledger_release"]) == (90, "")
    assert list(reply) == list(DEFAULT_PROPERTIES["odoo"].values())
    several = answer(client, BODIES["odoo"], "from=odoo&reply=odoo", "/v1/score/batch").json()
    assert several == {"updates": [{"ids": [42], "vals": reply}]}
    assert Odoo().make_update_of("x7", {}, None) == {"ids": ["x7"], "vals": {}}
    assert (Odoo().write_value(None), Odoo().write_points(-15), Odoo().write_amount(None)) == (False, -1.5, False)


def test_bottlecrm(client: TestClient) -> None:
    """BottleCRM gets the custom fields of its PATCH; several come with their ids."""
    reply = answer(client, BODIES["bottlecrm"], "from=bottlecrm&reply=bottlecrm").json()
    assert list(reply) == ["custom_fields"]
    assert (reply["custom_fields"]["leadledger_score"], reply["custom_fields"]["leadledger_release"]) == (90, "")
    assert [f"custom_fields.{name}" for name in reply["custom_fields"]] == [*DEFAULT_PROPERTIES["bottlecrm"].values()]
    several = answer(client, BODIES["bottlecrm"], "from=bottlecrm&reply=bottlecrm", "/v1/score/batch").json()
    assert several == {"updates": [{"id": "feca1e43-c3b1-4087-b4bb-0daf63066b01", **reply}]}


def test_several(client: TestClient) -> None:
    """A batch is answered with the body of the CRM's call for several records, each with its id."""
    batch = "/v1/score/batch"
    update = answer(client, BODIES["hubspot"], "reply=hubspot").json()
    second = BODIES["hubspot"] | {"id": "152"}
    reply = answer(client, {"results": [BODIES["hubspot"], second]}, "reply=hubspot", batch).json()
    assert reply == {"inputs": [{"id": "151", **update}, {"id": "152", **update}]}

    update = answer(client, BODIES["salesforce"], "reply=salesforce").json()
    contact = BODIES["salesforce"] | {"attributes": {"type": "Contact", "url": "x"}, "Id": "003"}
    reply = answer(client, {"records": [BODIES["salesforce"], contact]}, "reply=salesforce", batch).json()
    assert reply == {
        "allOrNone": False,
        "records": [
            {"attributes": {"type": "Lead"}, "id": "00QWU000004xYZa2AM", **update},
            {"attributes": {"type": "Contact"}, "id": "003", **update},
        ],
    }

    update = answer(client, BODIES["dynamics"], "reply=dynamics").json()
    key = "4624eff7-53d3-ed11-a7c7-000d3a993550"
    for body in (BODIES["dynamics"], BODIES["dynamics_webhook"]):
        reply = answer(client, body, "reply=dynamics", batch).json()
        assert reply == {"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": key, **update}]}


def test_a_record_twice_is_updated_once(client: TestClient) -> None:
    """By the later of the two; Salesforce's ids of 15 and of 18 signs are one record."""
    batch, records = "/v1/score/batch", []
    for key, need in (("00QWU000004xYZa2AM", "Vague"), ("003", "Urgent"), ("00QWU000004xYZa", "Urgent")):
        records.append(BODIES["salesforce"] | {"Id": key, "Need__c": need})
    updates = answer(client, {"records": records}, "reply=salesforce", batch).json()["records"]
    assert [update["id"] for update in updates] == ["00QWU000004xYZa", "003"]
    assert updates[0]["Leadledger_Score__c"] == updates[1]["Leadledger_Score__c"]


def test_a_refused_lead_spoils_no_other(client: TestClient) -> None:
    """The good ones are written back; the mistakes of the others stand in `errors`. With none left, all are refused."""
    bad = {"id": "9", "properties": {"numberofemployees": "many"}}
    body = {"results": [bad, BODIES["hubspot"]]}
    reply = answer(client, body, "reply=hubspot", "/v1/score/batch").json()
    assert [update["id"] for update in reply["inputs"]] == ["151"]
    assert [mistake["path"] for mistake in reply["errors"]] == ["$.results[0].properties.numberofemployees"]
    refused = client.post("/v1/score/batch?reply=hubspot", json={"results": [bad]})
    assert (refused.status_code, len(refused.json()["errors"])) == (422, 1)


def test_plain_leads(client: TestClient) -> None:
    """Plain leads are answered in a CRM's shape too, under the id that the card reads."""
    body = {"leads": [BODIES["plain"]["lead"]]}
    reply = answer(client, body, "reply=salesforce", "/v1/score/batch").json()
    assert reply["records"][0]["id"] == "4711"
    reply = answer(client, {"leads": [{"need": "clear"}, {"lead_id": ""}]}, "reply=hubspot", "/v1/score/batch")
    assert reply.status_code == 422
    assert [(mistake["path"], mistake["reason"]) for mistake in reply.json()["errors"]] == [
        ("$.leads[0]", "has no id, so hubspot could not tell which record to write to"),
        ("$.leads[1]", "has no id, so hubspot could not tell which record to write to"),
    ]


def test_so_many_as_the_crm_takes(client: TestClient) -> None:
    """A batch whose answer the CRM would not take in one call is refused before it is scored."""
    leads = [{"lead_id": str(at)} for at in range(101)]
    assert len(answer(client, {"leads": leads}, "reply=salesforce", "/v1/score/batch").json()["records"]) == 101
    reply = answer(client, {"leads": leads}, "reply=hubspot", "/v1/score/batch").json()
    assert reply["errors"] == [{"path": "$.leads", "reason": "holds 101 leads; send at most 100 at once"}]


def test_the_card_names_properties(named: TestClient) -> None:
    """`write_back` says which outputs are written, and where; a system that it doesn't name keeps the usual ones."""
    body = BODIES["plain"]
    properties = answer(named, body, "reply=hubspot").json()["properties"]
    assert list(properties) == ["fit", "fit_grade", "fit_why", "fit_give_or_take"]
    assert (properties["fit"], properties["fit_give_or_take"]) == ("90", "")
    lead = {key: value for key, value in body["lead"].items() if key != "decision_date"}
    questions = answer(named, {"lead": lead}, "reply=salesforce").json()
    assert questions == {"Fit__c": 90, "Ask__c": "When must a decision be made?"}
    assert list(answer(named, body, "reply=dynamics").json()) == list(DEFAULT_PROPERTIES["dynamics"].values())


def test_mistakes_stay_problems(client: TestClient) -> None:
    """A refused lead is a problem, whatever shape was asked for: nothing half-right is written back."""
    reply = answer(client, {"lead": {"employees": "many"}}, "reply=hubspot")
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["path"] == "$.lead.employees"


@pytest.mark.parametrize("system", DEFAULT_PROPERTIES)
def test_every_output_can_be_written(system: str) -> None:
    """Each output has a value that its CRM can store: no lists, no objects."""
    prefix = "custom_fields.p_" if system == "bottlecrm" else "p_"
    properties = ", ".join(f"{output}: {prefix}{output}" for output in WRITE_BACK_OUTPUTS)
    axes = "axes: {fit: {grades: {A: 0}}, engagement: {grades: {1: 0}}}"
    text = CARD.replace("points: 70}", "points: 70, explore: 1 %, hold: {band: 8, days: 14}}")
    card = parse_card(f"{text}\n{axes}\nwrite_back: {{{system}: {{{properties}}}}}\n")
    learned = Learned(percentiles=tuple(range(450, 450 + MOST_PERCENT)))
    result = get_engine(Scorecard(card, learned)).score({"need": "clear"}, date(2026, 1, 1))
    update = make_reply(card, system).make_update(result)
    update = update.get("properties", update.get("custom_fields", update))
    assert list(update) == [f"p_{output}" for output in WRITE_BACK_OUTPUTS]
    assert all(value is None or isinstance(value, str | int | float) for value in update.values())
    assert all(isinstance(value, str) for value in update.values()) or system != "hubspot"
    assert float(update["p_propensity"]) == result.propensity
    assert str(update["p_percentile"]) == str(result.percentile)
    assert (update["p_axis_grades"], float(update["p_fit"])) == (result.axis_grades, result.axes[0].tenths / 10)
    unplaced = make_reply(card, system).make_update(get_engine(build_untrained(card)).score({}, date(2026, 1, 1)))
    unplaced = unplaced.get("properties", unplaced.get("custom_fields", unplaced))
    assert unplaced["p_percentile"] in (None, "", False)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (HubSpot().write_value(68), "68"),
        (HubSpot().write_points(675), "67.5"),
        (HubSpot().write_points(680), "68"),
        (HubSpot().write_points(-5), "-0.5"),
        (HubSpot().write_points(-15), "-1.5"),
        (HubSpot().write_points(0), "0"),
        (HubSpot().write_points(12345671), "1234567.1"),
        (HubSpot().write_probability(1e-06), "0.000001"),
        (HubSpot().write_probability(1.0), "1"),
        (HubSpot().write_probability(0.6463634), "0.646363"),
        (HubSpot().write_value(None), ""),
        (HubSpot().write_points(None), ""),
        (HubSpot().write_probability(None), ""),
    ],
)
def test_numbers_as_texts(written: str, text: str) -> None:
    """HubSpot gets a number as people write it: no exponent, no zero that says nothing."""
    assert written == text
