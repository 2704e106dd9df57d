"""Columns of a list whose names look like misspelt names of the card's fields."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from leadledger.scoring.errors import MOST_NAMES_COMPARED
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import fold

LEAST_LIKENESS = 0.83  # how alike, 0 to 1, two names must be: one letter of six may differ, one of five may not
SHORTEST_COMPARED = 5  # shorter names must be equal: "date" and "data" are two words


def find_misspelt(card: Card, columns: Iterable[str]) -> dict[str, str]:
    """The columns that no field uses and that look like the name of a field, with that name.

    Only fields without any column in the list count, and each is named once, for the column that is most like it.
    """
    present = list(columns)
    paths = card.column_paths.find(present)
    used = {**card.column_names.match(present).fields, **{path.column: path.field for path in paths}}
    fields_found = {*used.values(), *(path.field for path in paths)}
    spellings: dict[str, str] = {}  # of the names that no column has: folded, and as the card spells it
    owners: dict[str, str] = {}
    for field in card.plain_fields:
        if field.name not in fields_found:
            for name in field.written_columns:
                spellings.setdefault(_letters(name), name)
                owners.setdefault(_letters(name), field.name)
    names = list(spellings)[:MOST_NAMES_COMPARED]
    matches: list[tuple[float, str, str]] = []
    for column in [column for column in present if column not in used][:MOST_NAMES_COMPARED]:
        letters = _letters(column)
        cutoff = 1 if len(letters) < SHORTEST_COMPARED else LEAST_LIKENESS
        near = difflib.get_close_matches(letters, names, n=1, cutoff=cutoff) if letters else []
        if near:
            matches.append((difflib.SequenceMatcher(None, letters, near[0]).ratio(), column, near[0]))
    meant: dict[str, str] = {}
    named: set[str] = set()
    for _, column, name in sorted(matches, key=lambda match: -match[0]):
        if owners[name] not in named:
            named.add(owners[name])
            meant[column] = spellings[name]
    return {column: meant[column] for column in present if column in meant}


def _letters(name: str) -> str:
    """A name without its case, spaces and signs, in which spellings differ and meanings don't."""
    return "".join(letter for letter in fold(name) if letter.isalnum())
