"""What CRMs send: each body scores as the plain lead, in its envelope, as a batch, and from an exported list."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger import load
from leadledger.api.http.problem import MEDIA_TYPE
from leadledger.api.lists.duckdb import score_list
from tests.api.answers import BATCH, DAY, JSON, SCORE
from tests.api.crm.recorded import BODIES, CASES, SYSTEM, drop_ids, list_mistakes, score_batch, score_body
from tests.effort import examples

UNMARKED = ("odoo",)  # what read() answers has no mark of Odoo


@pytest.mark.parametrize("name", SYSTEM)
def test_recorded_bodies(client: TestClient, name: str) -> None:
    """A body as its CRM sends it has the result of the plain lead: known by its marks, said to be one, in a batch."""
    plain = score_body(client, BODIES["plain"])
    assert len(plain["ledger"]) == 12  # every rule of the card asks something of the body
    query = f"&from={SYSTEM[name]}"
    assert drop_ids(score_body(client, BODIES[name], query)) == drop_ids(plain)
    (result,) = score_batch(client, BODIES[name], query)
    assert drop_ids(result) == drop_ids(plain)
    if name not in UNMARKED:
        assert drop_ids(score_body(client, BODIES[name])) == drop_ids(plain)
        assert drop_ids(score_batch(client, BODIES[name])[0]) == drop_ids(plain)


@pytest.mark.parametrize(
    ("around", "name"),
    [
        (lambda record: {"totalSize": 2, "done": True, "records": [record, record]}, "salesforce"),
        (lambda record: [record, record], "salesforce"),
        (lambda record: {"status": "COMPLETE", "results": [record, record]}, "hubspot"),
        (lambda record: {"@odata.context": "x", "value": [record, record]}, "dynamics"),
        (lambda record: {"jsonrpc": "2.0", "id": None, "result": [record[0], record[0]]}, "odoo"),
        (
            lambda record: {"jsonrpc": "2.0", "id": 1, "result": {"length": 2, "records": [record[0], record[0]]}},
            "odoo",
        ),
        (lambda record: {"data": [record["data"][0], record["data"][0]]}, "zoho"),
        (lambda record: {"leads": [record["data"][0], record["data"][0]], "as_of": DAY}, "zoho"),
        (lambda record: [record["lead_obj"], record["lead_obj"]], "bottlecrm"),
    ],
)
def test_lists_of_records(client: TestClient, around: Any, name: str) -> None:
    """The lists that CRMs answer with are batches; one of them can't be sent to /v1/score."""
    plain = drop_ids(score_body(client, BODIES["plain"]))
    body = around(BODIES[name])
    assert [drop_ids(item) for item in score_batch(client, body, f"&from={name}")] == [plain, plain]
    if "leads" not in body:
        ((_, reason),) = list_mistakes(client, body, f"from={name}")
        assert reason == "holds 2 leads; send them to /v1/score/batch"


def test_a_record_in_a_plain_body(client: TestClient) -> None:
    """With `?from=`, what stands under `lead` is a record of that CRM, beside its day."""
    body = {"lead": BODIES["hubspot"], "as_of": DAY}
    answer = client.post(f"{SCORE}?from=hubspot", json=body)
    assert drop_ids(answer.json()) == drop_ids(score_body(client, BODIES["plain"]))


def test_unused_names_are_listed(client: TestClient) -> None:
    """Names that no field uses are listed, those of a related record with its name."""
    ignored = score_body(client, BODIES["salesforce"])["ignored"]
    assert {"Rating", "Address.city", "CampaignMembers.records"} <= set(ignored)
    assert not {"attributes", "Owner.Name", "NumberOfEmployees"} & set(ignored)
    assert "Owner.id" not in score_body(client, BODIES["zoho"])["ignored"]


def test_marks_of_a_crm_are_never_in_a_plain_body(client: TestClient) -> None:
    """A body with `lead` is plain, whatever else is in it, and as strict as it was."""
    body = {"lead": {"employees": 3}, "properties": {}, "@odata.context": "x", "attributes": {"type": "Lead"}}
    assert [path for path, _ in list_mistakes(client, body)] == ["$.properties", '$["@odata.context"]', "$.attributes"]
    whose = (
        'has no `lead`; send {"lead": …}, or say whose record it is: ?from=hubspot (or salesforce, dynamics, odoo,'
        " zoho, bottlecrm), ?from=record for any other system"
    )
    for record in ({"employees": 3}, {"data": [{"employees": 3}]}, [{"employees": 3}]):
        assert list_mistakes(client, record) == [("$", whose)]
    assert list_mistakes(client, {"lead": {"properties": {"employees": 3}}})[0][0] == "$.lead.properties"
    assert list_mistakes(client, {"leads": [{"Company": "x"}]}, "from=salesforce")[1] == (
        "$.lead",
        "is missing",
    )


