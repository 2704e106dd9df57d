"""The strongest reasons of a score in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leadledger.api.wording.reasons import word_reasons


@pytest.mark.parametrize(
    ("gains", "losses", "words"),
    [
        ((None, None, None), (None, None, None), None),
        (("+11.9 need: clear", None, None), (None,), "Gains by need: clear (+11.9)."),
        (
            (),
            ("−7.1 age: missing", "−1,012.5 Is a competitor"),
            "Loses by age: missing (−7.1) and Is a competitor (−1,012.5).",
        ),
        (
            ("+21.9 x: 1", "+9.6 budget: 32500 to 42500", "+2.2 Has\na budget"),
            ("-0.5 -5 to 3",),
            "Gains by x: 1 (+21.9), budget: 32500 to 42500 (+9.6) and Has\na budget (+2.2). Loses by -5 to 3 (-0.5).",
        ),
    ],
)
def test_reasons_are_sentences(gains: Sequence[str | None], losses: Sequence[str | None], words: str | None) -> None:
    """What a lead gains by comes first; the points stand behind what they are for."""
    assert word_reasons(gains, losses) == words
