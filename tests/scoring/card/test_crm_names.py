"""The standard names of CRMs: which fields get which, and that the author's own word always wins."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from fastapi.testclient import TestClient

from leadledger import score, to_sql
from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.diff import compare
from leadledger.models.releases.diff_text import diff_text
from leadledger.models.releases.manifest import MANIFEST, digest_of
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.card_keys import KINDS
from leadledger.scoring.card.crm_names import SYSTEMS, read_labels, read_standard_fields
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.column_fit import find_misspelt, require_columns
from leadledger.scoring.column_names import name_key
from leadledger.scoring.errors import DataError, LeadError
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from leadledger.training.evidence.known_later import bare, known_later
from leadledger.training.runs.recalibration import Recalibration

DAY = date(2026, 1, 1)


def card(fields: str, rest: str = "") -> Scorecard:
    """A card of some fields, ready to score."""
    return build_untrained(parse_card(f"name: small\nfields:\n{fields}\n{rest}"))


def test_the_list_is_sound() -> None:
    """Each standard field has a kind and names in systems that we know; a name is that of one field of its system."""
    assert 30 <= len(read_standard_fields()) <= 40
    for name, entry in read_standard_fields().items():
        assert entry.kind in KINDS, name
        assert {*entry.anywhere, *entry.in_bodies} <= set(SYSTEMS), name
        assert entry.anywhere.keys().isdisjoint(entry.in_bodies), name
    for system in SYSTEMS:
        names = [entry.anywhere.get(system) or entry.in_bodies.get(system) for entry in read_standard_fields().values()]
        present = [name for name in names if name]
        assert len(present) == len(set(present)) >= (6 if system == "bottlecrm" else 15), system


def test_the_page_lists_them() -> None:
    """docs/crm.md has a row for each standard field, with all its names."""
    page = (Path(__file__).parents[3] / "docs" / "crm.md").read_text("utf-8")
    for name, entry in read_standard_fields().items():
        names = {system: f"`{column}`" for system, column in entry.anywhere.items()}
        names |= {system: f"(`{column}`)" for system, column in entry.in_bodies.items()}
        assert f"| `{name}` | {entry.kind} | {' | '.join(names.get(system, '–') for system in SYSTEMS)} |" in page


def test_the_page_lists_the_labels() -> None:
    """docs/crm.md has a row for each field with labels, and all of its labels."""
    page = (Path(__file__).parents[3] / "docs" / "crm.md").read_text("utf-8")
    for name, by_system in read_labels().items():
        rows = [line for line in page.split("## Labels of exported lists")[1].splitlines() if f"| `{name}` |" in line]
        assert len(rows) == 1, name
        cells = rows[0].split("|")[2:-1]
        for system, cell in zip(("salesforce", "hubspot", "dynamics", "pipedrive", "zoho"), cells, strict=True):
            assert cell.strip() == (", ".join(f"`{label}`" for label in by_system.get(system, ())) or "–"), name


def test_labels_are_sound() -> None:
    """A label is of a standard field, in any spelling of one only, and reveals nothing about the outcome."""
    homes: dict[str, str] = {}
    for name, entry in read_standard_fields().items():
        for column in (name, *entry.anywhere.values()):
            assert homes.setdefault(name_key(column), name) == name, column
    for name, by_system in read_labels().items():
        assert name in read_standard_fields()
        for label in itertools.chain(*by_system.values()):
            assert homes.setdefault(name_key(label), name) == name, label
            assert not known_later().get(bare(label)), label


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Lead ID,Company,Lead Source,Industry,Employees,Create Date",
            ["lead_id", "company", "lead_source", "industry", "employees", "created"],
        ),
        (
            "Record ID,First Name,Last Name,Job Title,Lead Status,Create Date,Number of Employees,Annual Revenue,"
            "Country/Region",
            ["lead_id", "first_name", "last_name", "job_title", "created", "employees", "annual_revenue", "country"],
        ),
        (
            "(Do Not Modify) Lead,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Company Name,"
            "No. of Employees,Created On,Country/Region",
            ["lead_id", "company", "employees", "created", "country"],
        ),
        (
            "Lead - ID,Lead - Title,Lead - Lead created,Organization - Name,Person - Email - Work,Lead - Source",
            ["lead_id", "created", "company", "email", "lead_source"],
        ),
        (
            "Record Id,Lead Owner,Lead Name,Company,No. of Employees,Created Time,Last Activity Time,Email Opt Out",
            ["lead_id", "owner", "full_name", "company", "employees", "created", "last_activity", "unsubscribed"],
        ),
    ],
)
def test_an_exported_list_maps_by_itself(header: str, fields: list[str]) -> None:
    """The columns that people export belong to the standard fields; what only the CRM uses belongs to none."""
    every = "\n".join(f"  {name}: {{kind: {entry.kind}}}" for name, entry in read_standard_fields().items())
    matched = card(every).card.column_names.match(header.split(","))
    assert list(matched.fields.values()) == fields
    assert not matched.alike


def test_a_label_follows_the_rules_of_names() -> None:
    """A field with another kind, with values, or with the author's word of that system gets no label of it."""
    assert card("  employees: {kind: text}").card.fields["employees"].labels == ()
    assert card("  country: {kind: text, values: [NO]}").card.fields["country"].labels == ()
    named = card("  lead_id: {kind: id, from: {hubspot: x}}").card.column_names
    assert list(named.match(["Contact ID", "(Do Not Modify) Lead"]).fields) == ["(Do Not Modify) Lead"]


