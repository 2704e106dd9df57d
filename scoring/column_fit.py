"""How the columns of a list fit a card: which fields have one, which have none, and which columns are not read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadledger.scoring.column_names import name_key, refuse_alike
from leadledger.scoring.errors import MOST_NAMES_COMPARED, DataError, did_you_mean, quote
from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card

LEAST_LIKENESS = 0.83  # how alike, 0 to 1, two names must be: one letter of six may differ, one of five may not
LIKENESS_OF_PARTS = 0.9  # of a name that is a part of a column's, such as `source` of "Lead Source"
SHORTEST_COMPARED = 5  # letters; shorter names must be equal: "date" and "data" are two words
SHORTEST_PART = 4  # letters of a name that is looked for as a part
_RECORD_COLUMNS = frozenset({"attributes", "data", "fields", "lead", "properties", "record"})  # hold a CRM's fields


@dataclass(frozen=True)
class ColumnFit:
    """How the columns of a list fit a card.

    `used` has the columns of each plain field, `unused` are those of none. `absent` are the fields without a column;
    those that remember a recommendation don't count, since most lists have none. `misspelt` maps unused columns to the
    name of a field without a column that they look like.
    """

    used: Mapping[str, Sequence[str]]
    unused: tuple[str, ...]
    absent: tuple[str, ...]
    misspelt: Mapping[str, str]

    def describe(self, what: str) -> Iterator[str]:
        """Sentences, for people, on what is not read; `what` is a list, a table, a history or a data frame."""
        for column, name in self.misspelt.items():
            yield f"Column {quote(column)} belongs to no field; did you mean '{name}'?"
        if self.absent:
            yield f"Fields that the {what} doesn't have: {', '.join(self.absent)}"


def fit_columns(card: Card, columns: Iterable[str], label: str = "the list") -> ColumnFit:
    """How the columns of a list fit a card; messages call the list `label`.

    Raises DataError where two columns are spellings of one name.
    """
    columns = list(columns)
    used = find_columns(card, columns, label)
    taken = {column for names in used.values() for column in names}
    return ColumnFit(
        used,
        tuple(column for column in columns if column not in taken),
        tuple(field for field, names in used.items() if not names and field not in card.memory_fields),
        find_misspelt(card, columns),
    )


def find_columns(card: Card, columns: Iterable[str], label: str = "the list") -> dict[str, list[str]]:
    """The columns that hold each plain field, of those that there are, in the order of the fields.

    Raises DataError, which calls the list `label`, where two of them are spellings of one name.
    """
    columns = list(columns)
    matched = card.column_names.match(columns)
    refuse_alike(matched, label)
    by_field: dict[str, list[str]] = {field.name: [] for field in card.plain_fields}
    for column, name in matched.fields.items():
        by_field[name].append(column)
    for path in card.column_paths.find(columns):
        if path.column not in by_field[path.field]:
            by_field[path.field].append(path.column)
    for field in card.plain_fields:  # the field's own name first
        if len(by_field[field.name]) > 1:
            order = {column: place for place, column in enumerate(field.columns)}
            by_field[field.name].sort(key=lambda column: order.get(column, len(order)))
    return by_field


def find_homes(card: Card, columns: Iterable[str]) -> dict[str, Field]:
    """The field of each column that belongs to one."""
    return {column: card.fields[field] for column, field in card.column_names.match(columns).fields.items()}


def find_id_column(card: Card, columns: Iterable[str]) -> str:
    """The column of the lead's id: of the first field of `kind: id` that has one; empty where none has.

    An id inside of an object has no column.
    """
    columns = list(columns)
    by_field, homes = find_columns(card, columns), find_homes(card, columns)
    ids = (column for field in card.plain_fields if field.kind == "id" for column in by_field[field.name])
    return next((column for column in ids if column in homes), "")


def require_columns(card: Card, columns: Iterable[str], label: str) -> ColumnFit:
    """As `fit_columns`; raises DataError, which calls the list `label`, where no column belongs to the card, or only
    that of an id beside records, whose members are not read.
    """
    fit = fit_columns(card, columns, label)
    if not any(fit.used.values()):
        known = [column for field in card.plain_fields for column in field.written_columns]
        first = next(iter(columns), None)
        which, hint = "it has none", ""
        if first is not None:
            which, hint = f"the first is {quote(first)}", did_you_mean(str(first), known)
        raise DataError(
            f"{label}: no column belongs to the card '{card.name}', {which}; rename the columns, or name them under"
            f" `from:` in the card.{hint}"
        )
    others = [field.name for field in card.plain_fields if field.kind != "id"]
    unused = (column for column in fit.unused if isinstance(column, str))
    records = next((column for column in unused if name_key(column) in _RECORD_COLUMNS), "")
    if records and others and not any(fit.used[name] for name in others):
        raise DataError(
            f"{label}: no column but the id belongs to the card '{card.name}'; what {quote(records)} holds needs its"
            f" path in the card, as in `from: {records}.{others[0]}`."
        )
    return fit


def find_named(name: str, columns: Iterable[str]) -> str:
    """The column of a name that is no field's, as that of the outcome: in any spelling; empty where there is none."""
    columns = list(columns)
    return name if name in columns else next((column for column in columns if name_key(column) == name_key(name)), "")


