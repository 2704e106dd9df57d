"""Names of columns: their key, and which field a column belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.column_names import LONGEST_NAME, ColumnNames, MatchedNames, name_key, refuse_alike
from leadledger.scoring.errors import DataError
from leadledger.scoring.field import Field


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("lead_source", "leadsource"),
        (" Lead \u00a0-\u200bSource\ufeff", "leadsource"),
        ("No. of Employees", "no.ofemployees"),
        ("Country/Region", "country/region"),
        ("(Do Not Modify) Lead", "(donotmodify)lead"),
        ("GRO\u0308SSE", "grösse"),
        ("Größe", "grösse"),
        ("И\u0306Я", "йя"),
        ("a\u2013b\ufe0f\u3164", "ab"),
        ("\u200b_ID", "_id"),  # Odoo and MongoDB have an `id` and an `_id`
        ("class_", "class_"),
        ("_", "_"),  # nothing else is there
        ("--", "--"),
        ("\u200b", "\u200b"),
        ("", ""),
        ("m²", "m²"),  # another sign, not another form of one
        ("A" * (LONGEST_NAME + 1), "A" * (LONGEST_NAME + 1)),
    ],
)
def test_a_key_is_what_all_spellings_of_a_name_share(name: str, key: str) -> None:
    """Case, white space, invisible signs, underscores, hyphens and the Unicode form don't count."""
    assert name_key(name) == key


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    """Taking the key once more changes nothing, except for what is too long."""
    key = name_key(name)
    assert name_key(key) == key or len(key) > LONGEST_NAME


FIELDS = (
    Field("lead_id", "id", standard=(("salesforce", "Id"),), labels=(("hubspot", "Record ID"),)),
    Field("company", "text", standard=(("salesforce", "Company"), ("dynamics", "companyname"))),
    Field("company_name", "text"),
    Field("a_b", "number"),
    Field("ab", "number"),
)
NAMES = ColumnNames.of(FIELDS, ["won_on"])


@pytest.mark.parametrize(
    ("columns", "fields", "alike"),
    [
        (["lead_id", "company"], {"lead_id": "lead_id", "company": "company"}, []),
        (["ID"], {"ID": "lead_id"}, []),
        (["record id"], {"record id": "lead_id"}, []),
        (["id", "Lead ID"], {"Lead ID": "lead_id"}, []),  # `id` is a number of a row, as likely as not
        (["id", "lead_id"], {"lead_id": "lead_id"}, []),
        (["Id", "lead_id"], {"Id": "lead_id", "lead_id": "lead_id"}, []),  # both as they are written somewhere
        (["id", "Record ID"], {"id": "lead_id", "Record ID": "lead_id"}, []),  # two names, whose values must agree
        (["Id", "ID"], {"Id": "lead_id", "ID": "lead_id"}, [("Id", "ID")]),
        (["company", "Company"], {"company": "company", "Company": "company"}, []),
        (["company", "COMPANY"], {"company": "company", "COMPANY": "company"}, [("company", "COMPANY")]),
        (["Company Name"], {"Company Name": "company_name"}, []),  # the card's own word, before that of a CRM
        (["companyname"], {"companyname": "company"}, []),  # but for the very name
        (["A B", "A-B"], {}, []),  # of two fields
        (["a_b", "ab"], {"a_b": "a_b", "ab": "ab"}, []),
        (["Won On"], {}, []),
        ([7, None, "lead id"], {"lead id": "lead_id"}, []),  # a frame's columns need no names
    ],
)
def test_a_column_has_its_field(columns: list[object], fields: dict[str, str], alike: list[tuple[str, str]]) -> None:
    """The very name comes first, then a spelling of the card's names, then one of the CRMs' names."""
    assert NAMES.match(columns) == MatchedNames(fields, alike)
    assert list(NAMES.match(columns).fields) == [column for column in columns if column in fields]
    exact = [column for column in columns if column not in NAMES.exact]
    assert NAMES.may_match(exact) or not set(exact) & set(fields)


def test_two_spellings_are_refused() -> None:
    """The refusal names the list, both columns and the field."""
    message = (
        r"^leads\.csv: the columns 'Id' and 'ID' are two spellings of one name, that of the field 'lead_id'; drop one,"
        r" or rename it$"
    )
    with pytest.raises(DataError, match=message):
        refuse_alike(NAMES.match(["Id", "ID"]), "leads.csv")


def test_the_outcome_is_no_field() -> None:
    """A spelling of the outcome's name belongs to no field, whatever CRMs call theirs."""
    card = parse_card(
        "name: small\nfields: {created: {kind: date}, employees: {kind: number}}\n"
        "outcome: {became: {field: Created Date, kind: date}, since: created, within: 9 days}"
    )
    assert card.column_names.match(["CreatedDate", "created date", "CREATED-DATE"]).fields == {"CreatedDate": "created"}
