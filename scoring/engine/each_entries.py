"""The entries of the ledger for a rule that earns points for each event: what it earns, and what its limits take."""

from __future__ import annotations

from collections.abc import Iterator

from leadledger.scoring.each_points import PricedEachRule
from leadledger.scoring.event_counts import EarnedByEvents
from leadledger.scoring.outputs import EntryKind
from leadledger.scoring.result import Entry, format_unsigned
from leadledger.scoring.scorecard import Scorecard


def list_entry_names(rule: str) -> tuple[tuple[EntryKind, str], ...]:
    """The entries that a rule may have, by kind and name: what it earns, and what each limit takes."""
    return ("rule", rule), ("cap", f"{rule} once"), ("cap", f"{rule} per day")


class EachEntries:
    """The words of the entries of one rule."""

    def __init__(self, card: Scorecard, priced: PricedEachRule) -> None:
        kind, rule = card.card.events[priced.rule.each], priced.rule
        limits = [f"{kind.per_day:,} event{'' if kind.per_day == 1 else 's'}"] if kind.per_day is not None else []
        limits += [f"{format_unsigned(rule.per_day)} points"] if rule.per_day is not None else []
        self.rule = rule
        self.axis = rule.axis or None
        _, (_, self.once_name), (_, self.per_day_name) = list_entry_names(rule.name)
        self.once = f"{rule.reason}: once for each {kind.once_per.replace('_', ' ')}"
        self.per_day = f"{rule.reason}: at most {' and '.join(limits)} a day"

    def list_entries(self, earned: EarnedByEvents) -> Iterator[Entry]:
        """The entries that aren't zero; they add up to what the rule earns."""
        if earned.full:
            yield self._make_entry(earned, earned.full)
        if earned.once:
            yield Entry(self.once_name, "cap", earned.once, self.once, axis=self.axis)
        if earned.per_day:
            yield Entry(self.per_day_name, "cap", earned.per_day, self.per_day, axis=self.axis)

    def list_reasons(self, earned: EarnedByEvents) -> Iterator[Entry]:
        """What the rule earns as one entry, its limits taken off, where that isn't zero."""
        if earned.tenths:
            yield self._make_entry(earned, earned.tenths)

    def _make_entry(self, earned: EarnedByEvents, tenths: int) -> Entry:
        count = f"{earned.events:,} event{'' if earned.events == 1 else 's'}"
        return Entry(self.rule.name, "rule", tenths, f"{self.rule.reason} ({count})", self.rule.why, self.axis)