def test_no_two_fields_have_one_name_anywhere() -> None:
    """A column of a list can only mean one field, whichever CRM it comes from."""
    homes: dict[str, set[str]] = {}
    for name, entry in read_standard_fields().items():
        for column in entry.anywhere.values():
            homes.setdefault(column, set()).add(name)
    assert {column: fields for column, fields in homes.items() if len(fields) > 1} == {}
    assert not homes.keys() & read_standard_fields().keys() - {name for name, fields in homes.items() if name in fields}


def test_nothing_that_knows_the_outcome() -> None:
    """No name is standard under which its CRM writes what became of the lead."""
    for entry in read_standard_fields().values():
        for system, column in itertools.chain(entry.anywhere.items(), entry.in_bodies.items()):
            for known in known_later().get(bare(column), ()):
                suspect = known.weight in ("always", "worked") or known.system == system
                assert not suspect, known.name


def test_a_list_from_a_crm_maps_by_itself() -> None:
    """A field with a standard name and its kind is found under the names of all CRMs."""
    employees = card("  employees: {kind: number}").card.fields["employees"]
    assert employees.columns == ("employees", "NumberOfEmployees", "numberofemployees", "No_of_Employees")
    assert employees.written_columns == ("employees",)
    assert employees.sources == ()


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("employees: {kind: text}", ("employees",)),  # another kind
        ("employees: {kind: number, from: Staff}", ("employees", "Staff")),  # the author names the column
        ("employees: {kind: number, from: []}", ("employees",)),  # and wants no other
        (
            "employees: {kind: number, from: {HubSpot: staff}}",
            ("employees", "staff", "NumberOfEmployees", "No_of_Employees"),  # Dynamics' name is HubSpot's too
        ),
        ("lead_source: {kind: text, values: [web]}", ("lead_source",)),  # each CRM has its own words for it
        ("lead_id: {kind: id, from: {salesforce: X}}", ("lead_id", "X", "hs_object_id", "leadid")),
        ("country: {kind: text, from: {salesforce: CountryCode}}", ("country", "CountryCode", "address1_country")),
        ("unsubscribed: {kind: flag, is: employees > 3}", ("unsubscribed",)),
    ],
)
def test_the_author_s_word_wins(field: str, columns: tuple[str, ...]) -> None:
    """A `from:` that speaks of a system keeps its standard name away, and so does another kind or a list of values."""
    name = field.partition(":")[0]
    others = "" if name == "employees" else "  employees: {kind: number}\n"
    assert card(f"{others}  {field}").card.fields[name].columns == columns


@pytest.mark.parametrize(
    ("fields", "rest"),
    [
        ("  employees: {kind: number}\n  staff: {kind: number, from: NumberOfEmployees}", ""),
        ("  staff: {kind: number, from: {salesforce: NumberOfEmployees}}\n  employees: {kind: number}", ""),
        ("  employees: {kind: number}", "outcome: {became: {field: NumberOfEmployees, kind: flag}}"),
    ],
)
def test_a_name_that_the_card_uses_is_no_clash(fields: str, rest: str) -> None:
    """A name that the card uses for something else is not given to a standard field, and that is no mistake."""
    assert "NumberOfEmployees" not in card(fields, rest).card.fields["employees"].columns


