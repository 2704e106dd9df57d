"""The cases of a card: what their leads may not hold."""

from __future__ import annotations

from leadledger.scoring.card.reader import parse_card
from tests.scoring.card.card_examples import FIELDS, problems


def test_a_case_with_two_values_for_one_field() -> None:
    """The lead of a case may not give a field two values under two names."""
    fields = FIELDS.replace("{kind: number}", "{kind: number, from: Amount}")
    (problem,) = problems(fields + "cases:\n  - {lead: {budget: 5, Amount: 6}, expect: {points: 50}}\n")
    assert problem.startswith("8:32: 'Amount' of case 1 gives field 'budget' another value than 'budget' does; remove")
    parse_card(fields + "cases:\n  - {lead: {budget: 5, Amount: 5.0}, expect: {points: 50}}\n")


def test_a_case_with_a_computed_field() -> None:
    """The lead of a case gives what is asked, not what is computed."""
    fields = FIELDS + "  rich: {kind: flag, is: budget > 5}\n"
    (problem,) = problems(fields + "cases:\n  - {lead: {rich: yes}, expect: {points: 50}}\n")
    assert problem == "9:13: the lead of case 1 has 'rich', which is computed; give the fields that it asks"
