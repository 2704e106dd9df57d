"""The entries of ledgers as Spark writes them: a row for each entry of each lead that is not 0."""

from __future__ import annotations

from leadledger.api.lists.ledger_entries import LedgerColumn, ledger_columns
from leadledger.scoring.printers.sql.dialects.spark import name, text
from leadledger.scoring.scorecard import Scorecard

COLUMNS = ("entry", "kind", "tenths", "reason", "axis")


def print_entries(card: Scorecard) -> str:
    """What gives the COLUMNS of each entry of a scored row, those of 0 among them."""
    entries = ", ".join(_print_entry(card, entry) for entry in ledger_columns(card))
    return f"inline(array({entries})) AS ({', '.join(COLUMNS)})"


def _print_entry(card: Scorecard, entry: LedgerColumn) -> str:
    tenths = name(entry.column) if entry.column else str(card.learned.start)
    values = (text(entry.entry), text(entry.kind), f"CAST({tenths} AS INT)", _word_reason(entry), text(entry.axis))
    return f"struct({', '.join(values)})"


def _word_reason(entry: LedgerColumn) -> str:
    """The SQL of the words of an entry, with how many events earned it."""
    if entry.events is None:
        return text(entry.reason)
    events = name(entry.events)
    many = f"CASE WHEN {events} = 1 THEN ' event)' ELSE ' events)' END"
    return f"concat({text(f'{entry.reason} (')}, format_number({events}, 0), {many})"
