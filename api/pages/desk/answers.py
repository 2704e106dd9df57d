"""What answers to questions would make of a lead, in words: the form, what was tried, and each answer to a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal, TypeAlias

from leadledger.api.pages.desk.subjects import begin
from leadledger.api.pages.desk.values import word_value
from leadledger.api.pages.desk.waterfall import word_overflow
from leadledger.api.wording.figures import NO_BREAK_SPACE, word_chance, word_number
from leadledger.api.wording.recommendations import AdviceWords, find_facts, word_advice
from leadledger.scoring.advice import word_day
from leadledger.scoring.bins import TextBins, format_number
from leadledger.scoring.choice_forms import split_choices
from leadledger.scoring.engine.answer_effects import AnswerEffect, is_other
from leadledger.scoring.engine.what_if import WhatIf
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.lookup import Table
from leadledger.scoring.result import Result, format_signed, format_unsigned
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

InputKind: TypeAlias = Literal["select", "number", "date", "text"]
MOST_ROWS = 9  # of the table of answers, where those with one advice can be taken together
WORDS_SHOWN = 3  # of answers that are taken together
MOST_CHOICES = 60  # of a select


@dataclass(frozen=True)
class AnswerInput:
    """A question of the form: its input, the options of a select as (value, words), and the value that it shows."""

    field: str
    question: str
    kind: InputKind
    options: tuple[tuple[str, str], ...]
    value: str
    unit: str
    known: str  # what is known of it, in words


@dataclass(frozen=True)
class TriedAnswers:
    """What was tried and what it would do. `answers` are pairs of a title and an answer, in words."""

    answers: tuple[tuple[str, str], ...]
    chance_now: str
    chance_then: str
    points: str
    difference: str
    action_now: str
    action_then: str
    overflow: str
    moved: str


@dataclass(frozen=True)
class AnswerRow:
    """Answers that would do the same, or, where `chance` is from one to another, lead to the same advice.

    `value` is one of them as the form sends it; empty: it can't be sent. `values` are those that the ends of `chance`
    belong to.
    """

    label: str
    note: str
    chance: str
    points: str
    advice: AdviceWords
    value: str
    values: tuple[str, ...]
    is_chosen: bool


@dataclass(frozen=True)
class AnswerTable:
    """What each answer to a question would do."""

    field: str
    question: str
    title: str
    rows: tuple[AnswerRow, ...]


# -- the form ----------------------------------------------------------------------------------------------------------


def order_questions(result: Result, card: Scorecard, values: Mapping[str, Typed]) -> tuple[str, ...]:
    """The fields that can be asked for: first those worth asking, then others that aren't known, then those known."""
    first = [question.field for question in result.recommendation.questions]
    others = sorted(card.card.questions, key=lambda name: values.get(name) is not None)
    return tuple(dict.fromkeys([*first, *others]))


def make_inputs(
    card: Scorecard, fields: Sequence[str], values: Mapping[str, Typed], sent: Mapping[str, str], today: date
) -> tuple[AnswerInput, ...]:
    """The inputs of some fields; `sent` are the answers that were tried, as they were sent."""
    return tuple(_make_input(card, card.card.fields[name], values, sent, today) for name in fields)


def _make_input(
    card: Scorecard, field: Field, values: Mapping[str, Typed], sent: Mapping[str, str], today: date
) -> AnswerInput:
    options = _list_options(card, field)
    kind: InputKind = "number" if field.kind == "number" else "date" if field.kind == "date" else "text"
    value = sent.get(field.name, "")
    if options and (not value or value in dict(options)):
        kind = "select"
    known = values.get(field.name)
    words = "" if known is None else word_value(field, known, today)
    question = card.card.questions[field.name]
    return AnswerInput(field.name, question, kind, options if kind == "select" else (), value, field.unit, words)


