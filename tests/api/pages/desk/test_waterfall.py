"""The waterfall of a ledger: what its rows say, in which order they stand, and that they add up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from leadledger.api.pages.desk.waterfall import SMALL, Waterfall, draw_waterfall
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.result import format_signed, format_unsigned
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests import strategies
from tests.api.pages.desk.leads import EVENTS, LEAD, LEARNED, RULES_ALONE, read_values, score_lead
from tests.effort import examples


def draw(card: Scorecard, lead: dict[str, Any] = LEAD, events: Any = EVENTS) -> Waterfall:
    """The waterfall of a lead."""
    return draw_waterfall(score_lead(card, lead, events), card, read_values(card, lead))


def list_rows(waterfall: Waterfall) -> list[tuple[str, str, str]]:
    """The kind, the sentence and the points of each row."""
    return [(row.kind, row.text, row.points) for row in waterfall.rows]


def test_a_lead_of_rules_alone() -> None:
    """Each rule is a sentence; limits stand below what they cut, machines where they would have counted."""
    assert list_rows(draw(RULES_ALONE)) == [
        ("start", "Every lead starts here", "50.0"),
        ("entry", "Has an urgent need", "+15.0"),
        ("entry", "Has a budget that covers the entry price", "+6.0"),
        ("entry", "Is large enough", "+3.0"),
        ("axis", "Fit: grade A", "+24.0"),
        ("entry", "Reads the prices (3 events)", "+9.0"),
        ("cut", "At most 6.0 points a day", "−4.5"),
        ("entry", "Follows links in mails (2 events)", "+6.0"),
        ("cut", "Once for each mail", "−3.0"),
        ("not-counted", "Follows links in mails", "0.0"),
        ("cut", "No more than 6.0 points for talks", "−1.5"),
        ("axis", "Engagement: grade 2", "+6.0"),
        ("sum", "Sum: 47\u00a0% chance, grade A", "80.0"),
    ]


def test_rule_and_table_of_a_field_are_one_row() -> None:
    """A row has the points of both and the bin of the table; small rows of an axis are one that names them."""
    waterfall = draw(LEARNED)
    assert list_rows(waterfall)[:6] == [
        ("start", "Every lead starts here", "23.1"),
        ("entry", "Has a budget that covers the entry price: 75,000 EUR and up", "+17.0"),
        ("entry", "Has an urgent need", "+7.5"),
        ("entry", "Role in the decision: influencer", "+3.3"),
        ("small", "4 small ones together", "+2.7"),
        ("axis", "Fit: grade A", "+30.5"),
    ]
    budget, small = waterfall.rows[1], waterfall.rows[4]
    assert (budget.entry, [(part.text, part.points, part.why, part.is_learned) for part in budget.parts]) == (
        "rule:budget_set",
        [
            ("Has a budget that covers the entry price", "+3.0", "the smallest contract", False),
            ("Budget of 75,000 EUR and up", "+14.0", "", True),
        ],
    )
    assert small.note == (
        "Is large enough\u00a0+1.5; Country: NO\u00a0+1.2; Newsletter: no\u00a0−0.3; Founded: 1990 to 2010\u00a0+0.3"
    )
    assert (small.entry, waterfall.trust) == ("", "50\u00a0%")


def test_what_machines_did_is_told_apart() -> None:
    """A machine's click earns 0.0, has an outline, and says what it would be."""
    (row,) = [row for row in draw(RULES_ALONE).rows if row.kind == "not-counted"]
    assert row.note == "By a machine, 1 time, so it isn’t counted. Would be +3.0."
    assert (row.tenths, row.bar and row.bar.look) == (0, "not-counted")


@pytest.mark.parametrize(
    ("points", "words"),
    [(629, "112.9 points; the score stops at 100"), (-600, "−10.0 points; the score stops at 0"), (500, ""), (10, "")],
)
def test_a_score_beyond_its_ends_says_so(points: int, words: str) -> None:
    """Beyond 0 and 100 the points are said, and that the score stops."""
    card = build_untrained(
        parse_card(
            f"name: far\nfields: {{a: {{kind: flag}}}}\nrules: [{{name: r, when: a, points: {points / 10}, reason: R}}]"
        )
    )
    result = get_engine(card).score({"a": True}, date(2026, 1, 1))
    assert draw_waterfall(result, card, {}).overflow == words


def test_the_bars_follow_one_another() -> None:
    """Each bar begins where the one before it ends, gains to the right and losses to the left, within the drawing."""
    waterfall = draw(LEARNED)
    bars = [(row.tenths, row.bar) for row in waterfall.rows if row.bar is not None and row.counts]
    at = 2.0
    for tenths, bar in bars:
        left, width = float(bar.x[:-1]), float(bar.width[:-1])
        right = left + width
        assert (left if tenths > 0 else right) == pytest.approx(at, abs=0.45)
        assert left >= 0
        assert right <= 100.5
        at = right if tenths > 0 else left
    assert bars[0][1].look == "whole"
    assert float(waterfall.threshold[:-1]) == pytest.approx(98.0)  # 80 points, more than the lead has


def test_without_axes_there_are_no_subtotals() -> None:
    """A card without axes, stages, grades of its own and base rate has its entries, no threshold and no chance."""
    card = build_untrained(
        parse_card("name: bare\nfields: {a: {kind: flag}}\nrules: [{name: r, when: a, points: 3, reason: Is so}]")
    )
    waterfall = draw_waterfall(get_engine(card).score({"a": True}, date(2026, 1, 1)), card, {"a": True})
    assert list_rows(waterfall) == [
        ("start", "Every lead starts here", "50.0"),
        ("entry", "Is so", "+3.0"),
        ("sum", "Sum: grade B", "53.0"),
    ]
    assert (waterfall.threshold, waterfall.trust) == ("", "")


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(card=strategies.scorecards() | strategies.scorecards_with_axes(), lead=strategies.LEADS)
def test_the_rows_add_up(card: Scorecard, lead: dict[str, Any]) -> None:
    """For random cards and leads, the rows that count add up to the total to the last tenth, those of an axis to its
    subtotal, and each row shows its own tenths.
    """
    engine = get_engine(card)
    try:
        values = engine.clean(lead).values
    except LeadError:
        return
    result = engine.build_result(values, strategies.AS_OF)
    rows = draw_waterfall(result, card, values).rows
    assert sum(row.tenths for row in rows if row.counts) == result.tenths == rows[-1].tenths
    total = 0
    for row in rows[1:-1]:
        if row.kind == "axis":
            assert total == row.tenths
            total = 0
        else:
            total += row.tenths
            assert row.kind != "small" or ";" in row.note
        assert row.points == format_signed(row.tenths)
    assert rows[-1].points == format_unsigned(result.tenths)
    small = [row for row in rows if row.kind == "entry" and abs(row.tenths) < SMALL]
    assert len({id(row) for row in small}) == len(small)


@pytest.mark.parametrize("card", [RULES_ALONE, LEARNED, Scorecard(RULES_ALONE.card, Learned(start=-100))])
def test_an_empty_lead_has_a_waterfall(card: Scorecard) -> None:
    """A lead of which nothing is known has what missing values earn, and it adds up."""
    rows = draw(card, {}, None).rows
    assert sum(row.tenths for row in rows if row.counts) == rows[-1].tenths
