"""Mistakes in what CRMs send: each has its path into the body as it came."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.requests.body import MOST_NAMES
from tests.api.answers import BATCH, DAY, JSON, SCORE
from tests.api.crm.recorded import BODIES, SYSTEM, list_mistakes, score_body


@pytest.mark.parametrize(
    ("name", "change", "path", "reason"),
    [
        ("salesforce", ("NumberOfEmployees", "many"), "$.NumberOfEmployees", "'many' is not a number"),
        ("salesforce", ("NumberOfEmployees", {"a": {}}), "$.NumberOfEmployees", "is an object; a lead is flat"),
        ("salesforce", ("CreatedDate", "yesterday"), "$.CreatedDate", "'yesterday' is not a date"),
        ("salesforce", ("Owner", {"Name": ["x"]}), "$.Owner.Name", "is a list; a lead is flat"),
        (
            "hubspot",
            ("properties", "numberofemployees", "100-500"),
            "$.properties.numberofemployees",
            "'100-500' looks like",
        ),
        ("hubspot", ("properties", "createdate", "9" * 15), "$.properties.createdate", "is not a date"),
        ("hubspot", ("properties", []), "$.properties", "is not an object; HubSpot has one there"),
        (
            "hubspot_webhook",
            ("properties", "annualrevenue", {"value": "much"}),
            "$.properties.annualrevenue.value",
            "'much' is not a number",
        ),
        ("dynamics", ("numberofemployees", "many"), "$.numberofemployees", "'many' is not a number"),
        (
            "dynamics_webhook",
            ("PostEntityImages", 0, "value", "Attributes", 4, "value", "many"),
            "$.PostEntityImages[0].value.Attributes[4].value",
            "'many' is not a number",
        ),
        (
            "dynamics_webhook",
            ("PostEntityImages", 0, "value", "Attributes", 4, 7),
            "$.PostEntityImages[0].value.Attributes[4]",
            "is not an attribute",
        ),
        ("dynamics_webhook", ("InputParameters", []), "$", "has no name that the card uses"),
        ("odoo", (0, "x_studio_employees", [1, "a", 2]), "$[0].x_studio_employees", "is a list; a lead is flat"),
        ("odoo_automation", ("country_id", 166), "$.country_id", "is the id of a record, without its name"),
        ("odoo", (0, "function", {"a": 1}), "$[0].function", "is an object; a lead is flat"),
        ("zoho", ("data", 0, "No_of_Employees", "many"), "$.data[0].No_of_Employees", "'many' is not a number"),
        ("zoho", ("data", 0, "Need", ["Urgent", "Clear"]), "$.data[0].Need", "'Urgent;Clear' is not one of"),
    ],
)
def test_mistakes_have_paths(client: TestClient, name: str, change: Any, path: str, reason: str) -> None:
    """A mistake in a body of a CRM has the path into that body, not into what we make of it."""
    body = copy.deepcopy(BODIES[name])
    if name == "dynamics_webhook" and change[0] == "InputParameters":
        body["PostEntityImages"] = [{"key": "x", "value": {"Attributes": [{"key": "subject", "value": "x"}]}}]
    inside = body
    for key in change[:-2]:
        inside = inside[key]
    inside[change[-2]] = change[-1]
    ((found_path, why),) = list_mistakes(client, body, f"from={SYSTEM[name]}")
    assert found_path == path
    assert reason in why
    answer = client.post(f"{BATCH}?from={SYSTEM[name]}", content=json.dumps(body), headers=JSON).json()
    of_batch = answer["results"][0]["errors"] if "results" in answer else answer["errors"]
    assert of_batch[0]["path"] == path


@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        ("api-version=3", "?api-version", "unknown parameter. Use one of: from, reply, as_of, explain."),
        ("from=hubsport", "?from", "is not a CRM that we know. Did you mean 'hubspot'?"),
        (
            "from=",
            "?from",
            "is not a CRM that we know. Use one of: salesforce, hubspot, dynamics, odoo, zoho, bottlecrm, record.",
        ),
        (
            "reply=zoho",
            "?reply",
            "is not a CRM that we know. Use one of: hubspot, salesforce, dynamics, odoo, bottlecrm.",
        ),
        ("form=hubspot", "?form", "unknown parameter. Did you mean 'from'?"),
        ("repli=hubspot", "?repli", "unknown parameter. Did you mean 'reply'?"),
        ("from=odoo&from=zoho", "?from", "is given more than once; send it once"),
        ("as_of=2026-02-30", "?as_of", "is not a date; write it like 2026-01-31"),
        ("as_of=2026-01-02", "?as_of", "is 2026-01-02, and the body says 2026-01-01; send one of the two"),
    ],
)
def test_parameters(client: TestClient, query: str, path: str, reason: str) -> None:
    """A parameter that we don't know is refused with what may be meant."""
    body = {"lead": {}, "as_of": DAY}
    assert list_mistakes(client, body, query) == [(path, reason)]
    assert list_mistakes(client, {"leads": [{}], "as_of": DAY}, query, BATCH) == [(path, reason)]


