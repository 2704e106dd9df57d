"""Arrays score each row of a list as `score` scores it as one lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as arrow  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.arrays.list_scorer import ArrayScorer, ScoredBlock
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.outputs import PLUS_MINUS, QUESTIONS, REASON_COLUMNS, list_names
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Learned, Scorecard
from tests import test_advice_agrees as advice
from tests import test_exploration_agrees as exploration
from tests import test_reasons_agree as reasons
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, PLAIN, RAW_LEADS, scorecards, scorecards_with_axes, scorecards_with_steps

CARDS = st.one_of(scorecards(), scorecards_with_axes(), scorecards_with_steps())
TEXTS = dict.fromkeys(PLAIN, "VARCHAR")
ARROW_TYPES = {"DOUBLE": arrow.float64(), "BOOLEAN": arrow.bool_(), "DATE": arrow.date32(), "VARCHAR": arrow.string()}
TYPED = {name: TYPE_OF_KIND[field.kind] for name, field in PLAIN.items()}


def make_columns(leads: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a list of leads."""
    return {name: arrow.array([lead[name] for lead in leads], ARROW_TYPES[kind]) for name, kind in types.items()}


def find_outputs(card: Scorecard, result: Result) -> dict[str, Any]:
    """The columns of a scored list, of one result."""
    outputs: dict[str, Any] = {
        "score": result.score,
        "points": result.tenths / 10,
        "probability": result.probability,
        "grade": result.grade,
        "recommendation": result.recommendation.verdict,
        "percentile": result.percentile,
    }
    if card.card.axes:
        outputs |= {axis.axis: axis.tenths / 10 for axis in result.axes} | {"axis_grades": result.axis_grades}
    if result.sale is not None:
        outputs |= {"sale_probability": result.sale.probability, "expected_value": result.sale.expected_value}
    if card.card.explores:
        outputs["propensity"] = result.propensity
    if card.card.memory_fields:
        outputs |= {"recommended_since": result.recommended_since, "below_since": result.below_since}
    assert set(outputs) == set(list_names(card.score_columns))
    outputs[PLUS_MINUS.name] = None if result.error is None else result.error / 10
    return outputs | dict(zip(list_names(REASON_COLUMNS), reasons.expected_reasons(card, result), strict=True))


def join_questions(result: Result) -> str | None:
    """The questions of a lead as a list has them; None where it isn't to be asked."""
    recommendation = result.recommendation
    return "; ".join(asked.text for asked in recommendation.questions) if recommendation.verdict == "ask" else None


def take_row(block: ScoredBlock, row: int) -> dict[str, Any]:
    """The outputs of a row of a block."""
    return {name: column.values[column.codes[row]] for name, column in block.outputs.items()}


def agree(card: Scorecard, leads: Sequence[Mapping[str, Any]], types: Mapping[str, str], as_of: date = AS_OF) -> None:
    """A list, scored in two blocks, has for each lead what `score` gives for it."""
    scorer = ArrayScorer(card, as_of, types, sale=card.predicts_sales, explain=True, asks=True)
    half = len(leads) // 2
    for part in (leads[:half], leads[half:]):
        columns = make_columns(part, types)
        block = scorer.score({name: columns[name] for name in scorer.read_columns})
        assert block.rows == len(part)
        for row, lead in enumerate(part):
            try:
                result = get_engine(card).score(lead, as_of)
            except LeadError:
                assert block.bad[row]
                continue
            assert not block.bad[row]
            assert take_row(block, row) == find_outputs(card, result) | {QUESTIONS.name: join_questions(result)}


@pytest.mark.slow
@settings(max_examples=examples(120))
@given(card=CARDS, leads=st.lists(LEADS, min_size=8, max_size=8))
def test_typed_columns(card: Scorecard, leads: list[dict[str, Any]]) -> None:
    """Numbers, flags and dates by their types, all else as texts."""
    agree(card, leads, TYPED)


@pytest.mark.slow
@settings(max_examples=examples(120))
@given(card=CARDS, leads=st.lists(RAW_LEADS, min_size=8, max_size=8))
def test_texts(card: Scorecard, leads: list[dict[str, Any]]) -> None:
    """Texts as a file holds them, of which some can't be read."""
    agree(card, leads, TEXTS)


@pytest.mark.parametrize("name", advice.CARDS)
def test_advice_that_remembers(name: str) -> None:
    """Memories of all kinds, of cards that hold promotions and let rejected leads cool down."""
    agree(advice.CARDS[name], advice.draw_leads(), advice.TYPES, advice.AS_OF)


@settings(max_examples=examples(50))
@given(leads=st.lists(exploration.LEADS, min_size=20, max_size=20))
def test_draws(leads: list[dict[str, Any]]) -> None:
    """Leads that are drawn by their ids, of which a lead may have two, or none."""
    closed = Learned(thresholds={"customer": Threshold(closed="no threshold keeps the promise")})
    agree(Scorecard(parse_card(exploration.CARD), closed), leads, exploration.TYPES)


@pytest.mark.parametrize("points", reasons.POINTS)
def test_reasons_of_any_size(points: list[int]) -> None:
    """Ties, more entries than there is room for, and points as large as they may be."""
    agree(reasons.rules(points), [{"known": True}, {"known": False}, {"known": None}], {"known": "BOOLEAN"})
