"""A million random leads with awkward values: arrays and the printed SQL say the same of each, in the same order."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]
import pytest

from leadledger.scoring.arrays.list_scorer import ArrayScorer
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.outputs import PLUS_MINUS, REASON_COLUMNS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard
from tests.effort import draw_examples, examples
from tests.strategies import AS_OF, PLAIN, raw_texts_of, scorecards_with_axes, scorecards_with_steps

ROWS_PER_BLOCK = 100_000
LEAST_TERMS = 4  # and as many rules, of the card that is tried


def draw_column(card: Scorecard, name: str, leads: int, drawn: np.random.Generator) -> Any:
    """Raw texts of a field, of which one of a thousand can't be read."""
    clean = make_cleaner(card.card.fields[name], card.card.missing_texts)
    readable: list[str | None] = []
    unreadable: list[str | None] = []
    for text in draw_examples(raw_texts_of(name), 150):
        try:
            clean(text)
            readable.append(text)
        except UnreadableValue:
            unreadable.append(text)
    texts = [*readable, *unreadable]
    places = drawn.integers(0, len(readable), leads)
    if unreadable:
        bad = drawn.random(leads) < 0.001
        places[bad] = drawn.integers(len(readable), len(texts), int(bad.sum()))
    return arrow.array(texts, arrow.string()).take(arrow.array(places))


def score_by_arrays(card: Scorecard, leads: Any) -> dict[str, list[Any]]:
    """The outputs of each lead, None where it can't be read."""
    scorer = ArrayScorer(card, AS_OF, leads.column_names, sale=card.predicts_sales, explain=True)
    names = [*list_names(card.score_columns), PLUS_MINUS.name, *list_names(REASON_COLUMNS)]
    outputs: dict[str, list[Any]] = {name: [] for name in names}
    for batch in leads.to_batches(ROWS_PER_BLOCK):
        block = scorer.score({name: batch.column(name) for name in scorer.read_columns})
        for name, values in outputs.items():
            column = block.outputs[name]
            values += [
                None if bad else column.values[code]
                for bad, code in zip(block.bad.tolist(), column.codes.tolist(), strict=True)
            ]
    return outputs


def score_by_sql(card: Scorecard, leads: Any) -> dict[str, list[Any]]:
    """The same, as DuckDB scores them."""
    columns = dict.fromkeys(leads.column_names, "VARCHAR")
    query = Query(AS_OF, "leads", columns, sale=card.predicts_sales, plus_minus=True, explain=True)
    with duckdb.connect() as connection:
        for setting in DUCKDB_SETTINGS:
            connection.execute(f"SET {setting}")
        connection.register("leads", leads)
        scored: dict[str, list[Any]] = connection.sql(sql.select(card, query)).to_arrow_table().to_pydict()
    return scored


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cards", "leads"), [(scorecards_with_axes(), 1_000_000), (scorecards_with_steps(), 100_000)], ids=["axes", "steps"]
)
def test_arrays_and_sql_agree(cards: Any, leads: int) -> None:
    """Each output of each lead is the same, and so is the order of the leads."""
    card = next(
        card
        for card in draw_examples(cards, 100)
        if len(card.learned.terms) >= LEAST_TERMS and len(card.rules) >= LEAST_TERMS
    )
    drawn = np.random.default_rng(19)
    table = arrow.table({name: draw_column(card, name, examples(leads), drawn) for name in PLAIN})
    by_arrays, by_sql = score_by_arrays(card, table), score_by_sql(card, table)
    assert by_arrays.keys() == by_sql.keys()
    for name, values in by_sql.items():
        assert by_arrays[name] == values, name
    assert 0 < by_sql["points"].count(None) < len(table) // 10
