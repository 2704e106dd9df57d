"""What becomes of a lead if nothing happens: the first day on which its recommendation, or its grade, will differ.

The values and the events stay, the days go on; where advice depends on the last one, the lead is looked at every day,
and what one look answers the next one remembers. Only the days on which time alone can change something are tried, by
the printed function; a whole result is worked out for the days that the answer names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from heapq import heappop, heappush
from typing import Any

from leadledger.scoring.advice import list_turning_days
from leadledger.scoring.engine.ledger_difference import EntryDifference, find_differences
from leadledger.scoring.engine.passing_days import PassingDays
from leadledger.scoring.engine.score import Engine, get_engine
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.later_counts import LaterCounts, find_later_counts
from leadledger.scoring.gate import Gate, decide
from leadledger.scoring.memory import Memory, memory_of, read_memory, replace_memory
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

USUAL_DAYS, MOST_DAYS = 90, 366


@dataclass(frozen=True, slots=True)
class ForecastChange:
    """A day on which a lead will be seen otherwise: its result then, and the entries that differ from today's.

    The entries add up to the difference of the totals.
    """

    on: date
    result: Result
    moved: tuple[EntryDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        then = self.result
        return {
            "on": self.on.isoformat(),
            "recommendation": then.recommendation.verdict,
            "to": then.recommendation.to,
            "grade": then.grade,
            "points": then.points,
            "moved": [difference.to_dict("now", "then") for difference in self.moved],
        }


@dataclass(frozen=True, slots=True)
class LeadForecast:
    """What becomes of a lead within so many `days` after `now`, if nothing happens.

    `recommendation` is the first day on which the verdict, or the stage that it is about, differs from today's; `grade`
    the first on which the grade does. None: it stays for that long.
    """

    now: Result
    days: int
    recommendation: ForecastChange | None
    grade: ForecastChange | None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON; what doesn't change is an empty list, so that no member is of two types."""
        now = self.now
        return {
            "card": now.card,
            "release": now.release,
            "as_of": now.as_of.isoformat(),
            "days": self.days,
            "recommendation": now.recommendation.verdict,
            "to": now.recommendation.to,
            "grade": now.grade,
            "points": now.points,
            "recommendation_changes": [] if self.recommendation is None else [self.recommendation.to_dict()],
            "grade_changes": [] if self.grade is None else [self.grade.to_dict()],
        }


def forecast(
    card: Scorecard,
    lead: Mapping[str, Any],
    as_of: date,
    days: int = USUAL_DAYS,
    events: Iterable[Mapping[str, Any]] | None = None,
) -> LeadForecast:
    """The forecast of one raw lead from a day on; `lead` and `events` as in `score`. Raises LeadError."""
    values = get_engine(card).clean(lead).values
    return forecast_values(card, values, as_of, days, events)


def forecast_values(
    card: Scorecard,
    values: Mapping[str, Typed],
    as_of: date,
    days: int = USUAL_DAYS,
    events: Iterable[Any] | None = None,
    counts: EventCounts | None = None,
) -> LeadForecast:
    """The forecast of the typed values of a lead and its raw events. Raises LeadError.

    `counts` is what is known of the events where they themselves aren't: it stays as it is.
    """
    return _get_forecaster(card).forecast(values, as_of, days, events, counts)


def _get_forecaster(card: Scorecard) -> Forecaster:
    """The forecaster of a scorecard, made at its first use and kept with it."""
    forecaster: Forecaster | None = card.__dict__.get("forecaster")
    if forecaster is None:
        forecaster = card.__dict__["forecaster"] = Forecaster(get_engine(card))
    return forecaster


@dataclass(frozen=True, slots=True)
class _Turn:
    """A day on which something changes, as `date.toordinal` counts, and what is remembered by then (None: nothing)."""

    day: int
    memory: Memory | None


def _add_days(days: list[int], gate: Gate | None, memory: Memory, today: int) -> None:
    """Add the days on which advice may turn by what is remembered to the heap of days."""
    for day in list_turning_days(gate, memory, date.fromordinal(today)):
        heappush(days, day.toordinal())


