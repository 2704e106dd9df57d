"""What the events of each row's lead come to, counted beforehand: the values of event fields and of rules for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.scoring.arrays.block import NOTHING, FieldColumn, NumberColumn
from leadledger.scoring.arrays.coded import CodeAxis, Coded, Items, combine
from leadledger.scoring.arrays.columns import as_numpy, encode
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.event_table import UNREADABLE, list_counted
from leadledger.scoring.printers.sql.query import name_counted, name_part
from leadledger.scoring.scorecard import Card


@dataclass(frozen=True)
class CountedEventReader:
    """What reads the columns that `join_counted` adds; `explain`: also how many events earned points."""

    card: Card
    explain: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(list_counted(self.card, entries=self.explain, totals=False))

    def read(
        self, columns: Mapping[str, Any], fields: Mapping[str, FieldColumn], as_of: date
    ) -> tuple[dict[str, FieldColumn], Coded]:
        """The values of the event fields and of the rules for each event; and which rows have an unreadable event.

        `fields` are the values of the plain fields, among them the days from which events are tracked.
        """
        read = {name: _read_numbers(columns[name]) for name in self.columns}
        counted: dict[str, FieldColumn] = {name: read[name_counted(name)] for name in self._earned}
        for field in self.card.event_fields:
            counted[field.name] = self._limit(field, read[name_counted(field.name)], fields, as_of)
        if self.explain:
            counted |= {name_events(rule.name): read[name_part("events", rule.name)] for rule in self.card.each_rules}
        unread = read[UNREADABLE]
        return counted, Coded(unread.axis, unread.numbers() > 0)

    def _limit(
        self, field: Field, amounts: NumberColumn, fields: Mapping[str, FieldColumn], as_of: date
    ) -> NumberColumn:
        """What was counted; missing where tracking began too late for the window."""
        value = field.event_value
        assert value is not None
        since = self.card.events[self.card.events[value.kind].root].tracked_since
        if since is None or value.way == "last":
            return amounts
        first = 0 if value.window is None else as_of.toordinal() - value.window + 1  # of the window
        if first < 1 or (isinstance(since, date) and since.toordinal() > first):
            return NOTHING
        if isinstance(since, str):
            tracked = fields.get(since, NOTHING)
            limited = combine(
                lambda tracked, amount: np.where(tracked <= first, amount, np.nan),
                Coded(tracked.axis, tracked.numbers()),
                Coded(amounts.axis, amounts.numbers()),
            )
            return NumberColumn(limited.axis, limited.items, amounts.is_day)
        return amounts

    @property
    def _earned(self) -> Iterator[str]:
        return (name_earned(rule.name) for rule in self.card.each_rules)


def name_events(rule: str) -> str:
    """The name of how many events have earned points by a rule."""
    return name_part("events", rule)


def _read_numbers(column: Any) -> NumberColumn:
    """A column of numbers or days."""
    codes, raws = encode(column)
    is_day = arrow.types.is_date32(raws.type)
    if is_day:
        raws = raws.cast(arrow.int32())
    numbers: Items = as_numpy(raws.cast(arrow.float64()).fill_null(np.nan))
    return NumberColumn(CodeAxis(codes), numbers + date(1970, 1, 1).toordinal() if is_day else numbers, is_day)