def find_misspelt(card: Card, columns: Iterable[str]) -> dict[str, str]:
    """The columns that no field uses and that look like the name of a field, with that name.

    Only fields without any column in the list count, and each is named once, for the column that is most like it.
    """
    present = [column for column in columns if isinstance(column, str)]
    paths = card.column_paths.find(present)
    used = {**card.column_names.match(present).fields, **{path.column: path.field for path in paths}}
    fields_found = {*used.values(), *(path.field for path in paths)}
    spellings: dict[str, str] = {}  # of the names that no column has: their letters, and as the card spells them
    owners: dict[str, str] = {}
    for field in card.plain_fields:
        if field.name not in fields_found:
            for name in field.written_columns:
                spellings.setdefault(_letters(name), name)
                owners.setdefault(_letters(name), field.name)
    names = list(spellings)[:MOST_NAMES_COMPARED]
    outcome = {name_key(column) for column in card.outcome_columns}
    others = [column for column in present if column not in used and name_key(column) not in outcome]
    matches: list[tuple[float, str, str]] = []
    for column in others[:MOST_NAMES_COMPARED] if names else ():
        likeness, name = _find_nearest(column, names)
        if name:
            matches.append((likeness, column, name))
    meant: dict[str, str] = {}
    named: set[str] = set()
    for _, column, name in sorted(matches, key=lambda match: -match[0]):
        if owners[name] not in named:
            named.add(owners[name])
            meant[column] = spellings[name]
    return {column: meant[column] for column in present if column in meant}


def _find_nearest(column: str, names: Sequence[str]) -> tuple[float, str]:
    """The name that a column looks like, and how much; empty where it looks like none."""
    letters = _letters(column)
    if not letters:
        return 0, ""
    cutoff = 1 if len(letters) < SHORTEST_COMPARED else LEAST_LIKENESS
    near = difflib.get_close_matches(letters, names, n=1, cutoff=cutoff)
    if near:
        return difflib.SequenceMatcher(None, letters, near[0]).ratio(), near[0]
    parts = _list_parts(column)
    return next(((LIKENESS_OF_PARTS, part) for part in parts if len(part) >= SHORTEST_PART and part in names), (0, ""))


def _list_parts(column: str) -> Iterator[str]:
    """The letters of the parts of a column's name that may be a field's, the longest first.

    `Lead Source` ends with `source`, `Budget (EUR)` is a budget, `Country/Region` a country.
    """
    for part in [re.sub(r"[(\[].*?[)\]]", " ", column), *column.split("/")]:
        words = [_letters(word) for word in re.split(r"[\s_\-–:.]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", part))]
        words = [word for word in words if word]
        yield from ("".join(words[start:]) for start in range(len(words)))


def _letters(name: str) -> str:
    """A name without its case, spaces and signs, in which spellings differ and meanings don't."""
    return "".join(letter for letter in name_key(name) if letter.isalnum())
