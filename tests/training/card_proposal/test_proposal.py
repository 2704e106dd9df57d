"""A proposed card: `check` accepts it whatever the list holds, and each decision is the one that the list shows."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.scorecard import Card
from leadledger.training.card_proposal import column_profile
from leadledger.training.card_proposal.card_text import CardText, write_fields
from leadledger.training.card_proposal.column_profile import ColumnProfile
from leadledger.training.card_proposal.field_proposals import propose_fields
from leadledger.training.card_proposal.proposal import CardProposal, make_card_name, propose_card, read_columns

ROWS = 40


def write(path: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    """A CSV file of some columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def uncomment(text: str) -> str:
    """A card whose commented text counts."""
    return re.sub(r"^( *)#(?=\S)", r"\1", text, flags=re.MULTILINE)


def unwrap(text: str) -> str:
    """A card on one line, without the signs of its comments."""
    return " ".join(text.replace("# ", "").split())


def propose(path: Path, columns: Mapping[str, Sequence[object]]) -> tuple[CardProposal, Card]:
    """The proposal for some columns, and its card."""
    proposal = propose_card(write(path, columns))
    return proposal, parse_card(proposal.text)


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """The place of a list."""
    return tmp_path / "Leads of June.csv"


def spread(*values: object) -> list[object]:
    """Values, over and over."""
    return [values[row % len(values)] for row in range(ROWS)]


def test_a_list_of_a_crm(leads: Path) -> None:
    """Standard names need no `from:`, ids and names aren't learned, the outcome counts from the day of the lead."""
    proposal, card = propose(
        leads,
        {
            "Lead ID": [f"00Q{row:04}" for row in range(ROWS)],
            "First Name": spread("Ida", "Per", "Åse"),
            "Email": [f"a{row}@example.com" for row in range(ROWS)],
            "Number of Employees": spread(5, 50, 500),
            "Create Date": [f"2026-01-{row % 28 + 1:02}" for row in range(ROWS)],
            "Lead Source": spread("Web", "Referral"),
            "Converted Date": spread("2026-03-10", "", "", "2026-02-20"),
            "Lead Status": spread("New", "Open"),
            "Email Opt Out": spread(0, 1),
        },
    )
    assert card.name == "leads-of-june"
    kinds = {name: field.kind for name, field in card.fields.items()}
    assert kinds == {
        "lead_id": "id",
        "first_name": "text",
        "email": "text",
        "employees": "number",
        "created": "date",
        "lead_source": "text",
        "lead_status": "text",
        "unsubscribed": "flag",
    }
    assert "from:" not in proposal.text
    assert [name for name, field in card.fields.items() if field.learn] == ["employees", "lead_source", "unsubscribed"]
    assert card.outcome is not None
    assert (card.outcome.column, card.outcome.kind, card.outcome.since) == ("Converted Date", "date", "created")
    assert card.outcome.within == 60
    assert card.base_rate == 0.5
    assert "Ida" not in proposal.text
    assert "example.com" not in proposal.text


def test_what_is_commented_is_a_card(leads: Path) -> None:
    """Criteria and rules that stand as comments are read once the signs before them are taken away."""
    proposal, card = propose(
        leads,
        {
            "id": range(ROWS),
            "Budget": spread(5000, 20000, 90000),
            "Need": spread("clear", "vague"),
            "Decision Date": spread("2026-09-01", "2026-12-01"),
            "Decision Maker": spread("yes", "no"),
            "Current Supplier": spread("Acme", "Bolt"),
            "won": spread(1, 0, 0),
        },
    )
    assert card.criteria == ()
    whole = parse_card(uncomment(proposal.text))
    conditions = [criterion.name for criterion in whole.criteria]
    assert conditions == ["budget", "need", "decision_date", "decider", "supplier"]
    assert "need in ('clear')" in proposal.text
    assert 'met: "budget >= 20000"' in proposal.text
    assert "`requires: [budget, need, decision_date, decider, supplier]`" in unwrap(proposal.text)
    assert whole.rules


