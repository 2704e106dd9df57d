"""What was recommended of the leads of a history, and with which propensity each was to be promoted.

A history has both in the columns `recommendation` and `propensity`, as scored lists have them; the decision log knows
them of the first score of each lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.column_fit import find_homes, find_named
from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card
from leadledger.training.history import History
from leadledger.training.sources.logged import LOGGED_PROPENSITY, LOGGED_RECOMMENDATION
from leadledger.training.sources.scan import ROW

PROMOTION_COLUMNS = ("recommendation", "propensity")


@dataclass(frozen=True)
class Promotions:
    """Who was promoted, (n,) bool, and with which propensity each lead was to be, (n,) 0..1; NaN: not known."""

    promoted: NDArray[np.bool_]
    propensity: NDArray[np.float64]

    def take(self, positions: NDArray[np.intp]) -> Promotions:
        """Those of some leads, (m,) positions."""
        return Promotions(self.promoted[positions], self.propensity[positions])

    @property
    def known(self) -> NDArray[np.bool_]:
        """The leads (n,) of which both are known."""
        return np.isfinite(self.propensity)

    @property
    def may_be_drawn(self) -> NDArray[np.bool_]:
        """The leads (n,) that points alone held back, so that chance decided."""
        return (self.propensity > 0) & (self.propensity < 1)

    @property
    def drawn(self) -> NDArray[np.bool_]:
        """The leads (n,) that were promoted at random."""
        return self.promoted & self.may_be_drawn


def read_promotions(card: Card, history: History) -> Promotions | None:
    """What was recommended of the leads of a history; None where it doesn't say. Raises DataError for what can't be."""
    names = (LOGGED_RECOMMENDATION, LOGGED_PROPENSITY) if history.logged else PROMOTION_COLUMNS
    found = find_promotion_columns(card, history)
    if not any(found):
        return None
    if not all(found):
        there, gone = (names if found[0] else names[::-1])[:2]
        raise DataError(
            f"{history.label}: has a column '{there}' and none '{gone}'; training weighs leads by both, so add the"
            f" other, or leave out '{there}'"
        )
    recommendation, propensity = (f"nullif(trim(CAST({quoted(column)} AS VARCHAR)), '')" for column in found)
    table = history.list_connection.execute(
        f"SELECT {quoted(ROW)}, {recommendation}, {propensity} FROM {history.source.table}"
    ).df()
    aligned = table.set_index(table.columns[0]).loc[history.rows].astype(object)
    verdicts, texts = aligned.where(aligned.notna(), None).to_numpy().T
    numbers = np.array([_read_propensity(text) for text in texts])
    _check(history, verdicts, texts, numbers, found)
    known = np.array([verdict is not None for verdict in verdicts], dtype=bool)
    return Promotions(verdicts == "promote", np.where(known, numbers, np.nan))


def find_promotion_columns(card: Card, history: History) -> list[str]:
    """The columns with what was recommended and with the propensity; empty where there is none, or a field reads it."""
    columns = history.source.columns
    names = (LOGGED_RECOMMENDATION, LOGGED_PROPENSITY) if history.logged else PROMOTION_COLUMNS
    of_fields = find_homes(card, columns)
    return [find_named(name, [column for column in columns if column not in of_fields]) for name in names]


def _read_propensity(text: str | None) -> float:
    """A propensity; NaN where there is none, infinite where it can't be read."""
    if text is None:
        return np.nan
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return np.inf
    return number if 0 <= number <= 1 else np.inf


def _check(
    history: History,
    verdicts: NDArray[Any],
    texts: NDArray[Any],
    propensity: NDArray[np.float64],
    columns: Sequence[str],
) -> None:
    """Raises DataError for the first row whose recommendation or propensity can't be."""
    odd = np.array([verdict is not None and verdict not in VERDICTS for verdict in verdicts], dtype=bool)
    promoted = verdicts == "promote"
    never = promoted & (propensity == 0)
    surely = ~promoted & ~odd & (propensity == 1) & np.array([verdict is not None for verdict in verdicts], dtype=bool)
    for wrong, column, why in (
        (odd, columns[0], f"is no recommendation; write one of {', '.join(VERDICTS)}"),
        (np.isinf(propensity), columns[1], "is no propensity; write a number from 0 to 1"),
        (never, columns[1], "is the propensity of a lead that was promoted; that of a promotion is above 0"),
        (surely, columns[1], "is the propensity of a lead that was not promoted; it is 1 only where a lead was"),
    ):
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            value = (verdicts if column == columns[0] else texts)[first]
            raise DataError(f"{history.label}: row {history.rows[first]:,}: {quote(value)} under '{column}' {why}")