def test_from_wins(client: TestClient) -> None:
    """`?from=` decides, whatever the body looks like: Odoo's record may have a field `properties`."""
    body = {"id": 1, "properties": {}, "partner_name": "A", "x_studio_need_id": [4, "Urgent"]}
    assert score_body(client, body, "&from=odoo")["ledger"][1]["name"] == "urgent"


def test_names_of_the_crm_come_first(b2b: TestClient) -> None:
    """In HubSpot's body, HubSpot's name of a field tells, and our own name is one of its properties like any other."""
    properties = {"country": "Norway", "hs_country_region_code": "NO", "need": "urgent"}
    answer = score_body(b2b, {"properties": properties})
    assert answer["ignored"] == ["country"]
    assert drop_ids(answer) == drop_ids(score_body(b2b, {"lead": {"country": "NO", "need": "urgent"}}))
    # Where HubSpot's own is empty, ours counts.
    answer = score_body(b2b, {"properties": properties | {"hs_country_region_code": "", "country": "NO"}})
    assert answer["ignored"] == []


def test_names_that_count_in_one_crm_only(client: TestClient) -> None:
    """A plain word such as `function` is a job title in Odoo's body, and nowhere else."""
    assert "senior" in str(score_body(client, {"function": "Head of IT"}, "&from=odoo")["ledger"])
    assert score_body(client, {"lead": {"function": "Head of IT", "email": "a"}})["ignored"] == ["function"]
    assert score_body(client, {"properties": {"function": "Head of IT", "email": "a"}})["ignored"] == ["function"]


@pytest.mark.parametrize(
    ("value", "is_young"),
    [
        ("1765789964123", True),
        (1765789964123, True),
        ("2025-12-15", True),
        ("2025-12-15T23:30:00.000Z", True),
        (1733011200000, False),
        ("-86400000", False),
        ("", False),
        (None, False),
    ],
)
def test_dates_of_hubspot(client: TestClient, value: Any, is_young: bool) -> None:
    """HubSpot's dates are days, moments, or milliseconds, as a text or a number."""
    ledger = score_body(client, {"properties": {"createdate": value, "company": "A"}})["ledger"]
    assert any(entry["name"] == "young" for entry in ledger) is is_young


@pytest.mark.parametrize(
    ("value", "days", "formats"),
    [
        ("20260630", "2026-06-30 or 1970-08-23", '`format: "20261231"` or `format: seconds`'),
        (20260630, "2026-06-30 or 1970-08-23", '`format: "20261231"` or `format: seconds`'),
        ("1782777600", "2026-06-30", "`format: seconds`"),
        ("46203", "2026-06-30", "`format: excel`"),
    ],
)
def test_digits_that_are_no_milliseconds(client: TestClient, value: Any, days: str, formats: str) -> None:
    """Digits that are not milliseconds for sure are refused, with what they may be."""
    reason = f"{value!r} may be {days}; write it like 2026-01-31, or add {formats} to its field"
    mistakes = list_mistakes(client, {"properties": {"createdate": value, "company": "A"}})
    assert mistakes == [("$.properties.createdate", reason)]


def test_options_without_labels(client: TestClient) -> None:
    """Without Dynamics' labels an option is its number, which is no word of the card; and amounts keep their value."""
    body = {"@odata.etag": "x", "new_need": 100000003, "revenue": 1.5, f"revenue{'@'}x": "€ 1.50"}
    assert list_mistakes(client, body) == [("$.new_need", "'100000003' is not one of: none, vague, clear, urgent")]


def test_false_of_odoo(client: TestClient) -> None:
    """Odoo's `false` is nothing known, but for a flag, which it answers."""
    body = {"_id": 1, "_model": "crm.lead", "x_studio_need_id": False, "date_decision": False, "is_blacklisted": True}
    answer = score_body(client, body)
    assert answer["criteria"] == {"need": "unknown", "timing": "unknown"}
    assert answer["recommendation"] == "disqualify"


# -- any body ----------------------------------------------------------------------------------------------------------

