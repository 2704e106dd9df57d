"""Columns that look like misspelt fields: named where they are, and silent where a name only resembles another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import leadledger
from leadledger.scoring.column_fit import find_misspelt, find_named, fit_columns, require_columns
from leadledger.scoring.errors import DataError

CARD = """
name: small
fields:
  employees: {kind: number, from: {crm: NumberOfEmployees}}
  country: {kind: text}
  date: {kind: date}
rules: [{name: large, when: employees > 50, points: 5, reason: Large}]
stages: [{name: lead}]
"""


@pytest.mark.parametrize(
    ("columns", "misspelt"),
    [
        (["emploees", "country"], {"emploees": "employees"}),
        (["Employees", "COUNTRY", "number_of_employees"], {}),  # other spellings of the names that the fields have
        (["Country"], {}),  # what Salesforce calls it: the field has its column
        (["number of employes"], {"number of employes": "NumberOfEmployees"}),
        (["emploees", "employees"], {}),  # the field has its column
        (["employee", "emploees"], {"employee": "employees"}),  # one field is named once
        (["data", "county", "company", "", "é"], {"county": "country"}),
        (["employer", "state", "update"], {}),
        (["Total Employees", "Main-Country"], {"Total Employees": "employees", "Main-Country": "country"}),
        (["Employees (FTE)", "Country/Zone"], {"Employees (FTE)": "employees", "Country/Zone": "country"}),
        (["mainCountry"], {"mainCountry": "country"}),
        (["country_of_birth", "employees_since"], {}),  # a name that begins with a field's is of something else
        (["the date"], {"the date": "date"}),
        ([7, None], {}),
    ],
)
def test_misspelt_columns(tmp_path: Path, columns: list[Any], misspelt: dict[str, str]) -> None:
    """A near miss of a field without a column is named with what it looks like."""
    (tmp_path / "card.yaml").write_text(CARD)
    assert find_misspelt(leadledger.load(tmp_path / "card.yaml").card, columns) == misspelt


def test_a_fit_says_what_is_not_read(tmp_path: Path) -> None:
    """Columns of no field and fields without a column, in their order, and the sentences for people."""
    (tmp_path / "card.yaml").write_text(CARD)
    fit = fit_columns(leadledger.load(tmp_path / "card.yaml").card, ["x", "COUNTRY", "employes", "y"])
    assert fit.used == {"employees": [], "country": ["COUNTRY"], "date": []}
    assert (fit.unused, fit.absent) == (("x", "employes", "y"), ("employees", "date"))
    assert list(fit.describe("history")) == [
        "Column 'employes' belongs to no field; did you mean 'employees'?",
        "Fields that the history doesn't have: employees, date",
    ]
    assert (
        list(fit_columns(leadledger.load(tmp_path / "card.yaml").card, ["employees", "country", "date"]).describe(""))
        == []
    )


def test_records_that_are_not_read(tmp_path: Path) -> None:
    """A list of ids and of records whose members no field reads is refused; with a field beside them it is not."""
    (tmp_path / "card.yaml").write_text(CARD.replace("  country:", "  id: {kind: id}\n  country:"))
    card = leadledger.load(tmp_path / "card.yaml").card
    with pytest.raises(DataError) as refused:
        require_columns(card, ["id", "Properties"], "leads.jsonl")
    assert str(refused.value) == (
        "leads.jsonl: no column but the id belongs to the card 'small'; what 'Properties' holds needs its path in the"
        " card, as in `from: Properties.employees`."
    )
    assert require_columns(card, ["id", "Properties", "country"], "leads.jsonl").unused == ("Properties",)
    assert require_columns(card, ["id", "notes"], "leads.jsonl").unused == ("notes",)


def test_the_outcome_looks_like_no_field(tmp_path: Path) -> None:
    """The column of the outcome is read, though no field is."""
    (tmp_path / "card.yaml").write_text(
        "name: small\nfields:\n  opportunity: {kind: number}\n  created: {kind: date}\n"
        "outcome: {became: {field: opportunity_, kind: date}, since: created, within: 9 days}\n"
    )
    card = leadledger.load(tmp_path / "card.yaml").card
    assert find_misspelt(card, ["Opportunity_", "created"]) == {}
    assert find_misspelt(card, ["oportunity", "created"]) == {"oportunity": "opportunity"}
    assert find_named("opportunity_", ["x", " Opportunity_"]) == " Opportunity_"
    assert find_named("opportunity_", ["x", "opportunity"]) == ""
