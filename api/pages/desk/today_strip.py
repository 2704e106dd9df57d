"""Today at the desk, in four sentences, each of which leads to its leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.api.service.today import MOST_WAITING
from leadledger.api.wording.figures import word_count, word_wait
from leadledger.scoring.advice import word_day

MOST_PLACES_DRAWN = 30
NAMES_TOLD = 2
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PERIODS = {"day": "today", "week": "this week", "month": "this month"}


@dataclass(frozen=True)
class StripCell:
    """A figure of the day, what it counts, and a sentence about it; `view` is what its link shows."""

    figure: str
    text: str
    view: str
    sentence: str


@dataclass(frozen=True)
class CapacityCell:
    """How many of the places of a period are taken.

    `places` say of each place whether it is taken; empty: there are too many to draw, and `share` (per cent) is.
    """

    figure: str
    text: str
    sentence: str
    places: tuple[bool, ...]
    share: str


@dataclass(frozen=True)
class TodayStrip:
    """What stands above the list."""

    cells: tuple[StripCell, ...]
    capacity: tuple[CapacityCell, ...]


def describe_today(answer: Mapping[str, Any], today: date) -> TodayStrip:
    """The strip, out of the answer of `GET /v1/today`."""
    new, leaving, waiting = answer["new"], answer["leaving"], answer["waiting"]
    has_threshold = answer["threshold"] is not None
    since = date.fromisoformat(new["since"])
    first = leaving["leads"][0] if leaving["leads"] else None
    longest = waiting["longest"][0] if waiting["longest"] else None
    many = waiting["leads"] >= MOST_WAITING
    cells = (
        StripCell(
            word_count(new["leads"]),
            word_new(has_threshold),
            "new",
            f"{_join_names(new['best'], new['leads'])} since {WEEKDAYS[since.weekday()]}"
            if new["leads"]
            else f"Nobody since {WEEKDAYS[since.weekday()]}",
        ),
        StripCell(
            word_count(len(leaving["leads"])),
            word_leaving(has_threshold),
            "leaving",
            f"First: {_name(first)} on {word_day(date.fromisoformat(first['on']), today)}, unless something happens"
            if first
            else f"Nobody within {leaving['days']} days, if nothing happens",
        ),
        StripCell(
            f"{word_count(MOST_WAITING)}+" if many else word_count(waiting["leads"]),
            "wait for an answer" if waiting["leads"] != 1 else "waits for an answer",
            "waiting",
            _word_longest(longest, today) if longest else "Each has been accepted, rejected or put off",
        ),
    )
    return TodayStrip(cells, tuple(describe_capacity(use) for use in answer["capacity"]))


def word_new(has_threshold: bool) -> str:
    """What leads are that were newly promoted, so that they are to be called."""
    return "new above the threshold" if has_threshold else "new to call"


def word_leaving(has_threshold: bool) -> str:
    """What leads are that are soon no longer to be called, beside those of `word_new`."""
    return "about to leave it" if has_threshold else "about to leave"


def describe_capacity(use: Mapping[str, Any]) -> CapacityCell:
    """What a stage can take care of, out of the answer of `GET /v1/today`."""
    most, taken = use["leads"], use["promoted"]
    left = most - taken
    if left > 0:
        sentence = f"Room for {word_count(left)} more"
    elif left == 0:
        sentence = "All places are taken"
    else:
        sentence = f"{word_count(-left)} more than can be taken care of"
    drawn = tuple(place < taken for place in range(most)) if most <= MOST_PLACES_DRAWN else ()
    share = f"{min(100.0, 100 * taken / most):.1f}"
    return CapacityCell(
        word_count(taken), f"of {word_count(most)} calls {_PERIODS[use['period']]}", sentence, drawn, share
    )


def _word_longest(lead: Mapping[str, Any], today: date) -> str:
    wait = word_wait(date.fromisoformat(lead["since"]), today)
    return f"{_name(lead)} since today" if wait == "today" else f"{_name(lead)} for {wait}"


def _name(lead: Mapping[str, Any]) -> str:
    return str(lead["title"] or lead["lead"])[:60]


def _join_names(leads: Sequence[Mapping[str, Any]], count: int) -> str:
    names = [_name(lead) for lead in leads[:NAMES_TOLD]]
    others = count - len(names)
    if others > 0:
        return f"{', '.join(names)} and {word_count(others)} more"
    return " and ".join(names)