def _list_options(card: Scorecard, field: Field) -> tuple[tuple[str, str], ...]:
    """The answers of a field that has few, each as it is sent and in words."""
    if field.kind == "flag":
        return ("yes", "Yes"), ("no", "No")
    if field.kind != "text":
        return ()
    table = next((term for term in card.learned.terms if isinstance(term, Table) and term.field == field.name), None)
    levels = table.bins.levels if table is not None and isinstance(table.bins, TextBins) else ()
    texts = tuple(dict.fromkeys(field.values or levels))[:MOST_CHOICES]
    return tuple((text, begin(text.replace("_", " "))) for text in texts)


# -- what was tried ----------------------------------------------------------------------------------------------------


def describe_tried(
    what_if: WhatIf, card: Scorecard, answers: Mapping[str, Typed], today: date, moved: str
) -> TriedAnswers:
    """What some answers would do; `answers` are typed, by field."""
    now, then = what_if.now, what_if.then
    fields = card.card.fields
    return TriedAnswers(
        tuple((begin(fields[name].title), word_value(fields[name], value, today)) for name, value in answers.items()),
        word_chance(now.probability) or format_unsigned(now.tenths),
        word_chance(then.probability) or format_unsigned(then.tenths),
        format_unsigned(then.tenths),
        format_signed(what_if.tenths),
        word_advice(find_facts(card, now), today).action,
        word_advice(find_facts(card, then), today).action,
        word_overflow(then),
        moved,
    )


# -- each answer to a question -----------------------------------------------------------------------------------------


def list_answer_rows(
    effects: Sequence[AnswerEffect], card: Scorecard, field: Field, now: Result, chosen: Typed
) -> AnswerTable | None:
    """What each answer would do; None where none does anything to be seen. `now` is the result as it is, `chosen` was
    tried.
    """
    if all(_see(effect.result) == _see(now) for effect in effects):
        return None
    runs = [[effect] for effect in effects]
    if len(runs) > MOST_ROWS and field.kind not in ("number", "date"):  # words have no order of their own
        runs.sort(key=lambda run: (-run[0].result.tenths, run[0].value is None))
    while len(runs) > MOST_ROWS and (at := _find_mergeable(runs)) is not None:
        runs[at : at + 2] = [runs[at] + runs[at + 1]]
    rows = [_make_row(run, card, field, now.as_of, chosen) for run in runs]
    title = card.card.questions[field.name]
    return AnswerTable(field.name, title, begin(field.title), tuple(rows))


def _see(result: Result) -> tuple[object, ...]:
    """What people are shown of a result."""
    shown = word_chance(result.probability) or format_unsigned(result.tenths)
    return shown, result.recommendation.verdict, result.recommendation.to


def _find_mergeable(runs: Sequence[Sequence[AnswerEffect]]) -> int | None:
    """The first of two neighbours with the same advice whose points are nearest; None: there are none."""
    gaps = [
        (abs(after[0].result.tenths - before[-1].result.tenths), at)
        for at, (before, after) in enumerate(pairwise(runs))
        if _decide(before[0]) == _decide(after[0])
    ]
    return min(gaps)[1] if gaps else None


def _decide(effect: AnswerEffect) -> tuple[str, str]:
    advice = effect.result.recommendation
    return advice.verdict, advice.to


def _make_row(run: Sequence[AnswerEffect], card: Scorecard, field: Field, today: date, chosen: Typed) -> AnswerRow:
    first, last = run[0], run[-1]
    least = min(run, key=lambda effect: effect.result.tenths)
    most = max(run, key=lambda effect: effect.result.tenths)
    typical = run[len(run) // 2]
    label, note = _word_answer(first, last, field, today)
    is_mixed = field.kind not in ("number", "date") and len(run) > 1
    if is_mixed:
        label, note = _word_several([_word_answer(effect, effect, field, today)[0] for effect in run])
    low, high = (word_chance(effect.result.probability) for effect in (least, most))
    chance = low if low == high else f"{low.removesuffix(f'{NO_BREAK_SPACE}%')}–{high}"
    ends = [format_unsigned(effect.result.tenths) for effect in (least, most)]
    return AnswerRow(
        label,
        note,
        chance,
        ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}",
        word_advice(find_facts(card, typical.result), today),
        "" if is_mixed else write_answer(field, typical.value),
        tuple(write_answer(field, effect.value) for effect in (least, most)),
        chosen is not None and any(_covers(effect, chosen) for effect in run),
    )


