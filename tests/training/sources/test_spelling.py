"""Columns that look like misspelt fields: named where they are, and silent where a name only resembles another."""

from __future__ import annotations

from pathlib import Path

import pytest

import leadledger
from leadledger.training.sources.spelling import find_misspelt

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
    ],
)
def test_misspelt_columns(tmp_path: Path, columns: list[str], misspelt: dict[str, str]) -> None:
    """A near miss of a field without a column is named with what it looks like."""
    (tmp_path / "card.yaml").write_text(CARD)
    assert find_misspelt(leadledger.load(tmp_path / "card.yaml").card, columns) == misspelt
