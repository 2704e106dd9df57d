"""Which leads of the book a request asks for: its parameters, or every mistake in them, and where a page begins."""

from __future__ import annotations

import binascii
import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from leadledger.api.log.lead_lists import LEAD_ORDERS, UNKNOWN_PROBABILITY, LeadFilters, LeadList, LeadPosition
from leadledger.api.log.record import encode_value
from leadledger.api.requests.body import is_encodable
from leadledger.api.requests.mistakes import Mistakes, shorten
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import UnreadableValue, did_you_mean
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.scorecard import Card

MOST_LEADS_PER_PAGE = 200
LEADS_PER_PAGE = 50
FIELD_PREFIX = "field."
LIST_PARAMETERS = (
    *("recommendation", "grade", "stage", "to", "owner", "snoozed", "q"),
    *("search", "new_since", "back_by", "waits", "rejected"),
    *("order", "direction", "limit", "after", "details"),
)
DIRECTIONS = ("asc", "desc")
# The longest waiting first, and ids as in a dictionary; of points and chances, the most.
_ASCENDING = ("since", "id")
_COUNT = re.compile(r"[0-9]{1,3}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_TENTHS = 2**31 - 1
_FLAGS = {"true": True, "false": False}


def list_parameter_names(card: Card) -> tuple[str, ...]:
    """The names of all parameters of a list of leads."""
    return (*LIST_PARAMETERS, *(f"{FIELD_PREFIX}{field.name}" for field in card.plain_fields))


def read_lead_list(pairs: Iterable[tuple[str, str]], card: Card, today: date, mistakes: Mistakes) -> LeadList:
    """The list that parameters ask for, each as its name and its value; mistakes are noted.

    `today` is the day for which leads are snoozed or not. Names are those of `list_parameter_names`.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            mistakes.add((f"?{name}",), "is given more than once; send it once")
        elif not is_encodable(value) or "\0" in value:
            mistakes.add((f"?{name}",), "holds half a character, or a NUL", value)
        else:
            values[name] = value
    order = _read_word("order", values, LEAD_ORDERS, "points", mistakes)
    direction = _read_word("direction", values, DIRECTIONS, "asc" if order in _ASCENDING else "desc", mistakes)
    detailed = _FLAGS.get(_read_word("details", values, tuple(_FLAGS), "", mistakes), False)
    wanted = LeadList(_read_filters(values, card, today, mistakes), order, direction == "desc", detailed=detailed)
    if after := values.get("after"):
        position = read_cursor(after, wanted)
        if position is None:
            mistakes.add(("?after",), "is no `next` of this list; send that of the page before, with the same order")
        wanted = replace(wanted, after=position)
    if (limit := values.get("limit")) is not None:
        if _COUNT.fullmatch(limit) and 1 <= int(limit) <= MOST_LEADS_PER_PAGE:
            wanted = replace(wanted, limit=int(limit))
        else:
            mistakes.add(("?limit",), f"is not a number from 1 to {MOST_LEADS_PER_PAGE}", limit)
    return wanted


def _read_filters(values: Mapping[str, str], card: Card, today: date, mistakes: Mistakes) -> LeadFilters:
    stages = tuple(stage.name for stage in card.stages)
    grades = (*(grade for grade, _ in card.grades), card.below)
    snoozed = _read_word("snoozed", values, tuple(_FLAGS), "", mistakes)
    waits, rejected = (_read_word(name, values, tuple(_FLAGS), "", mistakes) for name in ("waits", "rejected"))
    for name in ("q", "search"):
        if len(values.get(name, "")) > LONGEST_ID:
            mistakes.add((f"?{name}",), f"is longer than {LONGEST_ID} characters, as no id is", values[name])
    return LeadFilters(
        recommendations=_read_words("recommendation", values, VERDICTS, mistakes),
        grades=_read_words("grade", values, grades, mistakes),
        stages=_read_words("stage", values, stages, mistakes),
        to_stages=_read_words("to", values, stages, mistakes),
        owner=values.get("owner"),
        snoozed=_FLAGS.get(snoozed),
        today=today.isoformat(),
        id_start=values.get("q", ""),
        search=values.get("search", ""),
        new_since=_read_day("new_since", values, mistakes),
        back_by=_read_day("back_by", values, mistakes),
        waits=_FLAGS.get(waits),
        rejected=_FLAGS.get(rejected),
        fields=tuple(_read_fields(values, card, mistakes)),
    )


def _read_word(name: str, values: Mapping[str, str], known: Sequence[Any], default: str, mistakes: Mistakes) -> Any:
    """One of the words of a parameter; the default where it isn't sent, or is another word, which is noted."""
    value = values.get(name)
    if value is None or value in known:
        return default if value is None else value
    mistakes.add((f"?{name}",), f"isn't one of its values.{did_you_mean(shorten(value), known)}", value)
    return default


def _read_day(name: str, values: Mapping[str, str], mistakes: Mistakes) -> str:
    """A day of the calendar; empty where none is sent, or another text, which is noted."""
    value = values.get(name, "")
    if not value:
        return ""
    with suppress(ValueError):
        if _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    mistakes.add((f"?{name}",), "is not a day like 2026-01-31", value)
    return ""


def _read_words(name: str, values: Mapping[str, str], known: Sequence[str], mistakes: Mistakes) -> tuple[str, ...]:
    """Some of the words of a parameter, with commas between them, each once; empty: all, as an empty form sends it."""
    if not values.get(name):
        return ()
    words = tuple(dict.fromkeys(word.strip() for word in values[name].split(",")))
    for word in words:
        if word not in known:
            mistakes.add((f"?{name}",), f"isn't one of its values.{did_you_mean(shorten(word), known)}", word)
            break
    return words


def _read_fields(values: Mapping[str, str], card: Card, mistakes: Mistakes) -> Iterable[tuple[str, str | None]]:
    """The values that fields should have, as the log writes them."""
    for field in card.plain_fields:
        raw = values.get(f"{FIELD_PREFIX}{field.name}")
        if raw is None:
            continue
        try:
            value = make_cleaner(field, card.missing_texts)(raw)
        except UnreadableValue as error:
            mistakes.add((f"?{FIELD_PREFIX}{field.name}",), str(error), raw)
            continue
        if value is None and raw:
            mistakes.add((f"?{FIELD_PREFIX}{field.name}",), "is a word for nothing; leave it empty instead", raw)
            continue
        yield field.name, None if value is None else encode_value(value)


# -- where a page begins -----------------------------------------------------------------------------------------------


def write_cursor(wanted: LeadList, end: LeadPosition | None) -> str:
    """The text by which the next page of a list is asked for; empty: there is none."""
    if end is None:
        return ""
    content = json.dumps([wanted.order, int(wanted.descending), *end])
    return urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(text: str, wanted: LeadList) -> LeadPosition | None:
    """The place that `write_cursor` wrote for a list of the same order; None: it is none."""
    try:
        content = json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    match content:
        case [wanted.order, int(descending), value, str(key)]:
            is_place = descending == wanted.descending and len(key) <= LONGEST_ID and _is_text(key)
            return LeadPosition(value, key) if is_place and _CHECKS[wanted.order](value) else None
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and is_encodable(value) and "\0" not in value


def _is_tenths(value: Any) -> bool:
    return type(value) is int and abs(value) <= _MOST_TENTHS


def _is_probability(value: Any) -> bool:
    return type(value) is float and math.isfinite(value) and (0 <= value <= 1 or value == UNKNOWN_PROBABILITY)


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "points": _is_tenths,
    "probability": _is_probability,
    "change": _is_tenths,
    "since": lambda value: isinstance(value, str) and _DAY.fullmatch(value) is not None,
    "id": _is_text,
}
