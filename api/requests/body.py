"""From the JSON value of a body to leads and a day, or to every mistake in them, each with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from leadledger.api.requests.json_text import ForeignNumber, name_kind, note_repeated_names
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, Path, shorten
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.column_names import name_key
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import LeadError, did_you_mean

LONGEST_NAME = 200  # characters of a name in a lead, and
MOST_NAMES = 2_000  # names in a lead; CRMs stop earlier at both
MOST_GUESSES = 10  # mistakes after which nothing more is guessed: a hostile body has a hundred thousand unknown keys
LARGEST_DOUBLE = 1.7976931348623157e308

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
_NUMBER_TYPES = frozenset({int, float})
_FLAT = "a lead is flat: each value is a text, a number, true, false or null"


def read_lead_body(body: Any, key: str, mistakes: Mistakes) -> tuple[Any, date | None, Any]:
    """What stands under `key` (`lead` or `leads`) in a body, its day, and the events beside it.

    NOTHING, None and NOTHING where there is none.
    """
    members = read_object(body, (key,), ("as_of", "events"), f'{{"{key}": …}}', mistakes)
    day = read_day(members.get("as_of"), (*ROOT, "as_of"), mistakes)
    return members.get(key, NOTHING), day, members.get("events", NOTHING)


def read_object(
    body: Any, required: Sequence[str], optional: Sequence[str], example: str, mistakes: Mistakes
) -> Mapping[str, Any]:
    """The members of a body that must be an object with some keys and may have others; empty where it is none."""
    if not isinstance(body, dict):
        mistakes.add(ROOT, f"is {name_kind(body)}; send an object like {example}")
        return {}
    note_repeated_names(body, ROOT, mistakes)
    known = (*required, *optional)
    for key in body:
        if key not in known:
            guess = did_you_mean(shorten(key), known) if mistakes.count < MOST_GUESSES else ""
            mistakes.add((*ROOT, key), f"unknown key.{guess}")
    for key in required:
        if key not in body:
            mistakes.add((*ROOT, key), "is missing")
    return body


def read_day(raw: Any, path: Path, mistakes: Mistakes) -> date | None:
    """The day that a text writes; None where there is none, or a mistake, which is noted."""
    if raw is None:
        return None
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    kind = "" if isinstance(raw, str) else f"{name_kind(raw)}, "
    mistakes.add(path, f"is {kind}not a date; write it like 2026-01-31", raw)
    return None


def read_batch(leads: Any, most: int, path: Path, mistakes: Mistakes) -> list[Any]:
    """The leads of a batch, at least one and at most `most`; empty where there is a mistake."""
    if not isinstance(leads, list):
        if leads is not NOTHING:
            mistakes.add(path, f"is {name_kind(leads)}; send a list of leads")
    elif not leads:
        mistakes.add(path, "is empty; send at least one lead")
    elif len(leads) > most:
        mistakes.add(path, f"holds {len(leads):,} leads; send at most {most:,} at once")
    else:
        return leads
    return []


def clean_lead(
    engine: Engine, lead: Any, path: Path, mistakes: Mistakes, paths: Mapping[str, Path] | None = None
) -> Lead | None:
    """The typed values of a raw lead; None where it has mistakes, which are noted.

    `path` leads to the lead in the body. `paths` leads to each of its names, where that isn't right below `path`.
    """
    if not isinstance(lead, dict):
        if lead is not NOTHING:
            mistakes.add(path, f'is {name_kind(lead)}; a lead is an object like {{"employees": 120}}')
        return None
    if len(lead) > MOST_NAMES:
        mistakes.add(path, f"has {len(lead):,} names; send at most {MOST_NAMES:,}, those that the card uses")
        return None
    before = mistakes.count
    unusable = set()
    if type(lead) is not dict:
        note_repeated_names(lead, path, mistakes)
    for key, value in lead.items():
        kind = type(value)
        if engine.has_paths and isinstance(value, dict) and engine.paths.is_column(key):
            note_repeated_names(value, _path_of(key, path, paths), mistakes)
            continue  # the engine reads its members
        if kind is list and name_key(key) in engine.list_keys:
            continue  # the engine reads the items
        if kind not in _PLAIN_TYPES or (kind in _NUMBER_TYPES and not -LARGEST_DOUBLE <= value <= LARGEST_DOUBLE):
            mistakes.add(_path_of(key, path, paths), _why_unusable(value))
            unusable.add(key)
        if len(key) > LONGEST_NAME or not key.isascii():
            check_name(key, _path_of(key, path, paths), mistakes)
    try:
        cleaned = engine.clean({key: lead[key] for key in lead if key not in unusable} if unusable else lead)
    except LeadError as error:
        below = {found.name: (found.column, *found.members) for found in engine.paths.find(lead)}
        for problem in error.problems:
            column = problem.column
            place = (*path, *below[column]) if column in below else _path_of(column, path, paths)
            mistakes.add(place, problem.reason, problem.value)
        return None
    return cleaned if mistakes.count == before else None


def check_name(key: str, path: Path, mistakes: Mistakes) -> None:
    """Note a name that is too long, or that no answer can repeat."""
    if len(key) > LONGEST_NAME:
        mistakes.add(path, f"the name is longer than {LONGEST_NAME} characters")
    elif not is_encodable(key):
        mistakes.add(path, "the name holds half a character (a lone surrogate)")


def is_encodable(text: str) -> bool:
    """Whether UTF-8 can carry a text: it holds no half characters (lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path_of(key: str, path: Path, paths: Mapping[str, Path] | None) -> Path:
    return (*path, key) if paths is None else paths.get(key, path)


def _why_unusable(value: Any) -> str:
    """Why a value can't stand in a lead."""
    if isinstance(value, dict | list):
        return f"is {name_kind(value)}; {_FLAT}"
    if isinstance(value, ForeignNumber) and not value.is_number:
        return f"is {name_kind(value)}; send null for what is not known"
    return "is a number beyond the range of a double (1.8e308)"
