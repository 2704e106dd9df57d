"""What each answer to a question would make of a lead: its whole result, for each answer that the card tells apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from leadledger.scoring.criterion import Criterion
from leadledger.scoring.engine.passing_days import PassingDays, find_days, list_day_changes
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.meaning.answers import list_answers, list_cuts
from leadledger.scoring.meaning.logic import derive, evaluate_operand
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Compare, Constant, Days, FieldRef, In, Typed, walk_tree

ANY_OTHER_TEXT = "\0"  # as `list_answers` has it
CountEvents = Callable[[Mapping[str, Typed]], EventCounts | None]


@dataclass(frozen=True, slots=True)
class AnswerEffect:
    """Answers that the card doesn't tell apart, and the result that they would make.

    Of numbers and dates, all from `low` to `high` (None: there is no end); `has_low` and `has_high` say whether these
    belong to them. Of all else, `low` and `high` are the answer. `value` is one of the answers; None: any text that the
    card doesn't know.
    """

    low: Typed
    high: Typed
    has_low: bool
    has_high: bool
    value: Typed
    result: Result


def find_answer_effects(
    engine: Engine, values: Mapping[str, Typed], field: Field, as_of: date, count: CountEvents
) -> tuple[AnswerEffect, ...]:
    """The effects of all answers to a plain field, in their order.

    `values` are the typed values of the lead, `count` says what its events come to with others.
    """

    def try_value(value: Typed) -> Result:
        answered = {**values, field.name: value}
        return engine.build_result(answered, as_of, counts=count(answered))

    seen = _see_exclusions(engine.card)
    if field.kind in ("number", "date"):
        rivals = [*_list_rivals(engine, field.name, engine.add_counts(values, count(values)), as_of)]
        if field.kind == "date":
            return _merge(_try_days(_list_first_days(engine, field.name, as_of, rivals), try_value))
        cuts = {*list_cuts(seen, field), *(value for _, value in rivals if isinstance(value, float))}
        return _merge(_try_numbers(sorted(cuts), try_value))
    effects = []
    for value, _ in list_answers(seen, field):
        shown = None if value == ANY_OTHER_TEXT and field.kind == "text" else value
        effects.append(AnswerEffect(shown, shown, True, True, shown, try_value(value)))
    return tuple(effects)


def _see_exclusions(card: Scorecard) -> Scorecard:
    """A scorecard that tells apart what exclusions do, too: questions look at points and criteria alone."""
    asked = tuple(Criterion(f"excluded by {exclusion.name}", exclusion.when) for exclusion in card.card.exclude)
    return replace(card, card=replace(card.card, criteria=(*card.card.criteria, *asked))) if asked else card


def is_other(value: Typed) -> bool:
    """Whether an answer stands for all choices that the card doesn't list."""
    return value is None or value == OTHER_VALUE


def _try_numbers(cuts: Sequence[float], try_value: Callable[[Typed], Result]) -> list[AnswerEffect]:
    """Each cut, and the open stretches before it, between two, and after the last; those without a number apart."""
    effects = []
    for low, high in pairwise([None, *cuts, None]):
        between = _find_between(low, high)
        if between is not None:
            effects.append(AnswerEffect(low, high, False, False, between, try_value(between)))
        if high is not None:
            effects.append(AnswerEffect(high, high, True, True, high, try_value(high)))
    return effects


def _find_between(low: float | None, high: float | None) -> float | None:
    """A number between two, a round one if possible; None: there is none."""
    if low is None or high is None:
        guess = 0.0 if low is high else high - 1 if low is None else low + 1  # type: ignore[operator]  # one is known
        if guess in (low, high):
            guess = math.nextafter(guess, -math.inf if low is None else math.inf)
        return guess if math.isfinite(guess) else None
    middle = low / 2 + high / 2
    return middle if low < middle < high else None


def _try_days(firsts: Sequence[date], try_value: Callable[[Typed], Result]) -> list[AnswerEffect]:
    """Days: from each of `firsts`, ascending, to the day before the next; and all before the first."""
    effects = []
    before = _shift(firsts[0], -1) if firsts else date.min
    for first, following in zip([None, *firsts], [*firsts, None], strict=True):
        last = None if following is None else _shift(following, -1)
        value = before if first is None else first
        effects.append(AnswerEffect(first, last, first is not None, last is not None, value, try_value(value)))
    return effects


def _list_rivals(
    engine: Engine, name: str, values: Mapping[str, Typed], as_of: date
) -> Iterator[tuple[Days | None, Typed]]:
    """What a lead has in fields that conditions compare with a field, or with the distance from its day."""
    card = engine.card.card
    known = derive(card, values, as_of)
    for condition in card.conditions:
        for part in walk_tree(condition):
            if not isinstance(part, Compare) or isinstance(part.right, Constant):
                continue
            for own, other in ((part.left, part.right), (part.right, part.left)):
                days, rival = find_days(card, own), find_days(card, other)
                value = evaluate_operand(other, known, as_of)
                if days is not None and rival is not None and days.of == rival.of:
                    value = 0.0  # days since and until the same date are alike today
                if value is not None and (days.of if days else own) == FieldRef(name, card.fields[name].kind):
                    yield days, value


def _list_first_days(engine: Engine, name: str, as_of: date, rivals: Sequence[tuple[Days | None, Typed]]) -> list[date]:
    """The days from which on the card sees a date otherwise than the days before, ascending; today is one."""
    offsets = PassingDays(engine.card).list_offsets(name)
    offsets |= {change for days, value in rivals for _, change in list_day_changes(days, [value])}
    # A day that is `offset` days ago is seen as one longer ago; so the day after it begins another stretch.
    firsts = {as_of, *(_shift(as_of, 1 - offset) for offset in offsets)}
    firsts |= {step for _, day in rivals if isinstance(day, date) for step in (day, _shift(day, 1))}
    for condition in engine.card.card.conditions:
        for part in walk_tree(condition):
            match part:
                case Compare(left=FieldRef(name=asked), right=Constant(value=date() as day)) if asked == name:
                    firsts |= {day, _shift(day, 1)}
                case In(of=FieldRef(name=asked), values=days) if asked == name:
                    compared = [literal.value for literal in days if isinstance(literal.value, date)]
                    firsts |= {step for day in compared for step in (day, _shift(day, 1))}
    return sorted(firsts)


def _shift(day: date, days: int) -> date:
    """The day so many days later, within the calendar."""
    return date.fromordinal(max(1, min(date.max.toordinal(), day.toordinal() + days)))


def _merge(effects: Sequence[AnswerEffect]) -> tuple[AnswerEffect, ...]:
    """Neighbours with one result as one."""
    merged: list[AnswerEffect] = []
    for effect in effects:
        if merged and merged[-1].result == effect.result:
            before = merged[-1]
            merged[-1] = AnswerEffect(
                before.low, effect.high, before.has_low, effect.has_high, before.value, before.result
            )
        else:
            merged.append(effect)
    return tuple(merged)
