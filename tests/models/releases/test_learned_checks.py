"""Limits of what is learned, and whether the card has the fields and stages that it needs."""

from __future__ import annotations

from datetime import date

import pytest

from leadledger.models.releases.learned_checks import DEEPEST_TREE, LARGEST_TENTHS, check_learned
from leadledger.models.releases.learned_reader import learned_from_dict
from leadledger.models.releases.learned_writer import learned_to_dict, learned_to_text
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.printers.python.module import compile_card
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.models.releases.learned_examples import (
    CARD,
    FLAGS,
    LEARNED,
    chain,
)

TOO_DEEP = f"{'.then' * DEEPEST_TREE} is the {DEEPEST_TREE + 1}th split in a row; a tree has at most {DEEPEST_TREE}"
BAD_COMBINATIONS = {
    "must have three different fields or more; what one or two do belongs to a table or a pair": Combination(
        ("a", "b"), FLAGS[:2], (Branch("a", (0,), Leaf(1, 1), Branch("b", (0,), Leaf(1, 1), Leaf(0, 1))),)
    ),
    "has 2 bins for 3 fields": Combination(("a", "b", "c"), FLAGS[:2], (chain(3),)),
    "has the field 'd', which no tree asks": Combination(("a", "b", "c", "d"), (*FLAGS, FlagBins()), (chain(3),)),
    ".trees[1].if asks 'd', which is not among the fields of its combination": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("d", (0,), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[1].in names none of the 3 bins of 'a'; a choice names some and leaves some": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[1].in names all of the 3 bins of 'a'; a choice names some and leaves some": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (0, 1, 2), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[1].in must name positions of 'a' from 0 to 2, each once, ascending": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (2, 1), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[0].in must name positions of 'c' from 0 to 2, each once, ascending": Combination(
        ("a", "b", "c"), FLAGS, (Branch("c", (1, 3), chain(3), Leaf(2, 2)),)
    ),
    f".trees[0]{TOO_DEEP}": Combination(("a", "b", "c"), FLAGS, (chain(DEEPEST_TREE + 1),)),
    ".error is -0.1; an error lies between 0 and 100000": Combination(("a", "b", "c"), FLAGS, (chain(3),), -1),
    "could add up to 100000.1; the points of a term lie between -100000 and 100000": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (0,), Leaf(-LARGEST_TENTHS, 1), Leaf(2, 2)))
    ),
}


@pytest.mark.parametrize("message", BAD_COMBINATIONS)
def test_bad_combinations_are_not_written(message: str) -> None:
    """An unsound combination is not written; the error names its term and the place."""
    term = BAD_COMBINATIONS[message]
    with pytest.raises(ReleaseError) as caught:
        learned_to_text(Learned(terms=(term,)))
    space = "" if message.startswith(".") else " "
    assert str(caught.value) == f"the term '{term.name}'{space}{message}"


def test_the_deepest_tree_is_written_and_read() -> None:
    """A tree of the greatest depth is written, read and printed; with one split more, its text is refused."""
    deepest = Learned(terms=(Combination(("a", "b", "c"), FLAGS, (chain(DEEPEST_TREE),)),))
    data = learned_to_dict(deepest)
    assert learned_from_dict(data) == deepest
    card = parse_card("name: deep\nfields: {a: {kind: flag}, b: {kind: flag}, c: {kind: flag}}")
    total, *_ = compile_card(Scorecard(card, deepest))({"a": None, "b": None, "c": None}, date(2026, 7, 1))
    assert total == deepest.start + 1
    tree = data["terms"][0]["trees"][0]
    data["terms"][0]["trees"][0] = {"if": "a", "in": [{"is": "no"}], "then": tree, "else": {"points": 0, "leads": 0}}
    with pytest.raises(ReleaseError) as caught:
        learned_from_dict(data)
    assert str(caught.value) == f"$.terms[0].trees[0]{TOO_DEEP}"


def test_card_that_fits() -> None:
    """A card that has every field, of the right kind, and every stage is accepted."""
    check_learned(CARD, LEARNED)


def test_card_that_does_not_fit() -> None:
    """Every field that the card lacks or has with another kind, and every stage that it lacks, is named."""
    number, text, flag = NumberBins(()), TextBins(()), FlagBins()
    learned = Learned(
        terms=(
            Table("employes", number, (0, 0), (0, 0)),
            Table("industry", number, (0, 0), (0, 0)),
            Table("last_activity", number, (0, 0), (0, 0)),
            Table("lead_id", text, (0, 0), (0, 0)),
            Pair(("demo", "employees"), (flag, text), ((0, 0),) * 3, ((0, 0),) * 3),
            Combination(("demo", "sector", "employees"), (text, flag, number), (chain(3),)),
        ),
        thresholds={"oportunity": Threshold(700)},
    )
    with pytest.raises(ReleaseError) as caught:
        check_learned(CARD, learned)
    assert str(caught.value).splitlines() == [
        "the term 'employes' asks the field 'employes', which the card doesn't have. Did you mean 'employees'?",
        "the term 'industry' has number bins for the field 'industry'; its kind in the card is text",
        "the term 'last_activity' has number bins for the field 'last_activity'; its kind in the card is date",
        "the term 'lead_id' has text bins for the field 'lead_id'; its kind in the card is id",
        "the term 'demo & employees' has text bins for the field 'employees'; its kind in the card is number",
        "the term 'demo & sector & employees' has text bins for the field 'demo'; its kind in the card is flag",
        "the term 'demo & sector & employees' asks the field 'sector', which the card doesn't have."
        " Use one of: lead_id, employees, industry, demo, last_activity.",
        "a threshold is for the stage 'oportunity', which the card doesn't have. Did you mean 'opportunity'?",
    ]
