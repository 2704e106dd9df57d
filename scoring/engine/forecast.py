"""What becomes of a lead if nothing happens: the days on which its recommendation, its grade or its total will differ.

The values and the events stay, the days go on. Only the days on which time alone can change something are tried, by the
printed function; a whole result is worked out for the days that the answer names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from leadledger.scoring.engine.forecast_days import USUAL_DAYS
from leadledger.scoring.engine.ledger_difference import EntryDifference, find_differences
from leadledger.scoring.engine.passing_days import PassingDays
from leadledger.scoring.engine.score import Engine, get_engine
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.later_counts import LaterCounts, find_later_counts
from leadledger.scoring.memory import REMEMBERED, list_memory, memory_of
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed, find_fields


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


class ForecastTotal(NamedTuple):
    """A day from which on a lead has another total (tenths)."""

    on: date
    tenths: int


@dataclass(frozen=True, slots=True)
class LeadForecast:
    """What becomes of a lead within so many `days` after `now`, if nothing happens.

    `recommendation` is the first day on which the verdict, or the stage that it is about, differs from today's; `grade`
    the first on which the grade does. None: it stays for that long. `totals` begin with today's.
    """

    now: Result
    days: int
    recommendation: ForecastChange | None
    grade: ForecastChange | None
    totals: tuple[ForecastTotal, ...]

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
            "course": [{"on": total.on.isoformat(), "points": total.tenths / 10} for total in self.totals],
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


class _ChangedDay(NamedTuple):
    """A day, as `date.toordinal` counts it, and the values that remember the last recommendation before it."""

    ordinal: int
    memory: Mapping[str, Typed]


class _Changes(NamedTuple):
    """The first day with another recommendation, the first with another grade, and all totals, today's first."""

    turned: _ChangedDay | None
    regraded: _ChangedDay | None
    totals: tuple[ForecastTotal, ...]


class Forecaster:
    """A scorecard made ready to look ahead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._card = engine.card
        self._passing = PassingDays(engine.card)
        asked = {name for condition in engine.card.card.conditions for name in find_fields(condition)}
        asked |= {priced.rule.half_life.of for priced in engine.card.rules if priced.rule.half_life}
        self._asks_memory = engine.remembers and not asked.isdisjoint(REMEMBERED)
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

        def look(day: _ChangedDay | None) -> ForecastChange | None:
            if day is None:
                return None
            on = date.fromordinal(day.ordinal)
            then = engine.build_result({**values, **day.memory}, on, counts=count_on(on))
            return ForecastChange(on, then, find_differences(now.ledger, then.ledger))

        changes = self._find_changes(now, engine.add_counts(values, counts), later, today, last)
        return LeadForecast(now, days, look(changes.turned), look(changes.regraded), changes.totals)

    def _find_changes(
        self, now: Result, values: Mapping[str, Any], later: LaterCounts, today: int, last: int
    ) -> _Changes:
        """What changes from `today` to `last`; `values` as for `tally`."""
        engine, card, tally = self._engine, self._card, self._engine.tally
        decided, grade = (now.recommendation.verdict, now.recommendation.to), now.grade
        turned = regraded = None
        total, totals = now.tenths, [ForecastTotal(now.as_of, now.tenths)]
        current = dict(values)
        changing = self._find_days(current, later, today, last)
        days: Iterable[int] = sorted(changing)
        memory: Mapping[str, Typed] = {}
        if engine.remembers:  # each day's answer is the memory of the next
            days, memory = range(today + 1, last + 1), list_memory(values, memory_of(now))
            changing.add(today + 1)
        for ordinal in days:
            day = date.fromordinal(ordinal)
            current.update(memory)
            if ordinal in changing or self._asks_memory:
                current.update(later.get(ordinal, ()))
                total, _, high, _, _, _, _, criteria, excluded = tally(current, day)
                if total != totals[-1].tenths:
                    totals.append(ForecastTotal(day, total))
            if turned is None or engine.remembers:
                standing = engine.decisions.standings[values.get("stage"), criteria, True in excluded]
                decision = engine.decisions.decide(standing, total, high, current, day)
            if turned is None and (decision.verdict, decision.to) != decided:
                turned = _ChangedDay(ordinal, memory)
            if regraded is None and card.grade(total) != grade:
                regraded = _ChangedDay(ordinal, memory)
            if engine.remembers:
                memory = list_memory(values, decision.memory)
        return _Changes(turned, regraded, tuple(totals))

    def _find_days(self, values: Mapping[str, Any], later: LaterCounts, today: int, last: int) -> set[int]:
        """The days on which something can change. Where an event moves a date, distances are counted anew from it."""
        days = {*later, *self._passing.find(values, today, last)}
        moved = dict(values)
        for day in sorted(later):
            if not self._event_dates.isdisjoint(later[day]):
                moved.update(later[day])
                days |= self._passing.find(moved, day, last)
        return days