DAYS = st.dates(min_value=date(2000, 1, 1)).map(str)
PLAIN = st.fixed_dictionaries(
    {"employees": st.integers(0, 10**6) | st.sampled_from(["12", " 7 ", "1e3"])},
    optional={
        "company": st.text(min_size=1, max_size=8),
        "job_title": st.sampled_from(["Head of IT", "Clerk", "n/a", ""]),
        "country": st.sampled_from(["Norway", "Sweden", None]),
        "created": DAYS,
        "last_activity": DAYS | st.none(),
        "need": st.sampled_from(["urgent", "clear", "VAGUE", "Select"]),
        "unsubscribed": st.sampled_from(["true", "no", "1"]) | st.booleans(),
        "annual_revenue": st.floats(0, 1e12),
    },
)


def wrapped(lead: dict[str, Any]) -> dict[str, Any]:
    """A plain lead in the envelope of each CRM; Odoo has `false` where nothing is known."""
    return {
        "salesforce": {"attributes": {"type": "Lead", "url": "x"}, **lead},
        "hubspot": {"properties": lead},
        "dynamics": {"@odata.etag": "x", **lead},
        "odoo": {"_id": 1, "_model": "crm.lead"}
        | {key: False if value is None else value for key, value in lead.items()},
        "zoho": {"data": [{"$approved": True, **lead}]},
        "bottlecrm": {"lead_obj": {"kanban_order": "0", "custom_fields": {}, **lead}},
    }


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(lead=PLAIN)
def test_an_envelope_changes_nothing(client: TestClient, lead: dict[str, Any]) -> None:
    """Any plain lead has the same answer in the envelope of each CRM; a refused one has the same reasons."""
    plain = client.post(f"{SCORE}?as_of={DAY}", content=json.dumps({"lead": lead}), headers=JSON)
    for system, body in wrapped(lead).items():
        for query in (f"?as_of={DAY}", f"?as_of={DAY}&from={system}"):
            answer = client.post(f"{SCORE}{query}", content=json.dumps(body), headers=JSON)
            assert answer.status_code == plain.status_code, (system, answer.text)
            if plain.status_code == 200:
                assert drop_ids(answer.json()) == drop_ids(plain.json()), system
            else:
                reasons = [
                    [response["reason"] for response in response.json()["errors"]] for response in (answer, plain)
                ]
                assert reasons[0] == reasons[1], system


NAMES = st.sampled_from(
    [
        *("properties", "value", "attributes", "type", "records", "results", "data", "@odata.etag", "InputParameters"),
        *("key", "Attributes", "Target", "FormattedValues", "_model", "_id", "jsonrpc", "result", "lead", "leads"),
        *("email", "NumberOfEmployees", "createdate", "Owner", "id", "Id", "subscriptionType", "objectId", "vid"),
        *("numberofemployees@OData.Community.Display.V1.FormattedValue", "LogicalName", "Name", "Value", "$a"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=4)
    | st.sampled_from(["Target", "/Date(1)/", "1" * 15]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=examples(300))
@given(
    path=st.sampled_from([SCORE, BATCH]),
    body=VALUES | st.dictionaries(NAMES, VALUES, max_size=5),
    system=st.sampled_from(
        ["", "from=salesforce", "from=hubspot", "from=dynamics", "from=odoo", "from=zoho", "from=bottlecrm"]
    ),
    reply=st.sampled_from(
        ["", "&reply=hubspot", "&reply=salesforce", "&reply=dynamics", "&reply=odoo", "&reply=bottlecrm"]
    ),
)
def test_any_body(client: TestClient, path: str, body: Any, system: str, reply: str) -> None:
    """Whatever comes, it is scored or refused in the one shape, never a traceback."""
    answer = client.post(f"{path}?{system}{reply}", content=json.dumps(body), headers=JSON)
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["errors"]


# -- lists -------------------------------------------------------------------------------------------------------------


def test_a_list_that_salesforce_exports(tmp_path: Path) -> None:
    """A CSV as Salesforce exports it maps by itself, and scores as the record does over HTTP."""
    card = load(CASES / "card.yaml")
    record = {
        key: value for key, value in BODIES["salesforce"].items() if not isinstance(value, dict) and value is not None
    }
    record |= {"Owner.Name": "Ida Berg", "CreatedDate": "2025-12-15T09:12:44.000Z"}
    with (tmp_path / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([record.keys(), record.values()])
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.csv", date.fromisoformat(DAY))
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["score"], row["points"], row["recommendation"]) == ("90", "90.4", "promote")
