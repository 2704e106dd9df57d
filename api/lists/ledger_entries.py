"""The entries that a ledger of a list has, the same in every engine: their names, kinds, reasons and columns in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.axis_parts import find_term_axis
from leadledger.scoring.engine.each_entries import EachEntries, list_entry_names
from leadledger.scoring.lookup import Combination, Pair, Table
from leadledger.scoring.outputs import EntryKind, TermKind
from leadledger.scoring.printers.sql.query import name_part
from leadledger.scoring.scorecard import Scorecard

TERM_KINDS: dict[type, TermKind] = {Table: "table", Pair: "pair", Combination: "combination"}


@dataclass(frozen=True)
class LedgerColumn:
    """An entry of every lead's ledger, and the column of the printed SELECT that holds its tenths of points.

    `column` is None for the start, which is the same for every lead. `axis` is empty for the start, and where the card
    has no axes. `events` is the column with how many events earned them, where a rule for each event did.
    """

    entry: str
    kind: EntryKind
    column: str | None
    reason: str
    axis: str = ""
    events: str | None = None


def ledger_columns(card: Scorecard) -> list[LedgerColumn]:
    """The entries of a card's ledgers, in their order; the tenths of points of a lead's entries add up to its total."""
    titles = {field.name: field.title for field in card.card.fields.values()}
    columns = [LedgerColumn("start", "start", None, "Where every lead starts")]
    columns += [
        LedgerColumn(rule.name, "rule", f"r:{rule.name}", rule.reason, rule.axis)
        for rule in (priced.rule for priced in card.rules)
    ]
    for each in card.each_rules:
        words, name = EachEntries(card, each), each.rule.name
        reasons = (each.rule.reason, words.once, words.per_day)
        for (kind, entry), part, reason in zip(
            list_entry_names(name), ("full", "once", "per_day"), reasons, strict=True
        ):
            events = name_part("events", name) if part == "full" else None
            columns.append(LedgerColumn(entry, kind, name_part(part, name), reason, each.rule.axis, events))
    columns += [
        LedgerColumn(group.name, "group", f"g:{group.name}", "limit of the group", group.axis) for group in card.groups
    ]
    columns += [
        LedgerColumn(
            term.name,
            TERM_KINDS[type(term)],
            f"t:{term.name}",
            " & ".join(titles[field] for field in term.fields),
            find_term_axis(card.card, term) if card.card.axes else "",
        )
        for term in card.learned.terms
    ]
    return columns
