"""What the events of leads come to at their landmarks, counted by the same counter as a score, for any card.

The events are kept as a table of DuckDB. One pass over them, in the order of the leads, reads each once and counts it
as of all landmarks of its lead, so that the memory is that of one lead's events and of what is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.each_points import name_earned
from leadledger.scoring.errors import BadValue, DataError, LeadError, quote
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_members import LEAD_KEY
from leadledger.scoring.printers.sql.event_table import LEAD, UNREADABLE
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.rule import EachRule
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.scoring.tree import Typed
from leadledger.training.event_lives import EventLives
from leadledger.training.landmarks import LANDMARK_DAY
from leadledger.training.plausible_days import EPOCH
from leadledger.training.sources.event_rows import fetch_events_by_lead
from leadledger.training.sources.scan import ROW, Reject
from leadledger.training.sources.table import LeadTable

MOST_MISTAKES_SHOWN = 5
EVENTS = "events"  # in place of a column, where a lead is left out for its events
NUMBER = "ll:number"  # of a row that is a lead at a landmark
_ROWS, _KEYS = "ll_landmarks", "ll_event_leads"


@dataclass(frozen=True)
class KeptEvents:
    """The events of a history, kept in DuckDB; `label` is what messages call them."""

    rows: LeadTable
    label: str


@dataclass(frozen=True)
class LandmarkDays:
    """The days as of which events are counted: one row for each lead at a landmark.

    `numbers` (n,) number the rows, `rows` (n,) are the leads' in the list, `keys` (n,) what their events are found by
    (None: nothing), `days` (n,) whole days since 1970. `tracked`: the date fields that say from when on events are
    known, by name, (n,) days since 1970 (NaN: missing).
    """

    numbers: NDArray[np.int64]
    rows: NDArray[np.int64]
    keys: NDArray[np.object_]
    days: NDArray[np.int64]
    tracked: Mapping[str, NDArray[np.float64]]


@dataclass
class EventTotals:
    """What became of all events, as of the last landmark of each lead."""

    events: int = 0
    of_others: int = 0
    by_fate: Counter[str] = dataclass_field(default_factory=Counter)
    unknown: Counter[str] = dataclass_field(default_factory=Counter)

    def add(self, counts: EventCounts) -> None:
        """Add what became of the events of one lead."""
        for name in ("counted", "machine", "repeated", "future", "late"):
            self.by_fate[name] += getattr(counts, name)
        self.unknown.update(counts.unknown_kinds)

    def describe(self) -> str:
        """The sentence for people."""
        left_out = {
            "of leads that aren't learned from": self.of_others,
            "of machines": self.by_fate["machine"],
            "sent again": self.by_fate["repeated"],
            "after the last landmark of the lead": self.by_fate["future"],
            "received after it": self.by_fate["late"],
            **{f"of the unknown kind {quote(kind)}": count for kind, count in sorted(self.unknown.items())},
        }
        words = [f"{count:,} {what}" for what, count in left_out.items() if count]
        counted = self.by_fate["counted"] - self.by_fate["machine"]
        return f"Events: {counted:,} of {self.events:,} counted" + (
            f"; left out: {', '.join(words)}." if words else "."
        )


@dataclass(frozen=True)
class _Asked:
    """What a card asks of events: its kinds and fields, and the rules for each event with the trust in them."""

    values: tuple[Any, ...]
    rules: Sequence[EachRule]
    trust: float

    def is_part_of(self, other: _Asked) -> bool:
        """Whether all of it was counted for another card."""
        priced_alike = not self.rules or (self.rules == other.rules and self.trust == other.trust)
        return self.values == other.values and priced_alike


class LandmarkCounter:
    """Counts the events of a history at its landmarks, for one card after another; each is counted once."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, leads: LeadTable, events: KeptEvents, at: LandmarkDays
    ) -> None:
        self.connection, self.leads, self.events = connection, leads, events
        order = np.lexsort((at.days, np.array([key or "" for key in at.keys], dtype=str)))
        self.at = LandmarkDays(
            at.numbers[order],
            at.rows[order],
            at.keys[order],
            at.days[order],
            {name: days[order] for name, days in at.tracked.items()},
        )
        self.totals = EventTotals(events.rows.rows)
        self.unreadable: dict[int, tuple[Reject, ...]] = {}  # the leads with events that can't be read, by their rows
        self.lives: EventLives | None = None  # of the kinds of the first card, by the rows' numbers
        self.counted: list[tuple[_Asked, str]] = []  # what was counted, and the table that has it
        self._keep(_ROWS, {NUMBER: self.at.numbers, ROW: self.at.rows, LANDMARK_DAY: self.at.days})
        self._keep(_KEYS, {LEAD_KEY: pd.unique(self.at.keys[[key is not None for key in self.at.keys]])})

    def join(self, scorecard: Scorecard) -> str:
        """A FROM item: the leads at their landmarks, with what was counted for a card. Raises DataError."""
        card = scorecard.card
        counted = [f"c.{quoted(name_counted(name))}" for name in card.count_names]
        counted.append(f"0 AS {quoted(UNREADABLE)}")  # a list with events that can't be read was refused
        day = f"DATE '{EPOCH}' + CAST(r.{quoted(LANDMARK_DAY)} AS INTEGER)"
        columns = [
            f"l.* EXCLUDE ({quoted(ROW)})",
            f"r.{quoted(NUMBER)} AS {quoted(ROW)}",
            f"{day} AS {quoted(LANDMARK_DAY)}",
        ]
        joined = f"{_ROWS} AS r JOIN {self.leads.table} AS l ON l.{quoted(ROW)} = r.{quoted(ROW)}"
        if card.count_names:
            joined += f" JOIN {self._find(scorecard)} AS c ON c.{quoted(NUMBER)} = r.{quoted(NUMBER)}"
        return f"(SELECT {', '.join([*columns, *counted])} FROM {joined})"

    def require_own(self) -> None:
        """Raises DataError where not one event is of a lead that is learned from: the list is of other leads."""
        own = next((key for key in self.at.keys if key), "")
        if not own or not self.totals.events or self.totals.of_others < self.totals.events or self.unreadable:
            return
        query = f"SELECT {quoted(LEAD)} FROM {self.events.rows.table} LIMIT 1"
        ((other,),) = self.connection.execute(query).fetchall()
        raise DataError(
            f"{self.events.label}: none of its {self.totals.events:,} events is of a lead that is learned from; the"
            f" first is of lead {quote(other)}, and a lead of the history is {quote(own)}; give the events of these"
            " leads"
        )

    def list_kinds(self) -> list[str]:
        """The names of the kinds in the list of events."""
        query = f"SELECT DISTINCT CAST(kind AS VARCHAR) FROM {self.events.rows.table} WHERE kind IS NOT NULL"
        return [name for (name,) in self.connection.execute(query).fetchall()]

    def find_lives(self, card: Card) -> EventLives:
        """The whole lives of the leads, counted where nothing was yet. Raises DataError."""
        if self.lives is None:
            self._count(Scorecard(card, Learned()))
        assert self.lives is not None, "counting notes them"
        return self.lives

    def _find(self, scorecard: Scorecard) -> str:
        """The table with what was counted for a card, counted where it isn't yet."""
        card = scorecard.card
        values = {name: card.fields[name].event_value for name in card.count_names if name in card.fields}
        asked = _Asked((card.events, values, card.missing, card.time_zone), card.each_rules, scorecard.learned.trust)
        for other, table in self.counted:
            if asked.is_part_of(other):
                return table
        table = f"ll_counted_{len(self.counted)}"
        amounts = self._count(scorecard)
        names = [name_counted(name) for name in card.count_names]
        self._keep("ll_amounts", {NUMBER: self.at.numbers, **dict(zip(names, amounts.T, strict=True))})
        kinds = [TYPE_OF_KIND[card.fields[name].kind] if name in values else "INTEGER" for name in card.count_names]
        typed = ", ".join(_typed(name, kind) for name, kind in zip(names, kinds, strict=True))
        self.connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {quoted(NUMBER)}, {typed} FROM ll_amounts")
        self.connection.execute("DROP TABLE ll_amounts")
        self.counted.append((asked, table))
        return table

    def _count(self, scorecard: Scorecard) -> NDArray[np.float64]:
        """What was counted (n, count_names), days since 1970 for dates, NaN: unknown. Raises DataError."""
        counter = EventCounter(scorecard)
        names = scorecard.card.count_names
        amounts: NDArray[np.float64] = np.full((len(self.at.numbers), len(names)), np.nan)
        totals, mistakes = EventTotals(self.events.rows.rows), list[str]()
        lives = EventLives(scorecard.card, len(amounts)) if self.lives is None else None
        nothing: dict[Any, list[float]] = {}
        for key, rows, events in self._by_lead():
            try:
                read = counter.read(events)
            except LeadError as error:
                row = int(self.at.rows[rows.start])
                if not self.counted:  # the history's own card, which then leaves the lead out
                    self.unreadable[row] = tuple(_make_reject(row, problem) for problem in error.problems)
                if row not in self.unreadable:
                    mistakes += [f"{self.events.label}: lead {quote(key)}: {problem}" for problem in error.problems]
                continue
            counts: EventCounts | None = None
            for row in rows:
                day, lead = _day(self.at.days[row]), self._tracked(row)
                empty = None if events else (day if lead or _is_tracked(scorecard.card) else None, *lead.values())
                if empty is not None and empty in nothing:
                    amounts[row] = nothing[empty]
                    continue
                counts = counter.count_read(read, day, lead)
                amounts[row] = _as_numbers(counts, scorecard.card)
                if empty is not None:
                    nothing[empty] = amounts[row].tolist()
            if events and counts is not None:
                if lives is not None:
                    at = slice(rows.start, rows.stop)
                    lives.note(counter, read, self.at.numbers[at], self.at.days[at])
                totals.add(counts)
                totals.of_others -= len(events)
        if mistakes:
            raise DataError("\n".join(mistakes[:MOST_MISTAKES_SHOWN]))
        totals.of_others += self.events.rows.rows
        self.totals = totals
        self.lives = self.lives or lives
        return amounts

    def _by_lead(self) -> Iterator[tuple[str, range, list[dict[str, Any]]]]:
        """Each lead: its key, the places of its rows in `at`, and its raw events."""
        keys = self.at.keys
        starts = [at for at in range(len(keys)) if at == 0 or keys[at] != keys[at - 1] or keys[at] is None]
        ends = [*starts[1:], len(keys)]
        by_lead = fetch_events_by_lead(self.connection, self.events.rows.table, self.events.rows.columns, _KEYS)
        key, events = next(by_lead, (None, []))
        for start, end in zip(starts, ends, strict=True):
            if keys[start] is not None and keys[start] == key:
                yield keys[start], range(start, end), events
                key, events = next(by_lead, (None, []))
            else:
                yield keys[start] or "", range(start, end), []
        assert key is None, "the leads and their events are in one order"

    def _tracked(self, row: int) -> dict[str, Typed]:
        """The days from which the events of a lead are known, where a field says so."""
        return {name: _day(days[row]) if np.isfinite(days[row]) else None for name, days in self.at.tracked.items()}

    def _keep(self, table: str, columns: Mapping[str, Any]) -> None:
        frame = pd.DataFrame(columns)
        self.connection.register("ll_frame", frame)
        self.connection.execute(f"CREATE OR REPLACE TABLE {table} AS FROM ll_frame")
        self.connection.unregister("ll_frame")


