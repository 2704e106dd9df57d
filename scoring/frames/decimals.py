"""How a frame writes its numbers, where a text of it can be two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.scoring.column_fit import find_homes
from leadledger.scoring.frames.libraries import Library
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, prove_decimals
from leadledger.scoring.scorecard import Scorecard

FRAME = "ll_frame"


def prove_frame_decimals(card: Scorecard, library: Library, columns: Mapping[str, Any]) -> tuple[ProvenDecimal, ...]:
    """What the texts of a frame show of how it writes its numbers."""
    homes = find_homes(card.card, columns)
    texts = {
        column: library.make_series([raw if isinstance(raw, str) else None for raw in library.values(values)], "text")
        for column, values in columns.items()
        if column in homes and homes[column].kind == "number"
    }
    if not texts:
        return ()
    import duckdb

    with duckdb.connect() as connection:
        connection.register(FRAME, library.frame(texts))

        def run_query(query: str) -> tuple[Any, ...]:
            (row,) = connection.execute(query).fetchall()
            return tuple(row)

        return prove_decimals(card.card, dict.fromkeys(texts, "VARCHAR"), FRAME, run_query)
