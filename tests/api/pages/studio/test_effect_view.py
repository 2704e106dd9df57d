"""What a draft would do, as a page says it."""

from __future__ import annotations

from typing import Any

import pytest

from leadledger.api.pages.studio.effect_view import view_effect, view_past
from leadledger.api.wording.figures import NO_BREAK_SPACE

SIDE = {"points": 60.0, "score": 60, "probability": 0.2}
EFFECT: dict[str, Any] = {
    "problem": "",
    "known": 14_553,
    "leads": 2_000,
    "changed": 41,
    "promoted_before": 12,
    "promoted_after": 14,
    "per_week_before": 12.0,
    "per_week_after": 14.2,
    "moves": [
        {"what": "recommendation", "before": "ask", "after": "promote", "leads": 16, "mostly_by": "rule reads_prices"},
        {"what": "grade", "before": "B", "after": "A", "leads": 3, "mostly_by": ""},
    ],
    "edits": [{"kind": "rule", "name": "reads_prices", "words": "added, +15", "alone": 16}],
    "changed_leads": [
        {
            "lead": "L1",
            "before": {**SIDE, "grade": "B", "recommendation": "ask"},
            "after": {**SIDE, "grade": "A", "recommendation": "promote"},
            "difference": -2.5,
        }
    ],
    "notes": [],
}
SUMMARIES = [
    ({}, "41 leads change, 14 calls a week instead of 12"),
    ({"changed": 1}, "1 lead changes, 14 calls a week instead of 12"),
    ({"per_week_before": 1.5, "per_week_after": 2.0}, "41 leads change, 2 calls a week instead of 1.5"),
    ({"per_week_before": None, "per_week_after": None}, "41 leads change"),
    ({"changed": 0}, "No known lead changes what to do, or its grade"),
    ({"leads": 0}, "No lead is known yet"),
    ({"problem": "the text has mistakes; mend them first"}, "What it would do can’t be told"),
]


@pytest.mark.parametrize(("change", "summary"), SUMMARIES, ids=[summary for _, summary in SUMMARIES])
def test_an_effect_in_a_sentence(change: dict[str, Any], summary: str) -> None:
    """How many leads change, and how many calls that means."""
    assert view_effect({**EFFECT, **change}).summary == summary


def test_an_effect_in_tables() -> None:
    """Who moves from what to what, and by which edit."""
    view = view_effect(EFFECT)
    assert view.tried == "2,000 of 14,553 known leads"
    assert view_effect({**EFFECT, "known": 2_000}).tried == "all 2,000 known leads"
    assert [(move.before, move.after, move.leads, move.mostly) for move in view.moves] == [
        ("Ask", "Call now", "16", "rule reads_prices")
    ]
    assert [(move.before, move.after) for move in view.grades] == [("B", "A")]
    assert view.edits == (("rule reads_prices", "added, +15", "16"),)
    (lead,) = view.leads
    assert (lead.before, lead.after, lead.points) == ("Ask, B", "Call now, A", "−2.5")


def make_side(rate: float | None, low: float, high: float, won: int) -> dict[str, Any]:
    """A card at its threshold."""
    precision = {"leads": 150, "won": 117, "rate": rate, "low": low, "high": high}
    return {"precision": precision, "recall": {"leads": 430, "won": won, "rate": 0.3, "low": 0.2, "high": 0.4}}


LOW, HIGH = (0.5, 0.4, 0.6), (0.8, 0.7, 0.9)
PAST = [
    ((0.78, 0.70, 0.85), (0.76, 0.69, 0.83), "The shares that come true differ within chance."),
    (LOW, HIGH, "A larger share of the promoted leads would have come true."),
    (HIGH, LOW, "A smaller share of the promoted leads would have come true."),
    (HIGH, (None, 0.0, 0.0), "One of the two would have promoted nobody."),
]


@pytest.mark.parametrize(("before", "after", "verdict"), PAST, ids=[verdict for *_, verdict in PAST])
def test_past_leads_in_a_sentence(
    before: tuple[float, float, float], after: tuple[float | None, float, float], verdict: str
) -> None:
    """Better or worse is said only where the limits leave no doubt."""
    old, new = make_side(*before, 108), make_side(*after, 123)
    at_threshold = {"old": old, "new": new}
    view = view_past({"leads": 4_483, "source": "leads.csv", "at_the_line": at_threshold, "edits": [], "notes": []})
    assert view.summary == f"{verdict} It finds 123 of 430 opportunities instead of 108."
    assert view.sides[0].name == "Now"
    assert view.sides[0].precision == f"{100 * old['precision']['rate']:.0f}{NO_BREAK_SPACE}%"
