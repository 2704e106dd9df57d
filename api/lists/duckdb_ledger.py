"""The entries of a ledger as DuckDB lists them for each lead: structs of what an entry is and what it earned."""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.api.lists.ledger_entries import LedgerColumn, ledger_columns
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_expression
from leadledger.scoring.scorecard import Scorecard


def select_entries(card: Scorecard, scored: str, id_column: str, conditions: Sequence[str]) -> str:
    """The SELECT of one row per entry of a ledger: id, entry, kind, points, reason, of a card with axes the axis.

    They add up to the points. `scored` is the printed SELECT, of which the rows that meet the conditions count.
    """
    entries = ", ".join(_print_entry(card, entry) for entry in ledger_columns(card))
    axis = ", e.axis" if card.card.axes else ""
    return (
        f"SELECT {quoted(id_column)}, e.entry, e.kind, e.tenths / 10 AS points, e.reason{axis} FROM ("
        f"SELECT {quoted(id_column)}, unnest([{entries}]) AS e FROM ({scored})"
        f" WHERE {' AND '.join(conditions)}) WHERE e.tenths <> 0"
    )


def _print_entry(card: Scorecard, entry: LedgerColumn) -> str:
    return (
        f"{{entry: {text_expression(entry.entry)}, kind: {text_expression(entry.kind)},"
        f" tenths: {quoted(entry.column) if entry.column else card.learned.start},"
        f" reason: {_word_reason(entry)}, axis: {text_expression(entry.axis)}}}"
    )


def _word_reason(entry: LedgerColumn) -> str:
    """The SQL of the words of an entry, with how many events earned it."""
    if entry.events is None:
        return text_expression(entry.reason)
    events = quoted(entry.events)
    return (
        f"{text_expression(f'{entry.reason} (')} || format('{{:,}}', {events})"
        f" || CASE WHEN {events} = 1 THEN ' event)' ELSE ' events)' END"
    )