def write_answer(field: Field, value: Typed) -> str:
    """An answer as the form sends it; empty: it can't be sent."""
    if isinstance(value, str) and field.kind == "choices":
        return field.separator.join(choice for choice in split_choices(value) if choice != OTHER_VALUE)
    if value is None or value == OTHER_VALUE:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_number(value)
    return value.isoformat() if isinstance(value, date) else value


def _covers(effect: AnswerEffect, value: Typed) -> bool:
    """Whether an answer is one of those of an effect."""
    if type(value) not in (float, date):
        return effect.low == value and value is not None
    low, high = effect.low, effect.high
    above = low is None or value > low or (effect.has_low and value == low)  # type: ignore[operator]  # of one kind
    below = high is None or value < high or (effect.has_high and value == high)  # type: ignore[operator]
    return above and below


def _word_answer(first: AnswerEffect, last: AnswerEffect, field: Field, today: date) -> tuple[str, str]:
    """Answers in words, and what is to be added to them in small letters."""
    low, high = first.low, last.high
    if field.kind == "number":
        return _word_numbers(first, last, field.unit), ""
    if field.kind == "date":
        days = [(day - today).days if isinstance(day, date) else None for day in (low, high)]
        return _word_days(*days), _word_dates(low, high, today)
    if is_other(low):
        return "Something else", ""
    return begin(word_value(field, low, today)), ""


def _word_several(labels: Sequence[str]) -> tuple[str, str]:
    """Several answers as a label and what stands below it."""
    if len(labels) <= WORDS_SHOWN:
        return ", ".join(labels), ""
    return f"{', '.join(labels[:WORDS_SHOWN])} …", f"and {len(labels) - WORDS_SHOWN} more"


def _word_numbers(first: AnswerEffect, last: AnswerEffect, unit: str) -> str:
    low, high = (word_number(end) if isinstance(end, float) else "" for end in (first.low, last.high))
    if low and low == high:
        words = f"exactly {low}"
    elif not low:
        words = f"{high} or less" if last.has_high else f"below {high}" if high else "any number"
    elif not high:
        words = f"{low} or more" if first.has_low else f"more than {low}"
    elif first.has_low and not last.has_high:
        words = f"{low} to below {high}"
    else:
        words = f"{low if first.has_low else f'more than {low}'} to {high if last.has_high else f'below {high}'}"
    return begin(f"{words} {unit}" if unit else words)


def _word_days(low: int | None, high: int | None) -> str:
    """A stretch of days from today on in words; None: it has no end."""
    if low is None and high is None:
        return "Any day"
    if high is None:
        assert low is not None
        return (
            "Today or later" if low == 0 else f"In {low:,} days or later" if low > 0 else f"From {-low:,} days ago on"
        )
    if low is None:
        return (
            "Before today" if high == -1 else f"{-high:,} days ago or earlier" if high < 0 else f"Within {high:,} days"
        )
    if low == high:
        return "Today" if low == 0 else f"In {low:,} days" if low > 0 else f"{-low:,} days ago"
    if low >= 0:
        return f"Within {high:,} days" if low == 0 else f"In {low:,} to {high:,} days"
    return f"{-high:,} to {-low:,} days ago" if high < 0 else f"From {-low:,} days ago to in {high:,} days"


def _word_dates(low: Typed, high: Typed, today: date) -> str:
    days = list(_list_ends(low, high, today))
    return " ".join(days)


def _list_ends(low: Typed, high: Typed, today: date) -> Iterator[str]:
    if isinstance(low, date) and low != today:
        yield f"from {word_day(low, today)}"
    if isinstance(high, date):
        yield f"until {word_day(high, today)}"
