"""Columns of a list whose names look like misspelt names of the card's fields."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from leadledger.scoring.errors import COMPARED
from leadledger.scoring.field import fold
from leadledger.scoring.scorecard import Card

NEAR = 0.83  # how alike, 0 to 1, two names must be: one letter of six may differ, one of five may not
SHORT = 5  # names of fewer signs are only compared whole: "date" and "data" are two words


def misspelt(card: Card, columns: Iterable[str]) -> dict[str, str]:
    """The columns that no field uses and that look like the name of a field, with that name.

    Only fields without any column in the list count, and each is named once, for the column that is most like it.
    """
    there = list(columns)
    taken = {name for one in card.plain for name in one.columns}
    wanting: dict[str, str] = {}  # a name, folded, and as the card spells it
    owners: dict[str, str] = {}
    for one in card.plain:
        if not any(name in there for name in one.columns):
            for name in one.written:
                wanting.setdefault(_plain(name), name)
                owners.setdefault(_plain(name), one.name)
    names = list(wanting)[:COMPARED]
    found: list[tuple[float, str, str]] = []
    for column in [one for one in there if one not in taken][:COMPARED]:
        plain = _plain(column)
        near = difflib.get_close_matches(plain, names, n=1, cutoff=1 if len(plain) < SHORT else NEAR) if plain else []
        if near:
            found.append((difflib.SequenceMatcher(None, plain, near[0]).ratio(), column, near[0]))
    meant: dict[str, str] = {}
    named: set[str] = set()
    for _, column, name in sorted(found, key=lambda one: -one[0]):
        if owners[name] not in named:
            named.add(owners[name])
            meant[column] = wanting[name]
    return {column: meant[column] for column in there if column in meant}


def _plain(name: str) -> str:
    """A name without its case, spaces and signs, in which spellings differ and meanings don't."""
    return "".join(one for one in fold(name) if one.isalnum())