class Forecaster:
    """A scorecard made ready to look ahead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._card = engine.card
        self._passing = PassingDays(engine.card)
        self._event_dates = frozenset(field.name for field in engine.card.card.event_fields if field.kind == "date")

    def forecast(
        self,
        values: Mapping[str, Typed],
        as_of: date,
        days: int,
        events: Iterable[Any] | None,
        counts: EventCounts | None,
    ) -> LeadForecast:
        """See `forecast_values`."""
        engine, today = self._engine, as_of.toordinal()
        last = min(today + days, date.max.toordinal())
        counter, later = engine.counter, {}
        if counter is None or events is None:
            known = counts or engine.count_events(events, as_of, values)

            def count_on(day: date) -> EventCounts | None:
                return known
        else:
            read = counter.read(events)
            later = find_later_counts(counter, read, values, today, last)

            def count_on(day: date) -> EventCounts | None:
                return counter.count_read(read, day, values)

        counts = count_on(as_of)
        now = engine.build_result(values, as_of, counts=counts)

        def look(turn: _Turn | None) -> ForecastChange | None:
            if turn is None:
                return None
            on = date.fromordinal(turn.day)
            known = values if turn.memory is None else replace_memory(values, turn.memory)
            then = engine.build_result(known, on, counts=count_on(on))
            return ForecastChange(on, then, find_differences(now.ledger, then.ledger))

        changes = self._find_changes(now, engine.add_counts(values, counts), later, today, last)
        return LeadForecast(now, days, *map(look, changes))

    def _find_changes(
        self, now: Result, values: Mapping[str, Any], later: LaterCounts, today: int, last: int
    ) -> tuple[_Turn | None, _Turn | None]:
        """The first day with another recommendation, and the first with another grade; `values` as for `tally`."""
        engine, card, tally = self._engine, self._card, self._engine.tally
        at, gate = card.find_gate(values.get("stage"))
        verdict, grade = now.recommendation.verdict, now.grade
        turned = regraded = None
        current = dict(values)
        days = self._list_days(current, later, today, last)  # sorted, so a heap
        memory = memory_of(now) if engine.remembers else None
        if memory is not None:
            _add_days(days, gate, replace(memory, rejected_on=read_memory(current).rejected_on), today)
        before = today
        while days and days[0] <= last and (turned is None or regraded is None):
            day = heappop(days)
            if day == before:
                continue
            before, on = day, date.fromordinal(day)
            current.update(later.get(day, ()))
            total, _, high, _, _, _, _, criteria, excluded = tally(current, on)
            turn = _Turn(day, memory)
            if turned is None or memory is not None:
                then = decide(gate, criteria, True in excluded, total, high)
                if engine.explores:
                    then = engine.explore(gate, then, criteria, total, current).verdict
                if memory is not None:
                    to = gate.to if gate and then != "disqualify" else at
                    memory = replace(memory, rejected_on=read_memory(current).rejected_on)
                    advice = engine.advise(then, gate, to, criteria, total, current, memory, on)
                    then = advice.verdict
                    memory = Memory(then, to, advice.since, advice.below_since, memory.rejected_on)
                    _add_days(days, gate, memory, day)
                # The stage ahead is that of the gate, which stays: only with the verdict does it change.
                if turned is None and then != verdict:
                    turned = turn
            if regraded is None and card.grade(total) != grade:
                regraded = turn
        return turned, regraded

    def _list_days(self, values: Mapping[str, Any], later: LaterCounts, today: int, last: int) -> list[int]:
        """The days on which something can change. Where an event moves a date, distances are counted anew from it."""
        days = {*later, *self._passing.find(values, today, last)}
        moved = dict(values)
        for day in sorted(later):
            if not self._event_dates.isdisjoint(later[day]):
                moved.update(later[day])
                days |= self._passing.find(moved, day, last)
        return sorted(days)
