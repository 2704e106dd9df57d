"""Values of leads in words, and what a lead is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from leadledger.api.requests.mistakes import shorten
from leadledger.api.wording.figures import word_number
from leadledger.scoring.advice import word_day
from leadledger.scoring.choice_forms import split_choices
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.scorecard import TITLE_FIELDS, Card
from leadledger.scoring.tree import Typed

LONGEST_VALUE = 120  # characters of a lead's text that a page repeats
LONGEST_NAME = 80
UNKNOWN = "not known"
# Fields that name a person, and those that say in a few words what a lead is; by their usual names.
_PERSON = ("first_name", "last_name")
_FACTS = ("job_title", "title", "country", "industry", "employees")


def word_value(field: Field, value: Typed, today: date) -> str:
    """A value of a field in words: `75,000 EUR`, `18 November`, `web form`, `not known`."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{word_number(value)} {field.unit}" if field.unit else word_number(value)
    if isinstance(value, date):
        return word_day(value, today)
    if field.kind == "choices":
        chosen = [choice for choice in split_choices(value) if choice != OTHER_VALUE]
        return ", ".join(map(_soften, chosen)) or "none of those that count"
    return word_text(field, value)


def word_text(field: Field, text: str) -> str:
    """A text of a field in words."""
    return shorten(_soften(text) if text in field.values else text, LONGEST_VALUE)


def word_logged(field: Field, text: str | None, today: date) -> str:
    """A value as the log writes it, in words; None: it isn't known."""
    if text is None:
        return UNKNOWN
    try:
        value = _READ[field.kind](text)
    except (KeyError, ValueError):
        return word_text(field, text)
    return word_value(field, value, today)


def name_lead(card: Card, values: Mapping[str, Typed], lead: str) -> str:
    """What a lead is called: its firm, or its person; else its id."""
    for name in TITLE_FIELDS:
        if isinstance(text := values.get(name), str) and name in card.fields and text.strip():
            return shorten(text, LONGEST_NAME)
    parts = [text for name in _PERSON if isinstance(text := values.get(name), str) and text.strip()]
    return shorten(" ".join(parts) or lead, LONGEST_NAME)


def list_facts(card: Card, values: Mapping[str, Typed], today: date) -> tuple[str, ...]:
    """What a lead is, in a few words."""
    return tuple(_list_facts(card, values, today))


def _list_facts(card: Card, values: Mapping[str, Typed], today: date) -> Iterator[str]:
    for name in _FACTS:
        value = values.get(name)
        if value is not None and name in card.fields:
            text = word_value(card.fields[name], value, today)
            yield f"{text} {'person' if value == 1 else 'people'}" if name == "employees" else text


_READ: Mapping[str, Callable[[str], Typed]] = {
    "number": float,
    "date": date.fromisoformat,
    "flag": lambda text: text == "true",
    "choices": str,
}


def _soften(word: str) -> str:
    """A word that the card lists, as people write it."""
    return word.replace("_", " ")