def join_unknown(card: Card, table: str) -> str:
    """A FROM item: leads, of which nothing is counted for a card."""
    kinds = {name_counted(field.name): TYPE_OF_KIND[field.kind] for field in card.event_fields}
    kinds |= {name_counted(name_earned(rule.name)): "INTEGER" for rule in card.each_rules}
    unknown = "".join(f", CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in kinds.items())
    unknown += f", 0 AS {quoted(UNREADABLE)}"
    return f"(SELECT *{unknown} FROM {table})"


def _make_reject(row: int, problem: BadValue) -> Reject:
    """An event of the lead in a row of the list, and why it can't be read."""
    return Reject(row, EVENTS, "" if problem.value is None else str(problem.value), str(problem))


def _is_tracked(card: Card) -> bool:
    """Whether what no events come to depends on the day."""
    return any(kind.tracked_since is not None for kind in card.events.values())


def _as_numbers(counts: EventCounts, card: Card) -> Sequence[float]:
    values: list[Typed] = [counts.values[field.name] for field in card.event_fields]
    values += [None if earned.tenths is None else float(earned.tenths) for earned in counts.rules]
    return [_as_number(value) for value in values]


def _as_number(value: Typed) -> float:
    if isinstance(value, date):
        return float((value - EPOCH).days)
    return value if isinstance(value, float) else float("nan")


def _typed(name: str, kind: str) -> str:
    """The SQL of a column of amounts in its own type."""
    known = f"nullif({quoted(name)}, CAST('NaN' AS DOUBLE))"
    value = f"DATE '{EPOCH}' + CAST({known} AS INTEGER)" if kind == "DATE" else f"CAST({known} AS {kind})"
    return f"{value} AS {quoted(name)}"


def _day(days: Any) -> date:
    return EPOCH + timedelta(days=int(days))
