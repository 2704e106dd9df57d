"""Titles of leads, as searches read them."""

from __future__ import annotations

import pytest

from leadledger.api.log.lead_titles import LONGEST_TITLE, find_title, fold_title
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.tree import Typed


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        ("Larch AS", " larch as"),
        ("  Møller, Berg & Co ", " møller berg co"),
        ("Peña Spedition", " pena spedition"),
        ("L'ÉTOILE", " l etoile"),
        ("Große Wäsche", " grosse wasche"),
        ("Łódź 9", " łodz 9"),
        *[("", ""), (" - ", ""), ("<b>Bold</b>", " b bold b"), ("\ud800x", " x"), ("a\0b", " a b")],
        ("x" * 300, " " + "x" * LONGEST_TITLE),
    ],
)
def test_titles_are_folded(title: str, folded: str) -> None:
    """Capitals, accents and signs don't matter to a search, and every database can store what is left."""
    assert fold_title(title) == folded
    assert fold_title(folded) == folded


def test_the_title_is_the_company_or_the_name() -> None:
    """The company comes before the name; a number is no title; a card may have none."""
    head = "name: crm\nfields:\n  lead_id: {kind: id}\n"
    fields = {"company": "{kind: text}", "name": "{kind: text}", "account": "{kind: number}"}
    cards = {
        names: parse_card(head + "".join(f"  {name}: {fields[name]}\n" for name in names))
        for names in [("name", "company"), ("name",), ("account",)]
    }
    values: dict[str, Typed] = {"company": "Larch AS", "name": "Ann", "account": 7.0}
    assert [find_title(card, values) for card in cards.values()] == [" larch as", " ann", ""]
    assert find_title(cards["name",], {"name": None}) == ""