def test_two_outcomes_are_not_chosen_between(leads: Path) -> None:
    """Columns that say different things of the outcome stay out of the fields, and are named."""
    proposal, card = propose(
        leads, {"id": range(ROWS), "visits": range(ROWS), "won": spread(1, 0, 0), "purchased": spread(0, 1, 0, 0)}
    )
    assert card.outcome is None
    assert set(card.fields) == {"lead_id", "visits"}
    (decision,) = [text for text in proposal.decisions if "may say what became" in text]
    assert decision.startswith("2 columns may say what became of a lead, and they differ: ")
    assert "'won' (by its name; 14 of 40 leads became one (35.0%));" in decision
    assert parse_card(uncomment(proposal.text)).outcome is not None


def test_two_columns_that_agree_are_one_outcome(leads: Path) -> None:
    """The day of the outcome is chosen over its flag, which training doesn't learn from."""
    day = ["2026-03-01" if row % 4 == 0 else "" for row in range(ROWS)]
    proposal, card = propose(
        leads,
        {
            "id": range(ROWS),
            "created": ["2026-02-01"] * ROWS,
            "Converted Date": day,
            "is_won": [bool(text) for text in day],
        },
    )
    assert card.outcome is not None
    assert card.outcome.column == "Converted Date"
    assert not card.fields["is_won"].learn
    assert proposal.outcome.agreeing == ("is_won",)


def test_words_of_an_outcome(leads: Path) -> None:
    """Words for won and lost are listed in the spelling of the list."""
    _, card = propose(
        leads, {"n": spread(1.5, 2.5), "Deal Stage": spread("Closed Won", "Closed Lost", "Demo", "closed\u202e won")}
    )
    assert card.outcome is not None
    assert (card.outcome.won, card.outcome.lost) == (("Closed Won",), ("Closed Lost",))


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (("25.000,00", "1.500"), 'x: {kind: number, format: "1.234,56"}'),
        (("25,000.00", "1,500"), 'x: {kind: number, format: "1,234.56"}'),
        (("€25.000,00", "€12,50"), 'x: {kind: number, format: "€1.234,56"}'),
        (("25%", "50%", "7%"), 'x: {kind: number, format: "25%"}'),
        (("25.000", "1.500"), '#x: {kind: number, format: "1.234,56"}'),
        (("31.12.2025", "01.02.2025"), 'x: {kind: date, format: "31.12.2026"}'),
        (("12/31/2025", "01/02/2025"), 'x: {kind: date, format: "12/31/2026"}'),
        (("01/02/2025", "03/04/2025"), '#x: {kind: date, format: "12/31/2026"}'),
        (("2025-01-02", "2025-03-04T10:00:00Z"), "x: {kind: date}"),
        (("crm;erp", "crm", "hr;erp"), "x: {kind: choices}"),
        (("crm|erp", "crm", "hr|erp"), 'x: {kind: choices, separator: "|"}'),
        (("yes", "no", "unknown"), "x: {kind: flag}"),
        (("F", "M"), "x: {kind: text, values: [F, M], other: yes}"),
        (("small", "Select"), "x: {kind: text}"),
    ],
)
def test_how_a_column_is_written(leads: Path, values: tuple[str, ...], written: str) -> None:
    """A format is declared where the column shows one; where it shows two, its field is a comment and a decision."""
    proposal, card = propose(leads, {"x": spread(*values), "n": range(ROWS), "won": spread(1, 0)})
    assert re.search(rf"^ *{re.escape(written)}( #.*)?$", proposal.text, re.MULTILINE), proposal.text
    assert written.startswith("#") == any("column 'x'" in decision for decision in proposal.decisions)
    assert ("x" in card.fields) is not written.startswith("#")
    parse_card(uncomment(proposal.text))
    assert card.missing == (("select",) if "Select" in values else ())


