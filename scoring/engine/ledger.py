"""The ledger of a lead: what the printed function has tallied, as entries in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import getitem
from typing import TypeAlias

from leadledger.scoring.axis_parts import find_term_axis
from leadledger.scoring.engine.each_entries import EachEntries
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.lookup import Combination, Table, Term
from leadledger.scoring.outputs import EntryKind
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.result import Entry, format_entry, format_unsigned
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard

# An entry as a possible reason: its rank, from the greatest loss to the greatest gain, itself, and its words.
Line: TypeAlias = tuple[int, Entry, str]
MOST_PLACES = 1 << 16  # of rules and terms in a ledger


class LedgerWriter:
    """The words of each entry of a scorecard. Most entries are the same for every lead that has them: made once."""

    def __init__(self, card: Scorecard) -> None:
        has_axes = bool(card.card.axes)
        self._start = Entry(
            "start", "start", card.learned.start, "Where every lead starts", axis="" if has_axes else None
        )
        terms = card.learned.terms
        self._rules = [_keep_rule_lines(priced, place) for place, priced in enumerate(card.rules)]
        self._terms = [_keep_term_lines(card, term, place) for place, term in enumerate(terms, len(card.rules))]
        self._groups = [_keep_group_entries(group) for group in card.groups]
        self._places = len(card.rules) + len(terms)
        self._each_rules = {priced.rule.name: EachEntries(card, priced) for priced in card.each_rules}

    def write(
        self, rules: Sequence[int | None], groups: Sequence[int], bins: Sequence[int], counts: EventCounts | None = None
    ) -> tuple[tuple[Entry, ...], list[Line]]:
        """The entries of a tally that have points, which add up to its total; and the lines that may be reasons.

        Those are all but the start and groups, and one for each rule that events earn. `counts` is what the events of
        the lead come to; None: the card has none.
        """
        by_rules = [*map(getitem, compress(self._rules, rules), filter(None, rules))]
        by_groups = [*map(getitem, compress(self._groups, groups), filter(None, groups))]
        by_terms = [*filter(None, map(getitem, self._terms, bins))]
        by_events: list[Entry] = []
        lines = by_rules + by_terms
        if counts is not None:
            for earned in counts.rules:
                entries = self._each_rules[earned.rule]
                by_events += entries.list_entries(earned)
                lines += [make_line(entry, self._places + len(lines)) for entry in entries.list_reasons(earned)]
        of_rules, of_terms = [entry for _, entry, _ in by_rules], [entry for _, entry, _ in by_terms]
        return (self._start, *of_rules, *by_events, *by_groups, *of_terms), lines

    @property
    def lines(self) -> Sequence[Mapping[int, Line | None]]:
        """What may be reasons of each rule, by its points (not 0), then of each term, by where it is looked up."""
        return [*self._rules, *self._terms]


def make_line(entry: Entry, place: int) -> Line:
    """An entry as a line. Of two with the same points, that with the smaller `place` is nearer to its end."""
    rank = entry.tenths * MOST_PLACES + (place if entry.tenths < 0 else -place)
    return rank, entry, format_entry(entry.tenths, entry.reason)


def _keep_rule_lines(priced: PricedRule, place: int) -> KnownResults[Line]:
    """The lines of a rule by its points, of which there is one, or one for each step of its decay."""
    rule = priced.rule

    def make(points: int) -> Line:
        return make_line(Entry(rule.name, "rule", points, rule.reason, rule.why, rule.axis or None), place)

    return KnownResults(make)


def _keep_group_entries(group: Group) -> KnownResults[Entry]:
    """The entries of a group by the points of its adjustment."""
    words = describe_group(group)
    return KnownResults(lambda points: Entry(group.name, "group", points, words, axis=group.axis or None))


def _keep_term_lines(card: Scorecard, term: Term, place: int) -> KnownResults[Line | None]:
    """The lines of a term by where it is looked up, as in `Tally.bins`: `employees: 50 to 250`; None without points."""
    kind: EntryKind = "combination" if isinstance(term, Combination) else "table" if isinstance(term, Table) else "pair"
    titles = [card.card.fields[name].title for name in term.fields]
    axis = find_term_axis(card.card, term) if card.card.axes else None

    def make(cell: int) -> Line | None:
        points, labels = _read_cell(term, cell)
        reason = ", ".join(f"{title}: {label}" for title, label in zip(titles, labels, strict=True))
        return make_line(Entry(term.name, kind, points, reason, axis=axis), place) if points else None

    return KnownResults(make)


def _read_cell(term: Term, cell: int) -> tuple[int, Sequence[str]]:
    """The points of a term where it is looked up, and the label of the bin of each of its fields."""
    if isinstance(term, Combination):
        places = term.find_bins(cell)
        return term.sum_points(places), [bins.labels[place] for bins, place in zip(term.bins, places, strict=True)]
    if isinstance(term, Table):
        return term.points[cell], (term.bins.labels[cell],)
    row, column = divmod(cell, len(term.bins[1]))
    return term.points[row][column], (term.bins[0].labels[row], term.bins[1].labels[column])


def describe_group(group: Group) -> str:
    """The words for the adjustment of a group."""
    limits = []
    if group.maximum is not None:
        limits.append(f"at most {format_unsigned(group.maximum)}")
    if group.minimum is not None:
        limits.append(f"at least {format_unsigned(group.minimum)}")
    parts = ["only the best rule counts"] if group.best_of else []
    if limits:
        parts.append(f"{' and '.join(limits)} together")
    return f"{group.name.replace('_', ' ')}: {', '.join(parts)}"
