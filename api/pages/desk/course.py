"""How a lead got here and where it goes: its scores, what moved each, and what time alone will make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.api.pages.desk.subjects import SubjectFinder, begin
from leadledger.api.pages.desk.values import word_logged
from leadledger.api.wording.figures import NO_BREAK_SPACE, word_chance
from leadledger.api.wording.recommendations import find_facts, word_advice
from leadledger.scoring.advice import word_day
from leadledger.scoring.engine.forecast import ForecastChange, LeadForecast
from leadledger.scoring.engine.ledger_difference import EntryDifference
from leadledger.scoring.probability import compute_probability
from leadledger.scoring.result import format_signed, format_unsigned
from leadledger.scoring.scorecard import Scorecard

MOST_MOVES_NAMED = 3
WIDTH, HEIGHT = 1000, 100  # of the drawing's own units, which stretch
CEILINGS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)  # where the drawing of a chance may end
_CAUSES = {
    "time": "by time alone",
    "release": "by another release",
    "arrived_late": "by events that arrived late",
    "unknown": "its release is gone",
}


@dataclass(frozen=True)
class CourseRow:
    """A day: the chance (empty: not known) and the points on it, by how much they moved, and why.

    `is_turn`: the advice is another from that day on.
    """

    day: str
    chance: str
    points: str
    moved: str
    because: str
    is_turn: bool = False


@dataclass(frozen=True)
class ChartMark:
    """A place in the drawing that has words; `x` and `y` are per cent."""

    x: str
    y: str
    text: str
    is_late: bool  # in the right half, so that its words go to the left


@dataclass(frozen=True)
class CourseChart:
    """The course as a drawing: two paths in units of WIDTH and HEIGHT, the threshold's height, and marks with words.

    `summary` says in a sentence what it shows.
    """

    past: str
    future: str
    threshold: str
    threshold_words: str
    ceiling: str
    today: ChartMark
    turn: ChartMark | None
    first_day: str
    last_day: str
    today_x: str
    summary: str


@dataclass(frozen=True)
class Course:
    """The scores, newest first, what is to come, and the drawing of both (None: there is nothing to draw)."""

    past: tuple[CourseRow, ...]
    has_older: bool
    future: tuple[CourseRow, ...]
    outcomes: tuple[str, ...]
    chart: CourseChart | None


def describe_course(history: Mapping[str, Any], forecast: LeadForecast, card: Scorecard, today: date) -> Course:
    """The course of a lead; `history` is what GET /v1/leads/{id}/scores answers."""
    finder = SubjectFinder(card)
    scores = history["scores"]
    olders: list[Mapping[str, Any] | None] = [*scores[1:], None][: len(scores)]
    past = tuple(
        _make_past(score, older, finder, today, is_first=older is None and not history["more"])
        for score, older in zip(scores, olders, strict=True)
    )
    outcomes = tuple(
        f"{begin(outcome['became'].replace('_', ' '))} on {word_day(date.fromisoformat(outcome['on']), today)}"
        for outcome in history["outcomes"]
    )
    return Course(past, history["more"], _list_future(forecast, card, finder), outcomes, _draw(scores, forecast, card))


# -- the tables --------------------------------------------------------------------------------------------------------


def _make_past(
    score: Mapping[str, Any], older: Mapping[str, Any] | None, finder: SubjectFinder, today: date, *, is_first: bool
) -> CourseRow:
    tenths = round(score["points"] * 10)
    moved = 0 if older is None else tenths - round(older["points"] * 10)
    changed = _word_changed(score["changed"], finder, today)
    turned = older is not None and older["recommendation"] != score["recommendation"]
    return CourseRow(
        word_day(date.fromisoformat(score["as_of"]), today),
        word_chance(score["probability"]),
        format_unsigned(tenths),
        "" if older is None else format_signed(moved),
        "First known" if is_first else _word_moves(score["moved"], changed, finder),
        turned,
    )


def _word_changed(changes: Sequence[Mapping[str, Any]], finder: SubjectFinder, today: date) -> dict[str, str]:
    """The new values of fields that changed since the score before, in words, by field."""
    fields = finder.card.card.fields
    return {
        change["field"]: word_logged(fields[change["field"]], change["after"], today)
        for change in changes
        if change["field"] in fields
    }


def _word_moves(moves: Sequence[Mapping[str, Any]], changed: Mapping[str, str], finder: SubjectFinder) -> str:
    """What moved a score most, with the new value of what changed, and what did it, where that is one cause for all."""
    by_subject: dict[str, int] = {}
    for move in moves:
        subject = finder.find_by_name(move["kind"], move["name"])
        value = changed.get(subject.name, "") if subject.kind == "field" else ""
        title = f"{subject.title} {value}" if value else subject.title
        by_subject[title] = by_subject.get(title, 0) + round(move["moved"] * 10)
    causes = {move["cause"] for move in moves}
    words = _name_moves(by_subject)
    cause = _CAUSES.get(next(iter(causes)), "") if len(causes) == 1 else ""
    if not words:
        return "Nothing moved"
    return f"{words} ({cause})" if cause else words


def _name_moves(by_subject: Mapping[str, int]) -> str:
    ordered = sorted(
        ((title, tenths) for title, tenths in by_subject.items() if tenths), key=lambda move: -abs(move[1])
    )
    named = [f"{begin(title)}{NO_BREAK_SPACE}{format_signed(tenths)}" for title, tenths in ordered[:MOST_MOVES_NAMED]]
    rest = ordered[MOST_MOVES_NAMED:]
    if rest:
        named.append(f"{len(rest)} more{NO_BREAK_SPACE}{format_signed(sum(tenths for _, tenths in rest))}")
    return ", ".join(named)


def name_differences(differences: Iterable[EntryDifference], finder: SubjectFinder) -> str:
    """The largest differences of two ledgers by what they are about, in words."""
    by_subject: dict[str, int] = {}
    for difference in differences:
        title = finder.find_by_name(difference.kind, difference.name).title
        by_subject[title] = by_subject.get(title, 0) + difference.tenths
    return _name_moves(by_subject)


def _list_future(forecast: LeadForecast, card: Scorecard, finder: SubjectFinder) -> tuple[CourseRow, ...]:
    """The days on which advice and grade change, and the last day on which the points do."""
    today, now = forecast.now.as_of, forecast.now
    rows: dict[date, CourseRow] = {}
    changes = [change for change in (forecast.recommendation, forecast.grade) if change is not None]
    for change in sorted(changes, key=lambda change: change.on):
        then = change.result
        rows[change.on] = CourseRow(
            word_day(change.on, today),
            word_chance(then.probability),
            format_unsigned(then.tenths),
            format_signed(then.tenths - now.tenths),
            _word_change(change, forecast, card, finder),
            change is forecast.recommendation,
        )
    last = forecast.totals[-1]
    if last.on > max([today, *rows]):
        chance = word_chance(compute_probability(card.learned.base_rate, last.tenths))
        moved = format_signed(last.tenths - now.tenths)
        rows[last.on] = CourseRow(
            word_day(last.on, today), chance, format_unsigned(last.tenths), moved, "Last change that is foreseen"
        )
    return tuple(rows.values())


def _word_change(change: ForecastChange, forecast: LeadForecast, card: Scorecard, finder: SubjectFinder) -> str:
    moves = name_differences(change.moved, finder)
    heads = []
    if change is forecast.recommendation or (forecast.recommendation and forecast.recommendation.on == change.on):
        heads.append(word_advice(find_facts(card, change.result), change.on).action)
    if forecast.grade is not None and forecast.grade.on == change.on:
        heads.append(f"grade {change.result.grade}")
    head = begin(", ".join(heads))
    return f"{head}: {moves}" if moves else head


# -- the drawing -------------------------------------------------------------------------------------------------------


def _draw(scores: Sequence[Mapping[str, Any]], forecast: LeadForecast, card: Scorecard) -> CourseChart | None:
    today, rate = forecast.now.as_of, card.learned.base_rate
    by_day = {date.fromisoformat(score["as_of"]): round(score["points"] * 10) for score in reversed(scores)}
    past = [(day, tenths) for day, tenths in sorted(by_day.items()) if day <= today]
    future = list(forecast.totals)
    if len(past) < 2 and len(future) < 2:
        return None
    first = past[0][0] if past else today
    span = forecast.totals[-1].on if len(past) > 1 else max(total.on for total in future)
    last = max(span, today)
    height = _Height(rate, [tenths for _, tenths in (*past, *future)], forecast.now.recommendation.threshold)
    days = max((last - first).days, 1)

    def place(day: date) -> float:
        return (day - first).days / days

    turn = forecast.recommendation
    now = height.mark(place(today), forecast.now.tenths, f"{height.word(forecast.now.tenths)} today")
    threshold = forecast.now.recommendation.threshold
    return CourseChart(
        _draw_path(past, place, height, today),
        _draw_path(future, place, height, last),
        "" if threshold is None else height.place(threshold),
        "" if threshold is None else f"threshold {height.word(threshold)}",
        height.ceiling_words,
        now,
        None if turn is None else height.mark(place(turn.on), turn.result.tenths, word_day(turn.on, today)),
        word_day(first, today),
        word_day(last, today),
        f"{100 * place(today):.2f}%",
        _summarize(past, forecast, height, last),
    )


class _Height:
    """How high a total stands in the drawing: by its chance, or by its points where no chance is known."""

    def __init__(self, rate: float | None, totals: Sequence[int], threshold: int | None) -> None:
        self.rate = rate
        all_totals = [*totals, *([] if threshold is None else [threshold])]
        if rate is None:
            self.low, self.high = float(min(0, *all_totals)), float(max(1000, *all_totals))
        else:
            most = max(compute_probability(rate, tenths) or 0.0 for tenths in all_totals) * 1.1
            self.low, self.high = 0.0, next((ceiling for ceiling in CEILINGS if ceiling >= most), 1.0)

    @property
    def ceiling_words(self) -> str:
        return (
            format_unsigned(round(self.high))
            if self.rate is None
            else f"{self.high:.0%}".replace("%", f"{NO_BREAK_SPACE}%")
        )

    def share(self, tenths: int) -> float:
        """From the bottom, 0..1."""
        value = float(tenths) if self.rate is None else compute_probability(self.rate, tenths) or 0.0
        return (value - self.low) / (self.high - self.low)

    def place(self, tenths: int) -> str:
        return f"{100 * (1 - self.share(tenths)):.2f}%"

    def word(self, tenths: int) -> str:
        return word_chance(compute_probability(self.rate, tenths)) or format_unsigned(tenths)

    def mark(self, x: float, tenths: int, text: str) -> ChartMark:
        return ChartMark(f"{100 * x:.2f}%", self.place(tenths), text, x > 0.5)


def _draw_path(totals: Sequence[tuple[date, int]], place: Any, height: _Height, until: date) -> str:
    """Totals as steps: each lasts until the next."""
    parts = []
    for number, (day, tenths) in enumerate(totals):
        x, y = WIDTH * place(day), HEIGHT * (1 - height.share(tenths))
        parts.append(f"M{x:.1f} {y:.2f}" if number == 0 else f"H{x:.1f}V{y:.2f}")
    if totals:
        parts.append(f"H{WIDTH * place(until):.1f}")
    return "".join(parts)


def _summarize(past: Sequence[tuple[date, int]], forecast: LeadForecast, height: _Height, last: date) -> str:
    today = forecast.now.as_of
    parts = []
    if len(past) > 1:
        parts.append(f"{height.word(past[0][1])} on {word_day(past[0][0], today)}")
    parts.append(f"{height.word(forecast.now.tenths)} on {word_day(today, today)}")
    if forecast.totals[-1].on > today:
        parts.append(f"and, if nothing happens, {height.word(forecast.totals[-1].tenths)} on {word_day(last, today)}")
    return ", ".join(parts)
