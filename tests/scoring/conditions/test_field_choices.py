"""What a form offers for a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadledger.scoring.card.condition import parse_tree
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.conditions.field_choices import FieldChoice, list_field_choices
from leadledger.scoring.conditions.operators import OPERATORS, list_operators
from leadledger.scoring.conditions.row_text import write_condition
from leadledger.scoring.conditions.rows import Row, Rows

CARD = parse_card("""
name: choices
events: {visit: {}}
fields:
  need: {kind: text, values: [none, clear], label: the need}
  origin: {kind: text, values: [web], other: yes}
  employees: {kind: number}
  met: {kind: date, label: the last meeting}
  seen: {kind: date}
  silent: {kind: number, is: days_since(seen)}
  visits: {kind: number, is: "count(visit, 14 days)"}
""")
CHOICES = {choice.name: choice for choice in list_field_choices(CARD.fields)}


def test_choices() -> None:
    """Each field is offered once, and so are the days since and until a date, unless a field has them."""
    assert list(CHOICES) == [
        *("need", "origin", "employees", "met", "days_since(met)", "days_until(met)"),
        *("seen", "days_until(seen)", "silent", "visits"),
    ]
    assert CHOICES["need"] == FieldChoice(
        "need", "the need", "text", "", ("none", "clear"), True, list_operators("text", has_values=True)
    )
    assert (CHOICES["origin"].values, CHOICES["origin"].is_closed) == (("web",), False)
    assert CHOICES["days_since(met)"].title == "days since the last meeting"
    assert CHOICES["visits"].title == "visits in 14 days"


def test_data() -> None:
    """As data, an operator has the words that stand behind the field."""
    data = CHOICES["employees"].to_dict()
    assert data["operators"][0] == {"operator": "at_least", "words": "are at least", "values": "one"}
    assert CHOICES["met"].to_dict()["operators"][2] == {
        "operator": "at_least",
        "words": "is on or after",
        "values": "one",
    }


@pytest.mark.parametrize("name", ["card.yaml", "card-with-events.yaml"])
def test_everything_offered_can_be_written(name: str) -> None:
    """Each field of an example, with each operator that is offered, is a condition."""
    card = read_card(Path(__file__).parents[3] / "examples" / "b2b-software" / name)
    samples = {"number": ("1", "2"), "date": ("2026-01-30", "2026-01-31"), "flag": ("yes", "no")}
    for choice in list_field_choices(card.fields):
        for operator in choice.operators:
            values = choice.values[:2] or samples.get(choice.kind, ("a", "b"))
            if operator.endswith("_days"):
                values = ("14",)
            count = {"none": 0, "one": 1, "two": 2, "many": 2}[OPERATORS[operator].values]
            text = write_condition(Rows("all", (Row(choice.name, operator, values[:count]),)), card.fields)
            assert parse_tree(text, card.fields)
