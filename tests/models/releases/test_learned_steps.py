"""The steps of a release: written beside its terms, read with care, checked against the card."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from leadledger.models.releases.diff import compare
from leadledger.models.releases.diff_text import diff_text
from leadledger.models.releases.learned_checks import check_learned
from leadledger.models.releases.learned_reader import learned_from_dict, learned_from_text
from leadledger.models.releases.learned_writer import learned_to_dict, learned_to_text
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.lookup import Table
from leadledger.scoring.printers.text import card_text
from leadledger.scoring.scorecard import Scorecard
from tests.scoring.step_cards import CARD, LEARNED


def test_they_are_written_and_read_without_loss() -> None:
    """A step has the base rate, start, trust and terms in the same shapes; a release without steps is as before."""
    text = learned_to_text(LEARNED)
    assert learned_from_text(text) == LEARNED
    written = json.loads(text)
    assert list(written["steps"]) == ["lead", "opportunity", "customer"]
    assert list(written["steps"]["lead"]) == ["base_rate", "start", "trust", "terms"]
    assert written["steps"]["lead"]["terms"][1] == written["terms"][0]
    assert text.startswith(learned_to_text(replace(LEARNED, steps={})).removesuffix("\n}\n"))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (5, "$.steps must be a record, not 5"),
        ({"lead": {"trust": 1}}, "$.steps.lead has no 'base_rate'"),
        ({"lead": {"base_rate": 1, "start": 50, "trust": 1, "terms": []}}, "$.steps.lead.base_rate is 1"),
        ({"lead": {"base_rate": None, "start": 50, "trust": 2, "terms": []}}, "$.steps.lead.trust is 2"),
        ({"lead": {"base_rate": None, "start": 50.05, "trust": 1, "terms": []}}, "$.steps.lead.start is 50.05"),
        ({"lead": {"base_rate": None, "start": 50, "trust": 1, "terms": [1]}}, "$.steps.lead.terms[0] "),
    ],
)
def test_mistakes_are_named(steps: Any, message: str) -> None:
    """A step that is no step is refused with its place."""
    with pytest.raises(ReleaseError) as error:
        learned_from_dict(learned_to_dict(LEARNED) | {"steps": steps})
    assert str(error.value).startswith(message)


def test_a_step_belongs_to_the_card() -> None:
    """A step that the card doesn't have, and fields that it lacks, are refused."""
    check_learned(CARD, LEARNED)
    with pytest.raises(ReleaseError) as error:
        check_learned(replace(CARD, steps=CARD.steps[1:]), LEARNED)
    assert str(error.value) == "a step leads to 'lead', and none of the card does. Use one of: opportunity, customer."
    with pytest.raises(ReleaseError) as error:
        check_learned(CARD, replace(LEARNED, steps={"lead": LEARNED.steps["lead"]}))
    assert str(error.value) == (
        "the card has the step to 'opportunity', of which the release has learned nothing; train again\n"
        "the card has the step to 'customer', of which the release has learned nothing; train again"
    )
    with pytest.raises(ReleaseError) as error:
        check_learned(replace(CARD, steps=()), LEARNED)
    assert "a step leads to 'customer', and none of the card does. The card has no `steps:`." in str(error.value)
    fields = {name: field for name, field in CARD.fields.items() if name != "demo"}
    with pytest.raises(ReleaseError) as error:
        check_learned(replace(CARD, fields=fields), LEARNED)
    assert str(error.value).startswith("the term 'demo & employees' asks the field 'demo', which the card doesn't have")


def test_a_diff_says_what_moved_in_a_step() -> None:
    """Terms of a step that moved stand under its name, its start and rate as texts; equal steps aren't named."""
    lead = LEARNED.steps["lead"]
    table = lead.terms[1]
    assert isinstance(table, Table)
    table = replace(table, points=(-4, -31, 12, 55))
    moved = replace(lead, base_rate=0.5, start=510, terms=(lead.terms[0], table))
    old, new = Scorecard(CARD, LEARNED), Scorecard(CARD, replace(LEARNED, steps={**LEARNED.steps, "lead": moved}))
    assert not compare(old, old)
    diff = compare(old, new)
    assert [(term.name, term.most) for term in diff.terms] == [("step to lead: employees", 15)]
    assert [(edit.name, edit.old, edit.new) for edit in diff.card] == [
        (
            "step to lead, as learned",
            "base rate 55.00%, start 50.3, trust 0.800",
            "base rate 50.00%, start 51.0, trust 0.800",
        )
    ]
    text = diff_text(diff)
    assert "step to lead: employees" in text
    gone = compare(old, Scorecard(replace(CARD, steps=(), amount=""), replace(LEARNED, steps={})))
    assert {term.change for term in gone.terms} == {"removed"}
    assert ("step to customer", "by won_on, within 180 days", None) in {(e.name, e.old, e.new) for e in gone.card}


def test_a_whole_scorecard_shows_its_steps() -> None:
    """The text of a scorecard has each step with its rate and its tables; one without steps has no such part."""
    text = card_text(Scorecard(CARD, LEARNED))
    assert "lead: from 50.3 points; of the average lead, 55.0% make it; declared points\n  count 80%." in text
    assert "customer: from 50.0 points; of the average lead, 25.0% make it; declared points\n  count 0%." in text
    assert "STEPS" not in card_text(Scorecard(CARD, replace(LEARNED, steps={})))
