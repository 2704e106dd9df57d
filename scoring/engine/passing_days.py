"""The days on which a card can see a lead otherwise although nothing happens: because time passes.

What a card makes of a day are distances from dates: `days_since(…)` and `days_until(…)`, compared with numbers or
looked up in learned tables, and rules that lose points. Between two of these days, a lead's points stay as they are.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from leadledger.scoring import tree
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.lookup import list_bins
from leadledger.scoring.scorecard import Card, Scorecard

FURTHEST = 4_000_000.0  # days; no two dates are further apart


class PassingDays:
    """The distances from dates that a card tells apart."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card.card
        offsets: defaultdict[str, set[int]] = defaultdict(set)
        self._daily: set[str] = set()  # dates whose distance is compared with more than numbers
        for name, change in [*self._list_compared(), *self._list_binned(card), *_list_decays(card)]:
            offsets[name].add(change)
        self._offsets = {name: sorted(changes) for name, changes in offsets.items()}

    def find(self, values: Mapping[str, Any], after: int, last: int) -> set[int]:
        """The days after `after`, up to `last`, on which the card can see a lead with these typed values otherwise.

        Days are as `date.toordinal` counts them. `values` may be of plain and of event fields.
        """
        days: set[int] = set()
        for name in self._daily:
            if values.get(name) is not None:
                return set(range(after + 1, last + 1))
        for name, offsets in self._offsets.items():
            value = values.get(name)
            if isinstance(value, date):
                start = value.toordinal()
                near = offsets[bisect_right(offsets, after - start) : bisect_right(offsets, last - start)]
                days.update([start + offset for offset in near])
        return days

    def list_offsets(self, name: str) -> set[int]:
        """The days since a date on which the card can begin to see it otherwise, by what the card has of its own.

        A condition may also compare it with what a lead has.
        """
        return {*self._offsets.get(name, ())}

    def _list_compared(self) -> Iterator[tuple[str, int]]:
        """The date fields in conditions, each with the days since that a comparison tells apart."""
        for condition in self._card.conditions:
            for part in tree.walk_tree(condition):
                if isinstance(part, tree.In):
                    values = [literal.value for literal in part.values]
                    yield from list_day_changes(find_days(self._card, part.of), values)
                elif isinstance(part, tree.Compare):
                    left, right = find_days(self._card, part.left), part.right
                    if isinstance(right, tree.Constant):
                        yield from list_day_changes(left, [right.value])
                    else:
                        self._daily |= {
                            days.of.name for days in (left, find_days(self._card, right)) if days is not None
                        }

    def _list_binned(self, card: Scorecard) -> Iterator[tuple[str, int]]:
        """The date fields behind learned terms, each with the days since at which another bin begins."""
        for term in card.learned.terms:
            for name, bins in zip(term.fields, list_bins(term), strict=True):
                days = card.card.fields[name].derived
                if isinstance(days, tree.Days) and isinstance(bins, NumberBins):
                    yield from list_day_changes(days, bins.edges)


def find_days(card: Card, part: tree.Operand) -> tree.Days | None:
    """The distance from a date that an operand is, or that its field is computed as; None: it is none."""
    derived = card.fields[part.name].derived if isinstance(part, tree.FieldRef) else part
    return derived if isinstance(derived, tree.Days) else None


def list_day_changes(days: tree.Days | None, cuts: Iterable[Any]) -> Iterator[tuple[str, int]]:
    """The date field, and the days since it on which its distance reaches a cut or passes it."""
    if days is None:
        return
    for cut in cuts:
        if abs(cut) <= FURTHEST:
            reached, passed = math.ceil(cut), math.floor(cut) + 1
            # Distances that count backward come to a cut from above.
            changes = (reached, passed) if days.way == "since" else (-math.floor(cut), 1 - math.ceil(cut))
            yield from ((days.of.name, change) for change in changes)


def _list_decays(card: Scorecard) -> Iterator[tuple[str, int]]:
    """The date fields since which rules lose points, each with the days since on which one loses some."""
    for priced in card.rules:
        if priced.rule.half_life is not None and priced.steps is not None:
            yield from ((priced.rule.half_life.of, edge) for edge in priced.steps.edges)
