"""The texts that training has seen: kept with a release, read with care, and said in the answer for one lead."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from leadledger.models.releases.learned_checks import check_learned
from leadledger.models.releases.learned_reader import learned_from_dict, learned_from_text
from leadledger.models.releases.learned_writer import learned_to_dict, learned_to_text
from leadledger.scoring.engine.score import explain, score
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.scorecard import Scorecard
from tests.models.releases.learned_examples import CARD, LEARNED

SEEN = replace(LEARNED, levels={"industry": ("Bygg & anlegg", "Fiske", "other")})
DAY = date(2026, 1, 1)


def test_levels_are_written_and_read_without_loss() -> None:
    """A release has its levels as a list by field; one without any is written as before."""
    assert learned_from_text(learned_to_text(SEEN)) == SEEN
    assert '  "levels": {\n    "industry": ["Bygg & anlegg", "Fiske", "other"]\n  },\n' in learned_to_text(SEEN)
    assert "levels" not in learned_to_text(LEARNED)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (["a"], "$.levels must be a record, not a list"),
        ({"industry": "a"}, "$.levels.industry must be a list, not 'a'"),
        ({"industry": ["a", 1]}, "$.levels.industry[1] must be a text, not 1"),
        ({"industry": ["a", "\ud800"]}, "$.levels.industry[1] is '\\ud800', which holds half a character"),
    ],
)
def test_levels_of_another_shape_are_refused(levels: Any, message: str) -> None:
    """Levels that are no lists of texts are refused with their place."""
    with pytest.raises(ReleaseError) as error:
        learned_from_dict(learned_to_dict(LEARNED) | {"levels": levels})
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["employees", "gone"])
def test_levels_belong_to_a_text_field(name: str) -> None:
    """Levels of a field that the card doesn't have, or that has no texts, are refused."""
    with pytest.raises(ReleaseError) as error:
        check_learned(CARD, replace(LEARNED, levels={name: ("a",)}))
    assert str(error.value) == f"the levels of '{name}' belong to no text field of the card"


@pytest.mark.parametrize(
    ("industry", "unseen"),
    [("Fiske", []), (" FISKE", []), ("bygg & anlegg", []), (None, []), ("N/A", []), ("Romfart", ["industry"])],
)
def test_an_answer_says_what_training_has_never_seen(industry: str | None, unseen: list[str]) -> None:
    """The answer names the fields whose text is new; the points are those of a rare text."""
    result = score(Scorecard(CARD, SEEN), {"industry": industry}, DAY).to_dict()
    assert result.pop("unseen") == unseen
    before = score(Scorecard(CARD, LEARNED), {"industry": industry}, DAY).to_dict()
    assert json.dumps(result) == json.dumps(
        before
    )  # which has no member `unseen`, so that logged answers stay as they are


def test_explain_says_it_in_words() -> None:
    """The picture of a ledger names the fields whose text is new."""
    line = "Never seen in training: the value of industry\n"
    assert line in explain(Scorecard(CARD, SEEN), {"industry": "Romfart"}, DAY) + "\n"
    assert line not in explain(Scorecard(CARD, SEEN), {"industry": "Fiske"}, DAY) + "\n"
