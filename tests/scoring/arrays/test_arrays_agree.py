"""Arrays score each row of a list as `score` scores it as one lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as arrow  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.arrays.list_scorer import ArrayScorer, ScoredBlock
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.outputs import list_names
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, PLAIN, RAW_LEADS, scorecards, scorecards_with_axes, scorecards_with_steps

CARDS = st.one_of(scorecards(), scorecards_with_axes(), scorecards_with_steps())
TEXTS = dict.fromkeys(PLAIN, "VARCHAR")
TYPES = {"number": "DOUBLE", "flag": "BOOLEAN", "date": "DATE"}
ARROW_TYPES = {"DOUBLE": arrow.float64(), "BOOLEAN": arrow.bool_(), "DATE": arrow.date32(), "VARCHAR": arrow.string()}
TYPED = {name: TYPES.get(field.kind, "VARCHAR") for name, field in PLAIN.items()}


def make_columns(leads: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a list of leads."""
    return {name: arrow.array([lead[name] for lead in leads], ARROW_TYPES[kind]) for name, kind in types.items()}


def find_outputs(card: Scorecard, result: Result) -> dict[str, Any]:
    """The columns of a scored list, of one result."""
    outputs = {
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
    assert set(outputs) == set(list_names(card.score_columns))
    return outputs


def take_row(block: ScoredBlock, row: int) -> dict[str, Any]:
    """The outputs of a row of a block."""
    return {name: column.values[column.codes[row]] for name, column in block.outputs.items()}


def agree(card: Scorecard, leads: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> None:
    """A list, scored in two blocks, has for each lead what `score` gives for it."""
    scorer = ArrayScorer(card, AS_OF, types, sale=card.predicts_sales)
    half = len(leads) // 2
    for part in (leads[:half], leads[half:]):
        columns = make_columns(part, types)
        block = scorer.score({name: columns[name] for name in scorer.read_columns})
        assert block.rows == len(part)
        for row, lead in enumerate(part):
            try:
                result = get_engine(card).score(lead, AS_OF)
            except LeadError:
                assert block.bad[row]
                continue
            assert not block.bad[row]
            assert take_row(block, row) == find_outputs(card, result)


@settings(max_examples=examples(300))
@given(card=CARDS, leads=st.lists(LEADS, min_size=8, max_size=8))
def test_typed_columns(card: Scorecard, leads: list[dict[str, Any]]) -> None:
    """Numbers, flags and dates by their types, all else as texts."""
    agree(card, leads, TYPED)


@settings(max_examples=examples(300))
@given(card=CARDS, leads=st.lists(RAW_LEADS, min_size=8, max_size=8))
def test_texts(card: Scorecard, leads: list[dict[str, Any]]) -> None:
    """Texts as a file holds them, of which some can't be read."""
    agree(card, leads, TEXTS)
