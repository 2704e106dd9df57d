"""What a lead did, day by day, newest first, and how the points for it fade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from leadledger.api.pages.desk.bars import Bar, Scale
from leadledger.api.pages.desk.subjects import begin, word_name
from leadledger.api.pages.desk.values import word_value
from leadledger.api.requests.mistakes import shorten
from leadledger.api.wording.figures import word_count
from leadledger.scoring.advice import word_day
from leadledger.scoring.column_names import name_key
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.event_days import EventDay
from leadledger.scoring.events.systems import read_machine_signs
from leadledger.scoring.result import format_signed
from leadledger.scoring.scorecard import Card

MOST_DAYS_SHOWN = 60
FEW_IDLE = 4  # days without points, which needn't fold away
LONGEST_NOTE = 160  # characters


@dataclass(frozen=True)
class TimelineRow:
    """What a lead did on a day: how many points it brought then and brings now, and both as bars.

    `then` is empty where nothing fades, `now` where the event earns nothing by itself.
    """

    day: str
    what: str
    note: str
    then: str
    now: str
    bar_then: Bar | None
    bar_now: Bar | None
    is_machine: bool


@dataclass(frozen=True)
class Timeline:
    """The newest days, those on which nothing earned points by itself apart (`idle`), how many older ones aren't shown,
    and what is to be known: events that can't be shown by day.
    """

    rows: tuple[TimelineRow, ...]
    idle: tuple[TimelineRow, ...]
    older: int
    notes: tuple[str, ...]


def draw_timeline(days: Sequence[EventDay], card: Card, counts: EventCounts | None, today: date) -> Timeline:
    """The time line of a lead; `counts` is what its events came to at its last score."""
    shown = days[:MOST_DAYS_SHOWN]
    ends = [tenths for day in shown for tenths in (sum(e.then for e in day.earned), sum(e.now for e in day.earned))]
    scale = Scale(min([0, *ends]), max([0, *ends]))
    rows = [(bool(day.earned), _make_row(day, card, scale, today)) for day in shown]
    idle = [row for has_points, row in rows if not has_points]
    if len(idle) <= FEW_IDLE:
        idle = []
    return Timeline(
        tuple(row for _, row in rows if row not in idle),
        tuple(idle),
        len(days) - len(shown),
        tuple(_list_notes(counts, bool(days))),
    )


def _make_row(day: EventDay, card: Card, scale: Scale, today: date) -> TimelineRow:
    reasons = {rule.name: rule.reason for rule in card.each_rules}
    then, now = (sum(tenths) for tenths in ([e.then for e in day.earned], [e.now for e in day.earned]))
    named = [reasons.get(earned.rule, word_name(earned.rule)) for earned in day.earned]
    what = "; ".join([*named[:1], *(name[:1].lower() + name[1:] for name in named[1:])]) or begin(word_name(day.kind))
    if day.events > 1:
        what += f", {word_count(day.events)} times"
    counted = max((earned.events for earned in day.earned), default=day.events)
    fewer = f"{word_count(counted)} count" + ("s" if counted == 1 else "")
    parts = [*([fewer] if day.earned and counted < day.events else []), _word_values(day, card, today)]
    if day.is_machine:
        parts = [f"By a machine: would be {format_signed(now)}", *parts]
    has_points = bool(day.earned) and not day.is_machine
    return TimelineRow(
        word_day(day.on, today),
        what,
        "; ".join(part for part in parts if part),
        format_signed(then) if has_points and then != now else "",
        "not counted" if day.is_machine else format_signed(now) if has_points else "",
        scale.draw(0, then, "not-counted") if day.earned else None,
        scale.draw(0, now, "gain" if now >= 0 else "loss") if has_points and now else None,
        day.is_machine,
    )


def _word_values(day: EventDay, card: Card, today: date) -> str:
    """What the events say of themselves: all of one event, the texts of several."""
    properties = {name: field for name, field in card.events[day.kind].properties.items() if not _is_technical(name)}
    kinds = {name: properties[name] for name, _ in day.values if name in properties}
    words = [
        f"{word_name(name)} {word_value(kinds[name], value, today)}"
        if isinstance(value, float)
        else str(word_value(kinds[name], value, today))
        for name, value in day.values
        if name in kinds and (day.events == 1 or isinstance(value, str))
    ]
    return shorten(", ".join(words), LONGEST_NOTE)


@cache
def _list_technical() -> frozenset[str]:
    """The keys of the properties by which machines are found, but for the mail and its link, which people know."""
    signs = read_machine_signs()
    return frozenset(map(name_key, (*signs.agent, *signs.method, *signs.links, *signs.delay)))


def _is_technical(name: str) -> bool:
    return name_key(name) in _list_technical()


def _list_notes(counts: EventCounts | None, has_days: bool) -> Iterator[str]:
    if counts is None:
        return
    if not counts.is_known:
        yield "Nobody has said what it did, so that is unknown, and not nothing."
    elif not has_days and counts.counted:
        yield (
            f"{word_count(counts.counted)} event{'s' if counts.counted > 1 else ''} came beside the lead and"
            " aren’t stored, so their days aren’t known here."
        )
    for count, words in ((counts.repeated, "sent again"), (counts.late, "received after the day of the score")):
        if count:
            yield f"Left out: {word_count(count)} {words}."
    if counts.unknown_kinds:
        total = sum(counts.unknown_kinds.values())
        yield f"Left out: {word_count(total)} of kinds that the card doesn’t know."