@pytest.mark.parametrize(
    ("body", "query", "path", "reason"),
    [
        ({"results": []}, "from=hubspot", "$.results", "is empty; send one lead"),
        ({"properties": {}, "id": "1"}, "", "$", "has no name that the card uses"),
        ({"properties": {"hs_object_id": "1", "createdate": "2026-01-01"}}, "", "$", "uses but ids and days; is it a"),
        ({"data": [{"$a": 1}]}, "", "$.data[0]", "has no name that the card uses; is it a record of zoho, with its"),
        ({"id": "evt-9", "record": {"Company": "x"}}, "from=zoho", "$", "?from=record reads any record"),
        (
            {"id": 5, "data": [7]},
            "from=record",
            "$",
            "the card uses but ids and days; is it the record itself",
        ),
        ({"properties": {"email": ""}, "id": "1"}, "", "", ""),
        ({"Name": "x"}, "from=salesforce", "$", "has no name that the card uses; is it a record of salesforce"),
        ({"results": [{"properties": {"email": "a"}}]}, "from=zoho", "$", "has no name that the card uses"),
        (7, "from=zoho", "$", "is neither a record nor a list of them"),
        ([7], "from=zoho", "$[0]", "is a number; a lead is an object"),
        ([{"subscriptionType": "contact.creation", "objectId": 1}], "", "$[0]", "is a notification of HubSpot"),
    ],
)
def test_envelopes(client: TestClient, body: Any, query: str, path: str, reason: str) -> None:
    """An envelope without a lead is refused; one whose lead says nothing is a lead of which nothing is known."""
    if not path:
        assert score_body(client, body, f"&{query}")["score"] == 50
        return
    ((found_path, why),) = list_mistakes(client, body, query)
    assert found_path == path
    assert reason in why


def test_names_are_bounded(client: TestClient) -> None:
    """A record may have two thousand names and no more, and none of them is endless or half a character."""
    many = {f"n{at}": at for at in range(MOST_NAMES + 1)}
    assert list_mistakes(client, {"properties": {**many, "email": "x"}})[0][1].startswith("has more than 2,000 names")
    assert score_body(client, {"properties": {f"n{at}": at for at in range(MOST_NAMES - 1)} | {"email": "x"}})
    long = "n" * 300
    assert "longer than 200" in list_mistakes(client, {"properties": {long: 1, "email": "x"}})[0][1]
    answer = client.post(SCORE, content=b'{"properties":{"\\ud800":1,"email":"x"}}', headers=JSON)
    assert "half a character" in answer.json()["errors"][0]["reason"]


def test_names_twice(client: TestClient) -> None:
    """A name that stands twice in a record is refused, wherever it stands."""
    for body, path in [
        (b'{"properties":{"email":"a","email":"b"}}', "$.properties.email"),
        (b'{"properties":{"email":"a"},"id":1,"id":2}', "$.id"),
        (b'{"attributes":{"type":"Lead"},"Owner":{"Name":"a","Name":"b"}}', "$.Owner.Name"),
        (b'{"attributes":{"type":"Lead"},"Owner":{"Name":"a"},"Owner.Name":"b"}', '$["Owner.Name"]'),
        (b'{"data":[],"data":[{"$a":1,"Email":"x"}]}', "$.data"),
    ]:
        errors = client.post(SCORE, content=body, headers=JSON).json()["errors"]
        assert [mistake["path"] for mistake in errors] == [path]


def test_deep_bodies(client: TestClient) -> None:
    """A record within a record within … is read five levels deep, and listed beyond."""
    inside: Any = {"Name": "x"}
    for _ in range(20):
        inside = {"a": inside}
    answer = score_body(client, {"attributes": {"type": "Lead"}, "Email": "x", "a": inside})
    assert answer["ignored"] == ["a.a.a.a.a.a"]


def test_numbers_that_json_does_not_have(client: TestClient) -> None:
    """NaN in a field that the card uses is refused, with its path."""
    content = b'{"properties":{"numberofemployees":NaN,"annualrevenue":1e999}}'
    errors = client.post(SCORE, content=content, headers=JSON).json()["errors"]
    assert [mistake["path"] for mistake in errors] == ["$.properties.numberofemployees", "$.properties.annualrevenue"]
