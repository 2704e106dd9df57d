"""What CRMs send, and what they get back: each body scores as the plain lead, and each mistake has its path."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger import load
from leadledger.api.app import create_app
from leadledger.api.http.problem import MEDIA_TYPE
from leadledger.api.lists.duckdb import score_list
from leadledger.api.requests.body import MOST_NAMES
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.crm_names import SYSTEMS
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from tests.effort import examples

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "crm"
DAY = "2026-01-01"
JSON = {"Content-Type": "application/json"}
SCORE, BATCH = "/v1/score", "/v1/score/batch"
BODIES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(CASES.glob("*.json"))}
SYSTEM = {name: name.partition("_")[0] for name in BODIES if name != "plain"}
UNMARKED = ("odoo",)  # what read() answers has no mark of Odoo


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of a service with the card of the recorded bodies."""
    with TestClient(create_app(Settings(log="off", card=CASES / "card.yaml", max_batch=150))) as client:
        yield client


@pytest.fixture(scope="module")
def b2b() -> Iterator[TestClient]:
    """A client of a service with the card of the example."""
    with TestClient(create_app(Settings(log="off", card=ROOT / "examples" / "b2b-software" / "card.yaml"))) as client:
        yield client


def scored(client: TestClient, body: Any, query: str = "", path: str = SCORE) -> Any:
    """The answer to a body, on a day, which must be a good one."""
    answer = client.post(f"{path}?as_of={DAY}{query}", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client: TestClient, body: Any, query: str = "", path: str = SCORE) -> list[tuple[str, str]]:
    """The path and the reason of each mistake in a body, which must be refused."""
    answer = client.post(f"{path}?{query}", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    return [(mistake["path"], mistake["reason"]) for mistake in answer.json()["errors"]]


def results(client: TestClient, body: Any, query: str = "") -> list[dict[str, Any]]:
    """The results of a batch, which must all be good ones."""
    items = scored(client, body, query, BATCH)["results"]
    assert {item["status"] for item in items} == {200}
    return [item["result"] for item in items]


def without(result: dict[str, Any]) -> dict[str, Any]:
    """A result without its id, and without the names that no field uses, of which a CRM sends many."""
    return {key: value for key, value in result.items() if key not in ("id", "ignored")}


# -- bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SYSTEM)
def test_recorded_bodies(client: TestClient, name: str) -> None:
    """A body as its CRM sends it has the result of the plain lead: known by its marks, said to be one, in a batch."""
    plain = scored(client, BODIES["plain"])
    assert len(plain["ledger"]) == 12  # every rule of the card asks something of the body
    query = f"&from={SYSTEM[name]}"
    assert without(scored(client, BODIES[name], query)) == without(plain)
    (result,) = results(client, BODIES[name], query)
    assert without(result) == without(plain)
    if name not in UNMARKED:
        assert without(scored(client, BODIES[name])) == without(plain)
        assert without(results(client, BODIES[name])[0]) == without(plain)


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
    ],
)
def test_lists_of_records(client: TestClient, around: Any, name: str) -> None:
    """The lists that CRMs answer with are batches; one of them can't be sent to /v1/score."""
    plain = without(scored(client, BODIES["plain"]))
    body = around(BODIES[name])
    assert [without(item) for item in results(client, body, f"&from={name}")] == [plain, plain]
    if "leads" not in body:
        ((_, reason),) = refused(client, body, f"from={name}")
        assert reason == "holds 2 leads; send them to /v1/score/batch"


def test_a_record_in_a_plain_body(client: TestClient) -> None:
    """With `?from=`, what stands under `lead` is a record of that CRM, beside its day."""
    body = {"lead": BODIES["hubspot"], "as_of": DAY}
    answer = client.post(f"{SCORE}?from=hubspot", json=body)
    assert without(answer.json()) == without(scored(client, BODIES["plain"]))


