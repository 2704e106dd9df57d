"""Flags of choices: what training learns from a field with several values, one yes or no for each choice.

`interests` with the choice `crm` gives the flag `interests__crm`, computed by `has(interests, 'crm')`. A card gets the
flags that its learned terms ask, so that tables, printers and ranges treat them as all computed fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from leadledger.scoring.choice_forms import mark_choice
from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card, Choice
from leadledger.scoring.text_forms import fold
from leadledger.scoring.tree import FieldRef, Has

LONGEST_SLUG = 30  # characters of a choice in the name of its flag


def name_flags(field: str, choices: Iterable[str], taken: Iterable[str]) -> dict[str, Choice]:
    """The names of the flags of some choices of a field, none of which is `taken`."""
    names: dict[str, Choice] = {}
    taken = set(taken)
    for choice in choices:
        slug = re.sub("[^a-z0-9]+", "_", fold(choice)).strip("_")[:LONGEST_SLUG] or "choice"
        name, number = f"{field}__{slug}", 2
        while name in taken or name in names:
            name, number = f"{field}__{slug}_{number}", number + 1
        names[name] = Choice(field, choice)
    return names


def add_choice_flags(card: Card, choices: Mapping[str, Choice]) -> Card:
    """A card with the flags of some choices, by name. Those whose field the card doesn't have are left out."""
    flags = {
        name: _make_flag(name, card.fields[choice.field], choice.choice)
        for name, choice in choices.items()
        if choice.field in card.fields and name not in card.fields
    }
    return replace(card, fields={**card.fields, **flags}) if flags else card


def _make_flag(name: str, field: Field, choice: str) -> Field:
    text = choice.replace("'", "''")
    return Field(
        name,
        "flag",
        label=f"{field.title}: {choice}",
        known_when_scored=field.known_when_scored,
        derived=Has(FieldRef(field.name, field.kind), choice, mark_choice(choice, field.separator)),
        derived_text=f"has({field.name}, '{text}')",
        choice_of=field.name,
        axis=field.axis,
    )
