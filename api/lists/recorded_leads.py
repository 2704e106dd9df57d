"""Leads of a list whose scores are recorded: their typed values, and what their events come to, out of the SELECT that
scores them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple, Protocol

import duckdb

from leadledger.api.lists.list_events import UNKNOWN_KINDS, CountedEvents
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.event_counts import EarnedByEvents, EventCounts
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.memory import Memory
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_table import MACHINE_PARTS, TOTALS, list_counted, name_total
from leadledger.scoring.printers.sql.query import BAD, ENTRY_PARTS, Query, name_counted, name_part
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.scoring.tree import Typed
from leadledger.training.sources.scan import ROW

LEADS_PER_BATCH = 1_000


class TypedLead(NamedTuple):  # made for each lead
    """A lead of a list: its typed values, one for each plain field, and what its events come to (None: no events)."""

    values: dict[str, Typed]
    counts: EventCounts | None


class LeadRecorder(Protocol):
    """Whoever records the scores of a list."""

    def remember(self, keys: Sequence[str]) -> Mapping[str, Memory]:
        """What is remembered of some leads, by the keys of their ids; those that nobody knows are left out."""

    def record(self, leads: Sequence[TypedLead], ignored: tuple[str, ...]) -> None:
        """Record the scores of some leads; `ignored` are the columns that no field of the card uses."""


def read_typed_leads(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, query: Query, as_of: date, counted: CountedEvents | None
) -> Iterator[list[TypedLead]]:
    """The leads that can be read, some at a time; in the order of the list, also where the query keeps its rows."""
    reader = _LeadReader(card.card, get_engine(card).counter, as_of, counted)
    keep = [column for column in query.keep if column == ROW]
    query = replace(query, keep=[*keep, BAD, *reader.counted_columns], fields=True)
    selected = ", ".join(map(quoted, reader.columns))
    order = f" ORDER BY {quoted(ROW)}" if keep else ""
    rows = connection.execute(f"SELECT {selected} FROM ({sql.select(card, query)}) WHERE NOT {quoted(BAD)}{order}")
    while batch := rows.fetchmany(LEADS_PER_BATCH):
        yield [reader.read(row) for row in batch]


class _LeadReader:
    """Makes leads of rows; `columns` are those of the rows."""

    def __init__(self, card: Card, counter: EventCounter | None, as_of: date, counted: CountedEvents | None) -> None:
        self.card, self.as_of = card, as_of
        self.names = [field.name for field in card.plain_fields]
        self.counter = counter if counted else None
        self.counted_columns = [*list_counted(card, entries=True, totals=True, machines=True)] if counted else []
        if counted:
            self.counted_columns.append(UNKNOWN_KINDS)
        self.columns = [*(f"f:{name}" for name in self.names), *self.counted_columns]

    def read(self, row: Sequence[Any]) -> TypedLead:
        """The lead of a row."""
        values = dict(zip(self.names, row, strict=False))
        if self.counter is None:
            return TypedLead(values, None)
        amounts = dict(zip(self.counted_columns, row[len(self.names) :], strict=True))
        return TypedLead(values, self._restore(self.counter, amounts, values))

    def _restore(self, counter: EventCounter, amounts: Mapping[str, Any], values: Mapping[str, Typed]) -> EventCounts:
        """What the events of a lead come to, as Python would have counted them."""
        rules = []
        for rule in self.card.each_rules:
            full, once, per_day, events = (amounts[name_part(part, rule.name)] for part in ENTRY_PARTS)
            of_machines = (amounts[name_part(part, rule.name)] for part in MACHINE_PARTS)
            tenths = amounts[name_counted(name_earned(rule.name))]
            rules.append(EarnedByEvents(rule.name, tenths, events, full, once, per_day, *of_machines))
        totals = {total: amounts[name_total(total)] for total in TOTALS if total != "unreadable"}
        counts = EventCounts(
            {field.name: amounts[name_counted(field.name)] for field in self.card.event_fields},
            tuple(rules),
            is_known=True,
            counted=totals["counted"],
            machine=totals["machine"],
            repeated=totals["repeated"],
            future=totals["future"],
            late=totals["late"],
            unknown_kinds=json.loads(amounts[UNKNOWN_KINDS] or "{}"),
        )
        return counter.bound(counts, self.as_of, values)