def test_unused_names_are_listed(client: TestClient) -> None:
    """Names that no field uses are listed, those of a related record with its name."""
    ignored = scored(client, BODIES["salesforce"])["ignored"]
    assert {"Rating", "Address.city", "CampaignMembers.records"} <= set(ignored)
    assert not {"attributes", "Owner.Name", "NumberOfEmployees"} & set(ignored)
    assert "Owner.id" not in scored(client, BODIES["zoho"])["ignored"]


def test_marks_of_a_crm_are_never_in_a_plain_body(client: TestClient) -> None:
    """A body with `lead` is plain, whatever else is in it, and as strict as it was."""
    body = {"lead": {"employees": 3}, "properties": {}, "@odata.context": "x", "attributes": {"type": "Lead"}}
    assert [path for path, _ in refused(client, body)] == ["$.properties", '$["@odata.context"]', "$.attributes"]
    assert refused(client, {"employees": 3}) == [
        ("$.employees", "unknown key. Use one of: lead, as_of."),
        ("$.lead", "is missing"),
    ]
    assert refused(client, {"data": [{"employees": 3}]})[0][0] == "$.data"
    assert refused(client, {"lead": {"properties": {"employees": 3}}})[0][0] == "$.lead.properties"
    assert refused(client, {"leads": [{"Company": "x"}]}, "from=salesforce")[1] == (
        "$.lead",
        "is missing",
    )


def test_from_wins(client: TestClient) -> None:
    """`?from=` decides, whatever the body looks like: Odoo's record may have a field `properties`."""
    body = {"id": 1, "properties": {}, "partner_name": "A", "x_studio_need_id": [4, "Urgent"]}
    assert scored(client, body, "&from=odoo")["ledger"][1]["name"] == "urgent"


def test_names_of_the_crm_come_first(b2b: TestClient) -> None:
    """In HubSpot's body, HubSpot's name of a field tells, and our own name is one of its properties like any other."""
    properties = {"country": "Norway", "hs_country_region_code": "NO", "need": "urgent"}
    answer = scored(b2b, {"properties": properties})
    assert answer["ignored"] == ["country"]
    assert without(answer) == without(scored(b2b, {"lead": {"country": "NO", "need": "urgent"}}))
    # Where HubSpot's own is empty, ours counts.
    answer = scored(b2b, {"properties": properties | {"hs_country_region_code": "", "country": "NO"}})
    assert answer["ignored"] == []


def test_names_that_count_in_one_crm_only(client: TestClient) -> None:
    """A plain word such as `function` is a job title in Odoo's body, and nowhere else."""
    assert "senior" in str(scored(client, {"function": "Head of IT"}, "&from=odoo")["ledger"])
    assert scored(client, {"lead": {"function": "Head of IT"}})["ignored"] == ["function"]
    assert scored(client, {"properties": {"function": "Head of IT", "email": "a"}})["ignored"] == ["function"]


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
    ledger = scored(client, {"properties": {"createdate": value, "company": "A"}})["ledger"]
    assert any(entry["name"] == "young" for entry in ledger) is is_young


def test_options_without_labels(client: TestClient) -> None:
    """Without Dynamics' labels an option is its number, which is no word of the card; and amounts keep their value."""
    body = {"@odata.etag": "x", "new_need": 100000003, "revenue": 1.5, f"revenue{'@'}x": "€ 1.50"}
    assert refused(client, body) == [("$.new_need", "'100000003' is not one of: none, vague, clear, urgent")]


def test_false_of_odoo(client: TestClient) -> None:
    """Odoo's `false` is nothing known, but for a flag, which it answers."""
    body = {"_id": 1, "_model": "crm.lead", "x_studio_need_id": False, "date_decision": False, "is_blacklisted": True}
    answer = scored(client, body)
    assert answer["criteria"] == {"need": "unknown", "timing": "unknown"}
    assert answer["recommendation"] == "disqualify"


# -- mistakes ----------------------------------------------------------------------------------------------------------


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
            "'100-500' is not",
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
    ((found_path, why),) = refused(client, body, f"from={SYSTEM[name]}")
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
        ("from=", "?from", "is not a CRM that we know. Use one of: salesforce, hubspot, dynamics, odoo, zoho."),
        ("reply=odoo", "?reply", "is not a CRM that we know. Use one of: hubspot, salesforce, dynamics."),
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
    assert refused(client, body, query) == [(path, reason)]
    assert refused(client, {"leads": [{}], "as_of": DAY}, query, BATCH) == [(path, reason)]


