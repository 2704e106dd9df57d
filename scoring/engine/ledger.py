"""The ledger of a lead: what the printed function has tallied, as entries in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from leadledger.scoring.axis_parts import find_term_axis
from leadledger.scoring.engine.each_entries import EachEntries
from leadledger.scoring.event_counts import EarnedByEvents, EventCounts
from leadledger.scoring.lookup import Combination, Table, Term
from leadledger.scoring.result import Entry, format_unsigned
from leadledger.scoring.scorecard import Scorecard

MOST_CELLS_KEPT = 10_000  # of a combination, whose entries are kept


class LedgerWriter:
    """The words of each entry of a scorecard. Most entries are the same for every lead that has them: made once."""

    def __init__(self, card: Scorecard) -> None:
        has_axes = bool(card.card.axes)
        self._start = Entry(
            "start", "start", card.learned.start, "Where every lead starts", axis="" if has_axes else None
        )
        self._rules = [
            Entry(rule.name, "rule", priced.points, rule.reason, rule.why, rule.axis or None)
            for priced in card.rules
            for rule in [priced.rule]
        ]
        self._terms = [_make_entries(card, term) for term in card.learned.terms]
        self._rule_names = frozenset(priced.rule.name for priced in card.rules)
        self._each_rules = {priced.rule.name: EachEntries(card, priced) for priced in card.each_rules}
        self._groups = [
            Entry(group.name, "group", 0, describe_group(card, group.name), axis=group.axis or None)
            for group in card.groups
        ]

    def write(
        self,
        rules: Sequence[int | None],
        groups: Sequence[int],
        terms: Sequence[int],
        bins: Sequence[Any],
        counts: EventCounts | None = None,
    ) -> list[Entry]:
        """The entries of a tally, which add up to its total; those without points are left out.

        `counts` is what the events of the lead come to; None: the card has none.
        """
        ledger = [self._start]
        ledger += [
            entry if points == entry.tenths else _with_points(entry, points)
            for entry, points in zip(self._rules, rules, strict=True)
            if points
        ]
        for earned in counts.rules if counts is not None else ():
            ledger += self._each_rules[earned.rule].list_entries(earned)
        ledger += [_with_points(entry, points) for entry, points in zip(self._groups, groups, strict=True) if points]
        ledger += [entries[cell] for entries, points, cell in zip(self._terms, terms, bins, strict=True) if points]
        return ledger

    def list_telling(self, ledger: Sequence[Entry], counts: EventCounts | None) -> list[Entry]:
        """The entries that may be reasons: all but the start and groups, and one for each rule that events earn."""
        telling = [entry for entry in ledger[1:] if entry.kind != "group"]
        if counts is None:
            return telling
        telling = [entry for entry in telling if entry.kind not in ("rule", "cap") or entry.name in self._rule_names]
        return [*telling, *(entry for earned in counts.rules for entry in self._list_reasons(earned))]

    def _list_reasons(self, earned: EarnedByEvents) -> Iterable[Entry]:
        return self._each_rules[earned.rule].list_reasons(earned)


def _with_points(entry: Entry, tenths: int) -> Entry:
    """An entry with other points; `dataclasses.replace` takes longer than all else of a ledger."""
    return Entry(entry.name, entry.kind, tenths, entry.reason, entry.why, entry.axis)


class _Cells(dict[int, Entry]):
    """The entries of a combination by cell, each made when a lead first falls in it: there may be millions."""

    def __init__(self, card: Scorecard, term: Combination) -> None:
        self.term = term
        self.titles = [card.card.fields[name].title for name in term.fields]
        self.axis = find_term_axis(card.card, term) if card.card.axes else None

    def __missing__(self, cell: int) -> Entry:
        if len(self) >= MOST_CELLS_KEPT:
            self.clear()
        bins = self.term.find_bins(cell)
        named = zip(self.titles, self.term.bins, bins, strict=True)
        reason = ", ".join(f"{title}: {axis.labels[at]}" for title, axis, at in named)
        points = self.term.sum_points(bins)
        self[cell] = entry = Entry(self.term.name, "combination", points, reason, axis=self.axis)
        return entry


def _make_entries(card: Scorecard, term: Term) -> Sequence[Entry] | _Cells:
    """The entries of a term by bin, in the order of `Tally.bins`: `employees: 50 to 250`."""
    if isinstance(term, Combination):
        return _Cells(card, term)
    axis = find_term_axis(card.card, term) if card.card.axes else None
    if isinstance(term, Table):
        title = card.card.fields[term.field].title
        cells = zip(term.points, term.bins.labels, strict=True)
        return [Entry(term.name, "table", points, f"{title}: {label}", axis=axis) for points, label in cells]
    first, second = (card.card.fields[name].title for name in term.fields)
    return [
        Entry(term.name, "pair", points, f"{first}: {row}, {second}: {column}", axis=axis)
        for row, row_points in zip(term.bins[0].labels, term.points, strict=True)
        for column, points in zip(term.bins[1].labels, row_points, strict=True)
    ]


def describe_group(card: Scorecard, name: str) -> str:
    """The words for the adjustment of a group."""
    group = next(group for group in card.groups if group.name == name)
    limits = []
    if group.maximum is not None:
        limits.append(f"at most {format_unsigned(group.maximum)}")
    if group.minimum is not None:
        limits.append(f"at least {format_unsigned(group.minimum)}")
    parts = ["only the best rule counts"] if group.best_of else []
    if limits:
        parts.append(f"{' and '.join(limits)} together")
    return f"{name.replace('_', ' ')}: {', '.join(parts)}"