def test_protected_fields_are_proposed(leads: Path) -> None:
    """Gender and age stand under `protected:`."""
    _, card = propose(leads, {"Gender": spread("f", "m"), "Age": spread(20, 30, 40), "page age": spread(1, 2, 3)})
    assert [name for name, field in card.fields.items() if field.protected] == ["gender", "age"]


def test_names_of_people_are_never_listed(leads: Path) -> None:
    """Few frequent values are listed, unless they may be somebody's name, mail address or number."""
    proposal, card = propose(
        leads,
        {
            "Sales Rep": spread("Ida Berg", "Per Lie"),
            "who": spread("Ida Berg", "Per Lie"),
            "contact": spread("ida@example.com", "per@example.com"),
            "call": spread("+47 22 33 44 55", "+47 22 33 44 66"),
            "source": spread("Paid Search", "Mail"),
        },
    )
    assert [name for name, field in card.fields.items() if field.values] == ["source"]
    assert not re.search("Berg|ida@|22 33", proposal.text)


HOSTILE = [
    *("a: b", "a #b", "'quoted'", '"double"', "line\nbreak", "{flow}", "[list]", "- item", "&anchor", "*alias", "!tag"),
    *(
        "null",
        "true",
        "is",
        "stage",
        "date",
        "名前",
        "Größe",
        "emoji 😀",
        "back\\slash",
        "%percent",
        "@at",
        "`tick`",
        "\u202eabc",
    ),
    *("days in\nstage: {x", "call\u2028result: y", "last activity\x85fields: {}", "converted date\nname: b"),
    *("rules:", "x" * 300, "a,b", "name: evil\nfields: {}", "?", "#", "1", "a b", "A-B", "ab\u2028c", "\x07bell"),
]


def test_hostile_names_and_values_make_a_card(leads: Path) -> None:
    """Whatever columns and values are called, the card is one, and each field has its own column alone."""
    columns = {name: spread(*HOSTILE[place:], *HOSTILE[:place]) for place, name in enumerate(HOSTILE)}
    proposal, card = propose(leads, columns)
    assert set(card.fields) == {field.name for field in proposal.used}
    by_field = find_columns(card, columns)
    assert all(len(names) <= 1 for names in by_field.values())
    parse_card(uncomment(proposal.text))


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True), st.data())
def test_any_names_make_a_card(names: list[str], data: st.DataObject) -> None:
    """Any names of columns, with any values, give fields that the reader accepts, each with its own column alone."""
    profiles = []
    for place, name in enumerate(names):
        texts = data.draw(
            st.lists(st.text(min_size=1, max_size=8) | st.sampled_from(["1", "yes", "2026-01-01", "1.234"]))
        )
        values = {text: 30 for text in texts}
        profiles.append(ColumnProfile(name, place, "VARCHAR", 300, 30 * len(values), len(values), values, {}))
    fields = propose_fields(profiles, read_columns(profiles, has_typed=False), (), {})
    text = CardText()
    write_fields(text, fields, {field.name: field.column for field in fields})
    card = parse_card("\n".join(["name: a", *text.lines]))
    by_field = find_columns(card, names)
    assert {field.name: [field.column] for field in fields if field.is_used} == {
        name: columns for name, columns in by_field.items() if columns
    }


def test_a_column_that_is_filled_with_the_outcome_is_not_learned(leads: Path) -> None:
    """What only the won have is left out of training, with the proof."""
    proposal, card = propose(leads, {"won": spread(1, 0, 0, 0), "offer": spread(500, "", "", ""), "n": range(ROWS)})
    assert [name for name, field in card.fields.items() if field.learn] == ["n"]
    assert "filled for 10 of the 10 leads that became one, and for 0 of the 30 others" in unwrap(proposal.text)