@pytest.mark.parametrize(
    ("body", "query", "path", "reason"),
    [
        ({"results": []}, "from=hubspot", "$.results", "is empty; send one lead"),
        ({"properties": {}, "id": "1"}, "", "", ""),
        ({"data": [{"$a": 1}]}, "", "", ""),
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
        assert scored(client, body, f"&{query}")["score"] == 50
        return
    ((found_path, why),) = refused(client, body, query)
    assert found_path == path
    assert reason in why


def test_names_are_bounded(client: TestClient) -> None:
    """A record may have two thousand names and no more, and none of them is endless or half a character."""
    many = {f"n{at}": at for at in range(MOST_NAMES + 1)}
    assert refused(client, {"properties": {**many, "email": "x"}})[0][1].startswith("has more than 2,000 names")
    assert scored(client, {"properties": {f"n{at}": at for at in range(MOST_NAMES - 1)} | {"email": "x"}})
    long = "n" * 300
    assert "longer than 200" in refused(client, {"properties": {long: 1, "email": "x"}})[0][1]
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
    answer = scored(client, {"attributes": {"type": "Lead"}, "Email": "x", "a": inside})
    assert answer["ignored"] == ["a.a.a.a.a.a"]


def test_numbers_that_json_does_not_have(client: TestClient) -> None:
    """NaN in a field that the card uses is refused, with its path."""
    content = b'{"properties":{"numberofemployees":NaN,"annualrevenue":1e999}}'
    errors = client.post(SCORE, content=content, headers=JSON).json()["errors"]
    assert [mistake["path"] for mistake in errors] == ["$.properties.numberofemployees", "$.properties.annualrevenue"]


# -- what the service says of it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SCORE, BATCH])
def test_described_bodies_work(b2b: TestClient, path: str) -> None:
    """The example of each CRM can be sent as it is, under its media type, and scores as the plain example."""
    api = b2b.get("/openapi.json").json()
    bodies = api["paths"][path]["post"]["requestBody"]["content"]
    plain = api["components"]["schemas"]["Result"]["examples"][0]
    assert list(bodies["application/vnd.crm+json"]["examples"]) == list(SYSTEMS)
    for system, example in bodies["application/vnd.crm+json"]["examples"].items():
        for media in ("application/vnd.crm+json", "application/json"):
            answer = b2b.post(
                f"{path}?as_of={plain['as_of']}", content=json.dumps(example["value"]), headers={"Content-Type": media}
            )
            result = answer.json()["results"][0]["result"] if path == BATCH else answer.json()
            assert without(result) == without(plain), system


def test_described_parameters(b2b: TestClient) -> None:
    """Each parameter is described once, with what it may be."""
    api = b2b.get("/openapi.json").json()
    for path in (SCORE, BATCH):
        parameters = {parameter["name"]: parameter for parameter in api["paths"][path]["post"]["parameters"]}
        assert {"from", "as_of"} <= set(parameters)
        assert parameters["from"]["schema"]["enum"] == list(SYSTEMS)
        assert all(f"`reply={system}`" in api["paths"][path]["post"]["description"] for system in DEFAULT_PROPERTIES)
        assert all(parameter["description"] and not parameter["required"] for parameter in parameters.values())
        assert [name for name, parameter in parameters.items() if parameter["in"] != "query"] == ["Idempotency-Key"]


# -- whatever comes ----------------------------------------------------------------------------------------------------

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
    }


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
                assert without(answer.json()) == without(plain.json()), system
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
    system=st.sampled_from(["", "from=salesforce", "from=hubspot", "from=dynamics", "from=odoo", "from=zoho"]),
    reply=st.sampled_from(["", "&reply=hubspot", "&reply=salesforce", "&reply=dynamics"]),
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