def test_two_columns_of_one_field() -> None:
    """Two names of one field may both be there, as long as they don't contradict each other."""
    small = card("  employees: {kind: number}", "rules: [{name: a, when: employees > 50, points: 5, reason: Is large}]")
    assert score(small, {"NumberOfEmployees": "120"}, DAY).points == 55
    assert score(small, {"employees": 120, "NumberOfEmployees": "120"}, DAY).points == 55
    with pytest.raises(LeadError, match="'employees' has another value under 'employees'; send one of the two"):
        score(small, {"employees": 120, "NumberOfEmployees": "12"}, DAY)


def test_lists_read_standard_names() -> None:
    """A list is scored by the standard names too, with the points that Python gives."""
    small = card("  employees: {kind: number}", "rules: [{name: a, when: employees > 50, points: 5, reason: Is large}]")
    columns = {"Id": "VARCHAR", "NumberOfEmployees": "VARCHAR"}
    query = to_sql(small, DAY, columns=columns, keep=["Id"])
    connection = duckdb.connect()
    connection.execute("CREATE TABLE leads AS SELECT '1' AS \"Id\", '120' AS \"NumberOfEmployees\"")
    row = connection.execute(query).fetchone()
    assert row is not None
    assert 55 in row


def test_messages_name_what_the_author_wrote() -> None:
    """Messages and guesses are about the card's own names: thirty names more would help nobody."""
    small = card("  employees: {kind: number}")
    with pytest.raises(DataError, match=r"the first is 'x'; .* Use one of: employees\.$"):
        require_columns(small.card, {"x": "VARCHAR"}, "leads.csv")
    assert find_misspelt(small.card, ["Numberofemployee"]) == {}


@pytest.fixture
def old(tmp_path: Path) -> Releases:
    """A home with a release of before there were standard names, and one of today."""
    releases = Releases(tmp_path)
    text = "name: small\nfields: {employees: {kind: number}}\n"
    for _ in range(2):
        releases.publish(text, Learned(0.5), metrics={}, provenance={}, created=datetime(2026, 1, 1, tzinfo=UTC))
    path = tmp_path / "releases" / releases.names()[0] / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    del manifest["standard_names"], manifest["digest"]
    path.chmod(0o644)
    path.write_text(json.dumps(manifest | {"digest": digest_of(manifest)}), "utf-8")
    return releases


def test_old_releases_read_what_they_read(old: Releases) -> None:
    """A release that was made without the standard names is read without them, so that no point of it moves."""
    before, today = (old.open(name).card for name in old.names())
    assert before.fields["employees"].columns == ("employees",)
    assert "NumberOfEmployees" in today.fields["employees"].columns
    assert (before.standard_names, today.standard_names) == (False, True)
    assert "standard names of CRMs\n    was  not read\n    now  read" in diff_text(old.diff(*old.names()))


def test_a_new_base_rate_moves_no_names(old: Releases) -> None:
    """A release that is recalibrated reads the names that it read before."""
    text = "name: small\nfields: {employees: {kind: number}}\n"
    moved = Recalibration(text, Learned(0.4), old.names()[0], 0.5, 0.4, {}, {}, standard_names=False)
    name = moved.publish(old, datetime(2026, 1, 2, tzinfo=UTC))
    assert old.open(name).card.fields["employees"].columns == ("employees",)


def test_a_diff_tells_what_is_written_back() -> None:
    """A release that writes to other properties of a CRM says so."""
    old, new = (
        card("  employees: {kind: number}", f"write_back: {{hubspot: {{score: {name}}}}}")
        for name in ("fit", "score_2")
    )
    text = diff_text(compare(old, new))
    assert "written back to hubspot\n    was  score as fit\n    now  score as score_2" in text


def test_the_service_tells_all_names(tmp_path: Path) -> None:
    """GET /v1/scorecard and the schema of a lead list the standard names."""
    path = tmp_path / "card.yaml"
    path.write_text("name: small\nfields: {job_title: {kind: text}}\n", "utf-8")
    client = TestClient(create_app(Settings(card=path)))
    (field,) = client.get("/v1/scorecard").json()["fields"]
    assert field["columns"] == ["job_title", "Title", "jobtitle", "Designation"]
    lead = client.get("/openapi.json").json()["components"]["schemas"]["Lead"]["properties"]["job_title"]
    assert "`Title` (salesforce), `jobtitle` (hubspot)" in lead["description"]