def test_a_field_that_knows_the_outcome_is_not_learned(leads: Path) -> None:
    """What training would stop at is left out of it, and the proof quotes no value."""
    rows = range(600)
    proposal, card = propose(
        leads,
        {
            "won": [int(row % 3 == 0) for row in rows],
            "visits": [row * 7 % 11 for row in rows],
            "talked": [row % 5 + 100 * (row % 3 == 0) for row in rows],
        },
    )
    assert [name for name, field in card.fields.items() if field.learn] == ["visits"]
    assert re.search(
        "its order is nearly that of the outcome|alone it tells|nearly repeats|one outcome", unwrap(proposal.text)
    )


def test_a_typed_list(tmp_path: Path) -> None:
    """Types of Parquet decide; what no field can be is named, and its type is no text of the card."""
    path = tmp_path / "leads.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            """COPY (SELECT i AS id, DATE '2026-01-01' + (i % 90)::INT AS created, i % 3 = 0 AS trial, i % 2 = 0 AS won,
            ['a', 'b'] AS interests, {'x\u2028name: evil': i} AS record, (i * 1.5)::DECIMAL(10, 2) AS amount,
            'x'::BLOB AS picture, TIME '10:00:00' AS clock, NULL::INT AS nothing FROM range(50) t(i)) TO '"""
            f"{path}'"
        )
    proposal = propose_card(path)
    kinds = {name: field.kind for name, field in parse_card(proposal.text).fields.items()}
    assert kinds == {
        "lead_id": "id",
        "created": "date",
        "trial": "flag",
        "interests": "choices",
        "amount": "number",
    }
    assert "Left out: column 'record', holds records; name a member of one in" in unwrap(proposal.text)
    assert "Left out: column 'picture', holds 'BLOB', which no field can be." in unwrap(proposal.text)


def test_what_was_not_looked_at_is_said(leads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a column with very many different values some are looked at, and the proposal says how many."""
    monkeypatch.setattr(column_profile, "MOST_VALUES_LOOKED_AT", 30)
    proposal, card = propose(leads, {"amount": [f"{row}.25" for row in range(ROWS)], "source": spread("a", "b")})
    assert card.fields["amount"].kind == "number"
    assert "'amount': all 40 rows, 40 different (30 of them looked at)" in proposal.text
    assert proposal.notes == (
        "Column 'amount' has 40 different values; 30 of them, the most frequent, were looked at.",
    )


def test_a_list_without_anything(leads: Path) -> None:
    """Empty columns leave a card of one field, which asks for more."""
    proposal, card = propose(leads, {"a": ["n/a"] * 3, "b": ["-"] * 3})
    assert list(card.fields) == ["lead_id"]
    assert "# Left out: column 'a', empty in every row." in proposal.text
    assert [text.split(";")[0] for text in proposal.decisions] == [
        "no column could become a field",
        "no column has an id of its own for each lead",
        "no column says what became of the leads, so there is nothing to learn from yet",
        "no column looks like a need, a budget, a date of the decision, who decides or the present supplier. What makes"
        " a lead an opportunity with you? Write it as `criteria:`, and add `requires:` to the stages",
    ]


def test_spellings_of_one_name_are_named(tmp_path: Path) -> None:
    """Two columns that no card could tell apart are left out, with the mend; no other field takes one of them."""
    proposal, card = propose(
        tmp_path / "a.csv",
        {"Lead Source": spread("a", "b"), "lead_source": spread("c", "d"), "Original Source": spread("e", "f")},
    )
    assert list(card.fields) == ["original_source"]
    assert (
        "the columns 'Lead Source' and 'lead_source' are two spellings of one name; rename one in the list"
        in proposal.decisions
    )


@pytest.mark.parametrize(
    ("file", "name"),
    [("Leads (2).csv", "leads-2"), ("名前.csv", "leads"), ("a--B__c.xlsx", "a-b"), ("x" * 90, "x" * 60)],
)
def test_the_name_of_a_card(file: str, name: str) -> None:
    """The name of the file as that of a card."""
    assert make_card_name(Path(file).stem) == name
