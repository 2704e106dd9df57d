"""The events of a kind or a subset that count on a day, and what is asked of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import compress

from leadledger.scoring.events.event_columns import EventColumns
from leadledger.scoring.tree import Typed


class KindEvents:
    """Some of the events in `columns`: those for which `chosen`, an item for each event, is true; None: all of them.

    `days` are those on which they happened, as `date.toordinal` counts them.
    """

    __slots__ = ("_by_day", "chosen", "columns", "days")

    def __init__(self, columns: EventColumns, chosen: Sequence[bool] | None = None) -> None:
        self.columns, self.chosen = columns, chosen
        self.days = columns.days if chosen is None else list(compress(columns.days, chosen))
        self._by_day: Mapping[int, int] | None = None

    @property
    def by_day(self) -> Mapping[int, int]:
        """How many there are of each day; worked out when first asked for."""
        if self._by_day is None:
            self._by_day = Counter(self.days)
        return self._by_day

    def pick(self, name: str) -> list[Typed]:
        """The values of a property, in the order of `days`."""
        column = self.columns.values[name] if self.days else []
        return column if self.chosen is None else list(compress(column, self.chosen))


NO_EVENTS = KindEvents(EventColumns([], [], None, [], "", {}))
